/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which product status and remediation categories go together for one product (CSAF 2.1, section
 * 3.2.4.14.1, both tables; 2.0 section 6.1.6 for the groups). Words are given as documents write
 * them.
 */
#ifndef CSAF_COMBINATION_H
#define CSAF_COMBINATION_H

#include "base/slice.h"

enum csaf_status_group {
    CSAF_GROUP_AFFECTED, /* first_affected, known_affected, last_affected */
    CSAF_GROUP_NOT_AFFECTED,
    CSAF_GROUP_FIXED, /* first_fixed, fixed */
    CSAF_GROUP_UNDER_INVESTIGATION,
    CSAF_GROUP_UNKNOWN,
    CSAF_GROUP_RECOMMENDED, /* contradicts no other group */
};

/* The group of a member of product_status, or -1. */
int csaf_status_group_of(struct slice member);
/* "Affected", "Not affected", "Fixed", "Under investigation", "Unknown", "Recommended". */
const char *csaf_status_group_name(enum csaf_status_group group);
/* 6.1.6 */
bool csaf_status_groups_contradict(enum csaf_status_group a, enum csaf_status_group b);

enum csaf_combination {
    CSAF_COMBINATION_ALLOWED,
    CSAF_COMBINATION_DISCOURAGED,
    CSAF_COMBINATION_PROHIBITED
};

enum { CSAF_REMEDIATIONS = 7 };

/* Number of a remediation's category, 0 to 6, or -1; and back. */
int csaf_remediation_find(struct slice category);
const char *csaf_remediation_name(int remediation);

/* 6.1.35: two remediations of one product. */
enum csaf_combination csaf_remediation_with(int a, int b);
/* 6.1.36 (prohibited) and 6.2.27 (discouraged). */
enum csaf_combination csaf_remediation_for(int remediation, enum csaf_status_group group);

/* 6.1.33: whether a flag's label is a VEX justification. */
bool csaf_flag_is_justification(struct slice label);

#endif
