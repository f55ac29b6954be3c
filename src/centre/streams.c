/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/streams.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/workers.h"
#include "centre/writer.h"
#include "fleet/chain_store.h"
#include "journal/read.h"

#include <stdatomic.h>
#include <stdio.h>

enum { DELIVERIES_A_TURN = 32, QUEUE_BYTES = 4 << 20, SENT_A_COMMAND = 500 };

struct device_stream {
    struct device_stream *next;
    struct device_stream **previous;
    struct streams *streams;
    struct http_stream *stream;
    char asset[ID_TEXT];
    struct fleet_position position; /* changed by the running job, under the lock */
    uint64_t checkpoint;            /* size of the last one sent */
    int64_t show_at;       /* monotonic: when it is shown a new checkpoint; guarded as below */
    uint64_t shown;        /* size of what was signed when it was woken for that; likewise */
    atomic_int references; /* the list's, and a running job's */
    /* guarded by streams->lock */
    struct device_stream *older; /* of the same asset */
    bool working;
    bool again;
    bool closed;
    bool restart; /* from what is acknowledged: it is told again */
};

struct sent {
    char asset[ID_TEXT];
    uint64_t n; /* 0: nothing more was sent */
    int64_t at; /* heard of it then; 0: only sent to it */
};

struct streams {
    struct centre *centre;
    pthread_mutex_t lock;
    struct device_stream *first;
    struct map by_asset; /* the newest of each asset, by its own text */
    size_t count;
    struct sent *sent; /* not stored yet */
    size_t sent_count;
    size_t sent_room;
};

int streams_new(struct streams **out, struct centre *centre, struct err *e)
{
    struct streams *s = mem_new(1, sizeof(*s));

    if (!s)
        return err_memory(e);
    s->centre = centre;
    pthread_mutex_init(&s->lock, NULL);
    map_init(&s->by_asset);
    *out = s;
    return 0;
}

void streams_free(struct streams *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    map_fini(&s->by_asset);
    mem_free(s->sent);
    mem_free(s);
}

/* With the lock held. Without memory it is forgotten: never fetched, long not heard of, which are
 * the graver words. */
static void note(struct streams *s, const char *asset, uint64_t n, int64_t at)
{
    if (s->sent_count == s->sent_room) {
        size_t room = s->sent_room ? s->sent_room * 2 : 256;
        struct sent *grown = mem_resize(s->sent, room, sizeof(*grown));
        if (!grown)
            return;
        s->sent = grown;
        s->sent_room = room;
    }
    struct sent *sent = &s->sent[s->sent_count++];
    sent->n = n;
    sent->at = at;
    snprintf(sent->asset, sizeof(sent->asset), "%s", asset);
}

void streams_note_sent(struct streams *s, const char *asset, uint64_t n)
{
    pthread_mutex_lock(&s->lock);
    note(s, asset, n, 0);
    pthread_mutex_unlock(&s->lock);
}

struct sent_batch {
    const struct sent *at;
    size_t count;
};

static int sent_store(struct command_run *run, struct err *e)
{
    const struct sent_batch *batch = run->command->prepared;

    for (size_t i = 0; i < batch->count; i++) {
        const struct sent *sent = &batch->at[i];
        if ((sent->n && db_run(run->change.db, e, SQL_ASSET_SENT, DB_TEXT(sent->asset),
                               DB_INT((int64_t)sent->n)) < 0) ||
            (sent->at &&
             db_run(run->change.db, e, SQL_HEARD_SET, DB_TEXT(sent->asset), DB_INT(sent->at)) < 0))
            return -1;
    }
    return 0;
}

const struct command_type command_sent_store = {
    .name = "sent.store", .silent = true, .run = sent_store};

void streams_store_sent(struct centre *centre)
{
    struct streams *s = centre->streams;

    pthread_mutex_lock(&s->lock);
    struct sent *taken = s->sent;
    size_t count = s->sent_count;
    s->sent = NULL;
    s->sent_count = s->sent_room = 0;
    pthread_mutex_unlock(&s->lock);
    for (size_t at = 0; at < count; at += SENT_A_COMMAND) {
        struct sent_batch batch = {
            .at = taken + at, .count = count - at < SENT_A_COMMAND ? count - at : SENT_A_COMMAND};
        struct err e = {0};
        if (writer_run_own(centre->writer, &command_sent_store, "sys:streams", &batch, &e) != 0)
            log_err(LOG_LEVEL_WARNING, "sent.failed", &e);
    }
    mem_free(taken);
}

static void release(struct device_stream *d)
{
    if (atomic_fetch_sub(&d->references, 1) != 1)
        return;
    if (d->stream)
        http_stream_release(d->stream);
    mem_free(d);
}

/* With the lock held. */
static struct device_stream *newest_of(struct streams *s, const char *asset)
{
    return map_get(&s->by_asset, slice_str(asset));
}

