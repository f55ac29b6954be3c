/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of Debian packages. */
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

bool product_deb_valid(struct slice text)
{
    struct slice epoch, version, revision;
    product_evr_split(text, &epoch, &version, &revision);
    if (text.len > PRODUCT_VERSION_LONGEST || version.len == 0 ||
        !product_is_digit(version.data[0]) || (epoch.len && !numeric(epoch)))
        return false;
    if (text.data[0] == ':' || text.data[text.len - 1] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!product_is_digit(c) && !product_is_letter(c) && !memchr(".+-~:", c, 5))
            return false;
    }
    return true;
}

/* '~' before the end, the end before letters, letters before all else */
static int deb_weight(struct slice s, size_t i)
{
    if (i >= s.len || product_is_digit(s.data[i]))
        return 0;
    if (s.data[i] == '~')
        return -1;
    return product_is_letter(s.data[i]) ? s.data[i] : s.data[i] + 256;
}

static int deb_part(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    while (i < a.len || k < b.len) {
        while ((i < a.len && !product_is_digit(a.data[i])) ||
               (k < b.len && !product_is_digit(b.data[k]))) {
            int x = deb_weight(a, i), y = deb_weight(b, k);
            if (x != y)
                return x < y ? -1 : 1;
            i += i < a.len && !product_is_digit(a.data[i]);
            k += k < b.len && !product_is_digit(b.data[k]);
        }
        int order = product_digits_compare(product_take_digits(a, &i), product_take_digits(b, &k));
        if (order)
            return order;
    }
    return 0;
}

enum product_order product_deb_compare(struct slice a, struct slice b)
{
    struct slice epoch[2], version[2], revision[2];
    if (!product_deb_valid(a) || !product_deb_valid(b))
        return PRODUCT_NO_ORDER;
    product_evr_split(a, &epoch[0], &version[0], &revision[0]);
    product_evr_split(b, &epoch[1], &version[1], &revision[1]);
    int order = product_digits_compare(epoch[0], epoch[1]);
    if (order == 0)
        order = deb_part(version[0], version[1]);
    if (order == 0)
        order = deb_part(revision[0], revision[1]);
    return sign(order);
}

enum { TILDE = 1, END, SIGN = 0x80 };

/*
 * Runs of other characters and of digits take turns, each run of characters with its end. Behind a
 * number stands a run that is not empty, or the end of all: neither begins like the other.
 */
static void put_part(struct product_key *k, struct slice s)
{
    size_t i = 0;
    do {
        for (; i < s.len && !product_is_digit(s.data[i]); i++) {
            uint8_t c = s.data[i];
            product_key_byte(k, c == '~' ? TILDE : product_is_letter(c) ? c : (unsigned)c | SIGN);
        }
        product_key_byte(k, END);
        product_key_number(k, product_take_digits(s, &i));
    } while (i < s.len);
    product_key_byte(k, END);
}

bool product_deb_key(struct slice text, struct product_key *k)
{
    struct slice epoch, version, revision;
    if (!product_deb_valid(text))
        return false;
    product_evr_split(text, &epoch, &version, &revision);
    product_key_number(k, epoch);
    put_part(k, version);
    put_part(k, revision);
    return true;
}
