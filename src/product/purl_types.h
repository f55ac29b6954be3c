/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the registered types of package URLs ask of their parts. */
#ifndef PRODUCT_PURL_TYPES_H
#define PRODUCT_PURL_TYPES_H

#include "base/slice.h"

enum {
    PRODUCT_PURL_SPACE_REQUIRED = 1 << 0,
    PRODUCT_PURL_SPACE_PROHIBITED = 1 << 1,
    PRODUCT_PURL_SPACE_LOWER = 1 << 2,
    PRODUCT_PURL_SPACE_UPPER = 1 << 3,
    PRODUCT_PURL_NAME_LOWER = 1 << 4,
    PRODUCT_PURL_VERSION_LOWER = 1 << 5,
    PRODUCT_PURL_SUBPATH_LOWER = 1 << 6,
    PRODUCT_PURL_NAME_PATH = 1 << 7,    /* the namespace is one segment, the name all others */
    PRODUCT_PURL_NAME_DASH = 1 << 8,    /* '_' in a name is '-' */
    PRODUCT_PURL_NAME_UNDER = 1 << 9,   /* what is no letter or digit in a name is '_' */
    PRODUCT_PURL_NAME_MODULE = 1 << 10, /* a name must not hold "::" */
    PRODUCT_PURL_EXTENSION = 1 << 11,   /* 32 letters a to p; versions of one to four numbers */
    PRODUCT_PURL_HOST_CASE = 1 << 12,   /* names have no case on the hosts that say so */
    PRODUCT_PURL_STORE_CASE = 1 << 13,  /* names have no case in the stores that say so */
    PRODUCT_PURL_UNREGISTERED = 1 << 14,
};

struct product_purl_type {
    const char *name;
    unsigned rules;
    const char *qualifier; /* that must be there, or NULL */
};

/* NULL: the type is not registered, and nothing is asked. */
const struct product_purl_type *product_purl_type_find(struct slice type);

#endif
