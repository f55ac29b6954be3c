/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions and their order. Every ecosystem has its own: a table of schemes, each with a check and
 * a comparison. What a scheme does not understand has no order, and nothing follows from it.
 */
#ifndef PRODUCT_VERSION_H
#define PRODUCT_VERSION_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/compiler.h"

#include <stdbool.h>

enum product_order {
    PRODUCT_LESS = -1,
    PRODUCT_EQUAL = 0,
    PRODUCT_GREATER = 1,
    PRODUCT_NO_ORDER = 2
};

struct product_scheme {
    const char *name; /* of the `vers:` type and, where there is one, the purl type */
    /* true when text is a version of this scheme */
    bool (*valid)(struct slice text);
    /* both valid */
    enum product_order (*compare)(struct slice a, struct slice b);
    /* what the order rests on, for people */
    const char *rule;
};

/*
 * "generic": firmware and products of no ecosystem. In front: nothing, or V, Ver, Version, R, Rev,
 * Rel, Release, FW, Firmware, SW, Software (these count as nothing), or letters of the product's
 * own (MX-V4.0, A12), which must be the same on both sides. Then numbers separated by '.', '-',
 * '_', spaces or parentheses, each possibly with one letter behind (1.2a, 1.52E); then R, SP, SR,
 * CU, Update, Patch, HF, Build and revisions with their numbers, in that order of weight. A number
 * that is missing counts as zero (4.3 = 4.3.0). alpha, beta, pre, rc come before the release. Dates
 * (2021-08-13) are numbers. Other words must be the same on both sides; else there is no order.
 */
extern const struct product_scheme product_scheme_generic;

/* For ecosystems whose order is not known here: equal texts are equal, others have no order. */
extern const struct product_scheme product_scheme_exact;

/* By the type of a `vers:` text or a purl: "deb", "rpm", "semver", "npm", "cargo", "golang",
 * "generic", "intdot", "all", "" (generic); any other: product_scheme_exact. */
const struct product_scheme *product_scheme_find(struct slice name);

/* The scheme of a purl's type; empty purl: generic. */
const struct product_scheme *product_scheme_of_purl(struct slice purl);

/* PRODUCT_NO_ORDER when one of them is not valid. */
enum product_order product_version_compare(const struct product_scheme *scheme, struct slice a,
                                           struct slice b);

/* The text that classes carry: trimmed, white space to single spaces, lower case, "version ", "v"
 * and "ver." in front of a digit left out. Appended to out. */
void product_version_normalise(struct slice text, struct buf *out);

#endif
