/* SPDX-License-Identifier: Apache-2.0 */
/* What a `vers:` range contains: one version, or something that another contains, too. */
#include "product/vers_internal.h"

enum product_vers_in product_vers_contains(const struct product_vers *v, struct slice version)
{
    /* bound: the interval that stands open; in doubt where an order is missing */
    bool doubt = false, maybe_excluded = false, inside = false, others = false;
    const struct product_vers_constraint *bound = NULL;
    enum product_order from_bound = PRODUCT_NO_ORDER;
    if (v->all || v->none)
        return v->all ? PRODUCT_VERS_IN : PRODUCT_VERS_OUT;
    if (!v->ordered || v->count == 0 || version.len == 0)
        return PRODUCT_VERS_UNKNOWN;
    for (size_t i = 0; i < v->count; i++) {
        const struct product_vers_constraint *c = &v->constraints[i];
        enum product_comparator op = c->comparator;
        enum product_order order = product_version_compare(v->scheme, version, c->version);
        others = others || op != PRODUCT_IS_NOT;
        switch (op) {
        case PRODUCT_IS_NOT:
            if (order == PRODUCT_EQUAL)
                return PRODUCT_VERS_OUT;
            maybe_excluded = maybe_excluded || order == PRODUCT_NO_ORDER;
            break;
        case PRODUCT_IS:
            inside = inside || order == PRODUCT_EQUAL;
            doubt = doubt || order == PRODUCT_NO_ORDER;
            break;
        case PRODUCT_ABOVE:
        case PRODUCT_FROM:
            bound = c;
            from_bound = order;
            break;
        case PRODUCT_BELOW:
        case PRODUCT_UP_TO: {
            bool low_in = !bound || from_bound == PRODUCT_GREATER ||
                          (from_bound == PRODUCT_EQUAL && bound->comparator == PRODUCT_FROM);
            bool low_out = bound && !low_in && from_bound != PRODUCT_NO_ORDER;
            bool high_in = order == PRODUCT_LESS || (order == PRODUCT_EQUAL && op == PRODUCT_UP_TO);
            bool high_out = !high_in && order != PRODUCT_NO_ORDER;
            inside = inside || (low_in && high_in);
            doubt = doubt || !((low_in && high_in) || low_out || high_out);
            bound = NULL;
            break;
        }
        }
    }
    if (bound) {
        inside = inside || from_bound == PRODUCT_GREATER ||
                 (from_bound == PRODUCT_EQUAL && bound->comparator == PRODUCT_FROM);
        doubt = doubt || from_bound == PRODUCT_NO_ORDER;
    }
    /* nothing but '!=': everything else */
    inside = inside || !others;
    if (inside)
        return maybe_excluded ? PRODUCT_VERS_UNKNOWN : PRODUCT_VERS_IN;
    return doubt ? PRODUCT_VERS_UNKNOWN : PRODUCT_VERS_OUT;
}

/* An interval of the walk; NULL: no bound on that side. */
struct interval {
    const struct product_vers_constraint *low, *high;
};

struct walk {
    const struct product_vers *vers;
    size_t next;
    size_t excluded; /* the next '!=' that may still matter */
    bool whole;      /* all versions, once */
};

static void walk_init(struct walk *w, const struct product_vers *v)
{
    bool bounds = false;
    for (size_t i = 0; i < v->count; i++)
        bounds = bounds || v->constraints[i].comparator != PRODUCT_IS_NOT;
    *w = (struct walk){.vers = v, .whole = !bounds && !v->none};
}

static bool walk_next(struct walk *w, struct interval *out)
{
    const struct product_vers *v = w->vers;
    *out = (struct interval){0};
    if (w->whole) {
        w->whole = false;
        return true;
    }
    bool opened = false;
    for (; w->next < v->count; w->next++) {
        const struct product_vers_constraint *c = &v->constraints[w->next];
        if (c->comparator == PRODUCT_IS_NOT || (opened && c->comparator == PRODUCT_IS))
            continue;
        if (product_vers_upward(c->comparator)) {
            out->low = c;
            opened = true;
            continue;
        }
        out->high = c;
        if (c->comparator == PRODUCT_IS)
            out->low = c;
        w->next++;
        return true;
    }
    return opened;
}

static bool closed(const struct product_vers_constraint *c)
{
    return c->comparator == PRODUCT_IS || c->comparator == PRODUCT_FROM ||
           c->comparator == PRODUCT_UP_TO;
}

