/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/writer.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/approval.h"
#include "journal/journal.h"
#include "store/db.h"

#include <pthread.h>
#include <stdio.h>

enum {
    BATCH_COMMANDS = 256,
    BATCH_WAIT_US = 2000,
    BATCH_WORK_US = 10000,
    WAITING_MAX = 10000,
    ANSWER_MAX = 1 << 20, /* bytes of a kept answer */
    REOPEN_WAIT_US = 500000,
};

struct writer {
    struct writer_config config;
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_t thread;
    bool started;
    bool stopping;
    struct command *first;
    struct command **last;
    uint64_t waiting;
    struct writer_counters counters;
    /* the thread's own */
    struct db *db;
    struct arena arena;
};

int writer_new(struct writer **out, const struct writer_config *config, struct err *e)
{
    struct writer *w = mem_new(1, sizeof(*w));
    pthread_condattr_t attributes;

    if (!w)
        return err_memory(e);
    w->config = *config;
    w->last = &w->first;
    arena_init(&w->arena, 0);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->work, &attributes);
    pthread_condattr_destroy(&attributes);
    *out = w;
    return 0;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    db_close(w->db);
    arena_fini(&w->arena);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

static void refuse(struct command *command, const char *why)
{
    err_clear(&command->err);
    err_set(&command->err, ERR_UNAVAILABLE, "centre.busy", NULL, "%s", why);
    err_hint(&command->err, "try again in a few seconds");
    command->done(command);
}

void writer_submit(struct writer *w, struct command *command)
{
    command->next = NULL;
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    bool full = w->waiting >= WAITING_MAX;
    if (!stopping && !full) {
        *w->last = command;
        w->last = &command->next;
        if (w->waiting++ == 0)
            pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    if (stopping)
        refuse(command, "the centre is stopping");
    else if (full)
        refuse(command, "too many commands are waiting");
}

static void wake_waiter(struct command *command)
{
    struct writer_wait *wait = command->context;

    pthread_mutex_lock(&wait->lock);
    wait->done = true;
    pthread_cond_signal(&wait->ready);
    pthread_mutex_unlock(&wait->lock);
}

void writer_begin(struct writer *w, struct command *command, struct writer_wait *wait)
{
    *wait =
        (struct writer_wait){.lock = PTHREAD_MUTEX_INITIALIZER, .ready = PTHREAD_COND_INITIALIZER};
    command->done = wake_waiter;
    command->context = wait;
    writer_submit(w, command);
}

int writer_await(struct command *command, struct writer_wait *wait, struct err *e)
{
    pthread_mutex_lock(&wait->lock);
    while (!wait->done)
        pthread_cond_wait(&wait->ready, &wait->lock);
    pthread_mutex_unlock(&wait->lock);
    pthread_mutex_destroy(&wait->lock);
    pthread_cond_destroy(&wait->ready);
    if (!err_is_set(&command->err))
        return 0;
    if (!err_is_set(e))
        *e = command->err;
    return -1;
}

int writer_run_own(struct writer *w, const struct command_type *type, const char *part,
                   void *prepared, struct err *e)
{
    struct command command;
    struct caller caller;

    caller_system(&caller, part, w->config.organisation);
    command_init(&command, type, &caller);
    command.args = slice_str("{}");
    command.prepared = prepared;
    int result = writer_run(w, &command, e);
    command_fini(&command);
    return result;
}

int writer_run(struct writer *w, struct command *command, struct err *e)
{
    struct writer_wait wait;

    writer_begin(w, command, &wait);
    return writer_await(command, &wait, e);
}

/* Waits for the first command, then for more, but not long; at most BATCH_COMMANDS. */
static struct command *take_batch(struct writer *w)
{
    struct command *batch = NULL;
    struct timespec until;

    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping)
        pthread_cond_wait(&w->work, &w->lock);
    if (w->first && w->waiting > 1 && w->waiting < BATCH_COMMANDS && !w->stopping) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += BATCH_WAIT_US * 1000L / 4;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        pthread_cond_timedwait(&w->work, &w->lock, &until);
    }
    batch = w->first;
    struct command **end = &batch;
    unsigned taken = 0;
    while (*end && taken < BATCH_COMMANDS) {
        end = &(*end)->next;
        taken++;
    }
    w->first = *end;
    *end = NULL;
    if (!w->first)
        w->last = &w->first;
    w->waiting -= taken;
    pthread_mutex_unlock(&w->lock);
    return batch;
}

