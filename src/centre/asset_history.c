/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/asset_history.h"
#include "centre/advisory_named.h"
#include "crypto/envelope.h"
#include "fleet/chain_store.h"
#include "journal/read.h"

#include <stdio.h>
#include <stdlib.h>

/* One thing that happened; its members as JSON, without the braces' first two. */
struct event {
    uint64_t act;
    size_t order; /* of those with the same act */
    const char *what;
    struct slice members; /* "…":…,"…":…; may be empty */
};

struct history {
    struct worker *worker;
    const struct caller *caller;
    struct arena arena;
    struct event *events;
    size_t count, room;
};

static int add(struct history *h, uint64_t act, const char *what, const struct buf *members,
               struct err *e)
{
    if (h->count == h->room) {
        size_t room = h->room ? h->room * 2 : 64;
        struct event *grown = arena_new(&h->arena, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        if (h->count)
            memcpy(grown, h->events, h->count * sizeof(*grown));
        h->events = grown;
        h->room = room;
    }
    struct event *event = &h->events[h->count];
    *event = (struct event){.act = act, .what = what, .order = h->count};
    h->count++;
    if (!members)
        return 0;
    /* an object is kept without its braces */
    char *text = arena_copy(&h->arena, members->data + 1, members->len - 2);
    if (!text)
        return err_memory(e);
    event->members = slice_of(text, members->len - 2);
    return 0;
}

/* Ends the object in w and keeps it. */
static int add_object(struct history *h, uint64_t act, const char *what, struct json_writer *w,
                      struct err *e)
{
    json_write_object_end(w);
    if (buf_check(w->out, e) != 0 || add(h, act, what, w->out, e) != 0)
        return -1;
    buf_reset(w->out);
    return 0;
}

static void begin(struct json_writer *w, struct buf *text)
{
    buf_reset(text);
    json_write_init(w, text, 0);
    json_write_object(w);
}

/* ---- what happened -----------------------------------------------------------------------------
 */

static int registered(struct history *h, const struct fleet_asset *asset, struct err *e)
{
    struct db_query q;
    uint64_t removed = 0;
    int found = db_find(&q, h->worker->db, e, SQL_ASSET_SHOW, DB_TEXT(asset->id));

    if (found == 1 && add(h, (uint64_t)db_int(&q, 7), "registered", NULL, e) != 0)
        found = -1;
    if (found == 1 && !db_is_null(&q, 8))
        removed = (uint64_t)db_int(&q, 8);
    db_query_finish(&q);
    if (found != 1)
        return -1;
    return removed ? add(h, removed, "removed", NULL, e) : 0;
}

static int classes(struct history *h, const struct fleet_asset *asset, struct buf *text,
                   struct err *e)
{
    struct json_writer w;
    struct db_query q;
    int step;

