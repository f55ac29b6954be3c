/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: numbers in as few bytes as they need, seven bits a byte, the lowest first. For
 * what this process wrote itself: nothing is checked when it is read. */
#ifndef FLEET_VARINT_H
#define FLEET_VARINT_H

#include "base/buf.h"

static inline void varint_put(struct buf *out, size_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_putc(out, (int)(value & 0x7f) | 0x80);
    buf_putc(out, (int)value);
}

struct varints {
    const uint8_t *at;
};

static inline size_t varint_get(struct varints *r)
{
    size_t value = 0;
    unsigned shift = 0;
    for (; *r->at & 0x80; shift += 7)
        value |= (size_t)(*r->at++ & 0x7f) << shift;
    return value | (size_t)*r->at++ << shift;
}

#endif
