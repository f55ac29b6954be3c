/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions and their order. Every ecosystem has its own: a table of schemes, each with a check and
 * a comparison. What a scheme does not understand has no order, and nothing follows from it.
 */
#ifndef PRODUCT_VERSION_H
#define PRODUCT_VERSION_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

enum product_order {
    PRODUCT_LESS = -1,
    PRODUCT_EQUAL = 0,
    PRODUCT_GREATER = 1,
    PRODUCT_NO_ORDER = 2
};

/* A longer text is no version of any scheme. */
enum { PRODUCT_VERSION_LONGEST = 512 };

struct product_key;

struct product_scheme {
    const char *name; /* of the `vers:` type and, where there is one, the purl type */
    /* true when text is a version of this scheme */
    bool (*valid)(struct slice text);
    /* PRODUCT_NO_ORDER also when one of them is not valid */
    enum product_order (*compare)(struct slice a, struct slice b);
    /* the sort key (version_key.h); false: text is no version of this scheme */
    bool (*key)(struct slice text, struct product_key *key);
    /* what the order rests on, for people */
    const char *rule;
};

/*
 * "firmware": products of no ecosystem, as makers of devices write their versions. In front:
 * nothing, or V, Ver, Version, R, Rev, Rel, Release, FW, Firmware, SW, Software (these count as
 * nothing), or letters of the product's own (MX-V4.0, A12), which must be the same on both sides.
 * Then numbers separated by '.', '-', '_', spaces or parentheses, each possibly with one letter
 * behind (1.2a, 1.52E); then R, SP, SR, CU, Update, Patch, HF, Build and revisions with their
 * numbers, in that order of weight. A number that is missing counts as zero (4.3 = 4.3.0). alpha,
 * beta, pre, rc come before the release. Dates (2021-08-13) are numbers. Other words must be the
 * same on both sides; else there is no order.
 *
 * The `vers:` type "generic", whose order its specification leaves open, is read so, too.
 */
extern const struct product_scheme product_scheme_firmware;
#define product_scheme_generic product_scheme_firmware

/* For ecosystems whose order is not known here: equal texts are equal, others have no order. */
extern const struct product_scheme product_scheme_exact;

/*
 * By the type of a `vers:` text or a purl: alpm, apk, cargo, composer, conan, cpan, dart (pub),
 * datetime, deb, gem, generic, gentoo (ebuild), golang, hackage, hex, intdot, lexicographic, maven,
 * nginx, npm, nuget, openssl, pypi, rpm, semver, swift; "firmware", "all" and "": firmware. Any
 * other: product_scheme_exact.
 */
const struct product_scheme *product_scheme_find(struct slice name);

/* The schemes one after another, for tests and listings; NULL behind the last. */
const struct product_scheme *product_scheme_at(size_t index);

/* The scheme of a purl's type; empty purl: firmware. */
const struct product_scheme *product_scheme_of_purl(struct slice purl);

/* The scheme's comparison. Where it names no order, texts that are the same but for case are equal.
 */
enum product_order product_version_compare(const struct product_scheme *scheme, struct slice a,
                                           struct slice b);

/*
 * A sort key: bytes whose order (memcmp, the shorter first) is the order of versions of one scheme.
 * The first `family` bytes say to which family the version belongs (the letters and words of a
 * firmware version; nothing in most schemes): versions of different families have no order.
 *
 * doubtful: product_version_compare may say of this version and another one of its family that
 * there is no order, or that they are equal, where the keys say less or greater (a letter against a
 * number: 1.2a and 1.2.3; a service pack that may be the third number of another spelling; a build
 * that only one side names; an rpm version without release, which is equal to all its releases).
 * Where both keys are not doubtful, they and product_version_compare say the same. Where one is,
 * and product_version_compare names an order other than equal, the keys say the same even so, but
 * for Conan, whose own order of "10", "1a" and "2" goes in a circle.
 */
struct product_version_key {
    size_t family;
    bool doubtful;
};

/*
 * Appends the key of version to out. 0; or -1 with ERR_INPUT "version.syntax" when it is no version
 * of the scheme, ERR_MEMORY. Time and length grow with the version's.
 */
int product_version_key(const struct product_scheme *scheme, struct slice version, struct buf *out,
                        struct product_version_key *key, struct err *e) MUST_CHECK;

/* The text that classes carry: trimmed, white space to single spaces, lower case, "version ", "v"
 * and "ver." in front of a digit left out. Appended to out. */
void product_version_normalise(struct slice text, struct buf *out);

#endif
