/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop thread: one event base, a queue of messages from other threads, a timer wheel. What
 * belongs to a loop is touched by its thread only.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/buf.h"
#include "base/clock.h"
#include "net/timer_wheel.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>

struct net_loop;

/* Lives in what is sent (an exchange, a stream); queued at most once at a time. */
struct loop_message {
    struct loop_message *next;
    void (*run)(struct loop_message *message, struct net_loop *loop);
};

struct net_loop {
    struct event_base *base;
    struct event wake;
    struct event tick;
    int wake_fd;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of the queue */
    struct loop_message *first, **last;
    atomic_bool ended; /* messages run in the thread that posts them */
    const struct clock *clock;
    struct timer_wheel wheel;
    void (*fire)(struct timer_entry *entry, void *context); /* for the wheel */
    void (*ticked)(struct net_loop *loop);                  /* every tick; may be NULL */
    void *context;
};

enum { LOOP_TICK_MS = 50 };

int loop_init(struct net_loop *l, const struct clock *clock, struct err *e) MUST_CHECK;
void loop_fini(struct net_loop *l);
int loop_start(struct net_loop *l, struct err *e) MUST_CHECK;
/* From its own thread: ends the loop after this round. */
void loop_break(struct net_loop *l);
/* Waits for the thread, and runs what was left in the queue. */
void loop_join(struct net_loop *l);
/* Any thread. */
void loop_post(struct net_loop *l, struct loop_message *message);
/* True in the loop's own thread (and when the loop has ended or not begun: nobody else is there).
 */
bool loop_is_here(struct net_loop *l);

static inline int64_t loop_now(const struct net_loop *l)
{
    return clock_monotonic(l->clock);
}

#endif
