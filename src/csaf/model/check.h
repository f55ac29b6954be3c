/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: where what is found in a document is collected while it is read. */
#ifndef CSAF_CHECK_H
#define CSAF_CHECK_H

#include "csaf/document.h"

/* Where the checks of one document put what they find. */
struct csaf_check {
    const struct csaf_document *document;
    struct csaf_report *report; /* may be NULL */
    struct err *first;          /* the root cause, for the caller */
    const char *standard;       /* in front of a section: "CSAF 2.0", "OSV schema:" */
    size_t errors;
};

/* Records an error at value (which may be NULL: the document as a whole); section is the number
 * only ("3.1.2"). */
void csaf_fault(struct csaf_check *check, const char *code, const char *section,
                const struct json_value *value, const char *format, ...) PRINTF_LIKE(5, 6);
/* The same, for what does not refuse the document. */
void csaf_warn(struct csaf_check *check, const char *code, const char *section,
               const struct json_value *value, const char *format, ...) PRINTF_LIKE(5, 6);

/* The same at a place that is known already; hint NULL: nothing to suggest. */
void csaf_fault_at(struct csaf_check *check, const char *code, const char *section,
                   const struct csaf_place *place, const char *hint, const char *format, ...)
    PRINTF_LIKE(6, 7);
void csaf_warn_at(struct csaf_check *check, const char *code, const char *section,
                  const struct csaf_place *place, const char *hint, const char *format, ...)
    PRINTF_LIKE(6, 7);
/* A fault that another part has put into words. */
void csaf_fault_as(struct csaf_check *check, const struct err *fault);

/* One format. */
struct csaf_format {
    bool (*valid)(struct slice text);
};

extern const struct csaf_format csaf_format_cve;
extern const struct csaf_format csaf_format_cwe;
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
