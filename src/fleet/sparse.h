/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a number for each of `size` numbers, all 0 at first, in memory and time for those
 * that are asked for, as long as they are few: a run of matching looks at a few hundred of half a
 * million classes, and to clear a number for each of them would cost more than all the rest.
 */
#ifndef FLEET_SPARSE_H
#define FLEET_SPARSE_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

struct fleet_sparse_slot {
    uint32_t key; /* + 1; 0: free */
    uint32_t value;
};

struct fleet_sparse {
    uint32_t *all; /* NULL: not yet */
    struct fleet_sparse_slot *slots;
    size_t size;  /* how many numbers there are */
    size_t room;  /* slots: a power of two, or 0 */
    size_t count; /* used */
};

void fleet_sparse_init(struct fleet_sparse *s, size_t size);
void fleet_sparse_fini(struct fleet_sparse *s);
/* key < size. NULL: no memory. Valid until the next call. */
uint32_t *fleet_sparse_at(struct fleet_sparse *s, uint32_t key) MUST_CHECK;

#endif
