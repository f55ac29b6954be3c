/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS vectors that a validator has read, with their scores. Several tests ask for each vector, and
 * the same ones come again in most documents.
 */
#ifndef CSAF_VECTORS_H
#define CSAF_VECTORS_H

#include "csaf/facts/cvss.h"
#include "csaf/validate/validation.h"

struct csaf_vector {
    bool valid;
    struct csaf_cvss cvss;
    struct csaf_cvss_scores scores; /* by the vector alone */
};

/*
 * The vector of a CVSS object ("vectorString"); NULL: it has none that can be read, which is
 * 6.1.8's. Valid until the next call.
 */
const struct csaf_vector *csaf_vector_of(struct csaf_validation *v, const struct json_value *cvss);

#endif
