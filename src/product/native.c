/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of ecosystems: from any notation to intervals, and from these to constraints. */
#include "product/native_internal.h"
#include "product/version_key.h"
#include "product/version_schemes.h"
#include "product/vers_internal.h"

#include <stdio.h>
#include <stdlib.h>

int product_native_wrong(struct native *n, const char *what, struct slice near)
{
    return err_set(n->e, ERR_INPUT, "native.syntax", NULL, "%s: \"%.*s\" (%.*s)", what,
                   near.len < 80 ? (int)near.len : 80, (const char *)near.data, SLICE_ARG(n->type));
}

struct slice product_native_trim(struct slice s)
{
    while (s.len && s.data[0] <= ' ')
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && s.data[s.len - 1] <= ' ')
        s.len--;
    return s;
}

size_t product_native_numbers(struct slice version)
{
    size_t count = 0;
    for (size_t i = 0; i < version.len;) {
        if (product_take_digits(version, &i).len == 0)
            break;
        count++;
        if (i >= version.len || version.data[i] != '.')
            break;
        i++;
    }
    return count;
}

struct slice product_native_number(struct slice version, size_t index)
{
    struct slice digits = slice_of(NULL, 0);
    size_t i = 0;
    for (size_t n = 0; n <= index; n++) {
        digits = product_take_digits(version, &i);
        i++;
    }
    return digits;
}

int product_native_bump(struct native *n, struct slice version, size_t keep, size_t fill,
                        const char *tail, struct slice *out)
{
    struct slice last = keep ? product_native_number(version, keep - 1) : slice_of(NULL, 0);
    size_t front = last.len ? (size_t)(last.data - version.data) : 0;
    unsigned long number = 0;
    if (last.len == 0 || last.len > 15)
        return product_native_wrong(n, "a number that can be counted up is missing", version);
    for (size_t i = 0; i < last.len; i++)
        number = number * 10 + (unsigned long)(last.data[i] - '0');
    size_t room = front + 20 + 2 * fill + strlen(tail);
    char *text = arena_alloc(n->arena, room);
    if (!text)
        return err_memory(n->e);
    int len = snprintf(text, room, "%.*s%lu", (int)front, (const char *)version.data, number + 1);
    for (size_t i = keep; i < fill; i++)
        len += snprintf(text + len, room - (size_t)len, ".0");
    len += snprintf(text + len, room - (size_t)len, "%s", tail);
    *out = slice_of(text, (size_t)len);
    return 0;
}

/* Three numbers without zeros in front; what follows them stays. */
static int three_numbers(struct native *n, struct slice text, struct slice *out)
{
    struct buf b;
    size_t count = product_native_numbers(text), at = 0;
    buf_init(&b);
    for (size_t i = 0; i < count; i++) {
        struct slice digits = product_take_digits(text, &at);
        while (digits.len > 1 && digits.data[0] == '0')
            digits = slice_of(digits.data + 1, digits.len - 1);
        buf_puts(&b, i ? "." : "");
        buf_put_slice(&b, digits);
        at += i + 1 < count;
    }
    for (size_t i = count; i < 3; i++)
        buf_puts(&b, ".0");
    struct slice rest = slice_of(text.data + at, text.len - at);
    /* Composer's "2.0.0alpha" is "2.0.0-alpha" */
    if (rest.len && product_is_letter(rest.data[0]) && slice_is(n->type, "composer"))
        buf_putc(&b, '-');
    buf_put_slice(&b, rest);
    char *copy = b.failed ? NULL : arena_copy(n->arena, b.data, b.len);
    *out = slice_of(copy, b.len);
    buf_fini(&b);
    return copy ? 0 : err_memory(n->e);
}

static bool one_of(struct slice type, const char *const *names)
{
    for (; *names; names++)
        if (slice_is(type, *names))
            return true;
    return false;
}

int product_native_version(struct native *n, struct slice text, struct slice *out)
{
    static const char *const three[] = {"npm",  "golang", "composer", "cargo", "semver",
                                        "dart", "swift",  "hex",      "nginx", NULL};
    text = product_native_trim(text);
    if (one_of(n->type, three)) {
        if (text.len && (product_lower(text.data[0]) == 'v' || text.data[0] == '='))
            text = product_native_trim(slice_of(text.data + 1, text.len - 1));
        if (product_native_numbers(text) == 0)
            return product_native_wrong(n, "this is no version", text);
        if (three_numbers(n, text, out) != 0)
            return -1;
    } else if (slice_is(n->type, "pypi")) {
        struct buf b;
        buf_init(&b);
        bool good = product_pypi_normalise(text, &b);
        char *copy = good && !b.failed ? arena_copy(n->arena, b.data, b.len) : NULL;
        *out = slice_of(copy, b.len);
        buf_fini(&b);
        if (!good)
            return product_native_wrong(n, "this is no version", text);
        if (!copy)
            return err_memory(n->e);
    } else {
        *out = text;
    }
    if (!n->scheme->valid(*out))
        return product_native_wrong(n, "this is no version", text);
    return 0;
}

