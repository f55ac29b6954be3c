/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database: one small interface, two engines (SQLite embedded, PostgreSQL).
 *
 * A connection (struct db) belongs to one thread at a time. DB_WRITE connections change things, and
 * only inside a transaction; DB_READ connections cannot write at all. Statements are known by their
 * id from the statement table (store/sql.h, one SQL text for both engines); each connection
 * prepares a statement on its first use and keeps it.
 *
 * Both engines behave alike, and where they differ by nature the stricter one rules:
 *   - A write transaction is alone: BEGIN IMMEDIATE in SQLite, one advisory lock in PostgreSQL.
 * What it has read stays true until it commits, so preconditions checked inside it hold.
 *   - A failed statement spoils its transaction up to the innermost savepoint: until
 *     db_rollback_to (or db_rollback) everything else is refused with "store.aborted". The same is
 *     true after a misuse (a column read as the wrong type), so that nothing wrong is committed.
 *   - Text is UTF-8 without U+0000; other text is refused when bound ("store.text"). Bytes that are
 *     not text are blobs.
 *   - Text compares byte by byte; NULLs in ORDER BY need NULLS FIRST or NULLS LAST.
 *   - Rows of a query do not have to be read to the end. PostgreSQL fetches all of them at the
 * first step: a statement that may yield many rows takes a LIMIT and goes on from the last key.
 *
 * Errors of every function (struct err): the code is the same for both engines.
 *   store.unique         ERR_CONFLICT     such a row is there already
 *   store.foreign-key    ERR_CONFLICT     refers to a row that is not there, or is still referred
 * to store.check          ERR_CONFLICT     a CHECK or NOT NULL of the schema does not allow it
 *   store.full           ERR_UNAVAILABLE  the disk (or quota) is full; nothing was changed
 *   store.busy           ERR_UNAVAILABLE  another connection held the lock longer than we wait
 *   store.connection     ERR_UNAVAILABLE  the connection is lost: db_close, and db_open again later
 *   store.outcome-unknown ERR_UNAVAILABLE the connection or disk failed during COMMIT: it may or
 * may not have happened; ask by the idempotency key store.read-only      ERR_DENIED       the
 * connection or the file does not allow writing store.text           ERR_INPUT        bound text is
 * not UTF-8 or holds U+0000 store.too-big        ERR_LIMIT        a value over what the engine
 * stores (about 1 GB) store.aborted        ERR_INTERNAL     an earlier statement of this
 * transaction failed store.misuse         ERR_INTERNAL     a bug of the caller: the text says which
 *   store.corrupt        ERR_SYSTEM       the file is damaged or no database
 *   store.not-ours       ERR_CONFLICT     a database of another program
 *   store.newer-schema   ERR_CONFLICT     made by a newer tocsin
 *   store.changed-schema ERR_CONFLICT     the same version number, but other tables than ours
 *   store.url, store.open, store.engine   ERR_USAGE, ERR_SYSTEM, ERR_SYSTEM: the rest
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/sql.h"

struct db;
struct db_statement;

enum db_engine { DB_SQLITE, DB_POSTGRES };
enum db_mode { DB_READ, DB_WRITE };

enum {
    DB_PARAMETERS_MAX = 32, /* $1 to $32 in one statement */
    DB_SAVEPOINTS_MAX = 8,  /* nested savepoints */
    DB_BUSY_SECONDS = 10,   /* how long a lock is waited for */
};

/* ---- connections ------------------------------------------------------------------------- */

/*
 * Opens a connection.
 *   url   "sqlite:/path/tocsin.db" (made by DB_WRITE when it is not there, mode 0600),
 *         "sqlite::memory:" (tests; dies with the connection), or
 *         "postgres:" with a libpq connection string: "postgres:host=/run/postgresql dbname=tocsin"
 *   mode  DB_WRITE may change, DB_READ may not
 * A database of another program, of a newer tocsin, or a server that does not sync its disk is
 * refused. 0 and *db for db_close; or -1.
 */
int db_open(struct db **db, const char *url, enum db_mode mode, struct err *e) MUST_CHECK;
/* Rolls back an open transaction. NULL is fine. */
void db_close(struct db *db);

enum db_engine db_engine(const struct db *db);
enum db_mode db_mode(const struct db *db);
/* False after the connection was lost: nothing but db_close works any more. */
bool db_is_alive(const struct db *db);

/* ---- transactions ------------------------------------------------------------------------ */

