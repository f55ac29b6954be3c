/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions and their order. Every ecosystem has its own: a table of schemes, each with a check and
 * a comparison. What a scheme does not understand has no order, and nothing follows from it.
 */
#ifndef FLEET_VERSION_H
#define FLEET_VERSION_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/compiler.h"

#include <stdbool.h>

enum fleet_order { FLEET_LESS = -1, FLEET_EQUAL = 0, FLEET_GREATER = 1, FLEET_NO_ORDER = 2 };

struct fleet_scheme {
    const char *name; /* of the `vers:` type and, where there is one, the purl type */
    /* true when text is a version of this scheme */
    bool (*valid)(struct slice text);
    /* both valid */
    enum fleet_order (*compare)(struct slice a, struct slice b);
    /* what the order rests on, for people */
    const char *rule;
};

/*
 * "generic": firmware and products of no ecosystem. An optional prefix (V, v, Ver., Version,
 * Release, R, Rev, FW, Firmware, or the product's own letters such as MX-V, with the same prefix on
 * both sides), numbers in groups separated by '.', '_' or '-', each possibly with letters behind
 * (1.2a); then SP, HF, Update/Upd, Patch, Build, SR, CU, in that order of weight. A missing group
 * counts as zero (4.3 = 4.3.0). alpha, beta, rc, pre and preview come before the release. Dates
 * (2021-08-13) are numbers. Anything else has no order.
 */
extern const struct fleet_scheme fleet_scheme_generic;

/* "semver" (npm, cargo, golang, …), "deb", "rpm", "generic"; NULL when none has that name. */
const struct fleet_scheme *fleet_scheme_find(struct slice name);

/* The scheme of a purl's type ("pkg:deb/…" deb); generic for types without an own order here. */
const struct fleet_scheme *fleet_scheme_of_purl(struct slice purl);

/* FLEET_NO_ORDER when one of them is not valid. */
enum fleet_order fleet_version_compare(const struct fleet_scheme *scheme, struct slice a,
                                       struct slice b);

/* The text that classes carry: trimmed, white space to single spaces, lower case, "version ", "v"
 * and "ver." in front of a digit left out. Appended to out. */
void fleet_version_normalise(struct slice text, struct buf *out);

#endif