static void put_back(struct writer *w, struct command *rest)
{
    unsigned count = 1;
    struct command *end = rest;

    while (end->next) {
        end = end->next;
        count++;
    }
    pthread_mutex_lock(&w->lock);
    end->next = w->first;
    if (!w->first)
        w->last = &end->next;
    w->first = rest;
    w->waiting += count;
    pthread_mutex_unlock(&w->lock);
}

/* Finds the answer of an earlier command with this key. 1: repeated, 0: new. */
static int find_repeated(struct writer *w, struct command *command, struct err *e)
{
    struct db_query q;
    int result =
        db_find(&q, w->db, e, SQL_COMMAND_FIND, DB_TEXT(command->caller.id), DB_TEXT(command->key));

    if (result == 1) {
        uint8_t hash[32];
        if (!db_blob_copy(&q, 0, hash, 32) || memcmp(hash, command->hash, 32) != 0) {
            err_set(e, ERR_CONFLICT, "centre.key-reused", NULL,
                    "the idempotency key was used for another command");
            err_hint(e, "use a new key for each new command");
            result = -1;
        } else {
            buf_reset(&command->answer);
            buf_put_slice(&command->answer, db_blob(&q, 2));
            command->act = db_is_null(&q, 1) ? UINT64_MAX : (uint64_t)db_int(&q, 1);
            command->repeated = true;
        }
    }
    db_query_finish(&q);
    return result;
}

static int remember(struct writer *w, struct command *command, int64_t now, struct err *e)
{
    bool has_act = command->act != UINT64_MAX;

    if (!command->key[0] || command->type->secret)
        return 0;
    if (command->answer.len > ANSWER_MAX)
        return err_set(e, ERR_LIMIT, "centre.answer", NULL, "the answer is over %d bytes",
                       ANSWER_MAX);
    return db_run(w->db, e, SQL_COMMAND_INSERT, DB_TEXT(command->caller.id), DB_TEXT(command->key),
                  DB_BYTES(command->hash, 32), has_act ? DB_INT((int64_t)command->act) : DB_NIL,
                  DB_BLOB(buf_slice(&command->answer)), DB_INT(now)) < 0
               ? -1
               : 0;
}

static int may_ask(const struct command *command, struct err *e)
{
    const struct command_type *type = command->type;

    switch (command->caller.kind) {
    case CALLER_SYSTEM: return 0;
    case CALLER_OPERATOR: return caller_needs(&command->caller, type->roles, e);
    case CALLER_ASSET:
        if (type->by_asset)
            return 0;
        break;
    case CALLER_STRANGER:
        if (type->by_stranger)
            return 0;
        break;
    }
    return err_set(e, ERR_DENIED, "centre.denied", NULL, "%s is not for you to ask", type->name);
}

static void start_change(struct writer *w, const struct command *command, int64_t now,
                         struct change *change)
{
    *change = (struct change){
        .db = w->db,
        .journal = w->config.journal,
        .clock = w->config.clock,
        .random = w->config.random,
        .arena = &w->arena,
        .now = now,
        .actor = command->caller.id,
        .organisation = command->organisation[0]          ? command->organisation
                        : command->caller.organisation[0] ? command->caller.organisation
                                                          : w->config.organisation,
        .exercise = command->exercise,
        .command = command->caller.kind == CALLER_SYSTEM ? NULL : command->hash,
    };
    buf_init(&change->data);
}

