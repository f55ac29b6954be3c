/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a sweep needs of the advisories. */
#ifndef FLEET_INDEX_ADVISORIES_H
#define FLEET_INDEX_ADVISORIES_H

#include "fleet/criteria_pool.h"
#include "fleet/index.h"

const struct fleet_pool *fleet_advisories_pool(const struct fleet_advisories *advisories);
/* NULL: ERR_NOT_FOUND. */
const struct fleet_frozen *fleet_advisories_frozen(const struct fleet_advisories *advisories,
                                                   uint64_t id, struct err *e);

#endif
