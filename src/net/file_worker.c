/* SPDX-License-Identifier: Apache-2.0 */
#include "net/file_worker.h"

#include <signal.h>

static void job_done(struct loop_message *message, struct net_loop *loop)
{
    struct file_job *job = (struct file_job *)message;

    (void)loop;
    job->done(job);
}

static void *work(void *context)
{
    struct file_worker *w = context;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->first && !w->ending)
            pthread_cond_wait(&w->wake, &w->lock);
        struct file_job *job = w->first;
        if (!job)
            break;
        w->first = job->next;
        if (!w->first)
            w->last = &w->first;
        pthread_mutex_unlock(&w->lock);
        job->work(job);
        job->message.run = job_done;
        loop_post(job->loop, &job->message);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void file_worker_init(struct file_worker *w)
{
    *w = (struct file_worker){0};
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
}

int file_worker_start(struct file_worker *w, struct err *e)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&w->thread, NULL, work, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem)
        return err_errno(e, problem, "net.thread", "no thread for files");
    w->started = true;
    return 0;
}

void file_worker_stop(struct file_worker *w)
{
    if (!w->started)
        return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->started = false;
}

void file_worker_fini(struct file_worker *w)
{
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
}

void file_worker_add(struct file_worker *w, struct file_job *job)
{
    pthread_mutex_lock(&w->lock);
    job->next = NULL;
    *w->last = job;
    w->last = &job->next;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}