/* The command itself, inside its savepoint (or, when it is the first, its transaction). */
static int run_one(struct writer *w, struct command *command, int64_t now, struct err *e)
{
    struct command_run run;
    struct json_writer answer;
    struct buf canonical;
    int result = -1;

    buf_init(&canonical);
    start_change(w, command, now, &run.change);
    if (!command->doc && json_parse(&command->doc, command->args, NULL, e) != 0)
        goto out;
    if (command_hash(command->caller.id, command->type->name, json_root(command->doc), &canonical,
                     command->hash, e) != 0 ||
        may_ask(command, e) != 0)
        goto out;
    if (command->key[0] && !command->type->secret) {
        int repeated = find_repeated(w, command, e);
        if (repeated != 0) {
            result = repeated < 0 ? -1 : 0;
            goto out;
        }
    }
    uint64_t before = journal_size(w->config.journal);
    buf_reset(&command->answer);
    json_write_init(&answer, &command->answer, 0);
    json_write_object(&answer);
    run.centre = w->config.centre;
    run.command = command;
    run.args = json_root(command->doc);
    run.answer = &answer;
    if (approval_use(&run, e) != 0)
        goto out;
    if (command->type->run(&run, e) != 0)
        goto out;
    json_write_object_end(&answer);
    if (buf_check(&command->answer, e) != 0)
        goto out;
    uint64_t after = journal_size(w->config.journal);
    command->act = after > before ? after - 1 : UINT64_MAX;
    if (command->follower &&
        journal_follower_move(w->db, command->follower, command->follower_position, e) != 0)
        goto out;
    result = remember(w, command, now, e);
out:
    buf_fini(&run.change.data);
    buf_fini(&canonical);
    return result;
}

/* A refusal of somebody we know becomes an act; -1 only when the transaction cannot go on. */
static int record_refusal(struct writer *w, struct command *command, int64_t now, struct err *e)
{
    struct change change;
    struct err failed = {0};
    int result = 0;

    if (command->type->silent || command->caller.kind == CALLER_STRANGER ||
        command->caller.kind == CALLER_SYSTEM || command->err.kind == ERR_UNAVAILABLE ||
        command->err.kind == ERR_SYSTEM || command->err.kind == ERR_MEMORY)
        return 0;
    start_change(w, command, now, &change);
    struct journal_mark mark = journal_mark(w->config.journal);
    if (db_savepoint(w->db, e) != 0)
        return -1;
    struct json_writer *data = change_act(&change, "command.refused", NULL);
    change.act_refused = true;
    json_member_string(data, "type", command->type->name);
    json_member_string(data, "code", command->err.code);
    if (change_act_end(&change, NULL, &failed) != 0 || db_release(w->db, &failed) != 0) {
        log_err(LOG_LEVEL_WARNING, "refusal.unrecorded", &failed);
        result = db_rollback_to(w->db, e);
        journal_reset_to(w->config.journal, mark);
    }
    buf_fini(&change.data);
    return result;
}

static int begin(struct writer *w, struct err *e)
{
    return db_begin(w->db, e) != 0 || journal_begin(w->config.journal, w->db, e) != 0 ? -1 : 0;
}

/* Takes back what a command did. Before the first one nothing stands: the transaction begins anew,
 * which spares every other one the copies of pages that a savepoint makes. */
static int take_back(struct writer *w, bool first, struct journal_mark mark, struct err *e)
{
    if (!first) {
        journal_reset_to(w->config.journal, mark);
        return db_rollback_to(w->db, e);
    }
    db_rollback(w->db);
    journal_rolled_back(w->config.journal);
    return begin(w, e);
}

/* -1: the transaction cannot go on, since what the command did cannot be taken back in it. */
static int carry_out(struct writer *w, struct command *command, bool first, int64_t now,
                     struct err *e)
{
    struct journal_mark mark = journal_mark(w->config.journal);

    err_clear(&command->err);
    if (!first && db_savepoint(w->db, e) != 0)
        return -1;
    if (run_one(w, command, now, &command->err) == 0 &&
        (first ? !db_has_failed(w->db) : db_release(w->db, &command->err) == 0))
        return 0;
    if (!err_is_set(&command->err))
        err_set(&command->err, ERR_INTERNAL, "centre.failed", NULL,
                "%s failed, and does not say why", command->type->name);
    if (!db_is_alive(w->db)) {
        *e = command->err;
        return -1;
    }
    return take_back(w, first, mark, e) != 0 ? -1 : record_refusal(w, command, now, e);
}

