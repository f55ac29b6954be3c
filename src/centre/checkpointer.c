/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/checkpointer.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/housekeeping.h"
#include "centre/refusals.h"
#include "centre/streams.h"
#include "centre/trust.h"
#include "centre/writer.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "journal/witness.h"
#include "net/client.h"
#include "signer/client.h"

#include <stdio.h>
#include <unistd.h>

enum { WITNESSES_MAX = 16, TICK_MS = 1000, HOUSEKEEPING_US = 5000000, WITNESS_RETRIES = 2 };

/* What we know of a witness: the size that it cosigned last, as it said. */
struct cosigner {
    struct http_client *http;
    const struct note_key *key;
    const char *name;
    const char *path; /* of its URL, with '/' in front or empty */
    uint64_t size;
};

struct checkpointer {
    struct centre *centre;
    pthread_t thread;
    struct db *db;
    struct signer_head last; /* as the signer said it */
    bool knows_last;
    struct cosigner cosigners[WITNESSES_MAX];
    size_t cosigner_count;
    int64_t housekeeping_at;
    struct housekeeping housekeeping;
    pthread_mutex_t lock;
    struct checkpointer_state state;
};

/* ---- commands ----------------------------------------------------------------------------------
 */

static int checkpoint_store(struct command_run *run, struct err *e)
{
    const struct buf *note = run->command->prepared;

    return journal_checkpoint_store(run->change.db, buf_slice(note), run->change.now, e);
}

const struct command_type command_checkpoint_store = {
    .name = "checkpoint.store", .silent = true, .run = checkpoint_store};

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

/* ---- checkpoints -------------------------------------------------------------------------------
 */

static int ask_last(struct checkpointer *k, struct err *e)
{
    if (k->knows_last)
        return 0;
    if (signer_client_last_checkpoint(k->centre->signer, "journal", k->centre->origin, &k->last,
                                      e) != 0)
        return -1;
    k->knows_last = true;
    return 0;
}

static int sign_head(struct checkpointer *k, struct journal_reader *reader, struct buf *note,
                     struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    uint8_t signature[ED25519_SIGNATURE_LEN];
    struct signer_head head = {.size = journal_reader_size(reader)};
    size_t hashes = 0;

    if (head.size < k->last.size)
        return journal_check_known_head(k->db, k->last.size, k->last.root, "the signer", e);
    if (journal_root_at(reader, head.size, head.root, e) != 0)
        return -1;
    if (k->last.size > 0 && head.size > k->last.size &&
        journal_prove_consistency(reader, k->last.size, head.size, proof, &hashes, e) != 0)
        return -1;
    if (signer_client_sign_checkpoint(k->centre->signer, "journal", k->centre->origin, &head,
                                      (const uint8_t(*)[32])proof, hashes, signature, e) != 0) {
        k->knows_last = false; /* it may have signed and died */
        return -1;
    }
    checkpoint_put(note, slice_str(k->centre->origin), head.size, head.root);
    buf_putc(note, '\n');
    note_put_signature(note, journal_key(k->centre->journal),
                       slice_of(signature, sizeof(signature)));
    if (buf_check(note, e) != 0)
        return -1;
    k->last = head;
    return 0;
}

