/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: of the products of one advisory that a component may be, those that it is not
 * because another one of them is named just as it is. */
#ifndef FLEET_MATCH_DROP_H
#define FLEET_MATCH_DROP_H

#include "fleet/match_combine.h"

/* What is left stands in front, in its order. 0, or -1 (ERR_MEMORY). */
int fleet_touches_drop(const struct fleet_criteria *criteria, struct fleet_touch *touches,
                       size_t *count, struct err *e) MUST_CHECK;

#endif
