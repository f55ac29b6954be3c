/* SPDX-License-Identifier: Apache-2.0 */
#include "product/cpe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct product_cpe *a, const struct product_cpe *b)
{
    for (size_t i = 0; i < PRODUCT_CPE_ATTRIBUTES; i++)
        if (a->at[i].kind != b->at[i].kind || a->at[i].before != b->at[i].before ||
            a->at[i].after != b->at[i].after || !slice_equal(a->at[i].text, b->at[i].text))
            return false;
    return true;
}

static enum product_cpe_relation turned(enum product_cpe_relation relation)
{
    return relation == PRODUCT_CPE_SUBSET     ? PRODUCT_CPE_SUPERSET
           : relation == PRODUCT_CPE_SUPERSET ? PRODUCT_CPE_SUBSET
                                              : relation;
}

/* "name\nname": refused with a place, or both bindings read back the same; two names without
 * wildcards stand to each other in one way from both sides. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t first = end ? (size_t)(end - data) : size;
    struct slice texts[2] = {slice_of(data, first),
                             end ? slice_of(end + 1, size - first - 1) : slice_of(data, first)};
    struct product_cpe names[2];
    struct arena a;
    size_t read = 0;
    bool wild = false;
    arena_init(&a, 0);
    for (size_t n = 0; n < 2; n++) {
        struct err e = {0};
        struct product_cpe strict, back;
        bool strictly = product_cpe_parse(&a, texts[n], PRODUCT_CPE_STRICT, &strict, &e) == 0;
        err_clear(&e);
        if (product_cpe_parse(&a, texts[n], PRODUCT_CPE_LENIENT, &names[n], &e) != 0) {
            if (!e.code[0] || !e.clause[0] || !e.where[0] || strictly)
                abort();
            continue;
        }
        read++;
        for (int uri = 0; uri < 2; uri++) {
            struct buf text;
            buf_init(&text);
            if (uri)
                product_cpe_write_uri(&names[n], &text);
            else
                product_cpe_write(&names[n], &text);
            if (product_cpe_parse(&a, buf_slice(&text), PRODUCT_CPE_LENIENT, &back, &e) != 0 ||
                !same(&names[n], &back))
                abort();
            buf_fini(&text);
        }
        for (size_t i = 0; i < PRODUCT_CPE_ATTRIBUTES; i++)
            wild = wild || names[n].at[i].before || names[n].at[i].after;
    }
    if (read == 2) {
        enum product_cpe_relation there = product_cpe_compare(&names[0], &names[1], 0);
        enum product_cpe_relation back = product_cpe_compare(&names[1], &names[0], 0);
        if (!wild && there != turned(back))
            abort();
    }
    arena_fini(&a);
    return 0;
}
