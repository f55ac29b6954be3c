/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/index.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * "inventory NUL advisory": whatever both are, matching ends, every statement says why, and the
 * index gives the same statuses.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    struct err e = {0};
    struct fleet_inventory *inventory;
    struct csaf_document *document;
    struct fleet_class *class = NULL;
    struct fleet_criteria *criteria = NULL;
    struct fleet_result *result = NULL;
    struct fleet_index *index = NULL;
    struct fleet_hits *hits = NULL;
    if (!zero)
        return 0;
    size_t at = (size_t)(zero - data);
    if (fleet_inventory_read(&inventory, slice_of(data, at), NULL, &e) != 0)
        return 0;
    if (csaf_load(&document, slice_of(zero + 1, size - at - 1), &e) != 0) {
        fleet_inventory_free(inventory);
        return 0;
    }
    if (fleet_class_build(&class, inventory, &e) == 0 &&
        fleet_criteria_build(&criteria, document, &e) == 0 &&
        fleet_match(&result, criteria, class, NULL, &e) == 0 && (index = fleet_index_new()) &&
        fleet_index_add(index, 1, class, &e) == 0 &&
        fleet_index_match(index, &hits, criteria, NULL, &e) == 0) {
        if ((hits->count > 0) != (result->count > 0))
            abort();
        struct fleet_result *whole = NULL;
        if (hits->count > 0 && fleet_hits_result(hits, hits->hits[0].answer, &whole, &e) != 0)
            abort();
        if (whole && (whole->count != result->count ||
                      hits->answers[hits->hits[0].answer].status != result->status))
            abort();
        for (size_t i = 0; i < result->count; i++) {
            const struct fleet_statement *s = &result->statements[i];
            if (s->reason_count == 0 || s->product_count == 0 || s->confidence < 0 ||
                s->confidence > 100 || whole->statements[i].status != s->status)
                abort();
        }
        fleet_result_free(whole);
    }
    fleet_hits_free(hits);
    fleet_index_free(index);
    fleet_result_free(result);
    fleet_criteria_free(criteria);
    fleet_class_free(class);
    csaf_free(document);
    fleet_inventory_free(inventory);
    return 0;
}
