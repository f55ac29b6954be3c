/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Common Platform Enumeration 2.3: names (NISTIR 7695) read from the formatted string and from the
 * older URI, written as both, and compared (NISTIR 7696). No dictionary, and no guessing: a name is
 * only ever what somebody wrote.
 */
#ifndef PRODUCT_CPE_H
#define PRODUCT_CPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum product_cpe_attribute {
    PRODUCT_CPE_PART,
    PRODUCT_CPE_VENDOR,
    PRODUCT_CPE_PRODUCT,
    PRODUCT_CPE_VERSION,
    PRODUCT_CPE_UPDATE,
    PRODUCT_CPE_EDITION,
    PRODUCT_CPE_LANGUAGE,
    PRODUCT_CPE_SW_EDITION,
    PRODUCT_CPE_TARGET_SW,
    PRODUCT_CPE_TARGET_HW,
    PRODUCT_CPE_OTHER,
};
enum { PRODUCT_CPE_ATTRIBUTES = 11 };

enum product_cpe_kind { PRODUCT_CPE_ANY, PRODUCT_CPE_NA, PRODUCT_CPE_TEXT };

/* TEXT: the characters meant, lower case, without escapes. In front of and behind them a number of
 * '?' (each one character or none), or PRODUCT_CPE_STAR for '*'. */
struct product_cpe_value {
    enum product_cpe_kind kind;
    struct slice text;
    int before, after;
};
enum { PRODUCT_CPE_STAR = -1 };

struct product_cpe {
    struct product_cpe_value at[PRODUCT_CPE_ATTRIBUTES];
};

enum product_cpe_mode {
    /* The grammar of NISTIR 7695 sections 6.1.3.1 and 6.2.2.2: for validation. */
    PRODUCT_CPE_STRICT,
    /* As inventories and advisories write them: signs that should be escaped need not be, what need
     * not be escaped may be, attributes at the end may be missing. */
    PRODUCT_CPE_LENIENT,
};

/*
 * Reads a formatted string ("cpe:2.3:…") or a URI ("cpe:/…"); the texts live in the arena. 0, or -1
 * with ERR_INPUT and code "cpe.prefix", "cpe.part", "cpe.language", "cpe.count", "cpe.character",
 * "cpe.wildcard", "cpe.encoding" or "cpe.empty", the section of NISTIR 7695, where = "offset N"
 * (from 0); or ERR_MEMORY.
 */
int product_cpe_parse(struct arena *a, struct slice text, enum product_cpe_mode mode,
                      struct product_cpe *out, struct err *e) MUST_CHECK;

/* Appends the canonical formatted string, or the URI (which packs what it has no place for into
 * the edition). NISTIR 7695 sections 6.2.2.1 and 6.1.2.2. */
void product_cpe_write(const struct product_cpe *cpe, struct buf *out);
void product_cpe_write_uri(const struct product_cpe *cpe, struct buf *out);

/* NISTIR 7696 section 6: how a source stands to a target. UNDEFINED: neither holds (a target with
 * wildcards, or each is wider than the other somewhere). */
enum product_cpe_relation {
    PRODUCT_CPE_UNDEFINED,
    PRODUCT_CPE_DISJOINT,
    PRODUCT_CPE_EQUAL,
    PRODUCT_CPE_SUBSET,   /* the source is the narrower one */
    PRODUCT_CPE_SUPERSET, /* the source is the wider one: it means the target, too */
};

/* Table 6-2 */
enum product_cpe_relation product_cpe_value_compare(const struct product_cpe_value *source,
                                                    const struct product_cpe_value *target);

/* Table 6-4; attributes whose bit (1 << attribute) stands in ignored are not looked at. */
enum product_cpe_relation product_cpe_compare(const struct product_cpe *source,
                                              const struct product_cpe *target, unsigned ignored);

/* "part:vendor:product", when all three are texts without wildcards: what a name is kept under.
 * Nothing is appended, and false, when they are not. */
bool product_cpe_key(const struct product_cpe *cpe, struct buf *out);

#endif
