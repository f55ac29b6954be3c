/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: extensions of CSAF 2.1 (section 2.4). */
#ifndef CSAF_EXTENSIONS_H
#define CSAF_EXTENSIONS_H

#include "base/json_schema.h"
#include "csaf/validate/tests.h"
#include "csaf/validate/validator.h"

/* Where lists of extensions may stand, for csaf_visit; ends with NULL. */
extern const char *const csaf_extension_paths[];

/* What is known of one extension; either may be missing. */
struct csaf_extension {
    struct slice id; /* the "$schema" of its items */
    struct json_schema_set schema;
    bool has_schema;
    const struct json_value *metadata;
    struct csaf_extension *next;
    size_t index;
};

struct csaf_extensions {
    struct arena arena;
    struct map by_id;
    struct csaf_extension *first;
    struct json_doc **docs;
    size_t doc_count, doc_room;
    size_t count;
};

/* The extension of this "$schema", or NULL. */
const struct csaf_extension *csaf_extension_find(const struct csaf_extensions *x, struct slice id);

/* Of 6.2.20: what the schemas of extensions do not name; which of them are not at hand. */
void csaf_extensions_additional(struct csaf_validation *v);
/* A fault of a strict walk as a finding, when it is about what is not named; for json_schema_check,
 * with the validation as context. */
int csaf_find_additional(void *context, const struct json_schema_fault *fault);

void csaf_extension_schemas_free(struct csaf_validator *v);

#endif
