/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed for a reader between two documents, mostly two revisions of one advisory. They may
 * be of different CSAF versions. What only machines see is no difference: ids of products, the
 * order of lists, the spelling of the standard's version.
 *
 * Products are the same when their paths have the same names; where a document has several of one
 * path, what identifies them tells them apart. Vulnerabilities are the same by their CVE, else by
 * their first id, else by their title. Costs what the documents' sizes are.
 */
#ifndef CSAF_DIFF_H
#define CSAF_DIFF_H

#include "csaf/reading.h"

enum csaf_diff_kind { CSAF_DIFF_ADDED, CSAF_DIFF_REMOVED, CSAF_DIFF_CHANGED };

struct csaf_diff_entry {
    enum csaf_diff_kind kind;
    const char *what;           /* stable: "product", "status", "remediation", "score", … */
    struct slice vulnerability; /* its name; empty: the document as a whole */
    struct slice product;       /* its path; empty: none in particular */
    struct slice before;        /* empty when added */
    struct slice after;         /* empty when removed */
};

struct csaf_diff {
    const struct csaf_diff_entry *entries; /* the document first, then products, vulnerabilities */
    size_t count;
};

const char *csaf_diff_kind_name(enum csaf_diff_kind kind); /* "added", "removed", "changed" */

/* 0 and *out for csaf_diff_free; the slices live as long as it and both readings. -1: ERR_MEMORY.
 */
int csaf_diff_make(struct csaf_diff **out, const struct csaf_reading *a,
                   const struct csaf_reading *b, struct err *e) MUST_CHECK;
void csaf_diff_free(struct csaf_diff *d);

#endif
