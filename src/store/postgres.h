/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PostgreSQL driver share. */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "store/db_driver.h"

#include <libpq-fe.h>

struct postgres_statement {
    struct db_statement base;
    Oid parameters[DB_PARAMETERS_MAX];
    Oid columns[DB_PARAMETERS_MAX * 2];
};

struct postgres_db {
    struct db base;
    PGconn *connection;
    struct postgres_statement **statements; /* by sql_id; NULL until used */
};

/* Turns a failed result (NULL: libpq's own failure) into an error of the table in db.h. Returns -1.
 */
int postgres_error(struct postgres_db *db, const PGresult *result, struct err *e);

#endif
