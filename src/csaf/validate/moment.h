/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: points in time as documents give them, compared with all their digits. */
#ifndef CSAF_MOMENT_H
#define CSAF_MOMENT_H

#include "csaf/validate/validation.h"

struct csaf_moment {
    int64_t time;      /* microseconds, as csaf_time_of */
    struct slice rest; /* digits of the fraction behind the sixth, without zeros at the end */
};

/* false: no string, or no date-time of RFC 3339. */
bool csaf_moment_of(const struct json_value *value, struct csaf_moment *moment);

/* Below, at or above zero as a is before, at or after b. */
int csaf_moment_compare(const struct csaf_moment *a, const struct csaf_moment *b);

/* The newest date of the revision history; NULL: it has none that can be read. */
const struct json_value *csaf_newest_revision(const struct csaf_validation *v,
                                              struct csaf_moment *moment);

#endif
