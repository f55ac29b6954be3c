/* SPDX-License-Identifier: Apache-2.0 */
/* The names that operators taught, from the database. */
#ifndef FLEET_ALIAS_STORE_H
#define FLEET_ALIAS_STORE_H

#include "fleet/name.h"
#include "store/db.h"

/* All of them; *aliases for fleet_aliases_free. */
int fleet_aliases_load(struct db *db, struct fleet_aliases **aliases, struct err *e) MUST_CHECK;

#endif