    if (db_select(&q, h->worker->db, e, SQL_HISTORY_CLASSES, DB_TEXT(asset->id)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        char hash[HASH_TEXT];
        uint8_t class[32];
        if (!db_blob_copy(&q, 2, class, 32)) {
            step = -1;
            break;
        }
        hash_text_format(class, hash);
        begin(&w, text);
        json_member_string(&w, "class", hash);
        if (!db_is_null(&q, 3)) /* the inventory that made it so */
            json_member_slice(&w, "because", db_slice(&q, 3));
        if (add_object(h, (uint64_t)db_int(&q, 0), "joined", &w, e) != 0) {
            step = -1;
            break;
        }
        if (db_is_null(&q, 1))
            continue;
        begin(&w, text);
        json_member_string(&w, "class", hash);
        if (add_object(h, (uint64_t)db_int(&q, 1), "left", &w, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

struct noting {
    struct history *h;
    struct buf *text;
};

/* A notice of what the caller may see; of others, only that there was one. */
static int one_notice(void *context, const struct fleet_link *link, struct err *e)
{
    struct noting *noting = context;
    struct history *h = noting->h;
    struct fleet_revision revision;
    struct json_writer w;
    char hash[HASH_TEXT];
    int result = -1;

    fleet_revision_init(&revision);
    int found = fleet_revision_find(h->worker->db, link->revision, &revision, e);
    int sees = found == 1 ? advisory_seen(h->worker->db, h->caller, &revision, e) : found;
    if (sees >= 0) {
        begin(&w, noting->text);
        json_member_int(&w, "n", (int64_t)link->position.n);
        json_member_string(&w, "publication", link->publication);
        hash_text_format(link->digest, hash);
        json_member_string(&w, "notice", hash);
        if (sees == 1) {
            json_member_string(&w, "advisory", revision.advisory);
            json_member_string(&w, "id", revision.tracking_id);
            json_member_string(&w, "version", revision.version);
        }
        result = add_object(h, link->frozen, "notice", &w, e);
    }
    fleet_revision_fini(&revision);
    return result;
}

static int notices(struct history *h, const struct fleet_asset *asset, struct buf *text,
                   struct err *e)
{
    struct noting noting = {.h = h, .text = text};
    struct fleet_position position;

    return fleet_chain_start(asset->id, &position, e) != 0 ||
                   fleet_chain_walk(h->worker->db, asset->id, &position, UINT64_MAX, one_notice,
                                    &noting, e) < 0
               ? -1
               : 0;
}

static int receipts(struct history *h, const struct fleet_asset *asset, struct buf *text,
                    struct err *e)
{
    struct json_writer w;
    struct db_query q;
    int step;

    if (db_select(&q, h->worker->db, e, SQL_HISTORY_RECEIPTS, DB_TEXT(asset->id)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        begin(&w, text);
        json_member_int(&w, "n", db_int(&q, 1));
        json_member_slice(&w, "via", db_slice(&q, 2));
        if (add_object(h, (uint64_t)db_int(&q, 0), "receipt", &w, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

static int outcomes(struct history *h, const struct fleet_asset *asset, struct buf *text,
                    struct err *e)
{
    struct json_writer w;
    struct db_query q;
    int step;

    if (db_select(&q, h->worker->db, e, SQL_HISTORY_OUTCOMES, DB_TEXT(asset->id)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        char hash[HASH_TEXT];
        uint8_t digest[32];
        if (!db_blob_copy(&q, 2, digest, 32)) {
            step = -1;
            break;
        }
        hash_text_format(digest, hash);
        begin(&w, text);
        json_member_slice(&w, "outcome", db_slice(&q, 1));
        json_member_string(&w, "notice", hash);
        if (add_object(h, (uint64_t)db_int(&q, 0), "outcome", &w, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

static int said(struct history *h, const struct fleet_asset *asset, struct buf *text, struct err *e)
{
    struct json_writer w;
    struct db_query q;
    int step;

    if (db_select(&q, h->worker->db, e, SQL_HISTORY_WORDS, DB_TEXT(asset->id)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        begin(&w, text);
        json_member_slice(&w, "advisory", db_slice(&q, 5));
        json_member_slice(&w, "id", db_slice(&q, 6));
        if (db_slice(&q, 2).len)
            json_member_slice(&w, "vulnerability", db_slice(&q, 2));
        json_member_slice(&w, "state", db_slice(&q, 1));
        json_member_slice(&w, "actor", db_slice(&q, 3));
        if (!db_is_null(&q, 4))
            json_member_slice(&w, "reason", db_slice(&q, 4));
        if (add_object(h, (uint64_t)db_int(&q, 0), "remediation", &w, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

/* ---- in order ----------------------------------------------------------------------------------
 */

static int by_act(const void *a, const void *b)
{
    const struct event *x = a;
    const struct event *y = b;

    if (x->act != y->act)
        return x->act < y->act ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int take_time(void *context, const struct journal_row *row, struct err *e)
{
    (void)e;
    *(int64_t *)context = row->at;
    return 1;
}

static int write_event(struct history *h, struct json_writer *w, const struct event *event,
                       struct err *e)
{
    int64_t at = 0;

    if (journal_find_index(h->worker->db, event->act, take_time, &at, e) < 0)
        return -1;
    struct buf text;
    buf_init(&text);
    struct json_writer own;
    json_write_init(&own, &text, 0);
    json_write_object(&own);
    json_member_int(&own, "act", (int64_t)event->act);
    if (at)
        json_member_time(&own, "at", at);
    json_member_string(&own, "what", event->what);
    if (event->members.len) {
        buf_putc(&text, ',');
        buf_put_slice(&text, event->members);
    }
    json_write_object_end(&own);
    int result = buf_check(&text, e);
    if (result == 0)
        json_write_raw(w, buf_slice(&text));
    buf_fini(&text);
    return result;
}

/* Events of one act are not torn apart: a page may be a little longer than its limit. */
static int write_events(struct history *h, int64_t after, int64_t limit, struct json_writer *w,
                        struct err *e)
{
    int64_t written = 0;
    size_t i = 0;

    qsort(h->events, h->count, sizeof(*h->events), by_act);
    json_write_name(w, "items");
    json_write_array(w);
    for (; i < h->count; i++) {
        if (after >= 0 && h->events[i].act <= (uint64_t)after)
            continue;
        if (written >= limit && h->events[i].act != h->events[i - 1].act)
            break;
        if (write_event(h, w, &h->events[i], e) != 0)
            return -1;
        written++;
    }
    json_write_array_end(w);
    if (i < h->count) {
        char next[24];
        snprintf(next, sizeof(next), "%llu", (unsigned long long)h->events[i - 1].act);
        json_member_string(w, "next", next);
    }
    return 0;
}

int asset_history(struct worker *worker, const struct caller *caller,
                  const struct fleet_asset *asset, int64_t after, int64_t limit,
                  struct json_writer *w, struct err *e)
{
    struct history h = {.worker = worker, .caller = caller};
    struct buf text;
    int result = -1;

    buf_init(&text);
    arena_init(&h.arena, 0);
    if (registered(&h, asset, e) == 0 && classes(&h, asset, &text, e) == 0 &&
        notices(&h, asset, &text, e) == 0 && receipts(&h, asset, &text, e) == 0 &&
        outcomes(&h, asset, &text, e) == 0 && said(&h, asset, &text, e) == 0)
        result = write_events(&h, after, limit, w, e);
    arena_fini(&h.arena);
    buf_fini(&text);
    return result;
}
