/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of PostgreSQL: prepared statements, everything binary, all rows of a query at once.
 *
 * A write transaction first takes one advisory lock, so that it is the only writer in this database
 * as it is in SQLite: commands of several nodes run one after the other, and what a command has
 * checked stays true until it commits.
 */
#include "store/postgres.h"

#include "base/memory.h"

#include <stdio.h>

/* "tocsin" in ASCII. */
#define WRITER_LOCK "128021758699886"

static void drop_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* Whether the server does what "acknowledged" rests on. */
static int check_server(struct postgres_db *db, struct err *e)
{
    PGresult *result = NULL;
    int failed = 0;

    if (postgres_exec(db,
                      "SELECT current_setting('fsync'), current_setting('full_page_writes'), "
                      "current_setting('server_encoding'), "
                      "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
                      "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)",
                      &result, e))
        return -1;
    if (strcmp(PQgetvalue(result, 0, 0), "on") != 0 ||
        strcmp(PQgetvalue(result, 0, 1), "on") != 0) {
        err_set(e, ERR_USAGE, "store.unsafe-server", NULL,
                "the database server runs with fsync or full_page_writes off: it would lose what "
                "it acknowledged");
        failed = err_hint(e, "set both to on in postgresql.conf and reload");
    } else if (strcmp(PQgetvalue(result, 0, 2), "UTF8") != 0) {
        err_set(e, ERR_USAGE, "store.unsafe-server", NULL,
                "the database's encoding is %s, not UTF8", PQgetvalue(result, 0, 2));
        failed = err_hint(e, "createdb --encoding=UTF8 --template=template0 …");
    }
    PQclear(result);
    return failed;
}

static int set_up(struct postgres_db *db, struct err *e)
{
    char text[256];

    PQsetNoticeReceiver(db->connection, drop_notice, NULL);
    snprintf(text, sizeof(text),
             "SET standard_conforming_strings = on; SET lock_timeout = '%ds'; "
             "SET default_transaction_read_only = %s; SET extra_float_digits = 1",
             DB_BUSY_SECONDS, db->base.mode == DB_READ ? "on" : "off");
    return postgres_exec(db, text, NULL, e) || check_server(db, e) ? -1 : 0;
}

static void postgres_close(struct db *base)
{
    struct postgres_db *db = (struct postgres_db *)base;

    for (unsigned i = 0; db->statements && i < SQL_COUNT; i++)
        mem_free(db->statements[i]);
    mem_free(db->statements);
    PQfinish(db->connection);
    mem_free(db);
}

static int postgres_open(struct db **base, const char *rest, enum db_mode mode, struct err *e)
{
    /* Ours first, so that the connection string can overrule them; the encoding it cannot. */
    const char *const keywords[] = {"application_name",
                                    "connect_timeout",
                                    "keepalives_idle",
                                    "tcp_user_timeout",
                                    "dbname",
                                    "client_encoding",
                                    NULL};
    const char *const values[] = {"tocsin", "10", "30", "30000", rest, "UTF8", NULL};
    struct postgres_db *db;

    if (strncmp(rest, "//", 2) == 0) {
        err_set(e, ERR_USAGE, "store.url", NULL,
                "the database's URL is not a libpq connection string of keywords");
        return err_hint(e, "write postgres:host=/run/postgresql dbname=tocsin user=tocsin");
    }
    db = mem_new(1, sizeof(*db));
    if (!db)
        return err_memory(e);
    db->base = (struct db){.driver = &db_driver_postgres, .mode = mode, .alive = true};
    *base = &db->base;
    db->statements = mem_new(SQL_COUNT, sizeof(struct postgres_statement *));
    if (!db->statements)
        return err_memory(e);
    db->connection = PQconnectdbParams(keywords, values, 1);
    if (!db->connection)
        return err_memory(e);
    if (PQstatus(db->connection) != CONNECTION_OK) {
        const char *why = PQerrorMessage(db->connection);
        db->base.alive = false;
        err_set(e, ERR_UNAVAILABLE, "store.connection", NULL, "no connection to PostgreSQL: %.*s",
                (int)strcspn(why, "\n"), why);
        return err_hint(e, "check that the server runs, and the connection string");
    }
    return set_up(db, e);
}

