/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a validator keeps between documents. */
#ifndef CSAF_VALIDATOR_H
#define CSAF_VALIDATOR_H

#include "base/buf.h"
#include "base/json_schema.h"
#include "csaf/validate/vectors.h"

struct csaf_vectors {
    struct csaf_vector_place {
        struct csaf_vector vector;
        uint8_t len;
        bool used;
        char text[122]; /* of nearly all vectors */
    } places[256];
    struct csaf_vector too_long;
};

struct csaf_validator {
    struct csaf_selection selection;
    struct buf asked;
    bool network;
    const struct csaf_resolver *resolver;
    const struct csaf_prose_checker *spelling, *grammar;
    int64_t now;
    void (*watch)(void *context, const struct csaf_test *test);
    void *watch_context;
    struct json_schema_checker *schemas[2]; /* 2.0, 2.1 */
    struct csaf_vectors vectors;
    const struct csaf_extensions *extensions;
    struct json_schema_checker **extension_schemas; /* made when first needed */
};

#endif
