/* SPDX-License-Identifier: Apache-2.0 */
/* What the courier's queue (courier_queue.c) and its sockets (courier.c) share. */
#ifndef CENTRE_COURIER_INTERNAL_H
#define CENTRE_COURIER_INTERNAL_H

#include "centre/courier.h"
#include "centre/courier_delivery.h"

/* Called once for every job that was added. client is what was given with it. */
typedef void courier_answered(void *context, void *client, uint32_t number,
                              const struct courier_result *result);

struct courier_task;

/* Jobs waiting and in flight, in the order they came, and the libcurl handle that runs them. */
struct courier_queue {
    const struct courier_means *means;
    CURLM *multi;
    struct courier_task *first, **last; /* waiting */
    struct courier_task *flying;
    bool changed;                /* something may be able to start */
    size_t most, in_flight_most; /* from the configuration */
    size_t waiting, in_flight;
    size_t bytes;
    uint64_t delivered, failed, unknown;
    courier_answered *answered;
    void *context;
};

int courier_queue_init(struct courier_queue *q, const struct courier_means *means,
                       courier_answered *answered, void *context, struct err *e) MUST_CHECK;
/* Answers everything that is still there. */
void courier_queue_fini(struct courier_queue *q);

/* Takes a job on; frame (without length) is copied. What cannot be taken is answered at once. */
void courier_queue_add(struct courier_queue *q, void *client, struct slice frame,
                       const struct courier_job *job);
/* Starts what may start, moves what is in flight, answers what is done. */
void courier_queue_turn(struct courier_queue *q);
/* The client is gone: what waits is dropped, what is in flight goes on without an answer. */
void courier_queue_forget(struct courier_queue *q, void *client);
/* Answers all that waits with "busy": the courier stops. */
void courier_queue_drain(struct courier_queue *q);

#endif
