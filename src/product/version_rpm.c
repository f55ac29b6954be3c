/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of rpm packages. */
#include "product/version_evr.h"
#include "product/version_key.h"
#include "product/version_schemes.h"

static enum product_order sign(int order)
{
    return order < 0 ? PRODUCT_LESS : order > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
}

static bool numeric(struct slice s)
{
    size_t i = 0;
    return product_take_digits(s, &i).len == s.len;
}

bool product_rpm_valid(struct slice text)
{
    struct slice epoch, version, revision;
    product_evr_split(text, &epoch, &version, &revision);
    if (text.len > PRODUCT_VERSION_LONGEST || version.len == 0 || (epoch.len && !numeric(epoch)))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return text.data[text.len - 1] != '-';
}

static bool rpm_separator(struct slice s, size_t i)
{
    return i < s.len && !product_is_digit(s.data[i]) && !product_is_letter(s.data[i]) &&
           s.data[i] != '~' && s.data[i] != '^';
}

/* 2: neither side has the mark here; else the order, or 3 when both have it */
static int rpm_mark(struct slice a, size_t i, struct slice b, size_t k, uint8_t mark, int alone)
{
    bool x = i < a.len && a.data[i] == mark, y = k < b.len && b.data[k] == mark;
    if (!x && !y)
        return 2;
    if (x && y)
        return 3;
    /* '^' is later than the end, but earlier than anything that goes on */
    if (mark == '^' && (x ? k < b.len : i < a.len))
        alone = -alone;
    return x ? alone : -alone;
}

static int rpm_part(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (rpm_separator(a, i))
            i++;
        while (rpm_separator(b, k))
            k++;
        int tilde = rpm_mark(a, i, b, k, '~', -1);
        int caret = tilde == 2 ? rpm_mark(a, i, b, k, '^', 1) : 2;
        int mark = tilde == 2 ? caret : tilde;
        if (mark == 3) {
            i++;
            k++;
            continue;
        }
        if (mark != 2)
            return mark;
        if (i >= a.len || k >= b.len)
            return (i < a.len) - (k < b.len);
        bool number = product_is_digit(a.data[i]);
        if (number != product_is_digit(b.data[k]))
            return number ? 1 : -1;
        size_t start_a = i, start_b = k;
        while (i < a.len && (number ? product_is_digit(a.data[i]) : product_is_letter(a.data[i])))
            i++;
        while (k < b.len && (number ? product_is_digit(b.data[k]) : product_is_letter(b.data[k])))
            k++;
        struct slice x = slice_of(a.data + start_a, i - start_a);
        struct slice y = slice_of(b.data + start_b, k - start_b);
        int order = number ? product_digits_compare(x, y) : slice_compare(x, y);
        if (order)
            return order < 0 ? -1 : 1;
    }
}

enum product_order product_rpm_compare(struct slice a, struct slice b)
{
    struct slice epoch[2], version[2], revision[2];
    if (!product_rpm_valid(a) || !product_rpm_valid(b))
        return PRODUCT_NO_ORDER;
    product_evr_split(a, &epoch[0], &version[0], &revision[0]);
    product_evr_split(b, &epoch[1], &version[1], &revision[1]);
    int order = product_digits_compare(epoch[0], epoch[1]);
    if (order == 0)
        order = rpm_part(version[0], version[1]);
    /* a range without release speaks of all releases of that version */
    if (order == 0 && revision[0].len && revision[1].len)
        order = rpm_part(revision[0], revision[1]);
    return sign(order);
}

enum { TILDE = 1, END, CARET, TEXT, NUMBER };

static void put_part(struct product_key *k, struct slice s)
{
    for (size_t i = 0;;) {
        while (rpm_separator(s, i))
            i++;
        if (i >= s.len)
            break;
        if (s.data[i] == '~' || s.data[i] == '^') {
            product_key_byte(k, s.data[i] == '~' ? TILDE : CARET);
            i++;
        } else if (product_is_digit(s.data[i])) {
            product_key_byte(k, NUMBER);
            product_key_number(k, product_take_digits(s, &i));
        } else {
            product_key_byte(k, TEXT);
            product_key_text(k, product_take_letters(s, &i));
        }
    }
    product_key_byte(k, END);
}

bool product_rpm_key(struct slice text, struct product_key *k)
{
    struct slice epoch, version, release;
    if (!product_rpm_valid(text))
        return false;
    product_evr_split(text, &epoch, &version, &release);
    product_key_number(k, epoch);
    put_part(k, version);
    put_part(k, release);
    k->doubtful = release.len == 0;
    return true;
}
