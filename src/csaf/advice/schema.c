/* SPDX-License-Identifier: Apache-2.0 */
/* Additional Properties (6.2.20): nothing that the schema does not name, however open it is. */
#include "base/json_schema.h"
#include "csaf/validate/extensions.h"
#include "csaf/validate/validator.h"

int csaf_find_additional(void *context, const struct json_schema_fault *fault)
{
    struct csaf_validation *v = context;

    if (strcmp(fault->keyword, "additionalProperties") == 0 ||
        strcmp(fault->keyword, "unevaluatedProperties") == 0)
        csaf_find(v, fault->at, "%s", fault->text);
    return err_is_set(v->e) ? -1 : 0;
}

void csaf_test_6_2_20(struct csaf_validation *v)
{
    bool valid;

    if (json_schema_check(v->validator->schemas[v->version == CSAF_2_1], v->root, NULL, true,
                          csaf_find_additional, v, &valid, v->e) < 0 &&
        !err_is_set(v->e))
        csaf_no_memory(v);
    if (v->version == CSAF_2_1)
        csaf_extensions_additional(v);
}
