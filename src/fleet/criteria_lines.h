/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: version lines that advisories put in front of a full product name. */
#ifndef FLEET_CRITERIA_LINES_H
#define FLEET_CRITERIA_LINES_H

#include "fleet/criteria.h"

/*
 * "V7.4: All versions prior to V7.4 SP1" beside "V7.3: All versions prior to V7.3 Update 11" of one
 * product: each bound speaks of its own line. Ranges of all lines but the oldest begin with their
 * line; what is older than all lines stays below the oldest one's bound. Changes the ranges of
 * targets, whose names are made. 0, or -1 with ERR_MEMORY.
 */
int fleet_target_lines(struct arena *a, struct fleet_target *targets, size_t count,
                       struct err *e) MUST_CHECK;

#endif
