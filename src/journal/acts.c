/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of acts: reading, finding, forgetting; and the positions of those who follow them. */
#include "journal/journal_internal.h"

#define CLAUSE_FORGET "tocsin formats section 2.1"

static int call(struct db_query *q, journal_row_fn *fn, void *context, struct err *e)
{
    struct slice commitment = db_blob(q, 5);
    struct journal_row row = {
        .index = (uint64_t)db_int(q, 0),
        .id = db_text(q, 1),
        .at = db_int(q, 2),
        .type = db_text(q, 3),
        .organisation = db_text(q, 4),
        .salt = db_blob(q, 6),
        .body = db_blob(q, 7),
        .commitment = commitment.data,
    };

    if (commitment.len != ACT_COMMITMENT || (row.body.data && row.salt.len != ACT_SALT))
        return err_set(e, ERR_VERIFY, "journal.act", CLAUSE_FORGET,
                       "the row of act %llu is damaged", (unsigned long long)row.index);
    return fn(context, &row, e);
}

/* Rows of one statement are few: PostgreSQL fetches all of them at once. */
enum { ROWS_AT_ONCE = 500 };

int64_t journal_read(struct db *db, uint64_t from, uint64_t limit, journal_row_fn *fn,
                     void *context, uint64_t *next, struct err *e)
{
    uint64_t at = from, seen = 0;
    int rc = 0;

    while (rc == 0 && seen < limit) {
        uint64_t want = limit - seen > ROWS_AT_ONCE ? ROWS_AT_ONCE : limit - seen, got = 0;
        struct db_query q;
        int row = -1;
        if (db_select(&q, db, e, SQL_ACT_READ, DB_INT((int64_t)at), DB_INT((int64_t)want)) == 0) {
            while (rc == 0 && (row = db_step(&q, e)) == 1) {
                uint64_t index = (uint64_t)db_int(&q, 0);
                rc = call(&q, fn, context, e);
                if (rc >= 0) {
                    at = index + 1;
                    got++;
                }
            }
        }
        db_query_finish(&q);
        if (rc < 0 || row < 0)
            return -1;
        seen += got;
        if (got < want)
            break;
    }
    if (next)
        *next = at;
    return (int64_t)seen;
}

static int find(struct db_query *q, int found, journal_row_fn *fn, void *context, struct err *e)
{
    if (found == 1 && call(q, fn, context, e) < 0)
        found = -1;
    db_query_finish(q);
    return found;
}

int journal_find(struct db *db, const char *id, journal_row_fn *fn, void *context, struct err *e)
{
    struct db_query q;

    return find(&q, db_find(&q, db, e, SQL_ACT_BY_ID, DB_TEXT(id)), fn, context, e);
}

int journal_find_index(struct db *db, uint64_t index, journal_row_fn *fn, void *context,
                       struct err *e)
{
    struct db_query q;

    return find(&q, db_find(&q, db, e, SQL_ACT_BY_INDEX, DB_INT((int64_t)index)), fn, context, e);
}

/* ---- retention --------------------------------------------------------------------------- */

int journal_forget(struct db *db, uint64_t index, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ACT_KIND, DB_INT((int64_t)index));
    bool opens = found == 1 && slice_is(db_slice(&q, 0), "log.opened");

    db_query_finish(&q);
    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "journal.act", NULL, "the journal has no act %llu",
                       (unsigned long long)index);
    if (opens)
        return err_set(e, ERR_CONFLICT, "journal.keeps", CLAUSE_FORGET,
                       "the act that opened the log says whose log it is: it stays");
    int64_t changed = db_run(db, e, SQL_ACT_FORGET, DB_INT((int64_t)index));
    return changed < 0 ? -1 : (int)changed;
}

/* ---- followers --------------------------------------------------------------------------- */

int journal_follower_position(struct db *db, const char *name, uint64_t *next, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_FOLLOWER_GET, DB_TEXT(name));

    *next = found == 1 ? (uint64_t)db_int(&q, 0) : 0;
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

int journal_follower_move(struct db *db, const char *name, uint64_t next, struct err *e)
{
    int64_t changed = db_run(db, e, SQL_FOLLOWER_MOVE, DB_TEXT(name), DB_INT((int64_t)next));

    if (changed == 0)
        return err_set(e, ERR_CONFLICT, "journal.follower", NULL,
                       "the follower \"%s\" is further than act %llu already", name,
                       (unsigned long long)next);
    return changed == 1 ? 0 : -1;
}
