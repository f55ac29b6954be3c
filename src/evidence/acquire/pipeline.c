/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/pipeline.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/poison.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum {
    STAGES_MOST = 8,
    WORKERS_MOST = 64,
    /* Runs of blocks that cost little pass beside runs that cost much; with a piece for each block
     * of a MiB it is below 100 MiB, however many processors there are. */
    PLACES = 28,
    PLACES_A_WORKER = 2,
    PLACES_MOST = 46,
    PAGE = 4096, /* O_DIRECT wants whole ones */
    WATCH_MILLISECONDS = 100
};

struct place {
    struct evidence_block block;
    bool prepared;
};

struct run {
    const struct evidence_pipeline *p;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct place *ring;
    uint8_t *data, *pieces; /* of all places */
    size_t data_apart, pieces_apart;
    size_t places;
    size_t at_once;   /* blocks that a worker takes */
    uint64_t fed;     /* blocks that the feed has filled */
    uint64_t claimed; /* blocks that workers have begun */
    uint64_t lined;   /* blocks that the line is through with */
    uint64_t taken[STAGES_MOST];
    uint64_t bytes; /* that every stage has taken */
    size_t working; /* threads that are not through */
    bool ended;     /* the feed has no more */
    bool stopped;   /* after a failure, or by watch: nothing more is begun */
    struct err first;
};

struct stage_thread {
    struct run *run;
    size_t index;
};

static struct place *place_of(struct run *r, uint64_t number)
{
    return &r->ring[number % r->places];
}

static uint64_t taken_by_all(const struct run *r)
{
    uint64_t least = r->taken[0];
    if (r->p->line.run && r->lined < least)
        least = r->lined;
    for (size_t i = 1; i < r->p->stage_count; i++)
        if (r->taken[i] < least)
            least = r->taken[i];
    return least;
}

/* With the lock held. */
static void fail(struct run *r, const struct err *e)
{
    if (!err_is_set(&r->first))
        r->first = *e;
    r->stopped = true;
    pthread_cond_broadcast(&r->changed);
}

