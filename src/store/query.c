/* SPDX-License-Identifier: Apache-2.0 */
/* Running statements: binding, stepping and reading columns, alike for both engines. */
#include "store/db_driver.h"

#include "base/log.h"

int db_query_start(struct db_query *q, struct db *db, enum sql_id id, struct err *e)
{
    /* The values are written before they are read: no need to clear them all. */
    memset(q, 0, offsetof(struct db_query, values));
    q->db = db;
    q->id = id;
    if ((unsigned)id >= SQL_COUNT)
        return db_misuse(e, "there is no statement %u", (unsigned)id);
    if (!db->alive)
        return err_set(e, ERR_UNAVAILABLE, "store.connection", NULL,
                       "the connection to the database was lost");
    if (db->failed)
        return err_set(e, ERR_INTERNAL, "store.aborted", NULL,
                       "a statement of this transaction failed before (%s)", db->failed_code);
    if (sql_changes(id)) {
        if (db->mode == DB_READ) {
            err_set(e, ERR_DENIED, "store.read-only", NULL, "this connection only reads");
            err_where(e, "statement %s", sql_name(id));
            return db_fail(db, e);
        }
        if (!db->in_transaction)
            return db_misuse(e, "statement %s changes rows and needs a transaction", sql_name(id));
    }
    if (db->driver->prepare(db, id, &q->statement, e)) {
        q->statement = NULL;
        return db_fail(db, e);
    }
    q->open = true;
    db->open_queries++;
    return 0;
}

static void bind(struct db_query *q, struct db_value v)
{
    if (!q->statement)
        return;
    if (q->started || q->bound >= DB_PARAMETERS_MAX) {
        q->bind_fault = q->started ? "bound after the first step" : "more than 32 values bound";
        return;
    }
    if (v.type == DB_TEXT_TYPE && !q->bad_text && !db_text_is_fine(v.bytes))
        q->bad_text = q->bound + 1;
    q->values[q->bound++] = v;
}

void db_bind_value(struct db_query *q, struct db_value v)
{
    bind(q, v);
}

void db_bind_int(struct db_query *q, int64_t v)
{
    bind(q, DB_INT(v));
}

void db_bind_bool(struct db_query *q, bool v)
{
    bind(q, DB_BOOL(v));
}

void db_bind_text(struct db_query *q, const char *v)
{
    bind(q, DB_TEXT(v));
}

void db_bind_slice_text(struct db_query *q, struct slice v)
{
    bind(q, DB_SLICE(v));
}

void db_bind_blob(struct db_query *q, struct slice v)
{
    bind(q, DB_BLOB(v));
}

void db_bind_null(struct db_query *q)
{
    bind(q, DB_NIL);
}

static int check_bound(const struct db_query *q, struct err *e)
{
    if (q->bind_fault)
        return db_misuse(e, "%s", q->bind_fault);
    if (q->bound != q->statement->parameters)
        return db_misuse(e, "%u values bound where %u are needed", q->bound,
                         q->statement->parameters);
    if (q->bad_text) {
        err_set(e, ERR_INPUT, "store.text", "RFC 3629 section 4",
                "text for parameter $%u is not UTF-8 or holds U+0000", q->bad_text);
        return err_hint(e, "text with such bytes cannot be stored; correct it where it comes from");
    }
    return 0;
}

int db_step(struct db_query *q, struct err *e)
{
    int result;

    if (!q->statement)
        return db_misuse(e, "a query was stepped that was never started");
    if (q->ended)
        return 0;
    q->row = false;
    if (!q->db->alive)
        result = err_set(e, ERR_UNAVAILABLE, "store.connection", NULL,
                         "the connection to the database was lost");
    else if (q->db->failed)
        result = err_set(e, ERR_INTERNAL, "store.aborted", NULL,
                         "a statement of this transaction failed before (%s)", q->db->failed_code);
    else if (!q->started && check_bound(q, e))
        result = -1;
    else
        result = q->db->driver->step(q, e);
    q->started = true;
    q->row = result == 1;
    q->ended = result != 1;
    if (result < 0) {
        err_where(e, "statement %s", sql_name(q->id));
        db_fail(q->db, e);
    }
    return result;
}

