/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of SQLite: one file, WAL, every commit synced, one writer. */
#include "store/sqlite.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * synchronous=FULL syncs the log at every commit; that is what "acknowledged" rests on. A log of
 * 8,000 pages (32 MiB) before it is copied back keeps that copying out of most commits, and a page
 * that many of them changed is copied once; and it does not fill a small disk by itself.
 */
static const char settings_write[] = "PRAGMA synchronous = FULL;"
                                     "PRAGMA foreign_keys = ON;"
                                     "PRAGMA wal_autocheckpoint = 8000;"
                                     "PRAGMA journal_size_limit = 33554432;"
                                     "PRAGMA cache_size = -65536;"
                                     "PRAGMA mmap_size = 268435456;"
                                     "PRAGMA temp_store = MEMORY;";
static const char settings_read[] = "PRAGMA query_only = ON;"
                                    "PRAGMA cache_size = -16384;"
                                    "PRAGMA mmap_size = 268435456;"
                                    "PRAGMA temp_store = MEMORY;";

static int execute(struct sqlite_db *db, const char *text, struct err *e)
{
    int code = sqlite3_exec(db->handle, text, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : sqlite_fail(db, code, e);
}

/* The one integer that a statement yields. */
static int ask(struct sqlite_db *db, const char *text, int64_t *answer, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *answer = sqlite3_column_int64(stmt, 0);
    else if (code != SQLITE_DONE)
        sqlite_fail(db, code, e);
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : -1;
}

/* SQLite would make the file readable for all by the umask: make it ourselves. */
static int make_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd < 0) {
        err_errno(e, errno, "store.open", "the database file cannot be opened");
        return err_where(e, "%s", path);
    }
    close(fd);
    return 0;
}

static int check_ours(struct sqlite_db *db, bool *empty, struct err *e)
{
    int64_t id = 0;
    int64_t tables = 0;

    if (ask(db, "PRAGMA application_id", &id, e) ||
        ask(db, "SELECT COUNT(*) FROM sqlite_schema", &tables, e))
        return -1;
    *empty = id == 0 && tables == 0;
    if (id == SQLITE_APPLICATION_ID || *empty)
        return 0;
    return err_set(e, ERR_CONFLICT, "store.not-ours", NULL,
                   "the file is a database of another program");
}

static int harden(struct sqlite_db *db, struct err *e)
{
    /* Strings in double quotes are a mistake that PostgreSQL would not take; no statement of ours
     * needs to write to the schema's own tables, or to load code. */
    if (sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK)
        return err_set(e, ERR_SYSTEM, "store.engine", NULL, "this SQLite lacks a safety setting");
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, DB_BUSY_SECONDS * 1000);
    return 0;
}

static int set_up(struct sqlite_db *db, struct err *e)
{
    bool memory = strcmp(db->path, ":memory:") == 0;
    bool empty;

    if (harden(db, e) || check_ours(db, &empty, e))
        return -1;
    if (db->base.mode == DB_READ)
        return execute(db, settings_read, e);
    if (empty) {
        char text[64];
        snprintf(text, sizeof(text), "PRAGMA application_id = %d", SQLITE_APPLICATION_ID);
        if (execute(db, text, e))
            return -1;
    }
    if (!memory && execute(db, "PRAGMA journal_mode = WAL", e))
        return -1;
    return execute(db, settings_write, e);
}

static void sqlite_close(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *)base;

    for (unsigned i = 0; db->statements && i < SQL_COUNT; i++) {
        if (!db->statements[i])
            continue;
        sqlite3_finalize(db->statements[i]->stmt);
        mem_free(db->statements[i]);
    }
    mem_free(db->statements);
    sqlite3_finalize(db->begin);
    sqlite3_finalize(db->commit);
    sqlite3_finalize(db->rollback);
    sqlite3_finalize(db->snapshot);
    for (unsigned i = 0; i < DB_SAVEPOINTS_MAX; i++) {
        sqlite3_finalize(db->savepoint[i]);
        sqlite3_finalize(db->release[i]);
        sqlite3_finalize(db->rollback_to[i]);
    }
    sqlite3_close_v2(db->handle);
    mem_free(db->path);
    mem_free(db);
}

static pthread_once_t configured = PTHREAD_ONCE_INIT;

/* Counting its memory costs SQLite a lock for every allocation, and nobody asks for the count. */
static void configure(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sqlite_open_file(struct db **base, const char *path, enum db_mode mode, int flags,
                     struct err *e)
{
    struct sqlite_db *db = mem_new(1, sizeof(*db));
    int code;

    pthread_once(&configured, configure);
    if (!db)
        return err_memory(e);
    db->base = (struct db){.driver = &db_driver_sqlite, .mode = mode, .alive = true};
    *base = &db->base;
    db->path = mem_strdup(path);
    db->statements = mem_new(SQL_COUNT, sizeof(struct sqlite_statement *));
    if (!db->path || !db->statements)
        return err_memory(e);
    code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                           NULL);
    return code == SQLITE_OK ? set_up(db, e) : sqlite_error(db->handle, code, e);
}

