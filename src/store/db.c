/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and transactions: the rules that both engines keep. */
#include "store/db_driver.h"

#include <stdarg.h>
#include <stdio.h>

static const struct db_driver *const drivers[] = {&db_driver_sqlite, &db_driver_postgres};

int db_misuse(struct err *e, const char *format, ...)
{
    char what[320];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(e, ERR_INTERNAL, "store.misuse", NULL, "%s", what);
}

int db_fail(struct db *db, const struct err *e)
{
    if (db->in_transaction && !db->failed) {
        db->failed = true;
        snprintf(db->failed_code, sizeof(db->failed_code), "%s", e->code);
    }
    return -1;
}

int db_open(struct db **db, const char *url, enum db_mode mode, struct err *e)
{
    *db = NULL;
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
        size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) != 0)
            continue;
        if (drivers[i]->open(db, url + len, mode, e) == 0 && db_check_schema(*db, e) == 0)
            return 0;
        db_close(*db);
        *db = NULL;
        return -1;
    }
    /* The url itself stays out of the message: a connection string may hold a password. */
    err_set(e, ERR_USAGE, "store.url", NULL, "the database's URL begins with no engine we know");
    return err_hint(e,
                    "write sqlite:/path/tocsin.db or postgres:host=/run/postgresql dbname=tocsin");
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_rollback(db);
    db->driver->close(db);
}

enum db_engine db_engine(const struct db *db)
{
    return db->driver->engine;
}

enum db_mode db_mode(const struct db *db)
{
    return db->mode;
}

bool db_is_alive(const struct db *db)
{
    return db->alive;
}

bool db_has_failed(const struct db *db)
{
    return db->failed || db->lost;
}

bool db_in_transaction(const struct db *db)
{
    return db->in_transaction;
}

static int check_alive(const struct db *db, struct err *e)
{
    if (db->alive)
        return 0;
    return err_set(e, ERR_UNAVAILABLE, "store.connection", NULL,
                   "the connection to the database was lost");
}

static void forget_transaction(struct db *db)
{
    db->in_transaction = false;
    db->failed = false;
    db->lost = false;
    db->depth = 0;
}

int db_begin(struct db *db, struct err *e)
{
    if (check_alive(db, e))
        return -1;
    if (db->in_transaction)
        return db_misuse(e, "a transaction is open already; use db_savepoint");
    forget_transaction(db);
    if (db->driver->control(db, DB_CONTROL_BEGIN, 0, e))
        return -1;
    db->in_transaction = true;
    return 0;
}

int db_commit(struct db *db, struct err *e)
{
    int result = -1;

    if (!db->in_transaction)
        return db_misuse(e, "there is no transaction to commit");
    if (check_alive(db, e) == 0) {
        if (db->failed || db->lost)
            err_set(e, ERR_INTERNAL, "store.aborted", NULL,
                    "nothing was committed: a statement of this transaction failed (%s)",
                    db->failed_code);
        else if (db->depth > 0)
            db_misuse(e, "%u savepoints are open at the commit", db->depth);
        else if (db->open_queries > 0)
            db_misuse(e, "%u queries are not finished at the commit", db->open_queries);
        else
            result = db->driver->control(db, DB_CONTROL_COMMIT, 0, e);
    }
    if (result != 0)
        db_rollback(db);
    forget_transaction(db);
    return result;
}

void db_rollback(struct db *db)
{
    struct err ignored = {0};

    if (!db->in_transaction)
        return;
    /* What a failed rollback means (the engine undid it already, or is gone) the driver knows. */
    if (db->alive && db->driver->control(db, DB_CONTROL_ROLLBACK, 0, &ignored))
        db->alive = false;
    forget_transaction(db);
}

int db_savepoint(struct db *db, struct err *e)
{
    if (check_alive(db, e))
        return -1;
    if (!db->in_transaction)
        return db_misuse(e, "a savepoint needs a transaction");
    if (db->failed)
        return err_set(e, ERR_INTERNAL, "store.aborted", NULL,
                       "a statement of this transaction failed before (%s)", db->failed_code);
    if (db->depth == DB_SAVEPOINTS_MAX)
        return db_misuse(e, "more than %d savepoints within each other", DB_SAVEPOINTS_MAX);
    if (db->driver->control(db, DB_CONTROL_SAVEPOINT, db->depth + 1, e))
        return db_fail(db, e);
    db->depth++;
    return 0;
}

int db_release(struct db *db, struct err *e)
{
    if (check_alive(db, e))
        return -1;
    if (db->depth == 0)
        return db_misuse(e, "there is no savepoint to release");
    if (db->failed)
        return err_set(e, ERR_INTERNAL, "store.aborted", NULL,
                       "a statement since the savepoint failed (%s)", db->failed_code);
    if (db->driver->control(db, DB_CONTROL_RELEASE, db->depth, e))
        return db_fail(db, e);
    db->depth--;
    return 0;
}

int db_rollback_to(struct db *db, struct err *e)
{
    if (check_alive(db, e))
        return -1;
    if (db->depth == 0)
        return db_misuse(e, "there is no savepoint to go back to");
    if (db->lost)
        return err_set(e, ERR_UNAVAILABLE, "store.aborted", NULL,
                       "the database has given up the whole transaction (%s)", db->failed_code);
    if (db->driver->control(db, DB_CONTROL_ROLLBACK_TO, db->depth, e)) {
        db->lost = true;
        return db_fail(db, e);
    }
    db->failed = false;
    db->depth--;
    return 0;
}

int db_backup(struct db *db, const char *path, db_progress_fn *progress, void *context,
              struct err *e)
{
    if (check_alive(db, e))
        return -1;
    return db->driver->backup(db, path, progress, context, e);
}
