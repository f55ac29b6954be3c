/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/cosigners.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/trust.h"
#include "centre/writer.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "journal/witness.h"
#include "net/client.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { WITNESSES_MAX = 16, LOOK_MS = 500, TURNS = 3 };

struct cosigner {
    struct cosigners *all;
    pthread_t thread;
    bool started;
    struct http_client *http;
    const struct note_key *key;
    const char *path; /* of its URL, with '/' in front or empty */
    struct db *db;
    uint64_t said; /* the size that it cosigned last, as it said */
    /* guarded by the lock */
    struct cosigner_state state;
    int64_t again_at; /* monotonic: not asked before */
};

struct cosigners {
    struct centre *centre;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool stopping;
    size_t quorum; /* at least 1 */
    uint64_t target_size, newest_size, witnessed;
    struct buf target, newest; /* notes: of what is asked about, and of what comes next */
    struct cosigner items[WITNESSES_MAX];
    size_t count;
};

/* ---- the command -------------------------------------------------------------------------------
 */

struct cosignature {
    uint64_t size;
    struct slice lines;
    const struct note_key *witness;
};

static int cosignature_store(struct command_run *run, struct err *e)
{
    const struct cosignature *c = run->command->prepared;

    return journal_cosignature_store(run->change.db, c->size, c->lines, c->witness, run->change.now,
                                     e) < 0
               ? -1
               : 0;
}

const struct command_type command_cosignature_store = {
    .name = "cosignature.store", .silent = true, .run = cosignature_store};

static int store(struct cosigner *w, uint64_t size, struct slice lines, struct err *e)
{
    struct cosignature cosignature = {.size = size, .lines = lines, .witness = w->key};

    return writer_run_own(w->all->centre->writer, &command_cosignature_store, "sys:clock",
                          &cosignature, e);
}

/* ---- asking one --------------------------------------------------------------------------------
 */

static int read_conflict(struct cosigner *w, const struct http_response *response, struct err *e)
{
    struct slice told = buf_slice(&response->body);

    while (told.len && (told.data[told.len - 1] == '\n' || told.data[told.len - 1] == '\r'))
        told.len--;
    if (note_number_parse(told, &w->said))
        return 0;
    return err_set(e, ERR_INPUT, "centre.witness-answer", "C2SP tlog-witness",
                   "the witness %s answered 409 without its size", w->state.name);
}

/* One request; 0 also when it answered 409 with the size that it has. */
static int ask_once(struct cosigner *w, struct journal_reader *reader, uint64_t size,
                    struct slice note, struct http_response *response, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t hashes = 0;
    struct buf body;
    char target[256];

    if (w->said > size)
        return err_set(e, ERR_VERIFY, "centre.witness-ahead", NULL,
                       "the witness %s has cosigned size %llu, and this journal has %llu: was the "
                       "database restored?",
                       w->state.name, (unsigned long long)w->said, (unsigned long long)size);
    if (w->said > 0 && w->said < size &&
        journal_prove_consistency(reader, w->said, size, proof, &hashes, e) != 0)
        return -1;
    buf_init(&body);
    witness_request_put(&body, w->said, (const uint8_t(*)[MERKLE_HASH])proof, hashes, note);
    snprintf(target, sizeof(target), "%s/add-checkpoint", w->path);
    const struct http_request request = {.method = "POST",
                                         .target = target,
                                         .content_type = "text/plain; charset=utf-8",
                                         .body = buf_slice(&body),
                                         .idempotent = true};
    int result =
        buf_check(&body, e) == 0 ? http_client_request(w->http, &request, response, e) : -1;
    buf_fini(&body);
    if (result == 0 && response->status == WITNESS_CONFLICT)
        return read_conflict(w, response, e);
    return result;
}

