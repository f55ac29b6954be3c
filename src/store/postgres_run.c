/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running statements on PostgreSQL: values in binary, and savepoints without a round trip.
 *
 * A command of the writer is a savepoint, its statements and a release. Said one by one, two of
 * these would wait for an answer that is always yes. So the server is told late: savepoints 1 to
 * `sent` are open there; of these 1 to `kept` still are for us; and ours go on to db->base.depth.
 * Before the next statement, and in one go with it, the difference is said: RELEASE of kept + 1
 * (which releases all within it), then SAVEPOINT for each up to the depth. A savepoint that no
 * statement followed is never said at all.
 */
#include "store/postgres.h"

#include <endian.h>
#include <stdio.h>

int postgres_exec(struct postgres_db *db, const char *text, PGresult **out, struct err *e)
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

void postgres_savepoint_release(struct postgres_db *db, unsigned depth)
{
    if (depth <= db->kept)
        db->kept = depth - 1;
}

int postgres_savepoint_undo(struct postgres_db *db, unsigned depth, struct err *e)
{
    char text[64];

    if (depth > db->kept)
        return 0; /* nothing was done since */
    db->kept = db->sent = depth - 1;
    snprintf(text, sizeof(text), "ROLLBACK TO s%u; RELEASE s%u", depth, depth);
    return postgres_exec(db, text, NULL, e);
}

/* What must be said before the next statement: count texts, at most one more than savepoints. */
struct overdue {
    char texts[DB_SAVEPOINTS_MAX + 1][24];
    unsigned count;
};

static void overdue_take(struct postgres_db *db, struct overdue *o)
{
    o->count = 0;
    if (db->sent > db->kept)
        snprintf(o->texts[o->count++], sizeof(o->texts[0]), "RELEASE s%u", db->kept + 1);
    for (unsigned i = db->kept + 1; i <= db->base.depth; i++)
        snprintf(o->texts[o->count++], sizeof(o->texts[0]), "SAVEPOINT s%u", i);
    db->kept = db->sent = db->base.depth;
}

int postgres_savepoints_say(struct postgres_db *db, struct err *e)
{
    struct overdue overdue;

    overdue_take(db, &overdue);
    for (unsigned i = 0; i < overdue.count; i++) {
        if (postgres_exec(db, overdue.texts[i], NULL, e))
            return -1;
    }
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

static int bind_values(struct db_query *q, struct binding *b, struct err *e)
{
    const struct postgres_statement *statement = (const struct postgres_statement *)q->statement;

    for (unsigned i = 0; i < q->bound; i++) {
        if (bind_value(b, i, statement->parameters[i], &q->values[i], e))
            return -1;
    }
    return 0;
}

static bool is_fine(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* The result of the last of several queries that were sent, or of the first that failed. */
static PGresult *collect(PGconn *connection, unsigned count)
{
    PGresult *kept = NULL;
    PGresult *result;

    for (unsigned i = 0; i < count; i++) {
        result = PQgetResult(connection);
        if (!kept || is_fine(kept)) {
            PQclear(kept);
            kept = result;
        } else {
            PQclear(result);
        }
        /* Each query's results end with NULL. */
        while ((result = PQgetResult(connection)))
            PQclear(result);
        if (PQstatus(connection) != CONNECTION_OK)
            return kept;
    }
    PQclear(PQgetResult(connection)); /* the sync */
    return kept;
}

/* The overdue savepoints and the statement in one round trip. */
static PGresult *run_together(struct postgres_db *db, const struct overdue *overdue,
                              const char *name, int count, const struct binding *b)
{
    PGconn *connection = db->connection;
    int sent = PQenterPipelineMode(connection);

    for (unsigned i = 0; sent && i < overdue->count; i++)
        sent = PQsendQueryParams(connection, overdue->texts[i], 0, NULL, NULL, NULL, NULL, 0);
    if (sent)
        sent = PQsendQueryPrepared(connection, name, count, b->values, b->lengths, b->formats, 1);
    if (!sent || !PQpipelineSync(connection)) {
        /* Half said: what the server has of it cannot be known, so the connection is of no use. */
        db->base.alive = false;
        return NULL;
    }
    PGresult *result = collect(connection, overdue->count + 1);
    if (PQexitPipelineMode(connection) != 1)
        db->base.alive = false;
    return result;
}

int postgres_run(struct db_query *q, struct err *e)
{
    struct postgres_db *db = (struct postgres_db *)q->db;
    const char *name = ((const struct postgres_statement *)q->statement)->name;
    struct overdue overdue;
    struct binding b;
    PGresult *result;

    if (bind_values(q, &b, e))
        return -1;
    overdue_take(db, &overdue);
    if (overdue.count > 0)
        result = run_together(db, &overdue, name, (int)q->bound, &b);
    else
        result =
            PQexecPrepared(db->connection, name, (int)q->bound, b.values, b.lengths, b.formats, 1);
    if (!is_fine(result)) {
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
