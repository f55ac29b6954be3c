/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of Gentoo packages: Package Manager Specification sections 3.2 and 3.3. */
#include "product/version_key.h"
#include "product/version_schemes.h"

/* Algorithm 3.3: behind a dot, digits with a zero in front are a fraction, without the zeros at
 * its end; more numbers are later than fewer. */
enum { NO_MORE = 1, FRACTION, NUMBER };
/* Algorithm 3.5 and 3.6 */
enum { ALPHA = 1, BETA, PRE, RC, END, PATCH };

static bool put_numbers(struct product_key *k, struct slice s, size_t *i)
{
    struct slice digits = product_take_digits(s, i);
    if (digits.len == 0)
        return false;
    product_key_number(k, digits);
    while (*i < s.len && s.data[*i] == '.') {
        (*i)++;
        digits = product_take_digits(s, i);
        if (digits.len == 0)
            return false;
        bool fraction = digits.data[0] == '0';
        product_key_byte(k, fraction ? FRACTION : NUMBER);
        while (fraction && digits.len && digits.data[digits.len - 1] == '0')
            digits.len--;
        if (fraction)
            product_key_text(k, digits);
        else
            product_key_number(k, digits);
    }
    product_key_byte(k, NO_MORE);
    return true;
}

bool product_gentoo_key(struct slice s, struct product_key *k)
{
    static const struct {
        const char *word;
        unsigned weight;
    } suffixes[] = {{"alpha", ALPHA}, {"beta", BETA}, {"pre", PRE}, {"rc", RC}, {"p", PATCH}};
    size_t i = 0;
    if (s.len > PRODUCT_VERSION_LONGEST || !put_numbers(k, s, &i))
        return false;
    /* algorithm 3.4 */
    bool letter = i < s.len && s.data[i] >= 'a' && s.data[i] <= 'z';
    product_key_byte(k, letter ? s.data[i++] : 0);
    while (i < s.len && s.data[i] == '_') {
        i++;
        struct slice word = product_take_letters(s, &i);
        unsigned weight = 0;
        for (size_t n = 0; n < ARRAY_LEN(suffixes); n++)
            if (slice_is(word, suffixes[n].word))
                weight = suffixes[n].weight;
        if (!weight)
            return false;
        product_key_byte(k, weight);
        product_key_number(k, product_take_digits(s, &i));
    }
    product_key_byte(k, END);
    struct slice revision = slice_of(NULL, 0);
    if (i + 2 < s.len && s.data[i] == '-' && s.data[i + 1] == 'r') {
        i += 2;
        revision = product_take_digits(s, &i);
    }
    product_key_number(k, revision);
    return i == s.len;
}
