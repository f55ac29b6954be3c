/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the PostgreSQL driver share. */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "store/db_driver.h"

#include <libpq-fe.h>

/* Types as pg_type.dat numbers them; these numbers never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_VARCHAR = 1043,
};

struct postgres_statement {
    struct db_statement base;
    char name[16]; /* on the server */
    Oid parameters[DB_PARAMETERS_MAX];
    Oid columns[DB_PARAMETERS_MAX * 2];
};

struct postgres_db {
    struct db base;
    PGconn *connection;
    struct postgres_statement **statements; /* by sql_id; NULL until used */
    unsigned named;                         /* names of statements given so far */
    unsigned sent;                          /* savepoints that the server has */
    unsigned kept; /* of these, the ones that are not released; see postgres_run.c */
};

/* Runs SQL without parameters; out may be NULL. 0 and *out for PQclear, or -1. */
int postgres_exec(struct postgres_db *db, const char *text, PGresult **out, struct err *e);
/* Runs q's statement with its values: q->cursor and q->changed. */
int postgres_run(struct db_query *q, struct err *e);

/* Savepoints cost no round trip of their own: they are said together with the next statement. */
void postgres_savepoint_release(struct postgres_db *db, unsigned depth);
int postgres_savepoint_undo(struct postgres_db *db, unsigned depth, struct err *e);
int postgres_savepoints_say(struct postgres_db *db, struct err *e);

/* Turns a failed result (NULL: libpq's own failure) into an error of the table in db.h. Returns -1.
 */
int postgres_error(struct postgres_db *db, const PGresult *result, struct err *e);

#endif
