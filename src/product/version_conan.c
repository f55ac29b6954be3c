/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conan 2: items between dots, each a number or a text, then '-' with a pre-release and '+' with a
 * build. Numbers compare as numbers; a number and a text compare as texts.
 */
#include "product/version_key.h"
#include "product/version_schemes.h"

struct conan {
    struct slice items;
    struct slice pre;
    struct slice build;
    bool has_pre, has_build;
};

static size_t find(struct slice s, uint8_t mark)
{
    const uint8_t *at = s.len ? memchr(s.data, mark, s.len) : NULL;
    return at ? (size_t)(at - s.data) : s.len;
}

static void split(struct slice s, struct conan *v)
{
    *v = (struct conan){0};
    for (size_t i = s.len; i > 0 && !v->has_build; i--)
        if (s.data[i - 1] == '+') {
            v->has_build = true;
            v->build = slice_of(s.data + i, s.len - i);
            s.len = i - 1;
        }
    size_t dash = find(s, '-');
    v->items = slice_of(s.data, dash);
    if (dash < s.len) {
        v->has_pre = true;
        v->pre = slice_of(s.data + dash + 1, s.len - dash - 1);
    }
}

/* Items that are zero count for nothing at the end; without any, the slice is at NULL ("" is an
 * item). */
static struct slice significant(struct slice items)
{
    for (;;) {
        size_t start = items.len;
        while (start && items.data[start - 1] != '.')
            start--;
        struct slice last = slice_of(items.data + start, items.len - start);
        if (last.len == 0 || !product_is_zero(last))
            return items;
        if (start == 0)
            return slice_of(NULL, 0);
        items.len = start - 1;
    }
}

static bool numeric(struct slice s)
{
    size_t i = 0;
    return s.len > 0 && product_take_digits(s, &i).len == s.len;
}

static int compare_lower(struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int x = product_lower(a.data[i]), y = product_lower(b.data[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static struct slice without_zeros(struct slice s)
{
    while (s.len > 1 && s.data[0] == '0')
        s = slice_of(s.data + 1, s.len - 1);
    return s;
}

static int compare_items(struct slice a, struct slice b)
{
    bool more_a = a.data != NULL, more_b = b.data != NULL;
    while (more_a && more_b) {
        struct slice x = slice_of(a.data, find(a, '.')), y = slice_of(b.data, find(b, '.'));
        more_a = x.len < a.len;
        more_b = y.len < b.len;
        if (more_a)
            a = slice_of(a.data + x.len + 1, a.len - x.len - 1);
        if (more_b)
            b = slice_of(b.data + y.len + 1, b.len - y.len - 1);
        bool number_x = numeric(x), number_y = numeric(y);
        int order = number_x && number_y ? product_digits_compare(x, y)
                                         : compare_lower(number_x ? without_zeros(x) : x,
                                                         number_y ? without_zeros(y) : y);
        if (order)
            return order;
    }
    return more_a - more_b;
}

bool product_conan_valid(struct slice text)
{
    if (text.len == 0 || text.len > PRODUCT_VERSION_LONGEST)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return true;
}

enum product_order product_conan_compare(struct slice a, struct slice b)
{
    struct conan x, y;
    if (!product_conan_valid(a) || !product_conan_valid(b))
        return PRODUCT_NO_ORDER;
    split(a, &x);
    split(b, &y);
    int order = compare_items(significant(x.items), significant(y.items));
    if (order == 0)
        order = x.has_pre && y.has_pre ? compare_items(significant(x.pre), significant(y.pre))
                                       : y.has_pre - x.has_pre;
    if (order == 0)
        order = x.has_build && y.has_build
                    ? compare_items(significant(x.build), significant(y.build))
                    : x.has_build - y.has_build;
    return order < 0 ? PRODUCT_LESS : order > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
}

enum { END = 1, SIGN, NUMBER, TEXT, NONE_BEFORE = 0, NONE_BEHIND = 0xff };

/* "10" < "1a" < "2" < "10": a text that begins like a number has no place. Also the empty item. */
static void put_items(struct product_key *k, struct slice items)
{
    items = significant(items);
    for (bool more = items.data != NULL; more;) {
        struct slice item = slice_of(items.data, find(items, '.'));
        more = item.len < items.len;
        if (more)
            items = slice_of(items.data + item.len + 1, items.len - item.len - 1);
        if (numeric(item)) {
            product_key_byte(k, NUMBER);
            product_key_number(k, item);
            continue;
        }
        k->doubtful = k->doubtful || (item.len && product_is_digit(item.data[0]));
        product_key_byte(k, item.len == 0 || item.data[0] < '0' ? SIGN : TEXT);
        product_key_text_lower(k, item);
    }
    product_key_byte(k, END);
}

bool product_conan_key(struct slice text, struct product_key *k)
{
    struct conan v;
    if (!product_conan_valid(text))
        return false;
    split(text, &v);
    put_items(k, v.items);
    if (v.has_pre)
        put_items(k, v.pre);
    else
        product_key_byte(k, NONE_BEHIND);
    if (v.has_build)
        put_items(k, v.build);
    else
        product_key_byte(k, NONE_BEFORE);
    return true;
}
