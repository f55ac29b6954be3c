/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an advisory concern a class? Per vulnerability one statement with its confidence and its
 * chain of reasons. The rules, in order:
 *
 *  1. Identity: how surely is a component the advisory's product. The best rule counts:
 *     hash 100, purl 98, model or order number 97, CPE 95, vendor and product name 96 less what
 *     normalisation took (docs/conformance/matching.md has the table), misspelling, missing vendor,
 *     family and first words of a name less. *Sure* (at least FLEET_SURE) or not. Generic URIs are
 *     kept, but no inventory format that is read here carries one.
 *  2. Version: in the range, out of it, or not decided.
 *  3. Relationships hold when both operands are there; the weaker one counts.
 *  4. Claims on one vulnerability are combined with care: affected wins over unknown, over under
 *     investigation, over fixed and not affected. Only a more specific identity (a number or hash
 *     against a name, a model against a family) or an exact version against "all versions" makes
 *     fixed and not affected win.
 *  5. Out of every affected range is "not affected" only when the identity is sure and every range
 *     was understood; otherwise "unknown". A misspelling never makes "not affected" or "fixed".
 *
 * A class of which the advisory says nothing is FLEET_NOT_LISTED: that is no statement.
 */
#ifndef FLEET_MATCH_H
#define FLEET_MATCH_H

#include "base/json.h"
#include "fleet/class.h"
#include "fleet/criteria.h"

enum fleet_status {
    FLEET_NOT_LISTED,
    FLEET_AFFECTED,
    FLEET_UNKNOWN,
    FLEET_UNDER_INVESTIGATION,
    FLEET_FIXED,
    FLEET_NOT_AFFECTED,
};

/* "affected", "not_affected", "fixed", "under_investigation", "unknown", "not_listed" */
const char *fleet_status_name(enum fleet_status status);

/* Identity of at least this confidence may exclude. */
enum { FLEET_SURE = 85 };

/* One step of the chain. Slices live in the result; empty or NULL: does not apply. */
struct fleet_reason {
    const char *rule;       /* stable: "identity.name", "name.legal-form", "version.outside", … */
    const char *clause;     /* "CSAF 2.0 section 3.1.2.3" */
    struct slice text;      /* one sentence for people */
    struct slice advisory;  /* value in the advisory */
    struct slice inventory; /* value in the inventory */
    struct slice normal;    /* the normal form in which they met */
    struct fleet_place place; /* in the advisory */
    struct slice component;   /* in the inventory: "nameplate", a purl, or a component's name */
    int confidence;           /* what it gives (identity) or takes (negative); 0: nothing */
};

struct fleet_statement {
    struct slice vulnerability;
    struct slice title;
    enum fleet_status status;
    int confidence;               /* 0 to 100 */
    struct slice flag;            /* the advisory's justification of not affected */
    const struct slice *products; /* product ids that decided, sorted */
    size_t product_count;
    const struct fleet_reason *reasons;
    size_t reason_count;
    const struct fleet_remedy *const *remedies;
    size_t remedy_count;
    /* unknown: what would decide it: "nameplate.firmware", "alias vendor \"x\" = \"y\"", … */
    struct slice decide;
    /* only assets whose serial number fits one of these are concerned; NULL: all */
    const struct slice *serials;
    size_t serial_count;
};

/* The best that did not count, for `why`: a sibling, a name too far away, below min_confidence. */
struct fleet_nearest {
    const struct fleet_target *target; /* NULL: nothing came near */
    int confidence;
    const char *step;  /* stable: where it ended, "identity.vendor", "version.line", … */
    struct slice text; /* why it did not count, with both values */
    struct slice advisory, inventory; /* what did not agree */
    struct slice component;
};

struct fleet_result {
    /* worst of the statements, in the order affected, unknown, under investigation, fixed, not
     * affected; NOT_LISTED without statements */
    enum fleet_status status;
    struct fleet_statement *statements; /* by name of the vulnerability */
    size_t count;
    struct fleet_nearest nearest;
    struct arena arena;
};

struct fleet_options {
    const struct fleet_aliases *aliases; /* NULL: none */
    int min_confidence;                  /* identities below do not count; default 50 */
};
extern const struct fleet_options fleet_options_default;

/* Matches one class against one advisory; options NULL: the default. 0 and *result (for
 * fleet_result_free); -1 with ERR_MEMORY. The criteria must outlive the result. */
int fleet_match(struct fleet_result **result, const struct fleet_criteria *criteria,
                const struct fleet_class *class, const struct fleet_options *options,
                struct err *e) MUST_CHECK;
void fleet_result_free(struct fleet_result *result);

/* The same for who matches one class with several advisories: what does not depend on them is made
 * once. The class must outlive it; one thread at a time. */
struct fleet_prepared;

int fleet_prepare(struct fleet_prepared **prepared, const struct fleet_class *class,
                  struct err *e) MUST_CHECK;
int fleet_match_prepared(struct fleet_result **result, const struct fleet_criteria *criteria,
                         struct fleet_prepared *prepared, const struct fleet_options *options,
                         struct err *e) MUST_CHECK;
void fleet_prepared_free(struct fleet_prepared *prepared);

/*
 * The last filter, per asset: what a statement of the class means for an asset with this serial
 * number (empty: not known). Without patterns: the statement's own status. With them: a serial that
 * fits keeps it, another one is FLEET_NOT_LISTED, a missing one turns affected into unknown.
 */
enum fleet_status fleet_statement_for(const struct fleet_statement *statement, struct slice serial);

/* `?` one character, `*` any number, `\` takes the next literally; case counts not. */
bool fleet_pattern_fits(struct slice pattern, struct slice text);

/* The object of docs/formats.md 3.1 ("vulnerability", "status", …); members in canonical order.
 * brief: without reasons. */
void fleet_statement_write(struct json_writer *w, const struct fleet_statement *statement,
                           bool brief);

/* "statements" as that section sorts them: an array. */
void fleet_result_write(struct json_writer *w, const struct fleet_result *result);

/*
 * The same as text of at most limit bytes. What is longer says less, the same for each
 * vulnerability: no reasons; then no products and remediations either; then one statement, "N
 * vulnerabilities", with the worst status. A failed buffer is the caller's to see.
 */
void fleet_result_write_within(struct buf *out, const struct fleet_result *result, size_t limit);

#endif
