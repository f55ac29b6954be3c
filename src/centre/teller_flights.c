/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/teller_flights.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

struct flights {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct flight *first;
    size_t count;
    size_t waiting; /* judged and not ended */
};

struct flights *flights_new(struct err *e)
{
    struct flights *all = mem_new(1, sizeof(*all));
    pthread_condattr_t attributes;

    if (!all) {
        err_memory(e);
        return NULL;
    }
    pthread_mutex_init(&all->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&all->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return all;
}

void flights_free(struct flights *all)
{
    if (!all)
        return;
    while (all->first) {
        struct flight *next = all->first->next;
        mem_free(all->first);
        all->first = next;
    }
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
    mem_free(all);
}

size_t flights_count(struct flights *all)
{
    pthread_mutex_lock(&all->lock);
    size_t count = all->count;
    pthread_mutex_unlock(&all->lock);
    return count;
}

size_t flights_to(struct flights *all, const char *host)
{
    size_t count = 0;

    pthread_mutex_lock(&all->lock);
    for (const struct flight *f = all->first; f; f = f->next)
        count += strcmp(f->host, host) == 0;
    pthread_mutex_unlock(&all->lock);
    return count;
}

bool flights_have(struct flights *all, const char *delivery)
{
    bool found = false;

    pthread_mutex_lock(&all->lock);
    for (const struct flight *f = all->first; f && !found; f = f->next)
        found = strcmp(f->due.id, delivery) == 0;
    pthread_mutex_unlock(&all->lock);
    return found;
}

struct flight *flight_begin(struct flights *all, const struct due *due, struct err *e)
{
    struct flight *f = mem_new(1, sizeof(*f));

    if (!f) {
        err_memory(e);
        return NULL;
    }
    f->all = all;
    f->due = *due;
    f->deadline = INT64_MAX;
    pthread_mutex_lock(&all->lock);
    f->next = all->first;
    all->first = f;
    all->count++;
    pthread_mutex_unlock(&all->lock);
    return f;
}

/* With the lock. */
static void judge(struct flight *f, const struct courier_result *result)
{
    if (f->judged)
        return; /* too late: its deadline has decided */
    f->result = *result;
    f->judged = true;
    f->all->waiting++;
    pthread_cond_signal(&f->all->changed);
}

void flight_landed(void *flight, const struct courier_result *result)
{
    struct flight *f = flight;
    struct flights *all = f->all;

    pthread_mutex_lock(&all->lock);
    judge(f, result);
    f->landed = true;
    bool last = f->ended;
    pthread_mutex_unlock(&all->lock);
    if (last)
        mem_free(f);
}

struct flight *flights_next_judged(struct flights *all, int64_t now)
{
    struct courier_result silent = {.state = COURIER_UNKNOWN};
    struct flight *f;

    snprintf(silent.said, sizeof(silent.said), "the courier did not answer in time");
    pthread_mutex_lock(&all->lock);
    for (f = all->first; f; f = f->next) {
        if (f->deadline <= now)
            judge(f, &silent);
        if (f->judged)
            break;
    }
    pthread_mutex_unlock(&all->lock);
    return f;
}

void flight_end(struct flight *f)
{
    struct flights *all = f->all;
    struct flight **place = &all->first;

    pthread_mutex_lock(&all->lock);
    while (*place != f)
        place = &(*place)->next;
    *place = f->next;
    all->count--;
    all->waiting -= f->judged;
    f->ended = true;
    bool last = f->landed;
    pthread_mutex_unlock(&all->lock);
    if (last)
        mem_free(f);
}

void flights_wait(struct flights *all, unsigned timeout_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&all->lock);
    while (all->waiting == 0)
        if (pthread_cond_timedwait(&all->changed, &all->lock, &until) != 0)
            break;
    pthread_mutex_unlock(&all->lock);
}