static int ask_witness(struct checkpointer *k, struct cosigner *w, struct journal_reader *reader,
                       struct slice note, uint64_t size, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct http_response response;
    struct buf body;
    size_t hashes = 0;
    char target[256];
    int result = -1;

    buf_init(&body);
    http_response_init(&response);
    for (unsigned attempt = 0; attempt <= WITNESS_RETRIES; attempt++) {
        hashes = 0;
        if (w->size > size) {
            err_set(e, ERR_VERIFY, "centre.witness-ahead", NULL,
                    "the witness %s has cosigned size %llu, and this journal has %llu: was the "
                    "database restored?",
                    w->name, (unsigned long long)w->size, (unsigned long long)size);
            goto out;
        }
        if (w->size > 0 && w->size < size &&
            journal_prove_consistency(reader, w->size, size, proof, &hashes, e) != 0)
            goto out;
        buf_reset(&body);
        witness_request_put(&body, w->size, (const uint8_t(*)[MERKLE_HASH])proof, hashes, note);
        snprintf(target, sizeof(target), "%s/add-checkpoint", w->path);
        const struct http_request request = {.method = "POST",
                                             .target = target,
                                             .content_type = "text/plain; charset=utf-8",
                                             .body = buf_slice(&body),
                                             .idempotent = true};
        if (buf_check(&body, e) != 0 || http_client_request(w->http, &request, &response, e) != 0)
            goto out;
        if (response.status != WITNESS_CONFLICT)
            break;
        struct slice told = buf_slice(&response.body);
        while (told.len && (told.data[told.len - 1] == '\n' || told.data[told.len - 1] == '\r'))
            told.len--;
        if (!note_number_parse(told, &w->size)) {
            err_set(e, ERR_INPUT, "centre.witness-answer", "C2SP tlog-witness",
                    "the witness %s answered 409 without its size", w->name);
            goto out;
        }
    }
    if (response.status != WITNESS_COSIGN) {
        err_set(e, ERR_UNAVAILABLE, "centre.witness-refused", "C2SP tlog-witness",
                "the witness %s answered %d: %.*s", w->name, response.status,
                (int)(response.body.len < 200 ? response.body.len : 200), buf_text(&response.body));
        goto out;
    }
    struct cosignature cosignature = {
        .size = size, .lines = buf_slice(&response.body), .witness = w->key};
    if (writer_run_own(k->centre->writer, &command_cosignature_store, "sys:clock", &cosignature,
                       e) != 0)
        goto out;
    w->size = size;
    result = 0;
out:
    http_response_fini(&response);
    buf_fini(&body);
    return result;
}

static void note_state(struct checkpointer *k, uint64_t signed_size, uint64_t witnessed,
                       const struct err *failure)
{
    pthread_mutex_lock(&k->lock);
    if (signed_size)
        k->state.signed_size = signed_size;
    if (witnessed)
        k->state.witnessed_size = witnessed;
    snprintf(k->state.failure, sizeof(k->state.failure), "%.199s", failure ? failure->text : "");
    pthread_mutex_unlock(&k->lock);
}

static int ask_witnesses(struct checkpointer *k, struct journal_reader *reader, struct slice note,
                         uint64_t size, struct err *e)
{
    size_t count;
    size_t quorum;
    size_t cosigned = 0;
    int result = 0;

    (void)trust_witnesses(k->centre->trust, &count, &quorum);
    for (size_t i = 0; i < k->cosigner_count; i++) {
        struct err one = {0};
        if (ask_witness(k, &k->cosigners[i], reader, note, size, &one) == 0) {
            cosigned++;
            continue;
        }
        log_err(LOG_LEVEL_WARNING, "witness.failed", &one);
        if (!err_is_set(e))
            *e = one;
        result = -1;
    }
    if (k->cosigner_count > 0 && cosigned >= (quorum ? quorum : 1))
        note_state(k, 0, size, result == 0 ? NULL : e);
    return result;
}

/* A checkpoint of what is committed, if there is something new. */
static int tick(struct checkpointer *k, struct err *e)
{
    struct journal_reader *reader = NULL;
    struct buf note;
    int result = -1;

    buf_init(&note);
    if (ask_last(k, e) != 0)
        goto out;
    reader = journal_reader_new(k->db, e);
    if (!reader)
        goto out;
    uint64_t size = journal_reader_size(reader);
    bool stored = k->state.signed_size == size;
    if (stored && size == k->last.size) {
        result = 0;
        goto out;
    }
    if (sign_head(k, reader, &note, e) != 0 ||
        writer_run_own(k->centre->writer, &command_checkpoint_store, "sys:clock", &note, e) != 0)
        goto out;
    note_state(k, size, 0, NULL);
    result = ask_witnesses(k, reader, buf_slice(&note), size, e);
out:
    journal_reader_free(reader);
    buf_fini(&note);
    return result;
}

