/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SQLite driver share. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/db_driver.h"

#include <sqlite3.h>

enum {
    /* "tocs": stands in the file's header, so that file(1) and we know it. */
    SQLITE_APPLICATION_ID = 0x746f6373,
};

struct sqlite_statement {
    struct db_statement base;
    sqlite3_stmt *stmt;
    bool busy;  /* a query uses it */
    bool spare; /* made because the cached one was busy: freed after use */
};

struct sqlite_db {
    struct db base;
    sqlite3 *handle;
    char *path;
    struct sqlite_statement **statements; /* by sql_id; NULL until used */
    sqlite3_stmt *begin, *commit, *rollback, *snapshot;
    sqlite3_stmt *savepoint[DB_SAVEPOINTS_MAX];
    sqlite3_stmt *release[DB_SAVEPOINTS_MAX];
    sqlite3_stmt *rollback_to[DB_SAVEPOINTS_MAX];
};

/* As the driver's open, with flags of sqlite3_open_v2; *base is for db_close after -1 too. */
int sqlite_open_file(struct db **base, const char *path, enum db_mode mode, int flags,
                     struct err *e);

/* Turns a result code into an error of the table in db.h. Returns -1. */
int sqlite_error(sqlite3 *handle, int code, struct err *e);
/* The same for a connection, which also notices that its transaction is gone. */
int sqlite_fail(struct sqlite_db *db, int code, struct err *e);

int sqlite_backup(struct db *db, const char *path, db_progress_fn *progress, void *context,
                  struct err *e);

#endif
