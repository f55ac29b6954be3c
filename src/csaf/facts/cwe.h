/* SPDX-License-Identifier: Apache-2.0 */
/* The weaknesses of MITRE's CWE list, by version of the catalogue. Categories and views are none.
 */
#ifndef CSAF_CWE_H
#define CSAF_CWE_H

#include "base/slice.h"

enum csaf_cwe_usage { /* for mapping of vulnerabilities, as the catalogue says since 4.12 */
                      CSAF_CWE_NOT_STATED,
                      CSAF_CWE_ALLOWED,
                      CSAF_CWE_ALLOWED_WITH_REVIEW,
                      CSAF_CWE_DISCOURAGED,
                      CSAF_CWE_PROHIBITED,
};

struct csaf_cwe {
    unsigned number;  /* 79 */
    const char *name; /* without "CWE-79: " */
    bool deprecated;
    enum csaf_cwe_usage usage;
};

/* Versions are numbered as they came out, 0 the first. -1: no catalogue of that name is known. */
int csaf_cwe_version_find(struct slice name);
const char *csaf_cwe_version_name(int version);
int csaf_cwe_version_newest(void);
/* "4.99": written as the catalogue's versions are, and later than the newest that is known. */
bool csaf_cwe_version_is_newer(struct slice name);
/* The newest version on a day of UTC, given as microseconds (base/clock.h); -1: there was none. */
int csaf_cwe_version_at(int64_t time);

/* "CWE-79" to 79; -1 when it is not written so (CWE-[1-9][0-9]{0,5}). */
int csaf_cwe_number(struct slice id);

/* Whether the version has that weakness; what it says of it goes to *out. */
bool csaf_cwe_find(int number, int version, struct csaf_cwe *out);

/*
 * CSAF 2.0 names no catalogue: whether any version has the weakness under that name. When not,
 * *out is the weakness as the newest version that has it says (name NULL: none has).
 */
bool csaf_cwe_is_named(int number, struct slice name, struct csaf_cwe *out);

/* The versions (first and last, without gap) in which the weakness has the name that it has there.
 */
void csaf_cwe_span(int number, int version, int *first, int *last);

/*
 * The weakness of the version whose name is nearest to `name` (edit distance without regard to
 * case, at most a third of the name; names over 250 bytes have none). For messages: it compares
 * with all names, about a millisecond, so ask for the first few findings only.
 */
bool csaf_cwe_nearest(struct slice name, int version, struct csaf_cwe *out);

/* "Allowed", "Allowed-with-Review", "Discouraged", "Prohibited"; "" when not stated. */
const char *csaf_cwe_usage_name(enum csaf_cwe_usage usage);

#endif
