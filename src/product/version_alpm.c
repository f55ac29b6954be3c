/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of Arch Linux packages, as pacman compares them: a descendant of rpmvercmp that looks at
 * the length of separators, and for which letters behind a number are earlier than its end.
 */
#include "product/version_evr.h"
#include "product/version_key.h"
#include "product/version_schemes.h"

static bool separator(struct slice s, size_t i)
{
    return i < s.len && !product_is_digit(s.data[i]) && !product_is_letter(s.data[i]);
}

static size_t skip(struct slice s, size_t *i)
{
    size_t start = *i;
    while (separator(s, *i))
        (*i)++;
    return *i - start;
}

/* A separator at the end makes pacman's order go in circles (1.1 > 1. > 1..a > 1.1). */
bool product_alpm_valid(struct slice text)
{
    struct slice epoch, version, release;
    if (text.len == 0 || text.len > PRODUCT_VERSION_LONGEST)
        return false;
    product_evr_split(text, &epoch, &version, &release);
    size_t i = 0;
    if (version.len == 0 || product_take_digits(epoch, &i).len != epoch.len)
        return false;
    for (i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return !separator(version, version.len - 1) && !separator(text, text.len - 1);
}

static int part(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    while (i < a.len && k < b.len) {
        size_t before_a = skip(a, &i), before_b = skip(b, &k);
        if (i == a.len || k == b.len)
            break;
        if (before_a != before_b)
            return before_a < before_b ? -1 : 1;
        bool number = product_is_digit(a.data[i]);
        struct slice x = number ? product_take_digits(a, &i) : product_take_letters(a, &i);
        struct slice y = number ? product_take_digits(b, &k) : product_take_letters(b, &k);
        if (y.len == 0)
            return number ? 1 : -1;
        int order = number ? product_digits_compare(x, y) : slice_compare(x, y);
        if (order)
            return order < 0 ? -1 : 1;
    }
    if (i == a.len && k == b.len)
        return 0;
    /* letters are earlier than the end, anything else is later */
    if (i < a.len)
        return product_is_letter(a.data[i]) ? -1 : 1;
    return product_is_letter(b.data[k]) ? 1 : -1;
}

enum product_order product_alpm_compare(struct slice a, struct slice b)
{
    struct slice epoch[2], version[2], release[2];
    if (!product_alpm_valid(a) || !product_alpm_valid(b))
        return PRODUCT_NO_ORDER;
    product_evr_split(a, &epoch[0], &version[0], &release[0]);
    product_evr_split(b, &epoch[1], &version[1], &release[1]);
    int order = product_digits_compare(epoch[0], epoch[1]);
    if (order == 0)
        order = part(version[0], version[1]);
    /* as with rpm: a version without release speaks of all its releases */
    if (order == 0 && release[0].len && release[1].len)
        order = part(release[0], release[1]);
    return order < 0 ? PRODUCT_LESS : order > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
}

enum { LETTERS = 1, END, DIGITS, SEPARATED };

static void put_part(struct product_key *k, struct slice s)
{
    for (size_t i = 0; i < s.len;) {
        bool first = i == 0;
        size_t before = skip(s, &i);
        bool letters = product_is_letter(s.data[i]);
        /* in front of all there is no end to compare with */
        if (before || first) {
            product_key_byte(k, SEPARATED);
            product_key_byte(k, (unsigned)(before >> 8));
            product_key_byte(k, before & 0xff);
        }
        product_key_byte(k, letters ? LETTERS : DIGITS);
        if (letters)
            product_key_text(k, product_take_letters(s, &i));
        else
            product_key_number(k, product_take_digits(s, &i));
    }
    product_key_byte(k, END);
}

bool product_alpm_key(struct slice text, struct product_key *k)
{
    struct slice epoch, version, release;
    if (!product_alpm_valid(text))
        return false;
    product_evr_split(text, &epoch, &version, &release);
    product_key_number(k, epoch);
    put_part(k, version);
    put_part(k, release);
    k->doubtful = release.len == 0;
    return true;
}
