/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/follower.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/parking.h"
#include "centre/writer.h"
#include "journal/journal.h"

#include <stdio.h>

enum {
    FOLLOWERS_MAX = 16,
    PASS_OVER = 1000,
    PAUSE_MS = 1000,
    WAIT_MS = 1000,
    READ_MAX = 256,
};

struct running {
    struct follower follower;
    pthread_t thread;
    pthread_mutex_t lock;
    struct follower_state state;
    uint64_t stored;  /* the position in the database */
    uint64_t failing; /* the act that failed last */
    unsigned tries;
    bool retried; /* what had been put aside before this start */
};

struct followers {
    size_t count;
    struct running running[FOLLOWERS_MAX];
};

static int do_nothing(struct command_run *run, struct err *e)
{
    (void)run;
    (void)e;
    return 0; /* the writer moves the position */
}

const struct command_type command_follower_move = {
    .name = "follower.move", .silent = true, .run = do_nothing};

int follower_command(struct follower *f, const struct command_type *type, struct slice args,
                     void *prepared, const char *organisation, bool exercise, bool move,
                     struct buf *answer, struct err *e)
{
    struct command command;
    struct caller caller;
    char actor[ID_TEXT];

    snprintf(actor, sizeof(actor), "sys:%s", f->type->name);
    caller_system(&caller, actor, f->centre->organisation);
    command_init(&command, type, &caller);
    command.args = args;
    command.prepared = prepared;
    command.exercise = exercise;
    if (organisation)
        snprintf(command.organisation, sizeof(command.organisation), "%s", organisation);
    if (move && !f->behind) {
        command.follower = f->type->name;
        command.follower_position = f->next + 1;
    }
    int result = writer_run(f->centre->writer, &command, e);
    if (result == 0 && move)
        f->moved = true;
    if (result == 0 && answer) {
        buf_put_slice(answer, buf_slice(&command.answer));
        result = buf_check(answer, e);
    }
    command_fini(&command);
    return result;
}

static int store_position(struct running *r, uint64_t next, struct err *e)
{
    struct follower *f = &r->follower;
    uint64_t before = f->next;

    if (next <= r->stored)
        return 0;
    f->next = next - 1;
    int result = follower_command(f, &command_follower_move, slice_str("{}"), NULL, NULL, false,
                                  true, NULL, e);
    f->next = before;
    f->moved = false;
    if (result == 0)
        r->stored = next;
    return result;
}

static bool is_wanted(const struct follower_type *type, const char *act)
{
    for (size_t i = 0; type->wanted[i]; i++)
        if (strcmp(type->wanted[i], act) == 0)
            return true;
    return false;
}

static void note_state(struct running *r, const struct err *failure)
{
    pthread_mutex_lock(&r->lock);
    r->state.next = r->follower.next;
    if (failure) {
        r->state.failures++;
        snprintf(r->state.failure, sizeof(r->state.failure), "%.159s", failure->text);
    } else {
        r->state.failure[0] = '\0';
    }
    pthread_mutex_unlock(&r->lock);
}

/* Acts are copied out of the page before they are handled: handling runs for as long as it likes.
 */
struct copied {
    uint64_t index;
    char *type;
    char *organisation;
    struct slice body;
};

struct collected {
    struct arena arena;
    const struct follower_type *type;
    struct copied acts[READ_MAX];
    size_t count;
    uint64_t seen; /* index behind the last row looked at */
};

static int collect(void *context, const struct journal_row *row, struct err *e)
{
    struct collected *c = context;

    c->seen = row->index + 1;
    if (!is_wanted(c->type, row->type) || !row->body.data)
        return 0; /* a forgotten act has been followed before it was forgotten */
    struct copied *copy = &c->acts[c->count++];
    copy->index = row->index;
    copy->type = arena_strdup(&c->arena, row->type);
    copy->organisation = row->organisation ? arena_strdup(&c->arena, row->organisation) : NULL;
    char *body = arena_copy(&c->arena, row->body.data, row->body.len);
    if (!copy->type || !body || (row->organisation && !copy->organisation))
        return err_memory(e);
    copy->body = slice_of(body, row->body.len);
    return 0;
}