/* Does the span contain anything? */
static bool possible(const struct native *n, const struct native_span *s)
{
    if (!s->has_low || !s->has_high)
        return true;
    enum product_order order = n->scheme->compare(s->low, s->high);
    return order == PRODUCT_LESS || order == PRODUCT_NO_ORDER ||
           (order == PRODUCT_EQUAL && !s->low_open && !s->high_open);
}

int product_native_add(struct native *n, struct native_span span)
{
    if (!possible(n, &span))
        return 0;
    if (n->count == NATIVE_SPANS)
        return product_native_wrong(n, "the range has too many parts", slice_str("..."));
    n->spans[n->count++] = span;
    return 0;
}

int product_native_exclude(struct native *n, size_t first, struct slice version)
{
    size_t count = n->count;
    for (size_t i = first; i < count; i++) {
        struct native_span *s = &n->spans[i];
        enum product_order low = s->has_low ? n->scheme->compare(version, s->low) : PRODUCT_GREATER;
        enum product_order high = s->has_high ? n->scheme->compare(version, s->high) : PRODUCT_LESS;
        if (low == PRODUCT_NO_ORDER || high == PRODUCT_NO_ORDER)
            return product_native_wrong(n, "it cannot be told whether this is left out", version);
        if (low == PRODUCT_LESS || high == PRODUCT_GREATER)
            continue;
        struct native_span below = *s, above = *s;
        below.high = above.low = version;
        below.has_high = above.has_low = true;
        below.high_open = above.low_open = true;
        *s = below;
        if (!possible(n, s))
            n->spans[i] = above; /* may be nothing, too: then unite leaves it out */
        else if (product_native_add(n, above) != 0)
            return -1;
    }
    return 0;
}

void product_native_narrow(const struct native *n, struct native_span *s,
                           enum product_comparator comparator, struct slice v)
{
    bool open = comparator == PRODUCT_ABOVE || comparator == PRODUCT_BELOW;
    if (!product_vers_downward(comparator)) {
        enum product_order order = s->has_low ? n->scheme->compare(v, s->low) : PRODUCT_GREATER;
        if (order == PRODUCT_GREATER)
            s->low = v;
        if (order == PRODUCT_GREATER || order == PRODUCT_EQUAL)
            s->low_open = open || (order == PRODUCT_EQUAL && s->low_open);
        s->has_low = true;
    }
    if (!product_vers_upward(comparator)) {
        enum product_order order = s->has_high ? n->scheme->compare(v, s->high) : PRODUCT_LESS;
        if (order == PRODUCT_LESS)
            s->high = v;
        if (order == PRODUCT_LESS || order == PRODUCT_EQUAL)
            s->high_open = open || (order == PRODUCT_EQUAL && s->high_open);
        s->has_high = true;
    }
}

struct sorting {
    const struct product_scheme *scheme;
    bool no_order;
};

static int by_low(const void *x, const void *y, void *context)
{
    const struct native_span *a = x, *b = y;
    struct sorting *s = context;
    if (!a->has_low || !b->has_low)
        return (int)a->has_low - (int)b->has_low;
    enum product_order order = s->scheme->compare(a->low, b->low);
    s->no_order = s->no_order || order == PRODUCT_NO_ORDER;
    if (order == PRODUCT_LESS || order == PRODUCT_GREATER)
        return order;
    return (int)a->low_open - (int)b->low_open;
}

/* How the end of `a` lies to the beginning of `b`, which does not begin earlier than `a`. */
enum gap { APART, HOLE, TOUCHING, OVERLAPPING };

static enum gap gap_between(struct native *n, const struct native_span *a,
                            const struct native_span *b)
{
    if (!a->has_high || !b->has_low)
        return OVERLAPPING;
    enum product_order order = n->scheme->compare(a->high, b->low);
    if (order != PRODUCT_EQUAL)
        return order == PRODUCT_LESS ? APART : OVERLAPPING;
    return a->high_open && b->low_open ? HOLE : TOUCHING;
}