/* Points come in rising order, so each '!=' is looked at once. */
static enum product_vers_in excluded(struct walk *w, struct slice point)
{
    const struct product_vers *v = w->vers;
    for (; w->excluded < v->count; w->excluded++) {
        const struct product_vers_constraint *c = &v->constraints[w->excluded];
        if (c->comparator != PRODUCT_IS_NOT)
            continue;
        enum product_order order = product_version_compare(v->scheme, c->version, point);
        if (order == PRODUCT_NO_ORDER)
            return PRODUCT_VERS_UNKNOWN;
        if (order != PRODUCT_LESS)
            return order == PRODUCT_EQUAL ? PRODUCT_VERS_IN : PRODUCT_VERS_OUT;
    }
    return PRODUCT_VERS_OUT;
}

/* The end of one against the beginning of the other: before, touching in a point, behind. */
static enum product_order meet(const struct product_scheme *scheme,
                               const struct product_vers_constraint *high,
                               const struct product_vers_constraint *low)
{
    if (!high || !low)
        return PRODUCT_GREATER;
    enum product_order order = product_version_compare(scheme, high->version, low->version);
    if (order == PRODUCT_EQUAL && !(closed(high) && closed(low)))
        return PRODUCT_LESS;
    return order;
}

enum product_vers_in product_vers_overlap(const struct product_vers *one,
                                          const struct product_vers *other)
{
    struct walk a, b;
    struct interval x, y;
    if (!one->ordered || !other->ordered || one->scheme != other->scheme ||
        (one->type.len && other->type.len && !slice_equal(one->type, other->type)))
        return PRODUCT_VERS_UNKNOWN;
    walk_init(&a, one);
    walk_init(&b, other);
    bool more = walk_next(&a, &x) && walk_next(&b, &y);
    while (more) {
        enum product_order ab = meet(one->scheme, x.high, y.low);
        enum product_order ba = meet(one->scheme, y.high, x.low);
        if (ab == PRODUCT_NO_ORDER || ba == PRODUCT_NO_ORDER)
            return PRODUCT_VERS_UNKNOWN;
        if (ab == PRODUCT_LESS) {
            more = walk_next(&a, &x);
            continue;
        }
        if (ba == PRODUCT_LESS) {
            more = walk_next(&b, &y);
            continue;
        }
        const struct product_vers_constraint *point = ab == PRODUCT_EQUAL   ? x.high
                                                      : ba == PRODUCT_EQUAL ? y.high
                                                                            : NULL;
        if (!point && x.low && x.low == x.high)
            point = x.low;
        if (!point && y.low && y.low == y.high)
            point = y.low;
        if (!point)
            return PRODUCT_VERS_IN;
        enum product_vers_in out_a = excluded(&a, point->version);
        enum product_vers_in out_b = excluded(&b, point->version);
        if (out_a == PRODUCT_VERS_UNKNOWN || out_b == PRODUCT_VERS_UNKNOWN)
            return PRODUCT_VERS_UNKNOWN;
        if (out_a == PRODUCT_VERS_OUT && out_b == PRODUCT_VERS_OUT)
            return PRODUCT_VERS_IN;
        /* past this point: the interval that ends in it */
        more = point == x.high ? walk_next(&a, &x) : walk_next(&b, &y);
    }
    return PRODUCT_VERS_OUT;
}

bool product_vers_is_open_above(const struct product_vers *v)
{
    bool others = false;
    if (v->all || v->none)
        return v->all;
    for (size_t i = v->count; i > 0; i--) {
        enum product_comparator op = v->constraints[i - 1].comparator;
        if (product_vers_upward(op))
            return true;
        if (product_vers_downward(op))
            return false;
        others = others || op == PRODUCT_IS;
    }
    return !others && v->count > 0;
}

bool product_vers_is_single(const struct product_vers *v)
{
    if (v->all || v->none)
        return false;
    if (v->count == 1)
        return v->constraints[0].comparator == PRODUCT_IS;
    return v->count == 2 && v->constraints[0].comparator == PRODUCT_FROM &&
           v->constraints[1].comparator == PRODUCT_UP_TO &&
           product_version_compare(v->scheme, v->constraints[0].version,
                                   v->constraints[1].version) == PRODUCT_EQUAL;
}
