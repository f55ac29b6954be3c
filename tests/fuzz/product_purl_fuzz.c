/* SPDX-License-Identifier: Apache-2.0 */
#include "product/purl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct product_purl *a, const struct product_purl *b)
{
    if (!product_purl_same_but_qualifiers(a, b) || a->qualifier_count != b->qualifier_count)
        return false;
    for (size_t i = 0; i < a->qualifier_count; i++)
        if (!slice_equal(a->qualifiers[i].key, b->qualifiers[i].key) ||
            !slice_equal(a->qualifiers[i].value, b->qualifiers[i].value))
            return false;
    return true;
}

/* Refused with a code, a rule and a place; or read, and what is written of it reads back the same.
 * What is valid strictly is read leniently, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool strictly = false;
    for (int mode = PRODUCT_PURL_STRICT; mode <= PRODUCT_PURL_LENIENT; mode++) {
        struct arena a;
        struct buf text, again;
        struct err e = {0};
        struct product_purl purl, back;
        arena_init(&a, 0);
        buf_init(&text);
        buf_init(&again);
        if (product_purl_parse(&a, slice_of(data, size), (enum product_purl_mode)mode, &purl, &e) !=
            0) {
            if (!e.code[0] || !e.clause[0] || !e.where[0] || strictly)
                abort();
        } else {
            strictly = mode == PRODUCT_PURL_STRICT;
            product_purl_write(&purl, PRODUCT_PURL_ALL, &text);
            if (product_purl_parse(&a, buf_slice(&text), (enum product_purl_mode)mode, &back, &e) !=
                    0 ||
                !same(&purl, &back))
                abort();
            product_purl_write(&back, PRODUCT_PURL_ALL, &again);
            if (!slice_equal(buf_slice(&text), buf_slice(&again)))
                abort();
        }
        buf_fini(&text);
        buf_fini(&again);
        arena_fini(&a);
    }
    return 0;
}