static int handle(struct running *r, const struct copied *copy, struct err *e)
{
    struct follower *f = &r->follower;
    struct json_doc *doc = NULL;
    struct act_view view;
    int result = -1;

    f->next = copy->index;
    f->moved = false;
    if (json_parse(&doc, copy->body, NULL, e) == 0 && act_view(&view, json_root(doc), e) == 0) {
        const struct followed act = {.index = copy->index,
                                     .type = copy->type,
                                     .organisation = copy->organisation,
                                     .data = view.data};
        result = view.refused ? 0 : f->type->handle(f, &act, e);
    }
    json_doc_free(doc);
    return result;
}

int follower_park(struct follower *f, uint64_t act, bool move, const struct err *why, struct err *e)
{
    const struct parked parked = {.follower = f->type->name, .act = act, .why = why};
    int there = parking_has(f->db, f->type->name, act, e);

    if (there < 0)
        return -1;
    if (there == 1)
        return 0;
    log_line(LOG_LEVEL_ERROR, "follower.parked", LOG_S("follower", f->type->name),
             LOG_I("act", act), LOG_S("code", why->code), LOG_S("text", why->text),
             LOG_S("where", why->where));
    return follower_command(f, &command_follower_park, slice_str("{}"), (void *)&parked, NULL,
                            false, move, NULL, e);
}

static int list_parked(struct running *r, struct err *e)
{
    uint64_t acts[FOLLOWER_PARKED_SHOWN];
    int64_t count = parking_list(r->follower.db, r->follower.type->name, acts, ARRAY_LEN(acts), e);

    if (count < 0)
        return -1;
    pthread_mutex_lock(&r->lock);
    memcpy(r->state.parked, acts, sizeof(acts));
    r->state.parked_count = (uint64_t)count;
    pthread_mutex_unlock(&r->lock);
    return 0;
}

/* An act could not be handled. 0: it was put aside; -1: it is tried again. */
static int give_up(struct running *r, uint64_t act, struct err *e)
{
    struct err failed = {0};

    r->tries = r->failing == act ? r->tries + 1 : 1;
    r->failing = act;
    if (parking_waits(e, r->tries) || follower_park(&r->follower, act, true, e, &failed) != 0)
        return -1;
    err_clear(e);
    return list_parked(r, e);
}

static int handle_one(struct running *r, const struct copied *copy, struct err *e)
{
    struct follower *f = &r->follower;

    if (handle(r, copy, e) != 0 && give_up(r, copy->index, e) != 0)
        return -1;
    if (f->moved)
        r->stored = copy->index + 1;
    f->next = copy->index + 1;
    /* What moved nothing finds nothing to do when it comes again: no commit for each of them. */
    return f->next - r->stored < PASS_OVER ? 0 : store_position(r, f->next, e);
}

static int follow(struct running *r, uint64_t head, struct err *e)
{
    struct follower *f = &r->follower;
    struct collected collected = {.type = f->type};
    int result = -1;

    arena_init(&collected.arena, 0);
    while (f->next < head && !centre_is_stopping(f->centre)) {
        arena_reset(&collected.arena);
        collected.count = 0;
        collected.seen = f->next;
        if (db_begin(f->db, e) != 0)
            goto out;
        int64_t rows = journal_read(f->db, f->next, READ_MAX, collect, &collected, NULL, e);
        db_rollback(f->db);
        if (rows < 0)
            goto out;
        if (rows == 0)
            break;
        for (size_t i = 0; i < collected.count; i++)
            if (handle_one(r, &collected.acts[i], e) != 0)
                goto out;
        f->next = collected.seen;
        note_state(r, NULL);
        if (f->next - r->stored >= PASS_OVER && store_position(r, f->next, e) != 0)
            goto out;
    }
    result = 0;
out:
    arena_fini(&collected.arena);
    return result;
}

/* Once at each start, also of a newer program: what had been put aside. Out of its order: whoever
 * handles it finds what became of it since. */
