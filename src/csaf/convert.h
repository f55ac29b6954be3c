/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CSAF 2.0 document made into one of CSAF 2.1, by the rules of CSAF 2.1 section 9.1.18 (CSAF 2.0
 * to CSAF 2.1 converter). What a rule wants told is told, with path and value of the original; what
 * could not be taken over is named as lost, and what keeps the result from being valid as a fault.
 *
 * The result depends on the text and the options alone: no clock and no network is asked.
 */
#ifndef CSAF_CONVERT_H
#define CSAF_CONVERT_H

#include "base/err.h"
#include "base/slice.h"

struct csaf_convert_options {
    int64_t now;          /* microseconds (base/clock.h): is a remediation's date past or future? */
    bool tlp_from_text;   /* take "TLP v2.0: TLP:…" of the distribution text for the label */
    bool cwe_latest;      /* the latest CWE version that matches, not that of the release date */
    bool multiplier;      /* publisher category "other" becomes "multiplier" */
    bool quiet_other;     /* no warning about publisher category "other" */
    bool whole_numbers;   /* model and serial numbers and SKUs are complete: no star is added */
    bool escape_question; /* '?' in them is part of the number */
    bool escape_star;     /* '*' in them is part of the number */
    bool keep_branches;   /* no repair of stacked branches and of version ranges */
    bool keep_hash_names; /* unknown hash algorithms stay as they are written */
    bool keep_ids;        /* ids of vulnerability systems are not converted */
    bool no_calculator;   /* references to the CVSS 4.0 calculator give no metric */
    bool no_license;      /* no license expression is taken from notes */
    bool no_fixed_products; /* no product is added for the upper end of a range */
};

enum csaf_convert_kind {
    CSAF_CONVERT_WARNING, /* converted; to be looked at */
    CSAF_CONVERT_LOSS,    /* something of the original is not in the result */
    CSAF_CONVERT_FAULT,   /* keeps the result from being valid, or had to be resolved by the rules
                             and could not be */
};

struct csaf_convert_finding {
    enum csaf_convert_kind kind;
    const char *rule; /* stable: "tlp-default", "stacked-branches"; of what the validator finds in
                         the result "schema" or the test's id, "6.1.8" */
    const char *pointer; /* RFC 6901, into the original */
    size_t line, column; /* there */
    struct slice value;  /* of the original, cut to 200 bytes; data NULL: none of interest */
    const char *text;    /* one sentence, no full stop, one harmless line */
};

struct csaf_conversion {
    struct slice text; /* the CSAF 2.1 document: members sorted, two spaces a level, a line's end */
    const struct csaf_convert_finding *findings; /* in the order of the rules */
    size_t finding_count;
    size_t warnings, losses, faults;
    bool valid; /* the result: by the schema of 2.1 and every mandatory test */
};

/* Values of a document that is converted at most; a document at the size limit of CSAF 2.0 section
 * 9.2 has about half of it. */
enum { CSAF_CONVERT_VALUES = 10000000 };

const char *csaf_convert_kind_name(enum csaf_convert_kind kind); /* "warning", "loss", "fault" */

/*
 * 0 and *out for csaf_conversion_free, also when something is lost or not valid: see the counts.
 * -1: no CSAF 2.0 document: "csaf.not-csaf", "csaf.version" (ERR_INPUT), a "json.…" code, ERR_LIMIT
 * or ERR_MEMORY. options NULL: none set, and every date is past.
 */
int csaf_convert(struct csaf_conversion **out, struct slice text,
                 const struct csaf_convert_options *options, struct err *e) MUST_CHECK;
void csaf_conversion_free(struct csaf_conversion *c);

#endif