static int begin(struct postgres_db *db, struct err *e)
{
    const char *text = db->base.mode == DB_WRITE
                           ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
                             "SELECT pg_advisory_xact_lock(" WRITER_LOCK ")"
                           : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1";
    struct err ignored = {0};

    if (postgres_exec(db, text, NULL, e) == 0)
        return 0;
    if (db->base.alive)
        (void)postgres_exec(db, "ROLLBACK", NULL, &ignored);
    return -1;
}

static int commit(struct postgres_db *db, struct err *e)
{
    struct err why = {0};
    PGresult *result = NULL;

    if (postgres_exec(db, "COMMIT", &result, &why)) {
        if (!db->base.alive) {
            err_set(e, ERR_UNAVAILABLE, "store.outcome-unknown", NULL,
                    "the connection was lost during the commit: %s", why.text);
            return err_hint(e, "connect again and ask whether it happened, by its idempotency key");
        }
        if (!err_is_set(e))
            *e = why;
        return -1;
    }
    /* A transaction that the server gave up answers COMMIT with ROLLBACK, and no error. */
    int committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    if (!committed)
        return err_set(e, ERR_INTERNAL, "store.aborted", NULL,
                       "the database server rolled the transaction back");
    return 0;
}

static int postgres_control(struct db *base, enum db_control control, unsigned depth, struct err *e)
{
    struct postgres_db *db = (struct postgres_db *)base;

    if (control == DB_CONTROL_COMMIT || control == DB_CONTROL_ROLLBACK)
        db->sent = db->kept = 0; /* the end of the transaction is theirs too */
    switch (control) {
    case DB_CONTROL_BEGIN: return begin(db, e);
    case DB_CONTROL_COMMIT: return commit(db, e);
    case DB_CONTROL_ROLLBACK:
        if (PQtransactionStatus(db->connection) == PQTRANS_IDLE)
            return 0;
        return postgres_exec(db, "ROLLBACK", NULL, e);
    case DB_CONTROL_SAVEPOINT: return 0; /* said before the next statement */
    case DB_CONTROL_RELEASE: postgres_savepoint_release(db, depth); return 0;
    case DB_CONTROL_ROLLBACK_TO: return postgres_savepoint_undo(db, depth, e);
    }
    return db_misuse(e, "no such control");
}

static int describe(struct postgres_db *db, struct postgres_statement *made, struct err *e)
{
    PGresult *result = PQdescribePrepared(db->connection, made->name);
    int failed = -1;

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        postgres_error(db, result, e);
        goto out;
    }
    if (PQnparams(result) > DB_PARAMETERS_MAX ||
        PQnfields(result) > (int)ARRAY_LEN(made->columns)) {
        db_misuse(e, "more than %d parameters or %zu columns", DB_PARAMETERS_MAX,
                  ARRAY_LEN(made->columns));
        goto out;
    }
    made->base.parameters = (unsigned)PQnparams(result);
    made->base.columns = (unsigned)PQnfields(result);
    for (unsigned i = 0; i < made->base.parameters; i++)
        made->parameters[i] = PQparamtype(result, (int)i);
    for (unsigned i = 0; i < made->base.columns; i++)
        made->columns[i] = PQftype(result, (int)i);
    failed = 0;
out:
    PQclear(result);
    return failed;
}

static int postgres_prepare(struct db *base, enum sql_id id, struct db_statement **statement,
                            struct err *e)
{
    struct postgres_db *db = (struct postgres_db *)base;
    struct postgres_statement *made;

    if (db->statements[id]) {
        *statement = &db->statements[id]->base;
        return 0;
    }
    made = mem_new(1, sizeof(*made));
    if (!made)
        return err_memory(e);
    made->base.id = id;
    /* Never a name that a failed attempt may have left on the server. */
    snprintf(made->name, sizeof(made->name), "q%u", ++db->named);
    /* A failure would spoil what came before a savepoint that the server does not know yet. */
    if (postgres_savepoints_say(db, e)) {
        mem_free(made);
        return -1;
    }
    PGresult *result = PQprepare(db->connection, made->name, sql_text(id), 0, NULL);
    int failed = 0;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        failed = postgres_error(db, result, e);
    PQclear(result);
    if (failed || describe(db, made, e)) {
        mem_free(made);
        return err_where(e, "statement %s", sql_name(id));
    }
    db->statements[id] = made;
    *statement = &made->base;
    return 0;
}