static void leave(struct run *r)
{
    r->working--;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static void *feed(void *context)
{
    struct run *r = context;
    struct err e = {0};
    pthread_mutex_lock(&r->lock);
    while (!r->stopped && !r->ended) {
        if (r->fed - taken_by_all(r) >= r->places) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        struct place *at = place_of(r, r->fed);
        pthread_mutex_unlock(&r->lock);
        at->prepared = false;
        at->block.number = r->fed;
        at->block.bad = at->block.zero = at->block.failed = false;
        at->block.len = at->block.piece_len = 0;
        int got = r->p->feed.next(r->p->feed.context, &at->block, r->p->block_bytes, &e);
        pthread_mutex_lock(&r->lock);
        if (got < 0)
            fail(r, &e);
        else if (got == 0)
            r->ended = true;
        else
            r->fed++;
        pthread_cond_broadcast(&r->changed);
    }
    leave(r);
    return NULL;
}

/* The neighbours that a worker takes next; it waits until there are as many as are taken at once.
 * With the lock held. 0: there are none yet. */
static size_t claim(struct run *r, struct place *places[EVIDENCE_AT_ONCE])
{
    size_t count = 0;
    if (r->fed - r->claimed < r->at_once && !r->ended)
        return 0;
    while (count < r->at_once && r->claimed < r->fed)
        places[count++] = place_of(r, r->claimed++);
    return count;
}

static int prepare(const struct evidence_workshop *w, void *own,
                   struct place *const places[EVIDENCE_AT_ONCE], size_t count, struct err *e)
{
    struct evidence_block *blocks[EVIDENCE_AT_ONCE];
    if (!w->prepare_all)
        return w->prepare(w->context, own, &places[0]->block, e);
    for (size_t i = 0; i < count; i++)
        blocks[i] = &places[i]->block;
    return w->prepare_all(w->context, own, blocks, count, e);
}

static void *work(void *context)
{
    struct run *r = context;
    const struct evidence_workshop *w = &r->p->workshop;
    struct err e = {0};
    void *own = w->worker_new ? w->worker_new(w->context, &e) : NULL;
    pthread_mutex_lock(&r->lock);
    if (w->worker_new && !own)
        fail(r, &e);
    while (!r->stopped && !(r->ended && r->claimed == r->fed)) {
        struct place *places[EVIDENCE_AT_ONCE];
        size_t count = claim(r, places);
        if (count == 0) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        pthread_mutex_unlock(&r->lock);
        int result = prepare(w, own, places, count, &e);
        pthread_mutex_lock(&r->lock);
        if (result != 0)
            fail(r, &e);
        for (size_t i = 0; result == 0 && i < count; i++)
            places[i]->prepared = true;
        pthread_cond_broadcast(&r->changed);
    }
    leave(r);
    if (own && w->worker_free)
        w->worker_free(own);
    return NULL;
}

static bool is_prepared(struct run *r, uint64_t number)
{
    return !r->p->workshop.prepare || place_of(r, number)->prepared;
}

static bool is_ready(struct run *r, const struct evidence_stage *s, uint64_t number)
{
    if (number >= r->fed)
        return false;
    return !s->prepared || (is_prepared(r, number) && (!r->p->line.run || number < r->lined));
}

static void *line(void *context)
{
    struct run *r = context;
    const struct evidence_line *l = &r->p->line;
    struct err e = {0};
    pthread_mutex_lock(&r->lock);
    while (!r->stopped && !(r->ended && r->lined == r->fed)) {
        if (r->lined == r->fed || (l->prepared && !is_prepared(r, r->lined))) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        struct place *at = place_of(r, r->lined);
        pthread_mutex_unlock(&r->lock);
        int result = l->run(l->context, &at->block, &e);
        pthread_mutex_lock(&r->lock);
        uint64_t before = taken_by_all(r);
        size_t len = at->block.len;
        if (result != 0)
            fail(r, &e);
        else
            r->lined++;
        if (taken_by_all(r) > before)
            r->bytes += len;
        pthread_cond_broadcast(&r->changed);
    }
    leave(r);
    return NULL;
}

static void *take(void *context)
{
    struct stage_thread *thread = context;
    struct run *r = thread->run;
    const struct evidence_stage *s = &r->p->stages[thread->index];
    uint64_t *next = &r->taken[thread->index];
    struct err e = {0};
    pthread_mutex_lock(&r->lock);
    while (!r->stopped && !(r->ended && *next == r->fed)) {
        if (!is_ready(r, s, *next)) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        const struct evidence_block *block = &place_of(r, *next)->block;
        pthread_mutex_unlock(&r->lock);
        int result = s->take(s->context, block, &e);
        pthread_mutex_lock(&r->lock);
        if (result != 0) {
            fail(r, &e);
        } else {
            uint64_t before = taken_by_all(r);
            ++*next;
            if (taken_by_all(r) > before)
                r->bytes += block->len;
        }
        pthread_cond_broadcast(&r->changed);
    }
    leave(r);
    return NULL;
}

/* Until all threads are through, about ten times a second. */
static void watch(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->working > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WATCH_MILLISECONDS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        while (r->working > 0 && pthread_cond_timedwait(&r->changed, &r->lock, &until) == 0)
            continue;
        if (!r->p->watch || r->stopped)
            continue;
        uint64_t bytes = r->bytes;
        pthread_mutex_unlock(&r->lock);
        bool go_on = r->p->watch(r->p->watch_context, bytes);
        pthread_mutex_lock(&r->lock);
        if (!go_on) {
            r->stopped = true;
            pthread_cond_broadcast(&r->changed);
        }
    }
    pthread_mutex_unlock(&r->lock);
}

static size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Data or pieces of all places, one behind the other; under AddressSanitizer with what may not be
 * touched in between. */
