/* SPDX-License-Identifier: Apache-2.0 */
/* JSON schemas (draft 2020-12) from their own text, for base/json_schema.h. */
#ifndef BASE_JSON_SCHEMA_COMPILE_H
#define BASE_JSON_SCHEMA_COMPILE_H

#include "base/json_schema.h"

/* Schemas of other documents, which number the patterns of one set. */
struct json_schema_others {
    const struct json_schema_set *set;
    /* NULL: there is no such schema */
    const struct json_schema *(*find)(struct slice uri);
};

/*
 * Makes the nodes of a schema. The document (and its text) must outlive the set, whose memory is
 * the arena's. References lead within the document: "#", "#/a/pointer", "#anchor", or its own "$id"
 * with one of these behind. 0; or -1 with ERR_INPUT "json.schema" (a keyword's value is not what
 * the standard says, a reference that leads nowhere, $dynamicRef, a pattern that is
 * none), clause and place; ERR_LIMIT (over 100,000 nodes), ERR_MEMORY.
 */
int json_schema_compile(struct arena *a, const struct json_doc *doc,
                        const struct json_schema_others *others, struct json_schema_set *out,
                        struct err *e) MUST_CHECK;

#endif
