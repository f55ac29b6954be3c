/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical text of a `vers:` range, and what can be left out of it. */
#include "product/vers_internal.h"

#include <stdlib.h>

struct sorting {
    const struct product_scheme *scheme;
    bool no_order;
};

static int by_version(const void *x, const void *y, void *context)
{
    const struct product_vers_constraint *a = x, *b = y;
    struct sorting *s = context;
    enum product_order order = product_version_compare(s->scheme, a->version, b->version);
    if (order == PRODUCT_NO_ORDER)
        s->no_order = true;
    if (order == PRODUCT_LESS || order == PRODUCT_GREATER)
        return order;
    return (a->at > b->at) - (a->at < b->at);
}

/* A sorted copy without constraints that stand twice. */
static int sorted(struct arena *a, const struct product_vers *v,
                  struct product_vers_constraint **list, size_t *count, struct err *e)
{
    struct product_vers_constraint *copy = arena_new(a, v->count ? v->count : 1, sizeof *copy);
    struct sorting s = {.scheme = v->scheme};
    if (!copy)
        return err_memory(e);
    if (v->count)
        memcpy(copy, v->constraints, v->count * sizeof *copy);
    if (v->supported && v->count > 1)
        qsort_r(copy, v->count, sizeof *copy, by_version, &s);
    if (s.no_order)
        return err_set(e, ERR_INPUT, "vers.order", "VERS, how to parse",
                       "some versions of the range have no order among each other");
    *count = 0;
    for (size_t i = 0; i < v->count; i++) {
        struct product_vers_constraint *last = *count ? &copy[*count - 1] : NULL;
        if (last && last->comparator == copy[i].comparator &&
            product_version_compare(v->scheme, last->version, copy[i].version) == PRODUCT_EQUAL)
            continue;
        copy[(*count)++] = copy[i];
    }
    *list = copy;
    return 0;
}

static void write_version(struct slice version, struct buf *out)
{
    for (size_t i = 0; i < version.len; i++) {
        uint8_t c = version.data[i];
        if (c <= ' ' || c >= 0x7f || memchr("><=!*|%", c, 7))
            buf_printf(out, "%%%02X", c);
        else
            buf_putc(out, c);
    }
}

int product_vers_write(const struct product_vers *v, struct buf *out, struct err *e)
{
    static const char *const signs[] = {"", "!=", "<", "<=", ">", ">="};
    struct product_vers_constraint *list;
    struct arena a;
    size_t count;
    arena_init(&a, 0);
    if (sorted(&a, v, &list, &count, e) != 0) {
        arena_fini(&a);
        return -1;
    }
    if (v->type.len) {
        buf_puts(out, "vers:");
        for (size_t i = 0; i < v->type.len; i++) {
            uint8_t c = v->type.data[i];
            buf_putc(out, c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        buf_putc(out, '/');
    }
    if (v->all || v->none)
        buf_putc(out, '*');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(out, '|');
        buf_puts(out, signs[list[i].comparator]);
        write_version(list[i].version, out);
    }
    arena_fini(&a);
    return buf_check(out, e);
}

/* "How to parse", constraints simplification: each constraint is put on the stack once and taken
 * off at most once. */
static size_t reduce(struct product_vers_constraint *list, size_t count)
{
    size_t top = 0;
    for (size_t i = 0; i < count; i++) {
        enum product_comparator op = list[i].comparator;
        while (top && product_vers_downward(op) && !product_vers_upward(list[top - 1].comparator))
            top--;
        if (top && product_vers_upward(list[top - 1].comparator) && !product_vers_downward(op))
            continue;
        list[top++] = list[i];
    }
    return top;
}

int product_vers_simplify(struct arena *a, const struct product_vers *v, struct product_vers *out,
                          struct err *e)
{
    struct product_vers_constraint *list;
    struct vers_findings findings = {.count = 0};
    size_t count, kept = 0, unequal = 0;
    struct product_vers result = *v;
    if (sorted(a, v, &list, &count, e) != 0)
        return -1;
    struct product_vers_constraint *rest = arena_new(a, count ? count : 1, sizeof *rest);
    if (!rest)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        if (list[i].comparator == PRODUCT_IS_NOT)
            list[unequal++] = list[i];
        else
            rest[kept++] = list[i];
    }
    kept = reduce(rest, kept);
    /* both rise: put together again; the '!=' stand in front of list, so from behind */
    size_t i = unequal, k = kept;
    result.count = unequal + kept;
    for (size_t to = result.count; to > 0; to--) {
        bool second = k > 0 && (i == 0 || !v->supported ||
                                product_version_compare(v->scheme, rest[k - 1].version,
                                                        list[i - 1].version) != PRODUCT_LESS);
        list[to - 1] = second ? rest[--k] : list[--i];
    }
    result.constraints = list;
    /* what is wrong with the text itself stays wrong */
    for (size_t n = 0; n < v->finding_count; n++)
        if (v->findings[n].fault <= PRODUCT_VERS_SPECIAL)
            findings.item[findings.count++] = v->findings[n];
    if (product_vers_check(&result, v->type.len == 0, &findings, e) != 0 ||
        product_vers_conclude(a, &findings, &result, e) != 0)
        return -1;
    *out = result;
    return 0;
}
