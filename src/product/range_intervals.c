/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges that readers of other sources bring as intervals. */
#include "product/range.h"

static int opaque(struct product_range *out, const char *problem)
{
    out->problem = problem;
    out->why = problem;
    out->grade = PRODUCT_OBSCURE;
    return 0;
}

/* NULL, or what is wrong with the interval. */
static const char *problem_of(const struct product_scheme *scheme,
                              const struct product_interval *interval)
{
    bool single = interval->low.len && slice_equal(interval->low, interval->high);
    if (single)
        return interval->low_open || interval->high_open ? "an interval holds nothing" : NULL;
    if ((interval->low.len && !scheme->valid(interval->low)) ||
        (interval->high.len && !scheme->valid(interval->high)))
        return "a bound is of no order that is known here";
    if (!interval->low.len || !interval->high.len)
        return NULL;
    switch (product_version_compare(scheme, interval->low, interval->high)) {
    case PRODUCT_LESS: return NULL;
    case PRODUCT_EQUAL:
        return interval->low_open || interval->high_open ? "an interval holds nothing" : NULL;
    case PRODUCT_GREATER: return "an interval ends before it begins";
    case PRODUCT_NO_ORDER: break;
    }
    return "the bounds of an interval have no order that is known here";
}

int product_range_of_intervals(struct arena *a, const struct product_scheme *scheme,
                               const char *form, const struct product_interval *intervals,
                               size_t count, bool closed, struct product_range *out, struct err *e)
{
    *out = (struct product_range){.kind = PRODUCT_RANGE_OPAQUE, .scheme = scheme, .form = form};
    if (count == 0)
        return opaque(out, "no interval is named");
    if (count == 1 && !intervals[0].low.len && !intervals[0].high.len && !intervals[0].doubtful) {
        out->kind = PRODUCT_RANGE_ALL;
        return 0;
    }
    struct product_interval *copy = arena_new(a, count, sizeof *copy);
    if (!copy)
        return err_memory(e);
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        const char *problem = problem_of(scheme, &intervals[i]);
        copy[i] = intervals[i];
        good += problem == NULL;
        if (!problem)
            continue;
        /* what it may hold is not known: everything, perhaps */
        copy[i] = (struct product_interval){.doubtful = true};
        out->grade = PRODUCT_REDUCED;
        if (!out->why)
            out->why = problem;
    }
    if (good == 0)
        return opaque(out, out->why);
    out->intervals = copy;
    out->count = count;
    out->kind = closed ? PRODUCT_RANGE_BOUNDED : PRODUCT_RANGE_LIST;
    return 0;
}
