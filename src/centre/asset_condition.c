/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/asset_condition.h"
#include "centre/streams.h"
#include "fleet/remediation.h"

#include <stdio.h>

static const char *const words[] = {"connected", "heard", "stale", "never", "removed"};

bool asset_condition_is_word(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void asset_condition_of(const struct centre *centre, const char *asset, const char *state,
                        const struct asset_times *times, struct asset_condition *c)
{
    int64_t now = clock_now(centre->clock);
    int64_t patience = centre->config->assets_stale_after;

    *c = (struct asset_condition){.connected = streams_has(centre->streams, asset)};
    c->heard = later(later(times->inventory, times->acknowledged), times->stream);
    if (c->connected)
        c->heard = now;
    int64_t since = later(c->heard, times->created) + patience;
    if (strcmp(state, "removed") == 0) {
        c->word = "removed";
        return;
    }
    if (since <= now)
        c->stale = since;
    c->word = c->connected ? "connected" : !c->heard ? "never" : c->stale ? "stale" : "heard";
}

void asset_condition_write(struct json_writer *w, const struct asset_condition *c)
{
    json_member_bool(w, "connected", c->connected);
    json_member_string(w, "condition", c->word);
    if (c->heard)
        json_member_time(w, "heard_at", c->heard);
    if (c->stale)
        json_member_time(w, "stale_since", c->stale);
}

/* ---- what waits to be done ---------------------------------------------------------------------
 */

/* What is asked of a class. */
struct asking {
    char advisory[ID_TEXT];
    char revision[ID_TEXT];
    bool by_serial; /* of some serial numbers alone */
};
struct asked {
    struct asking *at;
    size_t count, room;
};

void open_counter_init(struct open_counter *counter, struct worker *worker,
                       const struct caller *caller)
{
    *counter = (struct open_counter){.worker = worker, .caller = caller};
    arena_init(&counter->arena, 0);
    map_init(&counter->classes);
}

void open_counter_fini(struct open_counter *counter)
{
    map_fini(&counter->classes);
    arena_fini(&counter->arena);
}

static int add_asking(struct open_counter *counter, struct asked *asked, struct db_query *q,
                      struct err *e)
{
    if (asked->count == asked->room) {
        size_t room = asked->room ? asked->room * 2 : 8;
        struct asking *grown = arena_new(&counter->arena, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        if (asked->count)
            memcpy(grown, asked->at, asked->count * sizeof(*grown));
        asked->at = grown;
        asked->room = room;
    }
    struct asking *asking = &asked->at[asked->count++];
    snprintf(asking->revision, ID_TEXT, "%s", db_text(q, 0));
    snprintf(asking->advisory, ID_TEXT, "%s", db_text(q, 3));
    return 0;
}

/* The newest revisions that the caller may see and that ask something of the class. */
static int read_asked(struct open_counter *counter, const uint8_t class[32], bool exercise,
                      struct asked *asked, struct err *e)
{
    struct db *db = counter->worker->db;
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_STATEMENT_OF_CLASS, DB_BYTES(class, 32), DB_TEXT(""),
                  DB_INT(INT32_MAX)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        const struct caller_shown shown = {.organisation = db_text(&q, 8),
                                           .tlp = db_text(&q, 9),
                                           .revision = db_text(&q, 0),
                                           .exercise = db_bool(&q, 10),
                                           .draft = !slice_is(db_slice(&q, 7), "published")};
        if (shown.exercise != exercise || !fleet_status_asks(db_slice(&q, 1)))
            continue;
        int sees = caller_sees(db, counter->caller, &shown, e);
        if (sees < 0 || (sees == 1 && add_asking(counter, asked, &q, e) != 0)) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    for (size_t i = 0; step == 0 && i < asked->count; i++) {
        step = db_find(&q, db, e, SQL_STATEMENT_FIND, DB_TEXT(asked->at[i].revision),
                       DB_BYTES(class, 32));
        struct slice body = step == 1 ? db_blob(&q, 1) : slice_of(NULL, 0);
        asked->at[i].by_serial = body.len && memmem(body.data, body.len, "\"serials\"", 9);
        db_query_finish(&q);
        step = step < 0 ? -1 : 0;
    }
    return step;
}

static struct asked *asked_of(struct open_counter *counter, const uint8_t class[32], bool exercise,
                              struct err *e)
{
    struct asked *asked = map_get(&counter->classes, slice_of(class, 32));

    if (asked)
        return asked;
    char *key = arena_copy(&counter->arena, class, 32);
    asked = arena_new(&counter->arena, 1, sizeof(*asked));
    if (!key || !asked) {
        err_memory(e);
        return NULL;
    }
    if (read_asked(counter, class, exercise, asked, e) != 0)
        return NULL;
    if (map_set(&counter->classes, slice_of(key, 32), asked) != 0) {
        err_memory(e);
        return NULL;
    }
    return asked;
}

/* Whether anything was said about any advisory at the asset: mostly nothing was. */
static int has_words(struct db *db, const char *asset, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_REMEDIATION_ADVISORIES, DB_TEXT(asset));

    db_query_finish(&q);
    return found;
}

int open_counter_count(struct open_counter *counter, const char *asset, const uint8_t class[32],
                       bool exercise, int64_t *open, struct err *e)
{
    struct db *db = counter->worker->db;
    struct asked *asked = asked_of(counter, class, exercise, e);
    int said = asked ? has_words(db, asset, e) : -1;

    *open = 0;
    for (size_t i = 0; said >= 0 && i < asked->count; i++) {
        struct fleet_remediation remediation;
        if (!said && !asked->at[i].by_serial) {
            ++*open;
            continue;
        }
        int found = fleet_remediation_of(db, asset, asked->at[i].advisory, asked->at[i].revision,
                                         &remediation, e);
        *open += found == 1 && remediation.count > 0 && remediation.state != FLEET_DONE;
        fleet_remediation_fini(&remediation);
        if (found < 0)
            said = -1;
    }
    return said < 0 ? -1 : 0;
}
