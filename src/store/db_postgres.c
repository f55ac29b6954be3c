/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of PostgreSQL: prepared statements, everything binary, all rows of a query at once.
 *
 * A write transaction first takes one advisory lock, so that it is the only writer in this database
 * as it is in SQLite: commands of several nodes run one after the other, and what a command has
 * checked stays true until it commits.
 */
#include "store/postgres.h"

#include "base/log.h"
#include "base/memory.h"

#include <endian.h>
#include <stdio.h>

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

/* "tocsin" in ASCII. */
#define WRITER_LOCK "128021758699886"

static int exec(struct postgres_db *db, const char *text, PGresult **out, struct err *e)
{
    PGresult *result = PQexec(db->connection, text);
    ExecStatusType status = PQresultStatus(result);
    int failed = 0;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        failed = postgres_error(db, result, e);
    if (out && !failed)
        *out = result;
    else
        PQclear(result);
    return failed;
}

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

    if (exec(db,
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
    return exec(db, text, NULL, e) || check_server(db, e) ? -1 : 0;
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
    struct postgres_db *db = mem_new(1, sizeof(*db));

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

    if (exec(db, text, NULL, e) == 0)
        return 0;
    if (db->base.alive)
        (void)exec(db, "ROLLBACK", NULL, &ignored);
    return -1;
}

static int commit(struct postgres_db *db, struct err *e)
{
    struct err why = {0};
    PGresult *result = NULL;

    if (exec(db, "COMMIT", &result, &why)) {
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
    char text[64];

    switch (control) {
    case DB_CONTROL_BEGIN: return begin(db, e);
    case DB_CONTROL_COMMIT: return commit(db, e);
    case DB_CONTROL_ROLLBACK:
        if (PQtransactionStatus(db->connection) == PQTRANS_IDLE)
            return 0;
        return exec(db, "ROLLBACK", NULL, e);
    case DB_CONTROL_SAVEPOINT: snprintf(text, sizeof(text), "SAVEPOINT s%u", depth); break;
    case DB_CONTROL_RELEASE: snprintf(text, sizeof(text), "RELEASE s%u", depth); break;
    case DB_CONTROL_ROLLBACK_TO:
        snprintf(text, sizeof(text), "ROLLBACK TO s%u; RELEASE s%u", depth, depth);
        break;
    }
    return exec(db, text, NULL, e);
}

static void statement_name(enum sql_id id, char name[16])
{
    snprintf(name, 16, "q%u", (unsigned)id);
}

static int describe(struct postgres_db *db, const char *name, struct postgres_statement *made,
                    struct err *e)
{
    PGresult *result = PQdescribePrepared(db->connection, name);
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
    char name[16];

    if (db->statements[id]) {
        *statement = &db->statements[id]->base;
        return 0;
    }
    made = mem_new(1, sizeof(*made));
    if (!made)
        return err_memory(e);
    made->base.id = id;
    statement_name(id, name);
    PGresult *result = PQprepare(db->connection, name, sql_text(id), 0, NULL);
    int failed = 0;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        failed = postgres_error(db, result, e);
    PQclear(result);
    if (failed || describe(db, name, made, e)) {
        mem_free(made);
        return err_where(e, "statement %s", sql_name(id));
    }
    db->statements[id] = made;
    *statement = &made->base;
    return 0;
}

struct binding {
    const char *values[DB_PARAMETERS_MAX];
    int lengths[DB_PARAMETERS_MAX];
    int formats[DB_PARAMETERS_MAX];
    uint8_t numbers[DB_PARAMETERS_MAX][8];
};

static bool is_text(Oid type)
{
    return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_NAME;
}

/* Big-endian, in the width of the parameter's type; 0: the type takes no such number. */
static int put_number(Oid type, int64_t number, uint8_t out[8])
{
    switch (type) {
    case TYPE_INT8: {
        uint64_t word = htobe64((uint64_t)number);
        memcpy(out, &word, sizeof(word));
        return 8;
    }
    case TYPE_INT4: {
        if (number < INT32_MIN || number > INT32_MAX)
            return 0;
        uint32_t word = htobe32((uint32_t)number);
        memcpy(out, &word, sizeof(word));
        return 4;
    }
    case TYPE_INT2: {
        if (number < INT16_MIN || number > INT16_MAX)
            return 0;
        uint16_t word = htobe16((uint16_t)number);
        memcpy(out, &word, sizeof(word));
        return 2;
    }
    case TYPE_BOOL:
        if (number != 0 && number != 1)
            return 0;
        out[0] = (uint8_t)number;
        return 1;
    default: return 0;
    }
}

static int bind_value(struct binding *b, unsigned at, Oid type, const struct db_value *v,
                      struct err *e)
{
    b->values[at] = NULL;
    b->lengths[at] = 0;
    b->formats[at] = 1;
    switch (v->type) {
    case DB_NULL:
    case DB_OTHER_TYPE: return 0;
    case DB_INTEGER:
        b->values[at] = (const char *)b->numbers[at];
        b->lengths[at] = put_number(type, v->number, b->numbers[at]);
        if (b->lengths[at] > 0)
            return 0;
        return db_misuse(e, "parameter $%u (type %u) does not take this integer", at + 1,
                         (unsigned)type);
    case DB_TEXT_TYPE:
    case DB_BLOB_TYPE: break;
    }
    if (v->type == DB_TEXT_TYPE ? !is_text(type) : type != TYPE_BYTEA)
        return db_misuse(e, "parameter $%u (type %u) takes no %s", at + 1, (unsigned)type,
                         v->type == DB_TEXT_TYPE ? "text" : "blob");
    if (v->bytes.len > INT32_MAX / 2)
        return err_set(e, ERR_LIMIT, "store.too-big", NULL, "a value is larger than 1 GiB");
    b->values[at] = (const char *)v->bytes.data;
    b->lengths[at] = (int)v->bytes.len;
    return 0;
}

static int run(struct db_query *q, struct err *e)
{
    struct postgres_db *db = (struct postgres_db *)q->db;
    const struct postgres_statement *statement = (const struct postgres_statement *)q->statement;
    struct binding b;
    char name[16];

    for (unsigned i = 0; i < q->bound; i++) {
        if (bind_value(&b, i, statement->parameters[i], &q->values[i], e))
            return -1;
    }
    statement_name(q->id, name);
    PGresult *result =
        PQexecPrepared(db->connection, name, (int)q->bound, b.values, b.lengths, b.formats, 1);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        postgres_error(db, result, e);
        PQclear(result);
        return -1;
    }
    if (sql_changes(q->id)) {
        const char *digits = PQcmdTuples(result);
        for (q->changed = 0; *digits; digits++)
            q->changed = q->changed * 10 + (*digits - '0');
    }
    q->cursor = result;
    q->at = -1;
    return 0;
}

static int postgres_step(struct db_query *q, struct err *e)
{
    if (!q->started && run(q, e))
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
    return exec((struct postgres_db *)base, text, NULL, e);
}

static int postgres_has_schema(struct db *base, bool *has, struct err *e)
{
    PGresult *result = NULL;
    bool others;

    if (exec((struct postgres_db *)base,
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
