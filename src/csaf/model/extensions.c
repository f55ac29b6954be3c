/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of CSAF 2.1 (section 2.4): none is known here, and who reads a document must hear of
 * those without which it is misunderstood. */
#include "csaf/document.h"

static void note(struct csaf_extensions_met *met, struct slice schema)
{
    met->count++;
    for (size_t i = 0; i < met->named_count; i++)
        if (slice_equal(met->named[i], schema))
            return;
    if (met->named_count < CSAF_EXTENSIONS_NAMED)
        met->named[met->named_count++] = schema;
}

/* Wherever they stand, also where they may not; what is inside of one is its own business. As deep
 * as JSON may nest. */
static void collect(const struct json_value *v, struct csaf_extensions_met *met)
{
    if (!json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY))
        return;
    json_each(item, v)
    {
        if (!json_is(v, JSON_OBJECT) || !slice_is(json_name(item), "x_extensions"))
            collect(item, met);
        else if (json_is(item, JSON_ARRAY))
            json_each(extension,
                      item) if (slice_is(json_get_string(extension, "category"), met->category))
                note(met, json_get_string(extension, "$schema"));
    }
}

struct csaf_extensions_met csaf_extensions_find(const struct json_value *root, const char *category)
{
    struct csaf_extensions_met met = {.category = category};

    if (slice_is(json_get_string(json_get(root, "document"), "csaf_version"), "2.1"))
        collect(root, &met);
    return met;
}
