/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of CSAF 2.0 and 2.1 (section 4 of each): their category values, and near misses. */
#ifndef CSAF_PROFILE_H
#define CSAF_PROFILE_H

#include "base/slice.h"

enum csaf_profile {
    CSAF_PROFILE_BASE, /* also every category that is no other profile's value */
    CSAF_PROFILE_SECURITY_INCIDENT_RESPONSE,
    CSAF_PROFILE_INFORMATIONAL_ADVISORY,
    CSAF_PROFILE_SECURITY_ADVISORY,
    CSAF_PROFILE_VEX,
    CSAF_PROFILE_DEPRECATED_SECURITY_ADVISORY, /* from here on 2.1 only */
    CSAF_PROFILE_WITHDRAWN,
    CSAF_PROFILE_SUPERSEDED,
};

/* The profile that validates a document of that /document/category; minor: 0 or 1 of 2.x. */
enum csaf_profile csaf_profile_of(int minor, struct slice category);

/* "csaf_security_advisory" and so on; "csaf_base" for the base profile. */
const char *csaf_profile_value(enum csaf_profile profile);

enum csaf_category_flaw {
    CSAF_CATEGORY_FINE,
    CSAF_CATEGORY_RESEMBLES, /* another profile's name or value but for case, dashes and spaces */
    CSAF_CATEGORY_RESERVED,  /* starts with "csaf_" (in any case) and is not "csaf_base" */
};

/*
 * 6.1.26, for categories that are exactly a profile's value too (they are fine). *meant: the
 * profile that the category resembles. 2.0 names dash, white space and underscore; 2.1 all
 * characters of Unicode like them, which are removed for both.
 */
enum csaf_category_flaw csaf_category_check(int minor, struct slice category,
                                            enum csaf_profile *meant);

/*
 * Whether two texts are the same but for case (of ASCII letters), white space, and, where `dashes`
 * is true, all sorts of dashes and underscores. 6.2.48 compares a vendor's name so, without dashes.
 */
bool csaf_text_resembles(struct slice text, const char *name, bool dashes);

#endif