/*
 * DB_WRITE: waits to be the only writer. DB_READ: fixes the state that all reads will see; as long
 * as it lasts SQLite's log cannot be cut behind it, so end it soon.
 */
int db_begin(struct db *db, struct err *e) MUST_CHECK;
/* Durable when it returns 0. Ends the transaction in any case: after -1 it is rolled back. */
int db_commit(struct db *db, struct err *e) MUST_CHECK;
/* Fine without a transaction, and after a lost connection. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* A statement of this transaction failed: it cannot be committed, only rolled back. */
bool db_has_failed(const struct db *db);

/* Every savepoint ends with exactly one db_release or db_rollback_to; they nest. */
int db_savepoint(struct db *db, struct err *e) MUST_CHECK;
/* Keeps what was done since the innermost savepoint. Refused when a statement failed since. */
int db_release(struct db *db, struct err *e) MUST_CHECK;
/* Undoes what was done since the innermost savepoint, and a failure with it. */
int db_rollback_to(struct db *db, struct err *e) MUST_CHECK;

/* ---- values ------------------------------------------------------------------------------ */

enum db_type { DB_NULL, DB_INTEGER, DB_TEXT_TYPE, DB_BLOB_TYPE, DB_OTHER_TYPE };

struct db_value {
    enum db_type type;
    union {
        int64_t number;
        struct slice bytes;
    };
};

static inline struct db_value db_value_int(int64_t v)
{
    return (struct db_value){.type = DB_INTEGER, .number = v};
}

static inline struct db_value db_value_slice(struct slice v)
{
    return v.data ? (struct db_value){.type = DB_TEXT_TYPE, .bytes = v}
                  : (struct db_value){.type = DB_NULL};
}

static inline struct db_value db_value_text(const char *v)
{
    return db_value_slice(slice_str(v));
}

static inline struct db_value db_value_blob(struct slice v)
{
    return v.data ? (struct db_value){.type = DB_BLOB_TYPE, .bytes = v}
                  : (struct db_value){.type = DB_NULL};
}

/* Parameters for db_run, db_find and db_select, in the order of $1, $2, … */
#define DB_INT(v) db_value_int(v)            /* any integer; booleans too */
#define DB_BOOL(v) db_value_int((v) ? 1 : 0) /* for T_BOOL */
#define DB_TEXT(v) db_value_text(v)          /* const char *; NULL: SQL NULL */
#define DB_SLICE(v) db_value_slice(v)        /* struct slice of text; data NULL: SQL NULL */
#define DB_BLOB(v) db_value_blob(v)          /* struct slice of bytes; data NULL: SQL NULL */
#define DB_BYTES(p, len)                                                                           \
    db_value_blob(slice_of((p), (len))) /* the same from pointer and length                        \
                                         */
#define DB_NIL ((struct db_value){.type = DB_NULL})

#define DB_VALUES_(...) ((const struct db_value[]){DB_NIL, ##__VA_ARGS__})
#define DB_COUNT_(...) (sizeof(DB_VALUES_(__VA_ARGS__)) / sizeof(struct db_value) - 1)

/* ---- queries ----------------------------------------------------------------------------- */

/*
 * One running statement; on the caller's stack. Start it, bind all parameters in order, step, read
 * columns, finish. What is bound by pointer must live until db_query_finish. A zeroed or failed
 * query may be finished too. The same statement may run several times at once (recursion), but a
 * table must not be changed while a query that reads it is being stepped over.
 */
struct db_query {
    struct db *db;
    struct db_statement *statement;
    enum sql_id id;
    unsigned bound;
    bool started;           /* the first step has been taken */
    bool open;              /* counted in db->open_queries */
    bool row;               /* there is a current row */
    bool ended;             /* the last row has been seen, or it failed */
    unsigned bad_text;      /* the first parameter whose text is not UTF-8; 0: none */
    const char *bind_fault; /* what was wrong with binding; NULL: nothing */
    void *cursor;           /* the driver's: PGresult or sqlite3_stmt */
    int64_t at;             /* the driver's: row number */
    int64_t changed;
    struct db_value values[DB_PARAMETERS_MAX];
};

int db_query_start(struct db_query *q, struct db *db, enum sql_id id, struct err *e) MUST_CHECK;
/* Each binds the next parameter; a fault surfaces at the first db_step. */
void db_bind_int(struct db_query *q, int64_t v);
void db_bind_bool(struct db_query *q, bool v);
void db_bind_text(struct db_query *q, const char *v);        /* NULL: SQL NULL */
void db_bind_slice_text(struct db_query *q, struct slice v); /* data NULL: SQL NULL */
void db_bind_blob(struct db_query *q, struct slice v);       /* data NULL: SQL NULL */
void db_bind_null(struct db_query *q);
void db_bind_value(struct db_query *q, struct db_value v);