static uint8_t *parts_new(const struct run *r, size_t bytes, size_t *apart)
{
    *apart = whole_pages(bytes) + (POISONED ? PAGE : 0);
    uint8_t *parts = mem_new_pages(r->places * *apart);
    for (size_t i = 0; parts && i < r->places; i++)
        ASAN_POISON_MEMORY_REGION(parts + i * *apart + bytes, *apart - bytes);
    return parts;
}

static void parts_free(const struct run *r, uint8_t *parts, size_t apart)
{
    if (parts)
        ASAN_UNPOISON_MEMORY_REGION(parts, r->places * apart);
    mem_free(parts);
}

static int make_ring(struct run *r, struct err *e)
{
    size_t piece = r->p->workshop.piece_room;
    r->ring = mem_new(r->places, sizeof *r->ring);
    r->data = parts_new(r, r->p->block_bytes, &r->data_apart);
    r->pieces = piece ? parts_new(r, piece, &r->pieces_apart) : NULL;
    if (!r->ring || !r->data || (piece && !r->pieces))
        return err_memory(e);
    for (size_t i = 0; i < r->places; i++) {
        struct evidence_block *b = &r->ring[i].block;
        b->data = r->data + i * r->data_apart;
        b->piece_room = piece;
        b->piece = piece ? r->pieces + i * r->pieces_apart : NULL;
    }
    return 0;
}

static void free_ring(struct run *r)
{
    mem_free(r->ring);
    parts_free(r, r->data, r->data_apart);
    parts_free(r, r->pieces, r->pieces_apart);
}

static bool start(struct run *r, pthread_t *id, void *(*function)(void *), void *context)
{
    pthread_mutex_lock(&r->lock);
    bool well = pthread_create(id, NULL, function, context) == 0;
    if (well) {
        r->working++;
    } else {
        struct err e = {0};
        err_set(&e, ERR_SYSTEM, "evidence.thread", NULL, "no thread could be started");
        fail(r, &e);
    }
    pthread_mutex_unlock(&r->lock);
    return well;
}

int evidence_pipeline_run(const struct evidence_pipeline *p, struct err *e)
{
    struct run r = {.p = p, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct stage_thread stages[STAGES_MOST];
    pthread_t ids[STAGES_MOST + WORKERS_MOST + 2];
    size_t started = 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t workers = p->workers ? p->workers : processors > 0 ? (size_t)processors : 1;
    pthread_condattr_t monotonic;

    if (workers > WORKERS_MOST)
        workers = WORKERS_MOST;
    r.places = p->blocks ? p->blocks : PLACES + PLACES_A_WORKER * workers;
    if (!p->blocks && r.places > PLACES_MOST)
        r.places = PLACES_MOST;
    /* each worker has its blocks under way, and as many are fed and taken meanwhile */
    r.at_once = p->workshop.prepare_all ? r.places / (2 * workers) : 1;
    if (r.at_once > EVIDENCE_AT_ONCE)
        r.at_once = EVIDENCE_AT_ONCE;
    if (r.at_once == 0)
        r.at_once = 1;
    if (make_ring(&r, e) != 0) {
        free_ring(&r);
        return -1;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    bool well = true;
    for (size_t i = 0; well && i < p->stage_count; i++) {
        stages[i] = (struct stage_thread){&r, i};
        well = start(&r, &ids[started], take, &stages[i]);
        started += well;
    }
    if (well && p->line.run) {
        well = start(&r, &ids[started], line, &r);
        started += well;
    }
    for (size_t i = 0; well && p->workshop.prepare && i < workers; i++) {
        well = start(&r, &ids[started], work, &r);
        started += well;
    }
    if (well)
        started += start(&r, &ids[started], feed, &r);
    watch(&r);
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    pthread_cond_destroy(&r.changed);
    free_ring(&r);
    if (err_is_set(&r.first)) {
        *e = r.first;
        return -1;
    }
    return r.ended && taken_by_all(&r) == r.fed ? 0 : 1;
}