static int postgres_step(struct db_query *q, struct err *e)
{
    if (!q->started && postgres_run(q, e))
        return -1;
    q->at++;
    return q->at < PQntuples(q->cursor) ? 1 : 0;
}

static void postgres_reset(struct db_query *q)
{
    PQclear(q->cursor);
    q->cursor = NULL;
}

static enum db_type type_of(Oid type)
{
    switch (type) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8: return DB_INTEGER;
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_NAME: return DB_TEXT_TYPE;
    case TYPE_BYTEA: return DB_BLOB_TYPE;
    default: return DB_OTHER_TYPE;
    }
}

static enum db_type postgres_column_type(const struct db_query *q, unsigned col)
{
    if (PQgetisnull(q->cursor, (int)q->at, (int)col))
        return DB_NULL;
    return type_of(((const struct postgres_statement *)q->statement)->columns[col]);
}

static struct slice postgres_column_bytes(const struct db_query *q, unsigned col)
{
    return slice_of(PQgetvalue(q->cursor, (int)q->at, (int)col),
                    (size_t)PQgetlength(q->cursor, (int)q->at, (int)col));
}

static int64_t postgres_column_int(const struct db_query *q, unsigned col)
{
    struct slice bytes = postgres_column_bytes(q, col);
    Oid type = ((const struct postgres_statement *)q->statement)->columns[col];
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    if (type == TYPE_INT4)
        return (int32_t)(uint32_t)value;
    if (type == TYPE_INT2)
        return (int16_t)(uint16_t)value;
    return (int64_t)value;
}

static int postgres_script(struct db *base, const char *text, struct err *e)
{
    struct postgres_db *db = (struct postgres_db *)base;

    return postgres_savepoints_say(db, e) ? -1 : postgres_exec(db, text, NULL, e);
}

static int postgres_has_schema(struct db *base, bool *has, struct err *e)
{
    PGresult *result = NULL;
    bool others;

    if (postgres_exec(
            (struct postgres_db *)base,
            "SELECT COUNT(*) FILTER (WHERE relname = 'schema_version'), COUNT(*) FROM pg_class "
            "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')",
            &result, e))
        return -1;
    *has = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    others = strcmp(PQgetvalue(result, 0, 1), "0") != 0;
    PQclear(result);
    if (*has || !others)
        return 0;
    err_set(e, ERR_CONFLICT, "store.not-ours", NULL,
            "the database holds tables of another program");
    return err_hint(e, "make a database of its own: createdb tocsin");
}

static int postgres_shape(struct db *base, enum sql_id id, struct db_shape *shape, struct err *e)
{
    struct db_statement *statement;

    *shape = (struct db_shape){0};
    if (postgres_prepare(base, id, &statement, e))
        return -1;
    shape->parameters = statement->parameters;
    shape->columns = statement->columns;
    for (unsigned i = 0; i < statement->columns; i++)
        shape->types[i] = type_of(((struct postgres_statement *)statement)->columns[i]);
    return 0;
}

static int postgres_backup(struct db *base, const char *path, db_progress_fn *progress,
                           void *context, struct err *e)
{
    const struct postgres_db *db = (const struct postgres_db *)base;

    (void)progress;
    (void)context;
    err_set(e, ERR_USAGE, "store.backup-engine", NULL,
            "PostgreSQL's own tools make its backups, without stopping anything");
    return err_hint(
        e,
        "pg_dump --format=custom --serializable-deferrable --host=%s --username=%s --dbname=%s "
        "--file=%s",
        PQhost(db->connection), PQuser(db->connection), PQdb(db->connection),
        strlen(path) < 80 ? path : "FILE"); /* a hint is short */
}

const struct db_driver db_driver_postgres = {
    .engine = DB_POSTGRES,
    .scheme = "postgres:",
    .schema = schema_postgres,
    .schema_count = &schema_postgres_count,
    .open = postgres_open,
    .close = postgres_close,
    .control = postgres_control,
    .prepare = postgres_prepare,
    .step = postgres_step,
    .reset = postgres_reset,
    .finish = postgres_reset,
    .column_type = postgres_column_type,
    .column_int = postgres_column_int,
    .column_bytes = postgres_column_bytes,
    .script = postgres_script,
    .has_schema = postgres_has_schema,
    .shape = postgres_shape,
    .backup = postgres_backup,
};