/* 1: a row is there; 0: no (more) rows; -1: failed. */
int db_step(struct db_query *q, struct err *e) MUST_CHECK;
/* Runs it again from the beginning with new parameters: bind, then step. */
void db_query_again(struct db_query *q);
/* The statement goes back to the connection. */
void db_query_finish(struct db_query *q);

/*
 * Columns of the current row, from 0; valid until the next step, again or finish. Reading a column
 * as another type than it has is a misuse: logged, answered as if NULL, and the transaction cannot
 * commit. NULL reads as 0, false, NULL and the empty slice with data NULL; an empty text or blob
 * has data that is not NULL.
 */
int64_t db_int(struct db_query *q, unsigned col);
bool db_bool(struct db_query *q, unsigned col);
const char *db_text(struct db_query *q, unsigned col);
struct slice db_slice(struct db_query *q, unsigned col); /* text */
struct slice db_blob(struct db_query *q, unsigned col);
bool db_is_null(struct db_query *q, unsigned col);
/* Copies a blob of exactly len bytes, such as a digest; anything else is a misuse as above: false.
 */
bool db_blob_copy(struct db_query *q, unsigned col, void *out, size_t len);
/* Rows that the statement inserted, changed or deleted; complete once db_step has returned 0. */
int64_t db_changed(const struct db_query *q);

/* Start and bind in one: then db_step until it is not 1, and db_query_finish. */
#define db_select(q, db, e, id, ...)                                                               \
    db_select_values((q), (db), (e), (id), DB_VALUES_(__VA_ARGS__) + 1, DB_COUNT_(__VA_ARGS__))
/* Start, bind and take the first step: 1 found, 0 none, -1 failed. Then db_query_finish. */
#define db_find(q, db, e, id, ...)                                                                 \
    db_find_values((q), (db), (e), (id), DB_VALUES_(__VA_ARGS__) + 1, DB_COUNT_(__VA_ARGS__))
/*
 * The whole of a statement whose rows do not matter; the number of rows changed, or -1:
 *     if (db_run(db, e, SQL_PERSON_ERASE, DB_INT(now), DB_TEXT(id)) < 0)
 */
#define db_run(db, e, id, ...)                                                                     \
    db_run_values((db), (e), (id), DB_VALUES_(__VA_ARGS__) + 1, DB_COUNT_(__VA_ARGS__))

int db_select_values(struct db_query *q, struct db *db, struct err *e, enum sql_id id,
                     const struct db_value *values, size_t count) MUST_CHECK;
int db_find_values(struct db_query *q, struct db *db, struct err *e, enum sql_id id,
                   const struct db_value *values, size_t count) MUST_CHECK;
int64_t db_run_values(struct db *db, struct err *e, enum sql_id id, const struct db_value *values,
                      size_t count) MUST_CHECK;

/* ---- schema and backup ------------------------------------------------------------------- */

/* The newest schema version that this program knows. */
int db_schema_known(void);
/* 0 and *version (0: an empty database), or -1. */
int db_schema_version(struct db *db, int *version, struct err *e) MUST_CHECK;
/*
 * Brings the database to the newest version, one transaction a version; several programs may do it
 * at once. now: microseconds since 1970, kept beside each version. DB_WRITE only. 0 or -1.
 */
int db_migrate(struct db *db, int64_t now, struct err *e) MUST_CHECK;

/* Called between steps of a backup with pages copied and pages in all; false: stop. */
typedef bool db_progress_fn(void *context, int64_t done, int64_t total);

/*
 * Copies the database as of now to a new file while others go on writing, checks the copy
 * (db_backup_check), makes it durable and only then gives it its name. progress may be NULL. A
 * file that is there is not overwritten (ERR_CONFLICT "store.backup-exists"). PostgreSQL is refused
 * ("store.backup-engine") with the pg_dump command to use as the hint.
 */
int db_backup(struct db *db, const char *path, db_progress_fn *progress, void *context,
              struct err *e) MUST_CHECK;
/* Whether a backup file is whole: page structure, indexes, foreign keys, ours, schema known. */
int db_backup_check(const char *path, struct err *e) MUST_CHECK;

#endif
