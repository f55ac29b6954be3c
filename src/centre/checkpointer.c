/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/checkpointer.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/cosigners.h"
#include "centre/housekeeping.h"
#include "centre/refusals.h"
#include "centre/streams.h"
#include "centre/writer.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "signer/client.h"

#include <stdio.h>
#include <unistd.h>

enum { TICK_MS = 1000, HOUSEKEEPING_US = 5000000 };

struct checkpointer {
    struct centre *centre;
    pthread_t thread;
    struct db *db;
    struct signer_head last; /* as the signer said it */
    bool knows_last;
    struct cosigners *cosigners;
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

static void note_state(struct checkpointer *k, uint64_t signed_size, const struct err *failure)
{
    pthread_mutex_lock(&k->lock);
    if (signed_size)
        k->state.signed_size = signed_size;
    snprintf(k->state.failure, sizeof(k->state.failure), "%.199s", failure ? failure->text : "");
    pthread_mutex_unlock(&k->lock);
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
    note_state(k, size, NULL);
    cosigners_offer(k->cosigners, size, buf_slice(&note));
    result = 0;
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
            note_state(k, 0, &e);
        }
        streams_show_checkpoint(centre->streams, k->state.signed_size);
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

static void free_checkpointer(struct checkpointer *k)
{
    cosigners_stop(k->cosigners);
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
    if (cosigners_start(&k->cosigners, centre, e) != 0 ||
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
    state->witnessed_size = cosigners_witnessed(k->cosigners);
}

struct cosigners *checkpointer_cosigners(struct checkpointer *k)
{
    return k->cosigners;
}
