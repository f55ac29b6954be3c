/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the shape of a CSAF 2.0 document as tables, and where faults are collected. */
#ifndef CSAF_SCHEMA_H
#define CSAF_SCHEMA_H

#include "csaf/document.h"

/* Where the checks of one document put what they find. */
struct csaf_check {
    const struct csaf_document *document;
    struct csaf_report *report; /* may be NULL */
    struct err *first;          /* the root cause, for the caller */
    const char *standard;       /* in front of a section's number; NULL: "CSAF 2.0 section" */
    size_t errors;
};

/* Records an error at value (which may be NULL: the document as a whole); section is the number
 * only ("3.1.2"). */
void csaf_fault(struct csaf_check *check, const char *code, const char *section,
                const struct json_value *value, const char *format, ...) PRINTF_LIKE(5, 6);
/* The same, for what does not refuse the document. */
void csaf_warn(struct csaf_check *check, const char *code, const char *section,
               const struct json_value *value, const char *format, ...) PRINTF_LIKE(5, 6);

/* Types, required members, enumerations, patterns. Faults are recorded; -1 only for memory. */
int csaf_check_shape(struct csaf_check *check) MUST_CHECK;

/* Section 3.2.1.12 and tests 6.1.14, 6.1.16 to 6.1.22, 6.1.30, on a document of the right shape. */
void csaf_check_history(struct csaf_check *check);

/* One format; text for a message ("a CVE id such as CVE-2026-12345"). */
struct csaf_format {
    bool (*valid)(struct slice text);
    const char *expected;
};

extern const struct csaf_format csaf_format_cve;
extern const struct csaf_format csaf_format_cwe;
extern const struct csaf_format csaf_format_cpe;
extern const struct csaf_format csaf_format_purl;
extern const struct csaf_format csaf_format_uri;
extern const struct csaf_format csaf_format_time;
extern const struct csaf_format csaf_format_lang;
extern const struct csaf_format csaf_format_version;
extern const struct csaf_format csaf_format_hash;
extern const struct csaf_format csaf_format_category;
extern const struct csaf_format csaf_format_tracking_id;

/* Position of text in a list of names ended by NULL, or -1. */
int csaf_name_find(const char *const *names, struct slice text);

extern const char *const csaf_branch_categories[];
extern const char *const csaf_relations[];
extern const char *const csaf_statuses[];
extern const char *const csaf_remedies[];
extern const char *const csaf_tracking_statuses[];
extern const char *const csaf_tlp_labels[];

#endif
