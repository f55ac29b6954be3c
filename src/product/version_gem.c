/* SPDX-License-Identifier: Apache-2.0 */
/* RubyGems: numbers and words, where words are earlier than numbers and missing ones are zero. */
#include "product/version_key.h"
#include "product/version_schemes.h"

/* Zeros weigh what follows them: before a word they are earlier than the end, before a number
 * later. */
enum { WORD = 1, ZERO_BEFORE_WORD, END, ZERO_BEFORE_NUMBER, NUMBER };

/* [0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)? as Gem::Version has it */
static bool well_formed(struct slice s)
{
    bool between = false, dotted = false, dashed = false;
    size_t i = 0;
    if (product_take_digits(s, &i).len == 0)
        return false;
    for (; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (c == '.' || (c == '-' && !dashed)) {
            if (between)
                return false;
            dotted = dotted || c == '.';
            dashed = dashed || c == '-';
            between = true;
        } else if (product_is_digit(c) || product_is_letter(c) || c == '-') {
            if (!dotted && !dashed)
                return false; /* the first part is digits alone */
            between = false;
        } else {
            return false;
        }
    }
    return !between;
}

static void put_zeros(struct product_key *k, size_t count, unsigned weight)
{
    for (size_t i = 0; i < count; i++)
        product_key_byte(k, weight);
}

bool product_gem_key(struct slice text, struct product_key *k)
{
    while (text.len && text.data[0] <= ' ')
        text = slice_of(text.data + 1, text.len - 1);
    while (text.len && text.data[text.len - 1] <= ' ')
        text.len--;
    if (text.len > PRODUCT_VERSION_LONGEST || !well_formed(text))
        return false;
    size_t zeros = 0;
    bool words = false;
    for (size_t i = 0; i < text.len;) {
        uint8_t c = text.data[i];
        struct slice word = slice_of(NULL, 0);
        if (product_is_digit(c)) {
            struct slice digits = product_take_digits(text, &i);
            if (product_is_zero(digits)) {
                zeros++;
                continue;
            }
            put_zeros(k, zeros, ZERO_BEFORE_NUMBER);
            zeros = 0;
            product_key_byte(k, NUMBER);
            product_key_number(k, digits);
            continue;
        }
        if (product_is_letter(c)) {
            word = product_take_letters(text, &i);
        } else {
            i++;
            if (c == '.')
                continue;
            word = slice_str("pre"); /* what a '-' stands for */
        }
        /* zeros in front of the first word fall away, as at the end */
        if (words)
            put_zeros(k, zeros, ZERO_BEFORE_WORD);
        zeros = 0;
        words = true;
        product_key_byte(k, WORD);
        product_key_text(k, word);
    }
    product_key_byte(k, END);
    return true;
}
