/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value and all that it refers to, copied into one block: for what is kept long and in great
 * number. A function that packs runs twice, first only counting (at NULL), then into a block of
 * `used` bytes; it must take the same both times.
 */
#ifndef BASE_PACKING_H
#define BASE_PACKING_H

#include "base/slice.h"

struct packing {
    uint8_t *at; /* NULL: only counted */
    size_t used;
};

/* Room for size bytes, aligned for pointers; NULL when only counted. */
static inline void *packing_take(struct packing *p, size_t size)
{
    void *here = p->at ? p->at + p->used : NULL;
    p->used += (size + 7) & ~(size_t)7;
    return here;
}

/* The bytes of *s move into the block, and *s with them; an empty one stays. */
static inline void packing_slice(struct packing *p, struct slice *s)
{
    uint8_t *to = s->len ? packing_take(p, s->len) : NULL;
    if (!to)
        return;
    memcpy(to, s->data, s->len);
    s->data = to;
}

/* The list itself, then its texts. */
static inline void packing_slices(struct packing *p, const struct slice **list, size_t count)
{
    struct slice *to = count ? packing_take(p, count * sizeof *to) : NULL;
    for (size_t i = 0; i < count; i++) {
        struct slice s = (*list)[i];
        packing_slice(p, &s);
        if (to)
            to[i] = s;
    }
    if (to)
        *list = to;
}

#endif
