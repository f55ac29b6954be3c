/* SPDX-License-Identifier: Apache-2.0 */
/* SSVC's decision points of registered namespaces, with their versions, values and first days. */
#ifndef CSAF_SSVC_H
#define CSAF_SSVC_H

#include "base/slice.h"

/* A namespace "base[#fragment][/language[/extension]...]" taken apart. */
struct csaf_ssvc_namespace {
    struct slice base;      /* with its fragment: "nist#800-30", "x_example.test#one" */
    struct slice extension; /* from the first '/' on; empty: none */
    bool registered;        /* the base is on SSVC's list ("example" and "test" are) */
    bool for_tests;         /* "example", "test": reserved for documents and tests, no points */
    bool invalid;           /* "invalid", "x_invalid...": reserved, never to be used */
};

void csaf_ssvc_namespace_read(struct slice text, struct csaf_ssvc_namespace *out);

enum csaf_ssvc_flaw {
    CSAF_SSVC_FINE,
    CSAF_SSVC_NOT_CHECKED, /* base namespace not registered, or for tests: no rule to check */
    CSAF_SSVC_INVALID_NAMESPACE,
    CSAF_SSVC_UNKNOWN_KEY,     /* the base namespace has no such decision point */
    CSAF_SSVC_UNKNOWN_VERSION, /* it has, but not in this version */
    CSAF_SSVC_UNKNOWN_VALUE,   /* the value *at is none of the point's */
    CSAF_SSVC_WRONG_ORDER,     /* the value *at is defined before the one before it */
    CSAF_SSVC_DUPLICATE_VALUE,
};

/*
 * 6.1.48: a decision point with the keys of its values as the document gives them. *point is the
 * definition (csaf_ssvc_point_...), -1 where none was found; *at the value at fault.
 */
enum csaf_ssvc_flaw csaf_ssvc_check(const struct csaf_ssvc_namespace *space, struct slice key,
                                    struct slice version, const struct slice *values, size_t count,
                                    int *point, size_t *at);

/* Definition of a base namespace's decision point in a version, or -1. */
int csaf_ssvc_point_find(struct slice base, struct slice key, struct slice version);

/*
 * The newest version of the decision point on a day of UTC (microseconds, base/clock.h), or -1. The
 * day is the first one on which SSVC's repository had the definition as a file; what is older than
 * the first file counts as always there.
 */
int csaf_ssvc_point_at(struct slice base, struct slice key, int64_t time);

const char *csaf_ssvc_point_name(int point);
/* "1.0.0" into text, which has room for 16. */
void csaf_ssvc_point_version(int point, char text[16]);
size_t csaf_ssvc_value_count(int point);
const char *csaf_ssvc_value_key(int point, size_t value);
const char *csaf_ssvc_value_name(int point, size_t value);

#endif
