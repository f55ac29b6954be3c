/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/workers.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "store/db.h"

#include <unistd.h>

enum { WAITING_MAX = 20000, THREADS_MAX = 64, REOPEN_WAIT_US = 200000 };

struct job {
    struct job *next;
    worker_fn *fn;
    void *context;
};

struct workers {
    struct centre *centre;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct job *first;
    struct job **last;
    uint64_t waiting;
    bool stopping;
    unsigned count;
    pthread_t threads[THREADS_MAX];
};

static struct job *take(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stopping)
        pthread_cond_wait(&w->work, &w->lock);
    struct job *job = w->first;
    if (job) {
        w->first = job->next;
        if (!w->first)
            w->last = &w->first;
        w->waiting--;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

/* A lost connection is opened again; jobs wait meanwhile. */
static void be_open(struct worker *worker)
{
    while (!worker->db || !db_is_alive(worker->db)) {
        struct err e = {0};
        db_close(worker->db);
        worker->root_count = 0;
        worker->db = centre_open_reader(worker->centre, &e);
        if (worker->db)
            return;
        log_err(LOG_LEVEL_ERROR, "worker.database", &e);
        usleep(REOPEN_WAIT_US);
    }
}

static void *worker_thread(void *context)
{
    struct workers *w = context;
    struct worker worker = {.centre = w->centre};
    struct job *job;

    pthread_setname_np(pthread_self(), "worker");
    while ((job = take(w)) != NULL) {
        be_open(&worker);
        job->fn(&worker, job->context);
        if (db_in_transaction(worker.db))
            db_rollback(worker.db);
        mem_free(job);
    }
    key_free(worker.signer);
    db_close(worker.db);
    return NULL;
}

int workers_new(struct workers **out, struct centre *centre, unsigned threads, struct err *e)
{
    struct workers *w = mem_new(1, sizeof(*w));

    if (!w)
        return err_memory(e);
    w->centre = centre;
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    for (; w->count < threads && w->count < THREADS_MAX; w->count++) {
        int failed = pthread_create(&w->threads[w->count], NULL, worker_thread, w);
        if (failed) {
            err_errno(e, failed, "centre.thread", "cannot start a worker");
            workers_stop(w);
            workers_free(w);
            return -1;
        }
    }
    *out = w;
    return 0;
}

static bool post(struct workers *w, worker_fn *fn, void *context, bool always)
{
    struct job *job = mem_new(1, sizeof(*job));

    if (!job)
        return false;
    job->fn = fn;
    job->context = context;
    pthread_mutex_lock(&w->lock);
    bool taken = !w->stopping && (always || w->waiting < WAITING_MAX);
    if (taken) {
        *w->last = job;
        w->last = &job->next;
        w->waiting++;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    if (!taken)
        mem_free(job);
    return taken;
}

bool workers_post(struct workers *w, worker_fn *fn, void *context)
{
    return post(w, fn, context, false);
}

bool workers_post_always(struct workers *w, worker_fn *fn, void *context)
{
    return post(w, fn, context, true);
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    w->count = 0;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

uint64_t workers_waiting(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t waiting = w->waiting;
    pthread_mutex_unlock(&w->lock);
    return waiting;
}
