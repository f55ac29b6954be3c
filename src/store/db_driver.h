/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine must be able to do; only for the files of this room and its tests. The rules of
 * transactions (who may do what when) are kept once, in db.c and query.c; a driver only does as
 * told.
 */
#ifndef STORE_DB_DRIVER_H
#define STORE_DB_DRIVER_H

#include "store/db.h"
#include "store/schema.h"

enum db_control {
    DB_CONTROL_BEGIN,
    DB_CONTROL_COMMIT,
    DB_CONTROL_ROLLBACK,
    DB_CONTROL_SAVEPOINT,
    DB_CONTROL_RELEASE,
    DB_CONTROL_ROLLBACK_TO, /* undoes and removes the savepoint */
};

/* What a prepared statement takes and gives; for the test that compares the engines. */
struct db_shape {
    unsigned parameters;
    unsigned columns;
    bool changes;                              /* the engine's word; SQLite only */
    enum db_type types[DB_PARAMETERS_MAX * 2]; /* of the columns; PostgreSQL only */
};

struct db_statement {
    enum sql_id id;
    unsigned parameters;
    unsigned columns;
};

struct db_driver {
    enum db_engine engine;
    const char *scheme;
    const struct schema_statement *schema;
    const size_t *schema_count;

    int (*open)(struct db **db, const char *rest, enum db_mode mode, struct err *e);
    void (*close)(struct db *db);
    /* depth: of the savepoint, from 1. A driver that finds its transaction or connection gone says
     * so in db->lost and db->alive. */
    int (*control)(struct db *db, enum db_control control, unsigned depth, struct err *e);
    int (*prepare)(struct db *db, enum sql_id id, struct db_statement **statement, struct err *e);
    /* The first call runs the statement with q->values. 1, 0 or -1. */
    int (*step)(struct db_query *q, struct err *e);
    /* Drops the rows; the statement may be stepped anew. */
    void (*reset)(struct db_query *q);
    /* reset, and the statement goes back. */
    void (*finish)(struct db_query *q);
    enum db_type (*column_type)(const struct db_query *q, unsigned col);
    int64_t (*column_int)(const struct db_query *q, unsigned col);
    struct slice (*column_bytes)(const struct db_query *q, unsigned col);
    /* Several statements without parameters: DDL. */
    int (*script)(struct db *db, const char *text, struct err *e);
    /* Whether schema_version is there; sets "store.not-ours" when other tables are there instead.
     */
    int (*has_schema)(struct db *db, bool *has, struct err *e);
    int (*shape)(struct db *db, enum sql_id id, struct db_shape *shape, struct err *e);
    int (*backup)(struct db *db, const char *path, db_progress_fn *progress, void *context,
                  struct err *e);
};

struct db {
    const struct db_driver *driver;
    enum db_mode mode;
    bool alive;
    bool in_transaction;
    bool failed;          /* a statement failed since the innermost savepoint */
    bool lost;            /* the whole transaction is gone: only db_rollback helps */
    char failed_code[48]; /* why */
    unsigned depth;       /* savepoints that are open */
    unsigned open_queries;
};

extern const struct db_driver db_driver_sqlite;
extern const struct db_driver db_driver_postgres;

/* Notes that something failed within the transaction. Returns -1. */
int db_fail(struct db *db, const struct err *e);
/* A bug of the caller, "store.misuse". Returns -1. */
int db_misuse(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* 0 when this program knows the schema that the database has, or when it has none yet. */
int db_check_schema(struct db *db, struct err *e) MUST_CHECK;

/* Whether s is well-formed UTF-8 (RFC 3629 section 4) without U+0000. */
bool db_text_is_fine(struct slice s);

#endif
