/* SPDX-License-Identifier: Apache-2.0 */
/* CSAF documents that are large in one way: what the validator costs must grow as they do. */
#ifndef CSAF_GROWTH_H
#define CSAF_GROWTH_H

#include "csaf/validate.h"

struct csaf_growth;

/* The index-th way; NULL behind the last. */
const struct csaf_growth *csaf_growth_at(size_t index);
const char *csaf_growth_name(const struct csaf_growth *g);
bool csaf_growth_has(const struct csaf_growth *g, enum csaf_version version);
/* Appends a document with count entries. */
void csaf_growth_write(const struct csaf_growth *g, enum csaf_version version, size_t count,
                       struct buf *out);

#endif
