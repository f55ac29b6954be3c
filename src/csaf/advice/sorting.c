/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting (6.2.13): the names of each object in the order of their bytes. */
#include "csaf/validate/tests.h"

static void sorted(struct csaf_validation *v, const struct json_value *value, unsigned depth)
{
    struct slice before = {NULL, 0};
    bool said = false;

    if (depth > 256)
        return;
    bool object = json_is(value, JSON_OBJECT);
    if (!object && !json_is(value, JSON_ARRAY))
        return;
    json_each(child, value)
    {
        struct slice name = json_name(child);
        if (object && before.data && !said && slice_compare(before, name) > 0) {
            said = true; /* one finding an object: what follows is the same fault */
            csaf_find(v, child, "member %s stands behind %s, so the names are not sorted",
                      csaf_quote(v, name), csaf_quote(v, before));
        }
        if (object)
            before = name;
        if (json_is(child, JSON_OBJECT) || json_is(child, JSON_ARRAY))
            sorted(v, child, depth + 1);
    }
}

void csaf_test_6_2_13(struct csaf_validation *v)
{
    sorted(v, v->root, 0);
}