static int retry_parked(struct running *r, struct err *e)
{
    struct follower *f = &r->follower;
    struct collected collected = {.type = f->type};
    uint64_t acts[READ_MAX];
    uint64_t next = f->next;
    int64_t count = parking_list(f->db, f->type->name, acts, ARRAY_LEN(acts), e);

    if (count < 0)
        return -1;
    r->retried = true;
    f->behind = true;
    arena_init(&collected.arena, 0);
    for (size_t i = 0; i < (size_t)count && i < ARRAY_LEN(acts); i++) {
        const struct parked parked = {.follower = f->type->name, .act = acts[i]};
        struct err why = {0};
        arena_reset(&collected.arena);
        collected.count = 0;
        int found = journal_find_index(f->db, acts[i], collect, &collected, &why);
        if (found == 1 && collected.count == 1 && handle(r, &collected.acts[0], &why) == 0 &&
            follower_command(f, &command_follower_resume, slice_str("{}"), (void *)&parked, NULL,
                             false, false, NULL, &why) == 0)
            log_line(LOG_LEVEL_INFO, "follower.resumed", LOG_S("follower", f->type->name),
                     LOG_I("act", acts[i]));
        else
            log_line(LOG_LEVEL_WARNING, "follower.parked", LOG_S("follower", f->type->name),
                     LOG_I("act", acts[i]), LOG_S("code", why.code), LOG_S("text", why.text),
                     LOG_S("where", why.where));
    }
    f->next = next;
    f->moved = false;
    f->behind = false;
    arena_fini(&collected.arena);
    return list_parked(r, e);
}

static int start_over(struct running *r, struct err *e)
{
    struct follower *f = &r->follower;

    db_close(f->db);
    f->db = centre_open_reader(f->centre, e);
    if (!f->db || journal_follower_position(f->db, f->type->name, &f->next, e) != 0)
        return -1;
    r->stored = f->next;
    if (f->type->prepare && f->type->prepare(f, e) != 0)
        return -1;
    return r->retried ? 0 : retry_parked(r, e);
}

static void *follower_thread(void *context)
{
    struct running *r = context;
    struct follower *f = &r->follower;
    bool ready = false;
    uint64_t head = 0;
    unsigned wait = 0;

    pthread_setname_np(pthread_self(), f->type->name);
    while (centre_head_wait(f->centre, wait ? UINT64_MAX - 1 : f->next, wait ? wait : WAIT_MS,
                            &head)) {
        struct err e = {0};
        wait = 0;
        if (!ready)
            ready = start_over(r, &e) == 0;
        if (ready && (follow(r, head, &e) != 0 || (f->type->idle && f->type->idle(f, &e) != 0)))
            ready = false;
        if (!ready && !centre_is_stopping(f->centre)) {
            log_line(LOG_LEVEL_WARNING, "follower.pause", LOG_S("follower", f->type->name),
                     LOG_I("act", f->next), LOG_S("code", e.code), LOG_S("text", e.text),
                     LOG_S("where", e.where));
            note_state(r, &e);
            wait = PAUSE_MS;
        } else {
            note_state(r, NULL);
        }
    }
    struct err e = {0};
    if (ready && f->type->end && f->type->end(f, &e) != 0)
        log_err(LOG_LEVEL_WARNING, "follower.end", &e);
    err_clear(&e);
    if (ready && f->next > r->stored && store_position(r, f->next, &e) != 0)
        log_err(LOG_LEVEL_WARNING, "follower.position", &e);
    db_close(f->db);
    f->db = NULL;
    return NULL;
}

int followers_start(struct followers **out, struct centre *centre,
                    const struct follower_type *const *types, size_t count, struct err *e)
{
    struct followers *followers = mem_new(1, sizeof(*followers));

    if (!followers)
        return err_memory(e);
    *out = followers;
    for (size_t i = 0; i < count && i < FOLLOWERS_MAX; i++) {
        struct running *r = &followers->running[i];
        r->follower.centre = centre;
        r->follower.type = types[i];
        r->state.name = types[i]->name;
        pthread_mutex_init(&r->lock, NULL);
        int failed = pthread_create(&r->thread, NULL, follower_thread, r);
        if (failed)
            return err_errno(e, failed, "centre.thread", "cannot start the follower %s",
                             types[i]->name);
        followers->count++;
    }
    return 0;
}

void followers_stop(struct followers *followers)
{
    if (!followers)
        return;
    for (size_t i = 0; i < followers->count; i++) {
        pthread_join(followers->running[i].thread, NULL);
        pthread_mutex_destroy(&followers->running[i].lock);
    }
    mem_free(followers);
}

bool followers_state(struct followers *followers, size_t index, struct follower_state *state)
{
    if (!followers || index >= followers->count)
        return false;
    struct running *r = &followers->running[index];
    pthread_mutex_lock(&r->lock);
    *state = r->state;
    pthread_mutex_unlock(&r->lock);
    return true;
}
