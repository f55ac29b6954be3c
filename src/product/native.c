/* SPDX-License-Identifier: Apache-2.0 */
#include "product/native.h"

int product_native_read(struct arena *a, struct slice type, struct slice text,
                        struct product_vers *out, struct err *e)
{
    (void)a;
    (void)text;
    (void)out;
    return err_set(e, ERR_INPUT, "native.type", NULL, "no notation of ranges is known for %.*s",
                   SLICE_ARG(type));
}
