/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgres.h"

/*
 * PostgreSQL's DETAIL names values of the row: only the primary message and the constraint's name
 * go into an error.
 */
struct postgres_state {
    const char *state; /* SQLSTATE, or its first characters */
    enum err_kind kind;
    const char *code;
    const char *text;
    const char *hint;
};

static const struct postgres_state states[] = {
    {"23505", ERR_CONFLICT, "store.unique", "such a row is there already", NULL},
    {"23503", ERR_CONFLICT, "store.foreign-key",
     "a row that is referred to is not there, or is still referred to", NULL},
    {"23", ERR_CONFLICT, "store.check", "the schema does not allow it", NULL},
    {"22021", ERR_INPUT, "store.text", "text that is not UTF-8", NULL},
    {"25006", ERR_DENIED, "store.read-only", "the connection only reads", NULL},
    {"42501", ERR_DENIED, "store.read-only", "the database user may not do that",
     "grant the user of the connection string all rights on its own database"},
    {"53100", ERR_UNAVAILABLE, "store.full", "the disk of the database is full",
     "free some space on the database server; reading goes on"},
    {"53200", ERR_UNAVAILABLE, "store.busy", "the database server is short of memory", NULL},
    {"53", ERR_UNAVAILABLE, "store.busy", "the database server is short of something",
     "look at max_connections and the server's log"},
    {"55P03", ERR_UNAVAILABLE, "store.busy", "another program held the database for too long",
     NULL},
    {"57014", ERR_UNAVAILABLE, "store.busy", "the database server cancelled the statement", NULL},
    {"40", ERR_UNAVAILABLE, "store.busy", "the database could not put transactions in order",
     "run the transaction again"},
    {"57P", ERR_UNAVAILABLE, "store.connection", "the database server is shutting down", NULL},
    {"08", ERR_UNAVAILABLE, "store.connection", "the connection to the database was lost", NULL},
    {"54", ERR_LIMIT, "store.too-big", "larger than the database server stores", NULL},
    {"XX001", ERR_SYSTEM, "store.corrupt", "the database is damaged", "restore the last backup"},
    {"XX002", ERR_SYSTEM, "store.corrupt", "an index of the database is damaged", "REINDEX"},
};

static size_t line_len(const char *text)
{
    return strcspn(text, "\n");
}

int postgres_error(struct postgres_db *db, const PGresult *result, struct err *e)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *said = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    if (PQstatus(db->connection) != CONNECTION_OK)
        db->base.alive = false;
    if (!state && !db->base.alive) {
        const char *why = PQerrorMessage(db->connection);
        return err_set(e, ERR_UNAVAILABLE, "store.connection", NULL,
                       "the connection to the database was lost: %.*s", (int)line_len(why), why);
    }
    for (size_t i = 0; state && i < ARRAY_LEN(states); i++) {
        if (strncmp(state, states[i].state, strlen(states[i].state)) != 0)
            continue;
        const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
        err_set(e, states[i].kind, states[i].code, NULL, "%s%s%s", states[i].text,
                constraint ? ": " : "", constraint ? constraint : "");
        return states[i].hint ? err_hint(e, "%s", states[i].hint) : -1;
    }
    if (!said) {
        /* libpq itself failed, most likely for want of memory. */
        said = PQerrorMessage(db->connection);
    }
    return err_set(e, ERR_SYSTEM, "store.engine", NULL, "PostgreSQL: %.*s (SQLSTATE %s)",
                   (int)line_len(said), said, state ? state : "none");
}