void db_query_again(struct db_query *q)
{
    if (!q->statement)
        return;
    q->db->driver->reset(q);
    q->bound = 0;
    q->bad_text = 0;
    q->bind_fault = NULL;
    q->started = false;
    q->row = false;
    q->ended = false;
    q->changed = 0;
}

void db_query_finish(struct db_query *q)
{
    if (q->statement)
        q->db->driver->finish(q);
    if (q->open)
        q->db->open_queries--;
    q->statement = NULL;
    q->open = false;
    q->row = false;
}

/* A column was asked for that is not so: say it, and let nothing of it be committed. */
static void column_misuse(struct db_query *q, unsigned col, const char *what)
{
    struct err e = {0};

    db_misuse(&e, "column %u %s", col, what);
    err_where(&e, "statement %s", q->statement ? sql_name(q->id) : "(finished)");
    log_err(LOG_LEVEL_ERROR, "store.misuse", &e);
    if (q->db)
        db_fail(q->db, &e);
}

static bool column_is(struct db_query *q, unsigned col, enum db_type wanted)
{
    if (!q->row) {
        column_misuse(q, col, "was read without a row");
        return false;
    }
    if (col >= q->statement->columns) {
        column_misuse(q, col, "is not there");
        return false;
    }
    enum db_type type = q->db->driver->column_type(q, col);
    if (type == wanted)
        return true;
    if (type != DB_NULL)
        column_misuse(q, col, "was read as another type than it has");
    return false;
}

int64_t db_int(struct db_query *q, unsigned col)
{
    return column_is(q, col, DB_INTEGER) ? q->db->driver->column_int(q, col) : 0;
}

bool db_bool(struct db_query *q, unsigned col)
{
    return db_int(q, col) != 0;
}

struct slice db_slice(struct db_query *q, unsigned col)
{
    return column_is(q, col, DB_TEXT_TYPE) ? q->db->driver->column_bytes(q, col)
                                           : (struct slice){0};
}

const char *db_text(struct db_query *q, unsigned col)
{
    return (const char *)db_slice(q, col).data;
}

struct slice db_blob(struct db_query *q, unsigned col)
{
    return column_is(q, col, DB_BLOB_TYPE) ? q->db->driver->column_bytes(q, col)
                                           : (struct slice){0};
}

bool db_is_null(struct db_query *q, unsigned col)
{
    if (!q->row || col >= q->statement->columns) {
        column_misuse(q, col, "was read without a row, or is not there");
        return true;
    }
    return q->db->driver->column_type(q, col) == DB_NULL;
}

bool db_blob_copy(struct db_query *q, unsigned col, void *out, size_t len)
{
    struct slice blob = db_blob(q, col);

    if (!blob.data || blob.len != len) {
        column_misuse(q, col, "does not have the length that it must have");
        memset(out, 0, len);
        return false;
    }
    memcpy(out, blob.data, len);
    return true;
}

int64_t db_changed(const struct db_query *q)
{
    return q->changed;
}

int db_select_values(struct db_query *q, struct db *db, struct err *e, enum sql_id id,
                     const struct db_value *values, size_t count)
{
    if (db_query_start(q, db, id, e))
        return -1;
    for (size_t i = 0; i < count; i++)
        bind(q, values[i]);
    return 0;
}

int db_find_values(struct db_query *q, struct db *db, struct err *e, enum sql_id id,
                   const struct db_value *values, size_t count)
{
    if (db_select_values(q, db, e, id, values, count))
        return -1;
    return db_step(q, e);
}

int64_t db_run_values(struct db *db, struct err *e, enum sql_id id, const struct db_value *values,
                      size_t count)
{
    struct db_query q;
    int result = db_find_values(&q, db, e, id, values, count);

    while (result == 1)
        result = db_step(&q, e);
    int64_t changed = q.changed;
    db_query_finish(&q);
    return result < 0 ? -1 : changed;
}
