/* SPDX-License-Identifier: Apache-2.0 */
/* The version leaves of a document: its branches of category product_version and
 * product_version_range (CSAF 2.0 and 2.1, section 3.1.2.2), without reading anything else of it,
 * so that also a document with other faults can be looked at. */
#ifndef CSAF_LEAVES_H
#define CSAF_LEAVES_H

#include "base/json.h"

struct csaf_leaf {
    const struct json_value *name; /* a string; its place is the leaf's place */
    bool is_range;                 /* product_version_range */
    struct slice parent;           /* name of the branch above it; empty: none */
};

/* Called for each leaf in the document's order; not 0: ends the walk, which returns it. */
typedef int csaf_leaf_function(void *context, const struct csaf_leaf *leaf, struct err *e);

/* Does this JSON call itself a CSAF document (document.csaf_version is there)? */
bool csaf_looks_like(const struct json_value *root);

/* 0, or what the function returned. */
int csaf_leaves_each(const struct json_value *root, csaf_leaf_function *each, void *context,
                     struct err *e) MUST_CHECK;

#endif
