/* SPDX-License-Identifier: Apache-2.0 */
/* Versions that are numbers with dots alone: intdot, Haskell, Perl. */
#include "product/version_key.h"
#include "product/version_schemes.h"

enum { END = 1, ZERO, NUMBER };

/* VERS types, "intdot": interpretation stops at the first character that is no digit or dot. */
bool product_intdot_key(struct slice s, struct product_key *k)
{
    size_t i = 0, zeros = 0;
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST || !product_is_digit(s.data[0]))
        return false;
    while (i < s.len && (product_is_digit(s.data[i]) || s.data[i] == '.')) {
        struct slice digits = product_take_digits(s, &i);
        i += i < s.len && s.data[i] == '.';
        if (product_is_zero(digits)) {
            zeros++;
            continue;
        }
        for (; zeros; zeros--)
            product_key_byte(k, ZERO);
        product_key_byte(k, NUMBER);
        product_key_number(k, digits);
    }
    product_key_byte(k, END);
    return true;
}

bool product_hackage_key(struct slice s, struct product_key *k)
{
    size_t i = 0;
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST)
        return false;
    do {
        i += i > 0;
        struct slice digits = product_take_digits(s, &i);
        if (digits.len == 0)
            return false;
        product_key_byte(k, NUMBER);
        product_key_number(k, digits);
    } while (i < s.len && s.data[i] == '.');
    product_key_byte(k, END);
    return i == s.len;
}

/* Digits behind the point of a decimal version, three make a number: 1.5 is 1.500. */
static bool put_decimal(struct product_key *k, struct slice s, size_t *i)
{
    while (*i < s.len) {
        uint8_t group[3] = {'0', '0', '0'};
        size_t filled = 0;
        for (; *i < s.len && filled < 3; (*i)++) {
            if (s.data[*i] == '_')
                continue;
            if (!product_is_digit(s.data[*i]))
                return false;
            group[filled++] = s.data[*i];
        }
        if (filled)
            product_key_number(k, slice_of(group, 3));
    }
    return true;
}

bool product_cpan_key(struct slice s, struct product_key *k)
{
    size_t i = 0, dots = 0, from = 0;
    /* both kinds may be shorter than the other: zeros at the end do not count, nor does the text */
    bool dotted = s.len && s.data[0] == 'v';
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST)
        return false;
    for (size_t n = 0; n < s.len; n++)
        dots += s.data[n] == '.';
    dotted = dotted || dots > 1;
    i += s.data[0] == 'v';
    from = k->len;
    struct slice digits = product_take_digits(s, &i);
    if (digits.len == 0)
        return false;
    product_key_number(k, digits);
    if (!dotted) {
        i += i < s.len && s.data[i] == '.';
        if (!put_decimal(k, s, &i))
            return false;
    } else {
        while (i + 1 < s.len && (s.data[i] == '.' || s.data[i] == '_')) {
            i++;
            digits = product_take_digits(s, &i);
            if (digits.len == 0)
                return false;
            product_key_number(k, digits);
        }
    }
    /* a zero is the byte 0, and the shorter key comes first: cut zeros at the end */
    while (k->len > from && k->len <= k->room && k->data[k->len - 1] == 0)
        k->len--;
    return i == s.len;
}