/* Does `a` end before `b`? */
static bool shorter(struct native *n, const struct native_span *a, const struct native_span *b)
{
    if (!a->has_high || !b->has_high)
        return a->has_high;
    enum product_order order = n->scheme->compare(a->high, b->high);
    return order == PRODUCT_LESS || (order == PRODUCT_EQUAL && a->high_open && !b->high_open);
}

/* The union: spans that overlap or touch become one; a hole of one version becomes a '!='. */
static int unite(struct native *n)
{
    struct sorting s = {.scheme = n->scheme};
    size_t kept = 0, real = 0;
    for (size_t i = 0; i < n->count; i++)
        if (possible(n, &n->spans[i]))
            n->spans[real++] = n->spans[i];
    n->count = real;
    qsort_r(n->spans, n->count, sizeof *n->spans, by_low, &s);
    if (s.no_order)
        return err_set(n->e, ERR_INPUT, "vers.order", "VERS, how to parse",
                       "some versions of the range have no order among each other");
    for (size_t i = 0; i < n->count; i++) {
        struct native_span *last = kept ? &n->spans[kept - 1] : NULL;
        enum gap gap = last ? gap_between(n, last, &n->spans[i]) : APART;
        if (gap == APART) {
            n->spans[kept++] = n->spans[i];
            continue;
        }
        if (gap == HOLE)
            n->excluded[n->excluded_count++] = last->high;
        if (shorter(n, last, &n->spans[i])) {
            last->high = n->spans[i].high;
            last->has_high = n->spans[i].has_high;
            last->high_open = n->spans[i].high_open;
        }
    }
    n->count = kept;
    return 0;
}

static int emit(struct native *n, struct product_vers *out)
{
    size_t most = 2 * n->count + n->excluded_count, count = 0;
    struct product_vers_constraint *list = arena_new(n->arena, most ? most : 1, sizeof *list);
    if (!list)
        return err_memory(n->e);
    for (size_t i = 0; i < n->count; i++) {
        const struct native_span *s = &n->spans[i];
        bool single = s->has_low && s->has_high && !s->low_open && !s->high_open &&
                      n->scheme->compare(s->low, s->high) == PRODUCT_EQUAL;
        if (s->has_low)
            list[count++] =
                (struct product_vers_constraint){.comparator = single        ? PRODUCT_IS
                                                               : s->low_open ? PRODUCT_ABOVE
                                                                             : PRODUCT_FROM,
                                                 .version = s->low};
        if (s->has_high && !single)
            list[count++] = (struct product_vers_constraint){
                .comparator = s->high_open ? PRODUCT_BELOW : PRODUCT_UP_TO, .version = s->high};
    }
    bool whole = n->count == 1 && count == 0;
    for (size_t i = 0; i < n->excluded_count; i++)
        list[count++] = (struct product_vers_constraint){.comparator = PRODUCT_IS_NOT,
                                                         .version = n->excluded[i]};
    struct product_vers raw = {.type = n->type,
                               .scheme = n->scheme,
                               .registered = product_vers_type_registered(n->type),
                               .supported = true,
                               .constraints = list,
                               .count = count,
                               .all = whole && count == 0};
    return product_vers_simplify(n->arena, &raw, out, n->e);
}

int product_native_read(struct arena *a, struct slice type, struct slice text,
                        struct product_vers *out, struct err *e)
{
    static const char *const brackets[] = {"maven", "nuget", NULL};
    struct native *n = arena_new(a, 1, sizeof *n);
    if (!n)
        return err_memory(e);
    n->arena = a;
    n->type = type;
    n->scheme = product_scheme_find(type);
    n->e = e;
    if (n->scheme == &product_scheme_exact || n->scheme == &product_scheme_firmware)
        return err_set(e, ERR_INPUT, "native.type", NULL, "no notation of ranges is known for %.*s",
                       SLICE_ARG(type));
    if (text.len > NATIVE_LONGEST)
        return product_native_wrong(n, "the range is too long", slice_of(text.data, 20));
    text = product_native_trim(text);
    int result = one_of(type, brackets)    ? product_native_brackets(n, text)
                 : slice_is(type, "nginx") ? product_native_nginx(n, text)
                                           : product_native_comparators(n, text);
    if (result != 0 || unite(n) != 0)
        return -1;
    if (n->count == 0)
        return product_native_wrong(n, "the range contains nothing", text);
    return emit(n, out);
}
