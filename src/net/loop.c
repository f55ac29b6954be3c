/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static _Thread_local struct net_loop *here;

static void run_messages(struct net_loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct loop_message *message = l->first;
    l->first = NULL;
    l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    while (message) {
        struct loop_message *next = message->next;
        message->next = NULL;
        message->run(message, l);
        message = next;
    }
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return;
    run_messages(context);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct net_loop *l = context;

    (void)fd;
    (void)what;
    timer_wheel_run(&l->wheel, loop_now(l), l->fire, l);
    if (l->ticked)
        l->ticked(l);
}

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    if (!config)
        return NULL;
    /*
     * One thread a base. No EPOLL_USE_CHANGELIST: it would tell the kernel about a descriptor after
     * it was closed, when another loop's new connection may have its number.
     */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

int loop_init(struct net_loop *l, const struct clock *clock, struct err *e)
{
    struct timeval tick = {.tv_usec = LOOP_TICK_MS * 1000};

    *l = (struct net_loop){.wake_fd = -1, .clock = clock};
    l->last = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    timer_wheel_init(&l->wheel, LOOP_TICK_MS * 1000, clock_monotonic(clock));
    l->base = new_base();
    l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!l->base || l->wake_fd < 0 ||
        event_assign(&l->wake, l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l) != 0 ||
        event_assign(&l->tick, l->base, -1, EV_PERSIST, on_tick, l) != 0 ||
        event_add(&l->wake, NULL) != 0 || event_add(&l->tick, &tick) != 0) {
        loop_fini(l);
        return err_set(e, ERR_SYSTEM, "net.loop", NULL, "the event loop cannot be set up");
    }
    return 0;
}

void loop_fini(struct net_loop *l)
{
    if (l->base) {
        if (event_initialized(&l->wake))
            event_del(&l->wake);
        if (event_initialized(&l->tick))
            event_del(&l->tick);
        event_base_free(l->base);
    }
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    pthread_mutex_destroy(&l->lock);
    l->base = NULL;
    l->wake_fd = -1;
}

static void *run(void *context)
{
    struct net_loop *l = context;

    here = l;
    event_base_dispatch(l->base);
    return NULL;
}

int loop_start(struct net_loop *l, struct err *e)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&l->thread, NULL, run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem)
        return err_errno(e, problem, "net.thread", "no thread for the event loop");
    l->started = true;
    return 0;
}

void loop_break(struct net_loop *l)
{
    event_base_loopbreak(l->base);
}

void loop_join(struct net_loop *l)
{
    if (l->started)
        pthread_join(l->thread, NULL);
    l->started = false;
    pthread_mutex_lock(&l->lock);
    atomic_store(&l->ended, true);
    pthread_mutex_unlock(&l->lock);
    run_messages(l);
}

void loop_post(struct net_loop *l, struct loop_message *message)
{
    uint64_t one = 1;

    pthread_mutex_lock(&l->lock);
    bool ended = atomic_load(&l->ended);
    bool first = l->first == NULL;
    if (!ended) {
        message->next = NULL;
        *l->last = message;
        l->last = &message->next;
    }
    pthread_mutex_unlock(&l->lock);
    if (ended)
        message->run(message, l);
    else if (first && write(l->wake_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: it is awake */
}

bool loop_is_here(struct net_loop *l)
{
    return here == l || atomic_load(&l->ended);
}
