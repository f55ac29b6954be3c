/* SPDX-License-Identifier: Apache-2.0 */
/* License Expression (6.1.54) */
#include "csaf/facts/license.h"
#include "csaf/validate/tests.h"

void csaf_test_6_1_54(struct csaf_validation *v)
{
    const struct json_value *license = json_get(v->document, "license_expression");
    struct err e = {0};

    if (!json_is(license, JSON_STRING) || csaf_license_check(json_string(license), &e) == 0)
        return;
    csaf_find(v, license, "%s (%s)", e.text, e.where);
    if (e.hint[0])
        csaf_suggest(v, "%s", e.hint);
}
