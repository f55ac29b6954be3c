/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of Alpine packages: numbers, a letter, suffixes with numbers, the hash of a commit, a
 * revision. apk-tools compares them part by part; where the parts are of different kinds, their
 * kind decides.
 */
#include "product/version_key.h"
#include "product/version_schemes.h"

enum { BEFORE = 1, END, REVISION, HASH, SUFFIX_NUMBER, BEHIND, LETTER, FRACTION, NUMBER };

static bool put_suffix(struct product_key *k, struct slice s, size_t *i)
{
    static const char *const before[] = {"alpha", "beta", "pre", "rc"};
    static const char *const behind[] = {"cvs", "svn", "git", "hg", "p"};
    struct slice word = product_take_letters(s, i);
    size_t found = 0;
    for (size_t n = 0; n < ARRAY_LEN(before) && !found; n++)
        if (slice_is(word, before[n]))
            found = n + 1;
    bool is_before = found > 0;
    for (size_t n = 0; n < ARRAY_LEN(behind) && !found; n++)
        if (slice_is(word, behind[n]))
            found = n + 1;
    if (!found)
        return false;
    product_key_byte(k, is_before ? BEFORE : BEHIND);
    product_key_byte(k, (unsigned)found);
    struct slice digits = product_take_digits(s, i);
    if (digits.len) {
        product_key_byte(k, SUFFIX_NUMBER);
        product_key_number(k, digits);
    }
    return true;
}

/* A number behind '.' that begins with zero is a fraction: its digits are compared as a text. */
static bool put_number(struct product_key *k, struct slice s, size_t *i, bool first)
{
    struct slice digits = product_take_digits(s, i);
    if (digits.len == 0)
        return false;
    bool fraction = !first && digits.data[0] == '0';
    product_key_byte(k, fraction ? FRACTION : NUMBER);
    if (fraction)
        product_key_text(k, digits);
    else
        product_key_number(k, digits);
    return true;
}

bool product_apk_key(struct slice s, struct product_key *k)
{
    size_t i = 0;
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST || !put_number(k, s, &i, true))
        return false;
    while (i < s.len && s.data[i] == '.') {
        i++;
        if (!put_number(k, s, &i, false))
            return false;
    }
    if (i < s.len && s.data[i] >= 'a' && s.data[i] <= 'z') {
        product_key_byte(k, LETTER);
        product_key_byte(k, s.data[i++]);
    }
    while (i < s.len && s.data[i] == '_') {
        i++;
        if (!put_suffix(k, s, &i))
            return false;
    }
    if (i < s.len && s.data[i] == '~') {
        size_t start = ++i;
        while (i < s.len && (product_is_digit(s.data[i]) || (s.data[i] >= 'a' && s.data[i] <= 'f')))
            i++;
        if (i == start)
            return false;
        product_key_byte(k, HASH);
        product_key_text(k, slice_of(s.data + start, i - start));
    }
    if (i + 1 < s.len && s.data[i] == '-' && s.data[i + 1] == 'r') {
        i += 2;
        struct slice digits = product_take_digits(s, &i);
        if (digits.len == 0)
            return false;
        product_key_byte(k, REVISION);
        product_key_number(k, digits);
    }
    product_key_byte(k, END);
    return i == s.len;
}