static int ask(struct cosigner *w, uint64_t size, struct slice note, struct err *e)
{
    struct journal_reader *reader = NULL;
    struct http_response response;
    int result = -1;

    http_response_init(&response);
    if (!w->db || !db_is_alive(w->db)) {
        db_close(w->db);
        w->db = centre_open_reader(w->all->centre, e);
    }
    reader = w->db ? journal_reader_new(w->db, e) : NULL;
    if (!reader)
        goto out;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        if (ask_once(w, reader, size, note, &response, e) != 0)
            goto out;
        if (response.status != WITNESS_CONFLICT)
            break;
    }
    if (response.status != WITNESS_COSIGN)
        err_set(e, ERR_UNAVAILABLE, "centre.witness-refused", "C2SP tlog-witness",
                "the witness %s answered %d: %.*s", w->state.name, response.status,
                (int)(response.body.len < 200 ? response.body.len : 200), buf_text(&response.body));
    else if (store(w, size, buf_slice(&response.body), e) == 0) {
        w->said = size;
        result = 0;
    }
out:
    journal_reader_free(reader);
    http_response_fini(&response);
    return result;
}

/* What the database has of cosignatures by now. */
static void find_witnessed(struct cosigner *w, uint64_t *size)
{
    size_t count;
    size_t quorum;
    const struct note_key *keys = trust_witnesses(w->all->centre->trust, &count, &quorum);
    struct err ignored = {0};
    struct buf note;

    buf_init(&note);
    if (journal_checkpoint_cosigned(w->db, keys, count, w->all->quorum, &note, size, &ignored) != 1)
        *size = 0;
    buf_fini(&note);
}

/* ---- what is asked about -----------------------------------------------------------------------
 */

/* With the lock held: nobody who answers is still at the target, or its quorum is there. */
static bool is_settled(const struct cosigners *c)
{
    if (c->target_size == 0 || c->witnessed >= c->target_size)
        return true;
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].state.failures == 0 && c->items[i].state.size < c->target_size)
            return false;
    return true;
}

static void go_on(struct cosigners *c)
{
    if (c->newest_size <= c->target_size || !is_settled(c))
        return;
    struct buf old = c->target;
    c->target = c->newest;
    c->target_size = c->newest_size;
    c->newest = old;
    pthread_cond_broadcast(&c->moved);
}

void cosigners_offer(struct cosigners *c, uint64_t size, struct slice note)
{
    pthread_mutex_lock(&c->lock);
    buf_reset(&c->newest);
    buf_put_slice(&c->newest, note);
    if (!c->newest.failed && size > c->newest_size) {
        c->newest_size = size;
        go_on(c);
    }
    pthread_mutex_unlock(&c->lock);
}

/* Half to all of the wait, so that many centres do not come back to a witness at once. */
static int64_t wait_us(const struct cosigner *w)
{
    unsigned doubled = w->state.failures < 8 ? w->state.failures - 1 : 7;
    int64_t most = (int64_t)COSIGNER_RETRY_LEAST_MS << doubled;
    struct err ignored = {0};
    uint16_t drawn = 0;

    if (most > COSIGNER_RETRY_MOST_MS)
        most = COSIGNER_RETRY_MOST_MS;
    if (random_fill(w->all->centre->random, &drawn, sizeof(drawn), &ignored) != 0)
        drawn = 0;
    return most * 500 + most * 500 * drawn / UINT16_MAX;
}

static void note_failure(struct cosigner *w, const struct err *why)
{
    struct centre *centre = w->all->centre;

    if (w->state.failures++ == 0)
        w->state.failing_since = clock_now(centre->clock);
    snprintf(w->state.failure, sizeof(w->state.failure), "%.199s", why->text);
    int64_t wait = wait_us(w);
    w->again_at = clock_monotonic(centre->clock) + wait;
    log_line(LOG_LEVEL_WARNING, "witness.failed", LOG_S("witness", w->state.name),
             LOG_S("code", why->code), LOG_S("text", why->text),
             LOG_I("failures", w->state.failures), LOG_I("again_ms", wait / 1000));
}

static void note_success(struct cosigner *w, uint64_t size, uint64_t witnessed)
{
    int64_t now = clock_now(w->all->centre->clock);

    if (w->state.failures > 0)
        log_info("witness.back", LOG_S("witness", w->state.name),
                 LOG_I("failures", w->state.failures),
                 LOG_I("seconds", (now - w->state.failing_since) / 1000000));
    w->state.failures = 0;
    w->state.failing_since = 0;
    w->state.failure[0] = '\0';
    w->state.size = size;
    w->state.at = now;
    w->again_at = 0;
    if (witnessed > w->all->witnessed)
        w->all->witnessed = witnessed;
}

