/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the files of `vers:` share. */
#ifndef PRODUCT_VERS_INTERNAL_H
#define PRODUCT_VERS_INTERNAL_H

#include "product/vers.h"

/* Findings while they are collected. */
struct vers_findings {
    struct product_vers_finding item[PRODUCT_VERS_FINDINGS];
    size_t count;
};

void product_vers_find(struct vers_findings *f, enum product_vers_fault fault, size_t at,
                       size_t len, const char *text);

/*
 * The rules between constraints: versions of the type, rising, once each, comparators that can
 * follow one another. vls: the order is nobody's, so only what holds for any. -1 with ERR_MEMORY.
 */
int product_vers_check(const struct product_vers *vers, bool vls, struct vers_findings *f,
                       struct err *e) MUST_CHECK;

/* Takes over the findings and derives canonical, readable, ordered from them. */
int product_vers_conclude(struct arena *a, const struct vers_findings *f, struct product_vers *out,
                          struct err *e) MUST_CHECK;

static inline bool product_vers_upward(enum product_comparator c)
{
    return c == PRODUCT_ABOVE || c == PRODUCT_FROM;
}

static inline bool product_vers_downward(enum product_comparator c)
{
    return c == PRODUCT_BELOW || c == PRODUCT_UP_TO;
}

#endif
