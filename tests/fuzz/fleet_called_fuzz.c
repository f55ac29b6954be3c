/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/criteria_called.h"
#include "fleet/match_identify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two vendors are one or not, whichever is asked first. */
static void vendors(struct arena *a, struct slice x, struct slice y)
{
    struct fleet_name first, second;
    struct fleet_vendor one, other;
    struct err e = {0};
    int cost, back;
    if (fleet_name_normalise(a, FLEET_NAME_VENDOR, x, &first, &e) != 0 ||
        fleet_name_normalise(a, FLEET_NAME_VENDOR, y, &second, &e) != 0 ||
        fleet_vendor_make(a, &first, &one, &e) != 0 ||
        fleet_vendor_make(a, &second, &other, &e) != 0)
        return;
    if (fleet_vendor_compare(&one, &other, NULL, &cost) !=
            fleet_vendor_compare(&other, &one, NULL, &back) ||
        cost != back)
        abort();
    if (one.count && fleet_vendor_compare(&one, &one, NULL, NULL) < FLEET_VENDOR_ALIAS)
        abort();
}

/* Any bytes as a product's name in an advisory: what else it is called is never empty, and a
 * version at its end lies within it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct err e = {0};
    struct fleet_called_list list;
    struct slice called = slice_of(data, size), front, version;
    arena_init(&a, 0);
    if (fleet_called_make(&a, called, &list, &e) == 0) {
        if (list.count > FLEET_CALLED)
            abort();
        for (size_t i = 0; i < list.count; i++)
            if (list.at[i].text.len < 2 || list.at[i].text.len > 2 * size + 2)
                abort();
    }
    if (fleet_called_version(called, &front, &version) &&
        (front.len == 0 || version.len == 0 || front.len + version.len > size))
        abort();
    vendors(&a, slice_of(data, size / 2), slice_of(data + size / 2, size - size / 2));
    arena_fini(&a);
    return 0;
}