static void fail_all(struct command *batch, const struct err *why)
{
    for (struct command *c = batch; c; c = c->next)
        if (!err_is_set(&c->err) || c->err.kind == ERR_INTERNAL)
            c->err = *why;
}

static void answer_all(struct writer *w, struct command *batch)
{
    while (batch) {
        struct command *command = batch;
        batch = batch->next; /* done may free it */
        command->next = NULL;
        if (!err_is_set(&command->err) && !command->repeated && command->type->committed)
            command->type->committed(w->config.centre, command);
        command->done(command);
    }
}

/* The database is open; or -1. */
static int be_open(struct writer *w, struct err *e)
{
    if (w->db && db_is_alive(w->db))
        return 0;
    db_close(w->db);
    w->db = NULL;
    return db_open(&w->db, w->config.database_url, DB_WRITE, e);
}

static void run_batch(struct writer *w, struct command *batch)
{
    struct err e = {0};
    int64_t started = clock_monotonic(w->config.clock);
    int64_t now = clock_now(w->config.clock);
    unsigned done = 0;
    unsigned refused = 0;

    if (be_open(w, &e) != 0 || begin(w, &e) != 0)
        goto failed;
    for (struct command *c = batch; c; c = c->next) {
        arena_reset(&w->arena);
        if (carry_out(w, c, c == batch, now, &e) != 0)
            goto failed;
        done++;
        refused += err_is_set(&c->err);
        if (c->next && clock_monotonic(w->config.clock) - started > BATCH_WORK_US) {
            put_back(w, c->next);
            c->next = NULL;
        }
    }
    if (journal_flush(w->config.journal, w->db, &e) != 0 || db_commit(w->db, &e) != 0)
        goto failed;
    journal_committed(w->config.journal);
    int64_t took = clock_monotonic(w->config.clock) - started;
    pthread_mutex_lock(&w->lock);
    w->counters.transactions++;
    w->counters.commands += done;
    w->counters.refused += refused;
    if (took > w->counters.longest_us)
        w->counters.longest_us = took;
    pthread_mutex_unlock(&w->lock);
    if (w->config.committed)
        w->config.committed(w->config.centre, journal_size(w->config.journal));
    answer_all(w, batch);
    return;
failed:
    if (w->db)
        db_rollback(w->db);
    journal_rolled_back(w->config.journal);
    log_err(LOG_LEVEL_ERROR, "writer.failed", &e);
    pthread_mutex_lock(&w->lock);
    w->counters.failed_commits++;
    pthread_mutex_unlock(&w->lock);
    fail_all(batch, &e);
    for (struct command *c = batch; c; c = c->next)
        c->repeated = false;
    /* after a failed commit the outcome may be unknown: nothing is assumed, all is loaded anew */
    db_close(w->db);
    w->db = NULL;
    answer_all(w, batch);
}

static void *writer_thread(void *context)
{
    struct writer *w = context;

    pthread_setname_np(pthread_self(), "writer");
    for (;;) {
        struct command *batch = take_batch(w);
        if (!batch)
            return NULL; /* stopping, and nothing waits */
        run_batch(w, batch);
    }
}

int writer_start(struct writer *w, struct err *e)
{
    if (be_open(w, e) != 0)
        return -1;
    int failed = pthread_create(&w->thread, NULL, writer_thread, w);
    if (failed)
        return err_errno(e, failed, "centre.thread", "cannot start the writer");
    w->started = true;
    return 0;
}

void writer_stop(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    if (w->started)
        pthread_join(w->thread, NULL);
    w->started = false;
}

void writer_counters(struct writer *w, struct writer_counters *counters)
{
    pthread_mutex_lock(&w->lock);
    *counters = w->counters;
    counters->waiting = w->waiting;
    pthread_mutex_unlock(&w->lock);
}