static int sqlite_open(struct db **base, const char *path, enum db_mode mode, struct err *e)
{
    if (!path[0]) {
        err_set(e, ERR_USAGE, "store.url", NULL, "the database's URL names no file");
        return err_hint(e, "write sqlite:/path/tocsin.db");
    }
    if (mode == DB_WRITE && strcmp(path, ":memory:") != 0 && make_file(path, e))
        return -1;
    /* A reader of a WAL database writes too: its place in the shared index. */
    if (sqlite_open_file(base, path, mode, SQLITE_OPEN_READWRITE, e))
        return err_where(e, "%s", path);
    return 0;
}

static int control_statement(struct sqlite_db *db, sqlite3_stmt **stmt, const char *text,
                             struct err *e)
{
    int code = SQLITE_OK;

    if (!*stmt)
        code = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(*stmt);
        if (code == SQLITE_ROW || code == SQLITE_DONE)
            code = SQLITE_OK;
        else
            sqlite_fail(db, code, e);
        sqlite3_reset(*stmt);
        return code == SQLITE_OK ? 0 : -1;
    }
    return sqlite_fail(db, code, e);
}

static int savepoint_statement(struct sqlite_db *db, sqlite3_stmt **stmts, const char *verb,
                               unsigned depth, struct err *e)
{
    char text[48];

    snprintf(text, sizeof(text), "%s s%u", verb, depth);
    return control_statement(db, &stmts[depth - 1], text, e);
}

static int begin(struct sqlite_db *db, struct err *e)
{
    if (db->base.mode == DB_WRITE)
        return control_statement(db, &db->begin, "BEGIN IMMEDIATE", e);
    if (control_statement(db, &db->begin, "BEGIN", e))
        return -1;
    /* Only the first read fixes the snapshot. */
    if (control_statement(db, &db->snapshot, "SELECT 1 FROM sqlite_schema LIMIT 1", e) == 0)
        return 0;
    struct err ignored = {0};
    (void)control_statement(db, &db->rollback, "ROLLBACK", &ignored);
    return -1;
}

static int commit(struct sqlite_db *db, struct err *e)
{
    struct err why = {0};

    if (control_statement(db, &db->commit, "COMMIT", &why) == 0)
        return 0;
    int code = sqlite3_extended_errcode(db->handle);
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        /* The log is written but not known to be on the disk: a crash now may bring it back. */
        err_set(e, ERR_UNAVAILABLE, "store.outcome-unknown", NULL,
                "the disk failed to sync the commit: %s", why.text);
        return err_hint(e, "check the disk before anything else is written");
    }
    if (!err_is_set(e))
        *e = why;
    return -1;
}

static int rollback(struct sqlite_db *db, struct err *e)
{
    if (sqlite3_get_autocommit(db->handle))
        return 0;
    return control_statement(db, &db->rollback, "ROLLBACK", e);
}

static int sqlite_control(struct db *base, enum db_control control, unsigned depth, struct err *e)
{
    struct sqlite_db *db = (struct sqlite_db *)base;

    switch (control) {
    case DB_CONTROL_BEGIN: return begin(db, e);
    case DB_CONTROL_COMMIT: return commit(db, e);
    case DB_CONTROL_ROLLBACK: return rollback(db, e);
    case DB_CONTROL_SAVEPOINT: return savepoint_statement(db, db->savepoint, "SAVEPOINT", depth, e);
    case DB_CONTROL_RELEASE: return savepoint_statement(db, db->release, "RELEASE", depth, e);
    case DB_CONTROL_ROLLBACK_TO:
        if (savepoint_statement(db, db->rollback_to, "ROLLBACK TO", depth, e))
            return -1;
        return savepoint_statement(db, db->release, "RELEASE", depth, e);
    }
    return db_misuse(e, "no such control");
}

/* "$12" becomes "?12": SQLite numbers $name parameters by their first appearance. */
static int compile(struct sqlite_db *db, enum sql_id id, sqlite3_stmt **stmt, struct err *e)
{
    char *text = mem_strdup(sql_text(id));
    unsigned number;
    int code;

    if (!text)
        return err_memory(e);
    for (const char *at = text; (at = sql_next_parameter(at, &number)); at++)
        text[at - text] = '?';
    code = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    mem_free(text);
    if (code == SQLITE_OK)
        return 0;
    sqlite_fail(db, code, e);
    return err_where(e, "statement %s", sql_name(id));
}

static int sqlite_prepare(struct db *base, enum sql_id id, struct db_statement **statement,
                          struct err *e)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    struct sqlite_statement *cached = db->statements[id];

    if (cached && !cached->busy) {
        cached->busy = true;
        *statement = &cached->base;
        return 0;
    }
    struct sqlite_statement *made = mem_new(1, sizeof(*made));
    if (!made)
        return err_memory(e);
    if (compile(db, id, &made->stmt, e)) {
        mem_free(made);
        return -1;
    }
    made->base.id = id;
    made->base.parameters = (unsigned)sqlite3_bind_parameter_count(made->stmt);
    made->base.columns = (unsigned)sqlite3_column_count(made->stmt);
    made->busy = true;
    made->spare = cached != NULL;
    if (!cached)
        db->statements[id] = made;
    *statement = &made->base;
    return 0;
}

