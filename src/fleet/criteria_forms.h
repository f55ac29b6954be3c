/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the names under which an advisory's product is looked up. */
#ifndef FLEET_CRITERIA_FORMS_H
#define FLEET_CRITERIA_FORMS_H

#include "fleet/criteria.h"

/*
 * Fills target->forms from target->product, whose text in the advisory is `called`: the name and
 * its variants; "STEP 7 V16" also as "STEP 7" of the line 16; "LS300 GX400 and ES440",
 * "cMT-G01/G02", "router (ES450, GX450)" also as each of the models listed. title: of the document,
 * in normal form; a "Corporate Edition" of "Kantech EntraPass" is also "EntraPass Corporate
 * Edition".
 */
int fleet_target_forms(struct arena *a, struct fleet_target *target, struct slice called,
                       struct slice title, struct err *e) MUST_CHECK;

#endif
