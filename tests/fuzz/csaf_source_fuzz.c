/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/document.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An advisory of another source: refused with a reason, or a model whose places are those of the
 * text, whose ids are unique, and whose ranges can be asked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csaf_document *d;
    struct err e = {0};
    if (csaf_load(&d, slice_of(data, size), &e) != 0) {
        if (!err_is_set(&e) || e.code[0] == 0)
            abort();
        return 0;
    }
    for (size_t i = 0; i < d->product_count; i++) {
        const struct csaf_product *p = &d->products[i];
        const struct csaf_range *from = p->range;
        if (csaf_product_find(d, p->id) != p)
            abort();
        if (!json_resolve(d->json, slice_str(p->place.pointer)))
            abort();
        if ((d->source == CSAF_SOURCE_OSV || d->source == CSAF_SOURCE_CVE) && !from)
            abort();
        if (!from)
            continue;
        struct arena a;
        struct product_range range;
        const char *reason = NULL;
        arena_init(&a, 0);
        if (product_range_of_intervals(&a, from->scheme, from->form, from->intervals, from->count,
                                       from->closed, &range, &e) == 0) {
            product_range_contains(&range, slice_str("1.2.3"), &reason);
            if (!reason)
                abort();
        }
        arena_fini(&a);
    }
    csaf_free(d);
    return 0;
}
