/* SPDX-License-Identifier: Apache-2.0 */
/* Composer: up to four numbers and a stability. Branches ("dev-main") have no order. */
#include "product/version_key.h"
#include "product/version_schemes.h"

enum { DEV, ALPHA, BETA, CANDIDATE, STABLE, PATCH };

static bool joint(struct slice s, size_t i)
{
    return i < s.len && (s.data[i] == '.' || s.data[i] == '-' || s.data[i] == '_');
}

static int stability(struct slice word)
{
    static const struct {
        const char *word;
        int weight;
    } known[] = {{"dev", DEV},  {"alpha", ALPHA},  {"a", ALPHA},       {"beta", BETA},
                 {"b", BETA},   {"rc", CANDIDATE}, {"stable", STABLE}, {"patch", PATCH},
                 {"pl", PATCH}, {"p", PATCH}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (product_slice_is(word, known[i].word))
            return known[i].weight;
    return -1;
}

bool product_composer_key(struct slice s, struct product_key *k)
{
    const uint8_t *plus = s.len ? memchr(s.data, '+', s.len) : NULL;
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST)
        return false;
    if (plus)
        s.len = (size_t)(plus - s.data); /* what stands behind it does not count */
    size_t i = s.len && product_lower(s.data[0]) == 'v', numbers = 0;
    for (; numbers < 4; numbers++) {
        size_t at = i;
        i += numbers && i < s.len && s.data[i] == '.';
        struct slice digits = product_take_digits(s, &i);
        if (digits.len == 0 || (numbers && i == at + digits.len)) {
            i = at;
            break;
        }
        product_key_number(k, digits);
    }
    if (numbers == 0)
        return false;
    for (; numbers < 4; numbers++)
        product_key_number(k, slice_of(NULL, 0));
    size_t at = i + joint(s, i);
    struct slice word = product_take_letters(s, &at);
    int weight = stability(word);
    bool dev = weight == DEV, named_stable = weight == STABLE;
    if (weight >= 0 || (word.len == 0 && at == s.len))
        i = at;
    product_key_byte(k, weight < 0 ? STABLE : (unsigned)weight);
    /* "beta.2.1": each number with one in front of it, and an end; "stable" takes what follows */
    while (weight > DEV && i < s.len) {
        at = i + (s.data[i] == '.' || s.data[i] == '-');
        struct slice digits = product_take_digits(s, &at);
        if (digits.len == 0)
            break;
        if (!named_stable) {
            product_key_byte(k, 2);
            product_key_number(k, digits);
        }
        i = at;
    }
    at = i + joint(s, i);
    if (!dev && stability(product_take_letters(s, &at)) == DEV) {
        dev = !named_stable;
        i = at;
    }
    product_key_byte(k, dev ? 0 : 1);
    return i == s.len;
}
