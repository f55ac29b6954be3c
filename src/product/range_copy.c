/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/packing.h"
#include "product/range.h"

static struct product_range *pack(struct packing *p, const struct product_range *from)
{
    struct product_range *range = packing_take(p, sizeof *range), r = *from;
    struct product_interval *intervals = packing_take(p, r.count * sizeof *intervals);
    /* how it was written is kept only where that decides */
    if (!r.literal)
        r.text = slice_of(NULL, 0);
    packing_slice(p, &r.text);
    packing_slice(p, &r.prefix);
    packing_slice(p, &r.remark);
    packing_slice(p, &r.model);
    for (size_t i = 0; i < r.count; i++) {
        struct product_interval interval = r.intervals[i];
        packing_slice(p, &interval.low);
        packing_slice(p, &interval.high);
        if (intervals)
            intervals[i] = interval;
    }
    if (!range)
        return NULL;
    r.intervals = intervals;
    *range = r;
    return range;
}

struct product_range *product_range_dup(const struct product_range *range)
{
    struct packing p = {0};
    (void)pack(&p, range);
    p.at = mem_new(p.used, 1);
    if (!p.at)
        return NULL;
    p.used = 0;
    return pack(&p, range);
}

static void put_text(struct buf *out, struct slice text)
{
    uint32_t len = (uint32_t)text.len;
    buf_put(out, &len, sizeof len);
    buf_put_slice(out, text);
}

void product_range_put(struct buf *out, const struct product_range *range)
{
    const uint8_t flags[] = {(uint8_t)range->kind, range->singles, range->conditional,
                             range->literal};
    uint32_t count = (uint32_t)range->count;

    buf_put(out, flags, sizeof flags);
    buf_put(out, &range->scheme, sizeof(const struct product_scheme *));
    put_text(out, range->literal ? range->text : slice_of(NULL, 0));
    put_text(out, range->prefix);
    put_text(out, range->remark);
    put_text(out, range->model);
    buf_put(out, &count, sizeof count);
    for (size_t i = 0; i < range->count; i++) {
        const struct product_interval *interval = &range->intervals[i];
        const uint8_t open[] = {interval->low_open, interval->high_open};
        buf_put(out, open, sizeof open);
        put_text(out, interval->low);
        put_text(out, interval->high);
    }
}
