/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals in brackets (Maven, NuGet), and the lists of nginx. */
#include "product/native_internal.h"
#include "product/version_key.h"

static int version(struct native *n, struct native_span *s, enum product_comparator c,
                   struct slice text)
{
    struct slice v;
    text = product_native_trim(text);
    if (text.len == 0)
        return 0;
    if (product_native_version(n, text, &v) != 0)
        return -1;
    product_native_narrow(n, s, c, v);
    return 0;
}

/* "[1.0,2.0)" without its brackets. */
static int interval(struct native *n, struct slice inside, bool low_closed, bool high_closed)
{
    struct native_span s = {0};
    const uint8_t *comma = inside.len ? memchr(inside.data, ',', inside.len) : NULL;
    size_t at = comma ? (size_t)(comma - inside.data) : inside.len;
    struct slice low = slice_of(inside.data, at);
    if (!comma) {
        if (!low_closed || !high_closed || product_native_trim(low).len == 0)
            return product_native_wrong(n, "a single version stands in [ ]", inside);
        return version(n, &s, PRODUCT_IS, low) != 0 ? -1 : product_native_add(n, s);
    }
    struct slice high = slice_of(inside.data + at + 1, inside.len - at - 1);
    if (version(n, &s, low_closed ? PRODUCT_FROM : PRODUCT_ABOVE, low) != 0 ||
        version(n, &s, high_closed ? PRODUCT_UP_TO : PRODUCT_BELOW, high) != 0)
        return -1;
    return product_native_add(n, s);
}

/* NuGet: "1.0" is 1.0 and later, "1.*" all that begins with 1. Maven: "1.0" is 1.0. */
static int alone(struct native *n, struct slice text)
{
    struct native_span s = {0};
    bool nuget = slice_is(n->type, "nuget");
    if (nuget && text.len > 0 && text.data[text.len - 1] == '*') {
        struct slice front = slice_of(text.data, text.len - 1), high;
        if (front.len == 0)
            return product_native_add(n, s);
        if (front.data[front.len - 1] == '.')
            front.len--;
        if (product_native_bump(n, front, product_native_numbers(front), 0, "", &high) != 0 ||
            version(n, &s, PRODUCT_FROM, front) != 0 || version(n, &s, PRODUCT_BELOW, high) != 0)
            return -1;
        return product_native_add(n, s);
    }
    if (version(n, &s, nuget ? PRODUCT_FROM : PRODUCT_IS, text) != 0)
        return -1;
    return product_native_add(n, s);
}

int product_native_brackets(struct native *n, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c == ',' || c == '|') {
            i++;
            continue;
        }
        size_t start = i;
        if (c != '[' && c != '(') {
            while (i < text.len && text.data[i] != ',' && text.data[i] != '|')
                i++;
            if (alone(n, product_native_trim(slice_of(text.data + start, i - start))) != 0)
                return -1;
            continue;
        }
        while (i < text.len && text.data[i] != ']' && text.data[i] != ')')
            i++;
        if (i == text.len)
            return product_native_wrong(n, "a bracket is not closed",
                                        slice_of(text.data + start, i - start));
        if (interval(n, slice_of(text.data + start + 1, i - start - 1), c == '[',
                     text.data[i] == ']') != 0)
            return -1;
        i++;
    }
    return 0;
}

/* nginx: "0.8.40+" ends with its branch when that is a stable one (an even second number). */
static int nginx_part(struct native *n, struct slice part)
{
    struct native_span s = {0};
    struct slice high;
    if (slice_is(part, "all"))
        return product_native_add(n, s);
    if (part.len && part.data[part.len - 1] == '+') {
        part.len--;
        if (version(n, &s, PRODUCT_FROM, part) != 0)
            return -1;
        struct slice second = product_native_number(part, 1);
        if (second.len && (second.data[second.len - 1] - '0') % 2 == 0) {
            if (product_native_bump(n, part, 2, 3, "", &high) != 0 ||
                version(n, &s, PRODUCT_BELOW, high) != 0)
                return -1;
        }
        return product_native_add(n, s);
    }
    const uint8_t *dash = part.len ? memchr(part.data, '-', part.len) : NULL;
    if (!dash)
        return version(n, &s, PRODUCT_IS, part) != 0 ? -1 : product_native_add(n, s);
    size_t at = (size_t)(dash - part.data);
    if (version(n, &s, PRODUCT_FROM, slice_of(part.data, at)) != 0 ||
        version(n, &s, PRODUCT_UP_TO, slice_of(dash + 1, part.len - at - 1)) != 0)
        return -1;
    return product_native_add(n, s);
}

int product_native_nginx(struct native *n, struct slice text)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != ',')
            continue;
        struct slice part = product_native_trim(slice_of(text.data + start, i - start));
        if (part.len && nginx_part(n, part) != 0)
            return -1;
        start = i + 1;
    }
    return 0;
}
