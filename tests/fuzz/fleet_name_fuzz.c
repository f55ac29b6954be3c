/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "fleet/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a name: forms are UTF-8 without spaces at the ends, and comparisons hold both ways.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct err e = {0};
    struct fleet_name x, y, vendor;
    arena_init(&a, 0);
    size_t half = size / 2;
    for (int kind = 0; kind < 2; kind++) {
        if (fleet_name_normalise(&a, (enum fleet_name_kind)kind, slice_of(data, half), &x, &e) !=
                0 ||
            fleet_name_normalise(&a, (enum fleet_name_kind)kind, slice_of(data + half, size - half),
                                 &y, &e) != 0)
            goto out;
        for (size_t i = 0; i < x.count; i++) {
            struct slice f = x.forms[i].text;
            if (f.len == 0 || f.data[0] == ' ' || f.data[f.len - 1] == ' ' ||
                utf8_check(f) != f.len)
                abort();
        }
        if (x.count && y.count) {
            struct slice f = x.forms[0].text, g = y.forms[0].text;
            if (fleet_name_misspelt(f, g) != fleet_name_misspelt(g, f))
                abort();
            struct fleet_form forms[FLEET_VARIANTS];
            if (fleet_name_normalise(&a, FLEET_NAME_VENDOR, slice_of(data, half / 2), &vendor,
                                     &e) != 0 ||
                fleet_name_variants(&a, f, 0, &vendor, forms, &e) < 0)
                goto out;
        }
    }
out:
    arena_fini(&a);
    return 0;
}