/* ---- threads -----------------------------------------------------------------------------------
 */

/* With the lock held, given up meanwhile. */
static void look(struct cosigners *c)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&c->moved, &c->lock, &until);
}

static void *run(void *context)
{
    struct cosigner *w = context;
    struct cosigners *c = w->all;
    struct buf note;

    pthread_setname_np(pthread_self(), "witness");
    buf_init(&note);
    pthread_mutex_lock(&c->lock);
    while (!c->stopping) {
        struct err e = {0};
        uint64_t size = c->target_size;
        uint64_t witnessed = 0;
        if (size <= w->state.size || clock_monotonic(c->centre->clock) < w->again_at) {
            look(c);
            continue;
        }
        buf_reset(&note);
        buf_put_slice(&note, buf_slice(&c->target));
        pthread_mutex_unlock(&c->lock);
        int asked = buf_check(&note, &e) == 0 ? ask(w, size, buf_slice(&note), &e) : -1;
        if (asked == 0)
            find_witnessed(w, &witnessed);
        pthread_mutex_lock(&c->lock);
        if (asked == 0)
            note_success(w, size, witnessed);
        else if (!c->stopping)
            note_failure(w, &e);
        go_on(c);
    }
    pthread_mutex_unlock(&c->lock);
    buf_fini(&note);
    db_close(w->db);
    return NULL;
}

static int open_one(struct cosigners *c, const struct config_witness *witness,
                    const struct note_key *key, struct err *e)
{
    struct cosigner *w = &c->items[c->count];
    const char *host = strstr(witness->url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    char base[512];

    snprintf(base, sizeof(base), "%.*s",
             path ? (int)(path - witness->url) : (int)strlen(witness->url), witness->url);
    *w = (struct cosigner){
        .all = c, .key = key, .path = path ? path : "", .state.name = witness->name};
    const struct http_client_config http = {
        .url = base, .timeout_ms = 5000, .connect_ms = 3000, .user_agent = "tocsin"};
    if (http_client_new(&w->http, &http, e) != 0)
        return err_context(e, "witness \"%s\"", witness->name);
    c->count++;
    return 0;
}

static int start_threads(struct cosigners *c, struct err *e)
{
    for (size_t i = 0; i < c->count; i++) {
        int failed = pthread_create(&c->items[i].thread, NULL, run, &c->items[i]);
        if (failed)
            return err_errno(e, failed, "centre.thread", "cannot start a witness's thread");
        c->items[i].started = true;
    }
    return 0;
}

int cosigners_start(struct cosigners **out, struct centre *centre, struct err *e)
{
    struct cosigners *c = mem_new(1, sizeof(*c));
    const struct config *config = centre->config;
    pthread_condattr_t attributes;
    size_t count;

    if (!c)
        return err_memory(e);
    c->centre = centre;
    buf_init(&c->target);
    buf_init(&c->newest);
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    const struct note_key *keys = trust_witnesses(centre->trust, &count, &c->quorum);
    if (c->quorum == 0)
        c->quorum = 1;
    for (size_t i = 0; i < config->witness_count && i < count && i < WITNESSES_MAX; i++)
        if (open_one(c, &config->witnesses[i], &keys[i], e) != 0)
            goto failed;
    if (start_threads(c, e) != 0)
        goto failed;
    *out = c;
    return 0;
failed:
    cosigners_stop(c);
    return -1;
}

void cosigners_stop(struct cosigners *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_broadcast(&c->moved);
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].started) {
            http_client_interrupt(c->items[i].http);
            pthread_join(c->items[i].thread, NULL);
        }
        http_client_free(c->items[i].http);
    }
    buf_fini(&c->target);
    buf_fini(&c->newest);
    pthread_cond_destroy(&c->moved);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

uint64_t cosigners_witnessed(struct cosigners *c)
{
    pthread_mutex_lock(&c->lock);
    uint64_t witnessed = c->witnessed;
    pthread_mutex_unlock(&c->lock);
    return witnessed;
}

bool cosigners_state(struct cosigners *c, size_t index, struct cosigner_state *state)
{
    if (index >= c->count)
        return false;
    pthread_mutex_lock(&c->lock);
    *state = c->items[index].state;
    pthread_mutex_unlock(&c->lock);
    return true;
}