/* With the lock held: a device that came again has an older stream for a while. */
static void remember(struct streams *s, struct device_stream *d)
{
    struct device_stream *older = newest_of(s, d->asset);

    if (map_set(&s->by_asset, slice_str(d->asset), d) == 0)
        d->older = older;
}

static void forget(struct streams *s, struct device_stream *d)
{
    struct device_stream *newest = newest_of(s, d->asset);

    if (newest == d &&
        (!d->older || map_set(&s->by_asset, slice_str(d->older->asset), d->older) != 0))
        (void)map_remove(&s->by_asset, slice_str(d->asset));
    for (struct device_stream *other = newest; other; other = other->older)
        if (other->older == d)
            other->older = d->older;
}

/* On the loop thread, when the connection has ended. */
static void closed(struct http_stream *stream, void *context)
{
    struct device_stream *d = context;
    struct streams *s = d->streams;

    (void)stream;
    pthread_mutex_lock(&s->lock);
    bool was_listed = !d->closed;
    d->closed = true;
    if (was_listed) {
        *d->previous = d->next;
        if (d->next)
            d->next->previous = d->previous;
        s->count--;
        forget(s, d);
        note(s, d->asset, 0, clock_now(s->centre->clock));
    }
    pthread_mutex_unlock(&s->lock);
    if (was_listed)
        release(d);
}

struct turn {
    struct worker *worker;
    struct device_stream *stream;
    struct buf text;
    bool failed;
};

static int send_checkpoint(struct turn *turn, struct err *e)
{
    struct device_stream *d = turn->stream;
    struct buf note;
    uint64_t size = 0;

    buf_init(&note);
    int found = journal_checkpoint_latest(turn->worker->db, &note, &size, e);
    if (found == 1 && size > d->checkpoint) {
        struct json_writer w;
        buf_reset(&turn->text);
        json_write_init(&w, &turn->text, 0);
        json_write_slice(&w, buf_slice(&note));
        if (buf_check(&turn->text, e) != 0 ||
            http_stream_send(d->stream, NULL, "checkpoint", buf_slice(&turn->text)) != 0)
            found = -1;
        else
            d->checkpoint = size;
    }
    buf_fini(&note);
    return found < 0 ? -1 : 0;
}

static int send_delivery(void *context, const struct fleet_link *link, struct err *e)
{
    struct turn *turn = context;
    struct device_stream *d = turn->stream;
    char id[24];

    buf_reset(&turn->text);
    if (fleet_delivery_write(turn->worker->db, turn->worker->centre->trees, link, &turn->text, e) !=
        0)
        return -1;
    snprintf(id, sizeof(id), "%llu", (unsigned long long)link->position.n);
    if (http_stream_send(d->stream, id, "notice", buf_slice(&turn->text)) != 0) {
        turn->failed = true;
        return 1;
    }
    return 0;
}

static bool take_restart(struct device_stream *d)
{
    pthread_mutex_lock(&d->streams->lock);
    bool restart = d->restart;
    d->restart = false;
    pthread_mutex_unlock(&d->streams->lock);
    return restart;
}

/* Back to what the device has acknowledged, so that the rest is sent again. */
static int restart(struct worker *worker, struct device_stream *d, struct err *e)
{
    struct fleet_asset asset;
    int result = -1;

    fleet_asset_init(&asset);
    int found = fleet_asset_find(worker->db, d->asset, &asset, e);
    if (found == 1 && asset.acked_n < d->position.n)
        result = fleet_chain_acknowledged(&asset, &d->position, e);
    else
        result = found < 0 ? -1 : 0;
    fleet_asset_fini(&asset);
    return result;
}

/* One turn of one stream; true: more is waiting. */
static bool take_turn(struct worker *worker, struct device_stream *d)
{
    struct turn turn = {.worker = worker, .stream = d};
    struct err e = {0};
    bool more = false;

    buf_init(&turn.text);
    bool ready = !take_restart(d) || restart(worker, d, &e) == 0;
    struct fleet_position position = d->position;
    if (ready && send_checkpoint(&turn, &e) == 0) {
        int64_t seen = fleet_chain_walk(worker->db, d->asset, &position, DELIVERIES_A_TURN,
                                        send_delivery, &turn, &e);
        if (seen >= 0 && !turn.failed) {
            pthread_mutex_lock(&d->streams->lock);
            d->position = position;
            pthread_mutex_unlock(&d->streams->lock);
            if (seen > 0)
                streams_note_sent(d->streams, d->asset, position.n);
        }
        more = seen == DELIVERIES_A_TURN && !turn.failed;
        if (seen < 0)
            turn.failed = true;
    } else {
        turn.failed = true;
    }
    if (err_is_set(&e))
        log_line(LOG_LEVEL_WARNING, "stream.failed", LOG_S("asset", d->asset),
                 LOG_S("code", e.code), LOG_S("text", e.text));
    buf_fini(&turn.text);
    if (turn.failed) {
        http_stream_close(d->stream); /* the device comes again, with what it has */
        return false;
    }
    return more;
}

