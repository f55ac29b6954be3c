/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: how the model of a document is built, part by part, in one arena. */
#ifndef CSAF_MODEL_H
#define CSAF_MODEL_H

#include "base/map.h"
#include "csaf/model/check.h"

struct csaf_model {
    struct arena arena;
    uint8_t *text;
    struct map products; /* product id -> struct csaf_product */
    struct map groups;   /* group id -> struct csaf_group */
    size_t *lines;       /* offset of each line's first byte */
    size_t line_count;
    size_t references; /* resolved so far, see CSAF_REFERENCES */
};

/* Each fills its part of the document; faults are recorded in check. -1: memory, set in e. */
int csaf_build_tree(struct csaf_document *d, struct csaf_check *check, struct err *e) MUST_CHECK;
int csaf_build_vulnerabilities(struct csaf_document *d, struct csaf_check *check,
                               struct err *e) MUST_CHECK;

/* Strings of a JSON array; 0 or -1 (memory). */
int csaf_build_strings(struct csaf_document *d, const struct json_value *array,
                       struct csaf_strings *out, struct err *e) MUST_CHECK;
/* The products named by an array of ids, and by one of group ids; either may be NULL. Unknown ids
 * are faults. */
int csaf_build_products(struct csaf_document *d, struct csaf_check *check,
                        const struct json_value *ids, const struct json_value *groups,
                        struct csaf_products *out, struct err *e) MUST_CHECK;
int csaf_build_notes(struct csaf_document *d, const struct json_value *array,
                     const struct csaf_note **out, size_t *count, struct err *e) MUST_CHECK;
int csaf_build_references(struct csaf_document *d, const struct json_value *array,
                          const struct csaf_reference **out, size_t *count,
                          struct err *e) MUST_CHECK;

/* count × size zeroed bytes of the model's arena; NULL and e set: no memory. */
void *csaf_new(struct csaf_document *d, size_t count, size_t size, struct err *e) MUST_CHECK;

/* The place of v, whose pointer is parent's with "/name" (name NULL: "/index") behind. */
int csaf_place(struct csaf_document *d, const struct json_value *v, const char *parent,
               const char *name, size_t index, struct csaf_place *out, struct err *e) MUST_CHECK;

#endif
