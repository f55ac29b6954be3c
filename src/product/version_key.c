/* SPDX-License-Identifier: Apache-2.0 */
#include "product/version_key.h"
#include "product/version_schemes.h"

static struct slice without_zeros(struct slice digits)
{
    while (digits.len && digits.data[0] == '0')
        digits = slice_of(digits.data + 1, digits.len - 1);
    return digits;
}

void product_key_number(struct product_key *k, struct slice digits)
{
    digits = without_zeros(digits);
    /* one byte to 239 digits, two from there */
    if (digits.len < 0xf0) {
        product_key_byte(k, (unsigned)digits.len);
    } else {
        product_key_byte(k, 0xf0U | (unsigned)(digits.len >> 8));
        product_key_byte(k, digits.len & 0xff);
    }
    for (size_t i = 0; i < digits.len; i++)
        product_key_byte(k, digits.data[i]);
}

void product_key_text(struct product_key *k, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        product_key_byte(k, text.data[i]);
    product_key_byte(k, 0);
}

void product_key_text_lower(struct product_key *k, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        product_key_byte(k, (unsigned)product_lower(text.data[i]));
    product_key_byte(k, 0);
}

static struct slice take(struct slice s, size_t *i, bool (*belongs)(int))
{
    size_t start = *i;
    while (*i < s.len && belongs(s.data[*i]))
        (*i)++;
    return *i > start ? slice_of(s.data + start, *i - start) : slice_of(NULL, 0);
}

struct slice product_take_digits(struct slice s, size_t *i)
{
    return take(s, i, product_is_digit);
}

struct slice product_take_letters(struct slice s, size_t *i)
{
    return take(s, i, product_is_letter);
}

bool product_slice_is(struct slice s, const char *text)
{
    size_t len = strlen(text);
    if (s.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (product_lower(s.data[i]) != text[i])
            return false;
    return true;
}

bool product_is_zero(struct slice digits)
{
    return without_zeros(digits).len == 0;
}

int product_digits_compare(struct slice a, struct slice b)
{
    a = without_zeros(a);
    b = without_zeros(b);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    int order = slice_compare(a, b);
    return (order > 0) - (order < 0);
}
