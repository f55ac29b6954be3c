/* SPDX-License-Identifier: Apache-2.0 */
/* What the courier's queue (courier_queue.c) and its sockets (courier.c) share. */
#ifndef CENTRE_COURIER_INTERNAL_H
#define CENTRE_COURIER_INTERNAL_H

#include "centre/courier.h"
#include "centre/courier_delivery.h"

#include <pthread.h>
#include <stdatomic.h>

/* Called once for every job that was added, on the thread of courier_queue_turn. client is what was
 * given with it. */
typedef void courier_answered(void *context, void *client, uint32_t number,
                              const struct courier_result *result);

struct courier_task;

/*
 * Jobs waiting, in flight and done; threads that carry them out, started when they are needed. All
 * functions are called by one thread.
 */
struct courier_queue {
    const struct courier_means *means;
    courier_answered *answered;
    void *context;
    size_t most, in_flight_most; /* from the configuration */
    int wake;                    /* eventfd: something is done, call courier_queue_turn */
    atomic_bool cut;             /* what is in flight shall end now */

    pthread_mutex_t lock; /* what is below */
    pthread_cond_t changed;
    struct courier_task *first, **last; /* waiting */
    struct courier_task *flying, *done;
    size_t waiting, in_flight, bytes;
    uint64_t delivered, failed, unknown;
    pthread_t *threads;
    size_t thread_count, idle;
    bool ending;
};

int courier_queue_init(struct courier_queue *q, const struct courier_means *means,
                       courier_answered *answered, void *context, struct err *e) MUST_CHECK;
/* Cuts what is in flight and answers everything that is still there. */
void courier_queue_fini(struct courier_queue *q);

/* Takes a job on; frame (without length) is copied. What cannot be taken is answered at once. */
void courier_queue_add(struct courier_queue *q, void *client, struct slice frame,
                       const struct courier_job *job);
/* Answers what is done. */
void courier_queue_turn(struct courier_queue *q);
/* The client is gone: what waits is dropped, what is in flight goes on without an answer. */
void courier_queue_forget(struct courier_queue *q, void *client);
/* Answers all that waits with "busy": the courier stops. */
void courier_queue_drain(struct courier_queue *q);
/* Counts, but for the sandbox's text. */
void courier_queue_status(struct courier_queue *q, struct courier_status *status);

#endif
