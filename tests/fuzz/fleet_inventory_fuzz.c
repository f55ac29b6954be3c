/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/class.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as an inventory of any kind; what is read makes a class that comes back from storage.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct slice text = slice_of(data, size);
    struct fleet_inventory *inventory;
    struct fleet_csv *csv;
    if (fleet_csv_read(&csv, text, NULL, &e) == 0)
        fleet_csv_free(csv);
    err_clear(&e);
    if (fleet_inventory_dpkg(&inventory, text, slice_str("debian"), NULL, &e) == 0)
        fleet_inventory_free(inventory);
    err_clear(&e);
    struct fleet_class *class;
    if (fleet_class_parse(&class, text, &e) == 0)
        fleet_class_free(class);
    err_clear(&e);
    if (fleet_inventory_read(&inventory, text, NULL, &e) != 0)
        return 0;
    if (fleet_class_build(&class, inventory, &e) == 0) {
        struct fleet_class *again;
        if (fleet_class_parse(&again, class->canonical, &e) != 0 ||
            memcmp(again->digest, class->digest, sizeof class->digest) != 0)
            abort();
        fleet_class_free(again);
        fleet_class_free(class);
    }
    fleet_inventory_free(inventory);
    return 0;
}