static int be_open(struct checkpointer *k, struct err *e)
{
    if (k->db && db_is_alive(k->db))
        return 0;
    db_close(k->db);
    k->db = centre_open_reader(k->centre, e);
    return k->db ? 0 : -1;
}

static void *clock_thread(void *context)
{
    struct checkpointer *k = context;
    struct centre *centre = k->centre;
    int64_t interval = centre->config->journal_checkpoint_interval;
    uint64_t head = 0;
    int64_t next = 0;

    pthread_setname_np(pthread_self(), "clock");
    while (centre_head_wait(centre, k->last.size ? k->last.size : 0, TICK_MS, &head)) {
        struct err e = {0};
        int64_t now = clock_monotonic(centre->clock);
        if (now < next) {
            usleep((useconds_t)(next - now < 100000 ? next - now : 100000));
            continue;
        }
        next = now + interval;
        bool open = be_open(k, &e) == 0;
        if (!open || tick(k, &e) != 0) {
            log_err(LOG_LEVEL_WARNING, "checkpoint.failed", &e);
            note_state(k, 0, 0, &e);
        }
        streams_store_sent(centre);
        if (now >= k->housekeeping_at) {
            k->housekeeping_at = now + HOUSEKEEPING_US;
            if (open && db_is_alive(k->db))
                housekeeping_do(&k->housekeeping, centre, k->db);
            refusals_write(centre, false);
        }
    }
    db_close(k->db);
    return NULL;
}

static int open_cosigners(struct checkpointer *k, struct err *e)
{
    const struct config *config = k->centre->config;
    size_t count;
    size_t quorum;
    const struct note_key *keys = trust_witnesses(k->centre->trust, &count, &quorum);

    for (size_t i = 0; i < config->witness_count && i < count && i < WITNESSES_MAX; i++) {
        struct cosigner *w = &k->cosigners[i];
        const char *url = config->witnesses[i].url;
        const char *host = strstr(url, "://");
        const char *path = host ? strchr(host + 3, '/') : NULL;
        char base[512];
        snprintf(base, sizeof(base), "%.*s", path ? (int)(path - url) : (int)strlen(url), url);
        w->name = config->witnesses[i].name;
        w->key = &keys[i];
        w->path = path ? path : "";
        const struct http_client_config http = {
            .url = base, .timeout_ms = 5000, .connect_ms = 3000, .user_agent = "tocsin"};
        if (http_client_new(&w->http, &http, e) != 0)
            return err_context(e, "witness \"%s\"", w->name);
        k->cosigner_count++;
    }
    return 0;
}

static void free_checkpointer(struct checkpointer *k)
{
    for (size_t i = 0; i < k->cosigner_count; i++)
        http_client_free(k->cosigners[i].http);
    pthread_mutex_destroy(&k->lock);
    mem_free(k);
}

int checkpointer_start(struct checkpointer **out, struct centre *centre, struct err *e)
{
    struct checkpointer *k = mem_new(1, sizeof(*k));

    if (!k)
        return err_memory(e);
    k->centre = centre;
    pthread_mutex_init(&k->lock, NULL);
    int failed = 0;
    if (open_cosigners(k, e) != 0 ||
        (failed = pthread_create(&k->thread, NULL, clock_thread, k)) != 0) {
        if (failed)
            err_errno(e, failed, "centre.thread", "cannot start the clock thread");
        free_checkpointer(k);
        return -1;
    }
    *out = k;
    return 0;
}

void checkpointer_stop(struct checkpointer *k)
{
    if (!k)
        return;
    pthread_join(k->thread, NULL);
    free_checkpointer(k);
}

void checkpointer_state(struct checkpointer *k, struct checkpointer_state *state)
{
    pthread_mutex_lock(&k->lock);
    *state = k->state;
    pthread_mutex_unlock(&k->lock);
}
