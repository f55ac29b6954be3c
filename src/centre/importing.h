/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assets from a table: a worker reads it, checks its rows and brings them into the order of their
 * classes, since rows of one class, and of neighbours, touch the same pages of the database. The
 * writer takes them in by runs. What was taken in stays when the rest is not: the same table sent
 * again finds it unchanged.
 */
#ifndef CENTRE_IMPORTING_H
#define CENTRE_IMPORTING_H

#include "centre/routes.h"

/* POST /v1/assets/import */
void assets_import(struct worker *worker, struct route_call *call);

/* An owner is a contact of the asset's organisation; id: his, or empty when none is named. */
int asset_owner_check(struct db *db, struct slice owner, const char *organisation, char id[ID_TEXT],
                      struct err *e) MUST_CHECK;

#endif
