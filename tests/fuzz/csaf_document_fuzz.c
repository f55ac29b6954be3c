/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/document.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the bytes: refused with a reason, or a model whose references all hold. */
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
        if (csaf_product_find(d, p->id) != p || !p->place.pointer)
            abort();
        if (p->relationship && (!p->relationship->product || !p->relationship->relates_to))
            abort();
    }
    csaf_free(d);
    return 0;
}
