/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/centre.h"

#include <time.h>

void centre_head_moved(struct centre *centre, uint64_t size)
{
    pthread_mutex_lock(&centre->head_lock);
    if (size > centre->head)
        centre->head = size;
    pthread_cond_broadcast(&centre->head_moved);
    pthread_mutex_unlock(&centre->head_lock);
}

bool centre_head_wait(struct centre *centre, uint64_t size, unsigned timeout_ms, uint64_t *now)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&centre->head_lock);
    while (centre->head <= size && !centre->stopping)
        if (pthread_cond_timedwait(&centre->head_moved, &centre->head_lock, &until) != 0)
            break;
    *now = centre->head;
    bool go_on = !centre->stopping;
    pthread_mutex_unlock(&centre->head_lock);
    return go_on;
}

uint64_t centre_head(struct centre *centre)
{
    pthread_mutex_lock(&centre->head_lock);
    uint64_t head = centre->head;
    pthread_mutex_unlock(&centre->head_lock);
    return head;
}

bool centre_is_stopping(struct centre *centre)
{
    pthread_mutex_lock(&centre->head_lock);
    bool stopping = centre->stopping;
    pthread_mutex_unlock(&centre->head_lock);
    return stopping;
}

void centre_stop(struct centre *centre)
{
    pthread_mutex_lock(&centre->head_lock);
    centre->stopping = true;
    pthread_cond_broadcast(&centre->head_moved);
    pthread_mutex_unlock(&centre->head_lock);
}

struct db *centre_open_reader(struct centre *centre, struct err *e)
{
    struct db *db = NULL;

    return db_open(&db, centre->database_url, DB_READ, e) == 0 ? db : NULL;
}
