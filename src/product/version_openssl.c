/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL: three numbers, up to 1.1.1 with letters for patches (a to z, then za, zb), and from 3.0
 * semantic versions. Pre-releases ("-beta1") come before; what else stands behind a '-' ("-cvs",
 * "-dev") was published after the version that it names.
 */
#include "product/version_key.h"
#include "product/version_schemes.h"

enum { ALPHA = 1, BETA, PRE, RELEASE, BEHIND };

bool product_openssl_key(struct slice s, struct product_key *k)
{
    size_t i = 0;
    if (s.len == 0 || s.len > PRODUCT_VERSION_LONGEST)
        return false;
    for (size_t n = 0; n < 3; n++) {
        struct slice digits = slice_of(NULL, 0);
        if (n == 0 || (i < s.len && s.data[i] == '.')) {
            i += n > 0;
            digits = product_take_digits(s, &i);
            if (digits.len == 0)
                return false;
        }
        product_key_number(k, digits);
    }
    product_key_text_lower(k, product_take_letters(s, &i));
    if (i == s.len) {
        product_key_byte(k, RELEASE);
        return true;
    }
    if (s.data[i] == '+')
        i = s.len;
    if (i == s.len || s.data[i++] != '-') {
        product_key_byte(k, RELEASE);
        return i == s.len;
    }
    struct slice word = product_take_letters(s, &i);
    product_key_byte(k, product_slice_is(word, "alpha")  ? ALPHA
                        : product_slice_is(word, "beta") ? BETA
                        : product_slice_is(word, "pre")  ? PRE
                                                         : BEHIND);
    product_key_text_lower(k, word);
    product_key_number(k, product_take_digits(s, &i));
    return word.len > 0 && i == s.len;
}
