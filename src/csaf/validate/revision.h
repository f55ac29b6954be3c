/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: version numbers of a document (version_t), and its revision history in the order
 * of its dates. */
#ifndef CSAF_REVISION_H
#define CSAF_REVISION_H

#include "csaf/validate/moment.h"

/* Integer or semantic versioning (CSAF 2.0 section 3.1.11, 2.1 section 3.1.13). Numbers have any
 * number of digits, so they stay text. */
struct csaf_number {
    bool semantic;
    struct slice part[3];     /* major, minor, patch; of an integer: itself, "0", "0" */
    struct slice pre_release; /* without '-'; empty: none */
    struct slice build;       /* without '+'; empty: none */
};

/* false: text, or value, is no version_t. */
bool csaf_number_read(struct slice text, struct csaf_number *number);
bool csaf_number_of(const struct json_value *value, struct csaf_number *number);

/* By precedence: build metadata counts for nothing, an integer N is N.0.0. */
int csaf_number_compare(const struct csaf_number *a, const struct csaf_number *b);

/* "0" or "0.y.z". */
bool csaf_number_is_zero(const struct csaf_number *number);

/* Two decimal numbers without leading zeros. */
int csaf_digits_compare(struct slice a, struct slice b);

struct csaf_history_item {
    const struct json_value *item, *number_value, *date;
    struct csaf_moment moment;
    struct csaf_number number;
    size_t index; /* in the document */
};

/*
 * The items of the revision history that have a date and a number that can be read, by date and
 * then by number; sorted once for all tests, and v's. NULL: no memory (said already).
 */
const struct csaf_history *csaf_history_sorted(struct csaf_validation *v) MUST_CHECK;

/* Status "final" or "interim". */
bool csaf_is_released(const struct csaf_validation *v);

#endif
