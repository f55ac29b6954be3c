/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every range promises, whatever its text. */
static void check(const struct product_range *range, struct slice version, bool is_range)
{
    const char *reason = NULL;
    enum product_in in = product_range_contains(range, version, &reason);
    if (!reason)
        abort();
    if ((range->grade == PRODUCT_EXACT) != (range->why == NULL) || !range->form)
        abort();
    if ((range->grade == PRODUCT_OBSCURE) != (range->kind == PRODUCT_RANGE_OPAQUE) ||
        (range->problem != NULL) != (range->kind == PRODUCT_RANGE_OPAQUE))
        abort();
    if (range->conditional && range->grade == PRODUCT_EXACT)
        abort();
    /* nothing is concluded from what is not understood, or under a condition */
    bool literal = !is_range && in == PRODUCT_IN && version.len == range->text.len;
    if ((range->kind == PRODUCT_RANGE_OPAQUE || range->conditional) && in == PRODUCT_IN && !literal)
        abort();
    if (range->kind == PRODUCT_RANGE_OPAQUE && in == PRODUCT_OUT)
        abort();
    if (range->kind == PRODUCT_RANGE_LIST && in == PRODUCT_OUT)
        abort();
    for (size_t i = 0; i < range->count; i++)
        if (range->intervals[i].doubtful && range->grade == PRODUCT_EXACT)
            abort();
}

/* "range\nversion\nversion": no crash, an order that is the same from both sides, a reason always.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice part[3] = {{0}};
    size_t start = 0, count = 0;
    for (size_t i = 0; i <= size && count < 3; i++)
        if (i == size || data[i] == '\n') {
            part[count++] = slice_of(data + start, i - start);
            start = i + 1;
        }
    static const char *const names[] = {"generic", "semver", "deb", "rpm", "maven"};
    for (size_t s = 0; s < sizeof names / sizeof *names; s++) {
        const struct product_scheme *scheme = product_scheme_find(slice_str(names[s]));
        enum product_order there = product_version_compare(scheme, part[1], part[2]);
        enum product_order back = product_version_compare(scheme, part[2], part[1]);
        if (there == PRODUCT_NO_ORDER ? back != PRODUCT_NO_ORDER : (int)there != -(int)back)
            abort();
        for (int is_range = 0; is_range < 2; is_range++) {
            struct arena a;
            struct err e = {0};
            struct product_range range;
            arena_init(&a, 0);
            if (product_range_parse(&a, part[0], is_range, scheme, &range, &e) == 0) {
                check(&range, part[1], is_range);
                check(&range, part[2], is_range);
            }
            arena_fini(&a);
        }
    }
    return 0;
}
