/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic Versioning 2.0.0 and what descends from it: npm, cargo, Go modules, Dart, NuGet. */
#include "product/version_key.h"
#include "product/version_schemes.h"

struct semver {
    struct slice part[4];
    struct slice pre;
    struct slice build;
};

static bool identifiers(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!product_is_digit(s.data[i]) && !product_is_letter(s.data[i]) && s.data[i] != '-' &&
            s.data[i] != '.')
            return false;
    return s.len > 0;
}

static bool parse(struct slice s, size_t most, struct semver *v)
{
    size_t i = 0, part = 0;
    *v = (struct semver){0};
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST)
        return false;
    if (s.data[0] == 'v' || s.data[0] == 'V' || s.data[0] == '=')
        i++;
    for (;;) {
        v->part[part] = product_take_digits(s, &i);
        if (v->part[part].len == 0)
            return false;
        if (++part == most || i == s.len || s.data[i] != '.')
            break;
        i++;
    }
    if (i < s.len && s.data[i] == '-') {
        size_t start = ++i;
        while (i < s.len && s.data[i] != '+')
            i++;
        v->pre = slice_of(s.data + start, i - start);
        if (!identifiers(v->pre))
            return false;
    }
    if (i == s.len)
        return true;
    v->build = slice_of(s.data + i + 1, s.len - i - 1);
    return s.data[i] == '+' && identifiers(v->build);
}

bool product_semver_valid(struct slice text)
{
    struct semver v;
    return parse(text, 3, &v);
}

static struct slice identifier_at(struct slice s, size_t *i)
{
    size_t start = *i;
    while (*i < s.len && s.data[*i] != '.')
        (*i)++;
    struct slice out = slice_of(s.data + start, *i - start);
    if (*i < s.len)
        (*i)++;
    return out;
}

static bool numeric(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!product_is_digit(s.data[i]))
            return false;
    return s.len > 0;
}

static enum product_order sign(int order)
{
    return order < 0 ? PRODUCT_LESS : order > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
}

enum product_order product_semver_compare(struct slice a, struct slice b)
{
    struct semver x, y;
    if (!parse(a, 3, &x) || !parse(b, 3, &y))
        return PRODUCT_NO_ORDER;
    for (size_t i = 0; i < 3; i++) {
        int order = product_digits_compare(x.part[i], y.part[i]);
        if (order)
            return sign(order);
    }
    if (x.pre.len == 0 || y.pre.len == 0)
        return sign((x.pre.len == 0) - (y.pre.len == 0));
    size_t i = 0, k = 0;
    while (i < x.pre.len && k < y.pre.len) {
        struct slice p = identifier_at(x.pre, &i), q = identifier_at(y.pre, &k);
        bool pn = numeric(p), qn = numeric(q);
        int order = pn != qn ? (pn ? -1 : 1)
                    : pn     ? product_digits_compare(p, q)
                             : slice_compare(p, q);
        if (order)
            return sign(order);
    }
    return sign((i < x.pre.len) - (k < y.pre.len));
}

enum { END = 1, NUMBER, TEXT, RELEASE };

/* Numbers before texts, fewer before more. */
static void put_identifiers(struct product_key *k, struct slice s, bool ignoring_case)
{
    for (size_t i = 0; i < s.len;) {
        struct slice id = identifier_at(s, &i);
        product_key_byte(k, numeric(id) ? NUMBER : TEXT);
        if (numeric(id))
            product_key_number(k, id);
        else if (ignoring_case)
            product_key_text_lower(k, id);
        else
            product_key_text(k, id);
    }
    product_key_byte(k, END);
}

static bool put(struct slice text, struct product_key *k, size_t parts, bool ignoring_case,
                bool build)
{
    struct semver v;
    if (!parse(text, parts, &v))
        return false;
    for (size_t i = 0; i < parts; i++)
        product_key_number(k, v.part[i]);
    if (v.pre.len)
        put_identifiers(k, v.pre, ignoring_case);
    else
        product_key_byte(k, RELEASE);
    if (build)
        put_identifiers(k, v.build, ignoring_case);
    return true;
}

bool product_semver_key(struct slice text, struct product_key *k)
{
    return put(text, k, 3, false, false);
}

bool product_dart_key(struct slice text, struct product_key *k)
{
    return put(text, k, 3, false, true);
}

bool product_nuget_key(struct slice text, struct product_key *k)
{
    return put(text, k, 4, true, false);
}
