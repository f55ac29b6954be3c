/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range.h"

/* Pairs of intervals that are looked at; two enumerations with more are not told. */
enum { PAIRS = 1 << 20 };

/* Does an interval that ends at high end before one that begins at low? */
static enum product_in before(const struct product_scheme *scheme, const struct product_interval *a,
                              const struct product_interval *b)
{
    if (!a->high.len || !b->low.len)
        return PRODUCT_OUT;
    switch (product_version_compare(scheme, a->high, b->low)) {
    case PRODUCT_LESS: return PRODUCT_IN;
    case PRODUCT_EQUAL: return a->high_open || b->low_open ? PRODUCT_IN : PRODUCT_OUT;
    case PRODUCT_GREATER: return PRODUCT_OUT;
    case PRODUCT_NO_ORDER: break;
    }
    return PRODUCT_MAYBE;
}

static enum product_in meet(const struct product_scheme *scheme, const struct product_interval *a,
                            const struct product_interval *b)
{
    enum product_in left = before(scheme, a, b), right = before(scheme, b, a);

    if (left == PRODUCT_IN || right == PRODUCT_IN)
        return PRODUCT_OUT;
    if (left == PRODUCT_MAYBE || right == PRODUCT_MAYBE || a->doubtful || b->doubtful)
        return PRODUCT_MAYBE;
    return PRODUCT_IN;
}

enum product_in product_range_overlap(const struct product_range *a, const struct product_range *b)
{
    enum product_in answer = PRODUCT_OUT;

    if (a->kind == PRODUCT_RANGE_OPAQUE || b->kind == PRODUCT_RANGE_OPAQUE)
        return PRODUCT_MAYBE;
    if (a->kind == PRODUCT_RANGE_ALL || b->kind == PRODUCT_RANGE_ALL)
        return PRODUCT_IN;
    if (a->scheme != b->scheme || (b->count && a->count > PAIRS / b->count))
        return PRODUCT_MAYBE;
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++) {
            enum product_in here = meet(a->scheme, &a->intervals[i], &b->intervals[k]);
            if (here == PRODUCT_IN)
                return PRODUCT_IN;
            if (here == PRODUCT_MAYBE)
                answer = PRODUCT_MAYBE;
        }
    return answer;
}