static int bind_value(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
    switch (v->type) {
    case DB_INTEGER: return sqlite3_bind_int64(stmt, at, v->number);
    case DB_TEXT_TYPE:
        return sqlite3_bind_text64(stmt, at, (const char *)v->bytes.data, v->bytes.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case DB_BLOB_TYPE:
        return sqlite3_bind_blob64(stmt, at, v->bytes.data, v->bytes.len, SQLITE_STATIC);
    case DB_NULL:
    case DB_OTHER_TYPE: break;
    }
    return sqlite3_bind_null(stmt, at);
}

static int sqlite_step(struct db_query *q, struct err *e)
{
    struct sqlite_db *db = (struct sqlite_db *)q->db;
    sqlite3_stmt *stmt = ((struct sqlite_statement *)q->statement)->stmt;
    int code = SQLITE_OK;

    for (unsigned i = 0; !q->started && i < q->bound && code == SQLITE_OK; i++)
        code = bind_value(stmt, (int)i + 1, &q->values[i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE) {
        q->changed = sqlite3_stmt_readonly(stmt) ? 0 : sqlite3_changes64(db->handle);
        /* At once, so that no lock or snapshot outlives the rows. */
        sqlite3_reset(stmt);
        return 0;
    }
    sqlite_fail(db, code, e);
    sqlite3_reset(stmt);
    return -1;
}

static void sqlite_reset(struct db_query *q)
{
    sqlite3_reset(((struct sqlite_statement *)q->statement)->stmt);
}

static void sqlite_finish(struct db_query *q)
{
    struct sqlite_statement *statement = (struct sqlite_statement *)q->statement;

    if (statement->spare) {
        sqlite3_finalize(statement->stmt);
        mem_free(statement);
        return;
    }
    sqlite3_reset(statement->stmt);
    /* What was bound by pointer is about to die. */
    sqlite3_clear_bindings(statement->stmt);
    statement->busy = false;
}

static enum db_type sqlite_column_type(const struct db_query *q, unsigned col)
{
    switch (sqlite3_column_type(((struct sqlite_statement *)q->statement)->stmt, (int)col)) {
    case SQLITE_INTEGER: return DB_INTEGER;
    case SQLITE_TEXT: return DB_TEXT_TYPE;
    case SQLITE_BLOB: return DB_BLOB_TYPE;
    case SQLITE_NULL: return DB_NULL;
    default: return DB_OTHER_TYPE;
    }
}

static int64_t sqlite_column_int(const struct db_query *q, unsigned col)
{
    return sqlite3_column_int64(((struct sqlite_statement *)q->statement)->stmt, (int)col);
}

static struct slice sqlite_column_bytes(const struct db_query *q, unsigned col)
{
    sqlite3_stmt *stmt = ((struct sqlite_statement *)q->statement)->stmt;
    const void *data = sqlite3_column_blob(stmt, (int)col);

    if (sqlite3_column_type(stmt, (int)col) == SQLITE_TEXT)
        data = sqlite3_column_text(stmt, (int)col);
    /* An empty blob has no address in SQLite, but is not NULL. */
    return slice_of(data ? data : "", (size_t)sqlite3_column_bytes(stmt, (int)col));
}

static int sqlite_script(struct db *base, const char *text, struct err *e)
{
    return execute((struct sqlite_db *)base, text, e);
}

static int sqlite_has_schema(struct db *base, bool *has, struct err *e)
{
    int64_t count = 0;
    int result = ask((struct sqlite_db *)base,
                     "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND "
                     "name = 'schema_version'",
                     &count, e);

    *has = count > 0;
    return result;
}

static int sqlite_shape(struct db *base, enum sql_id id, struct db_shape *shape, struct err *e)
{
    struct db_statement *statement;

    *shape = (struct db_shape){0};
    if (sqlite_prepare(base, id, &statement, e))
        return -1;
    struct sqlite_statement *made = (struct sqlite_statement *)statement;
    shape->parameters = statement->parameters;
    shape->columns = statement->columns;
    shape->changes = !sqlite3_stmt_readonly(made->stmt);
    made->busy = false;
    return 0;
}

const struct db_driver db_driver_sqlite = {
    .engine = DB_SQLITE,
    .scheme = "sqlite:",
    .schema = schema_sqlite,
    .schema_count = &schema_sqlite_count,
    .open = sqlite_open,
    .close = sqlite_close,
    .control = sqlite_control,
    .prepare = sqlite_prepare,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .finish = sqlite_finish,
    .column_type = sqlite_column_type,
    .column_int = sqlite_column_int,
    .column_bytes = sqlite_column_bytes,
    .script = sqlite_script,
    .has_schema = sqlite_has_schema,
    .shape = sqlite_shape,
    .backup = sqlite_backup,
};