static void work(struct worker *worker, void *context)
{
    struct device_stream *d = context;
    struct streams *s = d->streams;
    bool more = take_turn(worker, d);

    pthread_mutex_lock(&s->lock);
    bool again = (more || d->again) && !d->closed;
    d->again = false;
    d->working = again;
    pthread_mutex_unlock(&s->lock);
    if (!again) {
        release(d);
    } else if (!workers_post_always(s->centre->workers, work, d)) {
        http_stream_close(d->stream);
        release(d);
    }
}

/* With the lock held. */
static void wake(struct device_stream *d)
{
    if (d->closed)
        return;
    if (d->working) {
        d->again = true;
        return;
    }
    d->working = true;
    atomic_fetch_add(&d->references, 1);
    if (!workers_post_always(d->streams->centre->workers, work, d)) {
        d->working = false;
        atomic_fetch_sub(&d->references, 1);
    }
}

/* Three to five quarters of the interval: what is connected at once is not woken at once. */
static int64_t next_show(const struct streams *s)
{
    int64_t interval = s->centre->config->journal_device_interval;
    struct err ignored = {0};
    uint16_t drawn = 0;

    if (random_fill(s->centre->random, &drawn, sizeof(drawn), &ignored) != 0)
        drawn = UINT16_MAX / 2;
    return clock_monotonic(s->centre->clock) + interval * 3 / 4 + interval / 2 / UINT16_MAX * drawn;
}

void streams_show_checkpoint(struct streams *s, uint64_t size)
{
    int64_t now = clock_monotonic(s->centre->clock);

    pthread_mutex_lock(&s->lock);
    for (struct device_stream *d = s->first; d; d = d->next) {
        if (!d->stream || d->shown >= size || now < d->show_at)
            continue;
        d->shown = size;
        d->show_at = next_show(s);
        wake(d);
    }
    pthread_mutex_unlock(&s->lock);
}

void streams_open(struct streams *s, struct http_exchange *x, const char *asset,
                  const uint8_t certificate[32], const struct fleet_position *position)
{
    struct device_stream *d = mem_new(1, sizeof(*d));
    struct err e = {0};

    (void)certificate;
    if (!d) {
        err_memory(&e);
        http_problem(x, &e);
        return;
    }
    d->streams = s;
    d->position = *position;
    snprintf(d->asset, sizeof(d->asset), "%s", asset);
    d->show_at = next_show(s);
    atomic_store(&d->references, 2); /* the list's and ours */
    pthread_mutex_lock(&s->lock);
    d->next = s->first;
    d->previous = &s->first;
    if (s->first)
        s->first->previous = &d->next;
    s->first = d;
    s->count++;
    remember(s, d);
    note(s, d->asset, 0, clock_now(s->centre->clock));
    pthread_mutex_unlock(&s->lock);
    const struct http_stream_config config = {
        .retry_ms = 2000, .queue = QUEUE_BYTES, .closed = closed, .context = d};
    struct http_stream *stream = http_stream_open(x, &config);
    if (!stream) {
        closed(NULL, d);
        release(d);
        return;
    }
    pthread_mutex_lock(&s->lock);
    d->stream = stream;
    wake(d);
    pthread_mutex_unlock(&s->lock);
    release(d);
}

void streams_wake_all(struct streams *s)
{
    pthread_mutex_lock(&s->lock);
    for (struct device_stream *d = s->first; d; d = d->next)
        if (d->stream)
            wake(d);
    pthread_mutex_unlock(&s->lock);
}

size_t streams_tell_again(struct streams *s, const struct map *assets)
{
    size_t count = 0;

    pthread_mutex_lock(&s->lock);
    for (struct device_stream *d = s->first; d; d = d->next) {
        if (!d->stream || !map_get(assets, slice_str(d->asset)))
            continue;
        d->restart = true;
        wake(d);
        count++;
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t streams_count(struct streams *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

bool streams_has(struct streams *s, const char *asset)
{
    pthread_mutex_lock(&s->lock);
    bool found = newest_of(s, asset) != NULL;
    pthread_mutex_unlock(&s->lock);
    return found;
}

bool streams_position(struct streams *s, const char *asset, uint64_t n,
                      struct fleet_position *position)
{
    pthread_mutex_lock(&s->lock);
    const struct device_stream *d = newest_of(s, asset);
    bool there = d && d->position.n == n;
    if (there)
        *position = d->position;
    pthread_mutex_unlock(&s->lock);
    return there;
}
