/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/run.h"
#include "agent/home.h"
#include "agent/notify.h"
#include "agent/session.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

struct loop {
    struct session session;
    struct backoff backoff;      /* of the stream */
    int epoll;                   /* hooks, the outbox, the stop pipe */
    int outbox;                  /* inotify of HOME/outcomes */
    bool open;                   /* the stream */
    int64_t opened_at, heard_at; /* monotonic */
    int64_t open_at;             /* monotonic: not opened again before this */
};

/* ---- stopping ---- */

static volatile sig_atomic_t stopping;
static struct http_client *volatile interruptible[2];
static int stop_pipe[2] = {-1, -1};

static void stop(int number)
{
    int saved = errno;

    (void)number;
    stopping = 1;
    for (size_t i = 0; i < 2; i++)
        if (interruptible[i])
            http_client_interrupt(interruptible[i]);
    if (write(stop_pipe[1], "", 1) < 0) {
        /* it is full: whoever waits wakes up anyway */
    }
    errno = saved;
}

static void catch_signals(struct session *s)
{
    struct sigaction action = {.sa_handler = stop};

    interruptible[0] = s->centre.stream;
    interruptible[1] = s->centre.requests;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void release_signals(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    interruptible[0] = interruptible[1] = NULL;
}

/* ---- set-up ---- */

static int watch_fd(struct loop *l, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int loop_init(struct loop *l, struct agent *a, struct err *e)
{
    char path[PATH_MAX];

    memset(l, 0, sizeof(*l));
    l->epoll = l->outbox = -1;
    stopping = 0;
    signal(SIGPIPE, SIG_IGN);
    if (home_path(a->home, "outcomes", path, e) != 0 || session_init(&l->session, a, e) != 0)
        return -1;
    backoff_init(&l->backoff, a->random, (unsigned)a->config.retry_least_ms,
                 (unsigned)a->config.retry_most_ms);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->outbox = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (l->epoll < 0 || l->outbox < 0 ||
        inotify_add_watch(l->outbox, path, IN_CREATE | IN_MOVED_TO) < 0 ||
        pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0 || watch_fd(l, stop_pipe[0]) != 0 ||
        watch_fd(l, l->outbox) != 0 ||
        (dispatch_fd(&l->session.dispatch) >= 0 &&
         watch_fd(l, dispatch_fd(&l->session.dispatch)) != 0) ||
        (alarm_fd(&l->session.alarm) >= 0 && watch_fd(l, alarm_fd(&l->session.alarm)) != 0)) {
        err_errno(e, errno, "agent.run", "cannot wait for events");
        return -1;
    }
    catch_signals(&l->session);
    return 0;
}

static void loop_fini(struct loop *l)
{
    release_signals();
    for (size_t i = 0; i < 2; i++) {
        if (stop_pipe[i] >= 0)
            close(stop_pipe[i]);
        stop_pipe[i] = -1;
    }
    if (l->outbox >= 0)
        close(l->outbox);
    if (l->epoll >= 0)
        close(l->epoll);
    if (l->session.agent)
        session_fini(&l->session);
}

/* ---- events ---- */

static int64_t now_of(const struct loop *l)
{
    return clock_monotonic(l->session.agent->clock);
}

static void close_stream(struct loop *l)
{
    http_client_stream_close(l->session.centre.stream);
    /* a connection that lived for a while was a success; one that did not counts as a failure */
    if (l->open && now_of(l) - l->opened_at > 60 * INT64_C(1000000))
        backoff_success(&l->backoff);
    l->open = false;
    l->open_at = now_of(l) + (int64_t)backoff_next(&l->backoff) * 1000;
}

static int on_reconnect(struct loop *l, struct slice data)
{
    struct json_doc *doc = NULL;
    struct err ignored = {0};
    int64_t after_ms;

    if (json_parse(&doc, data, NULL, &ignored) == 0 &&
        json_int64(json_get(json_root(doc), "after_ms"), &after_ms) && after_ms >= 0) {
        log_info("stream.reconnect", LOG_I("after_ms", after_ms));
        backoff_steer(&l->backoff, after_ms);
    }
    json_doc_free(doc);
    close_stream(l);
    return 0;
}

static int on_checkpoint(struct loop *l, struct slice data, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err why = {0};
    int result = 0;

    if (json_parse(&doc, data, NULL, &why) == 0 && json_is(json_root(doc), JSON_STRING))
        result = session_checkpoint(&l->session, json_string(json_root(doc)), e);
    else
        log_line(LOG_LEVEL_WARNING, "checkpoint.refused",
                 LOG_S("text", "the event's data is not a JSON string"));
    json_doc_free(doc);
    return result;
}

static void on_trust(struct loop *l, struct slice data)
{
    struct json_doc *doc = NULL;
    struct err ignored = {0};
    int64_t generation;

    if (json_parse(&doc, data, NULL, &ignored) == 0 &&
        json_int64(json_get(json_root(doc), "generation"), &generation) &&
        generation > l->session.agent->trust.generation)
        session_want(&l->session, TASK_TRUST, 0);
    json_doc_free(doc);
}

/* What was refused, or did not fit, may look different after a new start; if not, the waits grow.
 */
static int stream_lost(struct loop *l, const struct err *why, struct err *e)
{
    if (session_is_fatal(why)) {
        *e = *why;
        return -1;
    }
    if (!stopping)
        log_line(LOG_LEVEL_WARNING, "stream.lost", LOG_S("code", why->code),
                 LOG_S("text", why->text));
    if (l->session.agent->state.refusal && agent_save(l->session.agent, e) != 0)
        return -1;
    close_stream(l);
    return 0;
}

/* An event over the stream's limit: fetched through the list, which takes larger ones. */
static int take_large(struct loop *l, struct err *e)
{
    struct err why = {0};

    if (session_catch_up(&l->session, &why) >= 0)
        return 0;
    return stream_lost(l, &why, e);
}

static int on_event(struct loop *l, const struct http_event *event, struct err *e)
{
    struct err why = {0};

    if (strcmp(event->event, "notice") == 0) {
        if (session_delivery(&l->session, event->data, &why) < 0)
            return stream_lost(l, &why, e);
        return 0;
    }
    if (strcmp(event->event, "checkpoint") == 0)
        return on_checkpoint(l, event->data, e);
    if (strcmp(event->event, "reconnect") == 0)
        return on_reconnect(l, event->data);
    if (strcmp(event->event, "trust") == 0)
        on_trust(l, event->data);
    return 0; /* events of a later protocol are passed over */
}

static unsigned dead_ms(const struct loop *l)
{
    return (unsigned)l->session.agent->config.stream_dead_s * 1000;
}

static int read_stream(struct loop *l, struct err *e)
{
    struct http_event event;
    struct err why = {0};

    l->heard_at = now_of(l);
    int got = http_client_stream_take(l->session.centre.stream, dead_ms(l), &event, &why);
    if (got == 2)
        return 0;
    if (got == 1)
        return on_event(l, &event, e);
    if (got == 0)
        err_set(&why, ERR_UNAVAILABLE, "client.closed", NULL, "the centre ended the stream");
    bool large = strcmp(why.code, "sse.limit") == 0;
    if (stream_lost(l, &why, e) != 0)
        return -1;
    return large ? take_large(l, e) : 0;
}

/* ---- connecting and waiting ---- */

static int open_stream(struct loop *l, struct err *e)
{
    struct session *s = &l->session;
    char last[32];
    struct err why = {0};
    int status;

    snprintf(last, sizeof(last), "%llu", (unsigned long long)s->agent->state.n);
    if (http_client_stream_open(s->centre.stream, "/v1/stream", last, &status, &why) == 0) {
        l->open = true;
        l->opened_at = l->heard_at = now_of(l);
        s->agent->state.contact_at = clock_now(s->agent->clock);
        log_info("stream.open", LOG_S("after", last));
        notify_send("STATUS=listening to the centre");
        malloc_trim(0);
        return 0;
    }
    if (status >= 400 && status < 500)
        session_hint_trust(s); /* such as a chain that is shorter than ours */
    if (status) {
        struct slice wait = http_client_header(s->centre.stream, "Retry-After");
        int64_t ms = wait.data ? backoff_retry_after(wait, clock_now(s->agent->clock)) : -1;
        backoff_steer(&l->backoff, ms);
    }
    notify_send("STATUS=the centre cannot be reached");
    return stream_lost(l, &why, e);
}

static void drain(int fd)
{
    char bytes[4096];

    while (read(fd, bytes, sizeof(bytes)) > 0) {
        /* only the wake-up counts */
    }
}

/* The outbox changed: somebody reported by hand, or a hook's end was stored. */
static void look_around(struct loop *l)
{
    char bytes[4096];

    if (read(l->outbox, bytes, sizeof(bytes)) > 0) {
        drain(l->outbox);
        session_want(&l->session, TASK_OUTCOMES, 0);
    }
    drain(stop_pipe[0]);
}

static void wait_without_stream(struct loop *l, int64_t until)
{
    struct pollfd waiting = {.fd = l->epoll, .events = POLLIN};
    int64_t left = until > now_of(l) ? (until - now_of(l)) / 1000 + 1 : 0;
    int ms = session_wait_ms(&l->session);

    if (stopping)
        return;
    if (left < ms)
        ms = (int)left;
    if (poll(&waiting, 1, ms) > 0)
        look_around(l);
}

static int wait_with_stream(struct loop *l, struct err *e)
{
    int64_t silent = (now_of(l) - l->heard_at) / 1000;
    unsigned wait = (unsigned)session_wait_ms(&l->session);

    if (silent >= dead_ms(l)) {
        struct err why = {0};
        err_set(&why, ERR_UNAVAILABLE, "client.timeout", NULL,
                "the stream gave no sign of life for %lld seconds", (long long)silent / 1000);
        return stream_lost(l, &why, e);
    }
    if (wait > dead_ms(l) - silent)
        wait = (unsigned)(dead_ms(l) - silent);
    int what = http_client_stream_poll(l->session.centre.stream, l->epoll, wait);
    if (what == 2)
        look_around(l);
    return what == 1 ? read_stream(l, e) : 0;
}

static int one_round(struct loop *l, struct err *e)
{
    if (session_step(&l->session, e) != 0)
        return -1;
    if (stopping)
        return 0;
    if (l->session.changed_identity) {
        l->session.changed_identity = false;
        close_stream(l);
        l->open_at = 0;
    }
    if (l->session.agent->state.rejoin) {
        if (l->open)
            close_stream(l);
        wait_without_stream(l, INT64_MAX);
        return 0;
    }
    if (l->open)
        return wait_with_stream(l, e);
    if (now_of(l) < l->open_at) {
        wait_without_stream(l, l->open_at);
        return 0;
    }
    return open_stream(l, e);
}

int run_forever(struct agent *a, struct err *e)
{
    struct loop l;
    int result = -1;

    if (loop_init(&l, a, e) != 0)
        goto out;
    log_info("agent.ready", LOG_S("asset", a->identity.asset), LOG_I("n", a->state.n));
    notify_send("READY=1\nSTATUS=connecting");
    result = 0;
    while (!stopping && result == 0)
        result = one_round(&l, e);
    notify_send("STOPPING=1");
    if (result == 0)
        result = agent_save(a, e);
    log_info("agent.stopped", LOG_I("n", a->state.n));
out:
    loop_fini(&l);
    return result;
}

/* ---- once ---- */

static int once_rounds(struct loop *l, struct err *e)
{
    struct session *s = &l->session;
    int64_t end = now_of(l) + RUN_ONCE_S * INT64_C(1000000);

    session_want(s, TASK_RECEIPT, 0);
    while (!stopping) {
        if (session_step(s, e) != 0)
            return -1;
        if (now_of(l) < s->hold_until) /* the centre cannot be reached, or is busy */
            return 0;
        if (dispatch_idle(&s->dispatch) && alarm_idle(&s->alarm) && session_quiet(s))
            return 0;
        if (now_of(l) > end)
            return err_set(e, ERR_UNAVAILABLE, "agent.once", NULL,
                           "not everything was done within %d seconds", RUN_ONCE_S);
        wait_without_stream(l, end);
    }
    return err_set(e, ERR_UNAVAILABLE, "agent.stopped", NULL, "stopped by a signal");
}

int run_once(struct agent *a, struct err *e)
{
    struct loop l;
    int result = -1;

    if (loop_init(&l, a, e) != 0)
        goto out;
    struct session *s = &l.session;
    if (session_step(s, e) != 0)
        goto out;
    if (session_fetch_checkpoint(s, e) != 0 || session_catch_up(s, e) < 0) {
        struct err ignored = {0};
        if (a->state.refusal && agent_save(a, &ignored) != 0)
            log_err(LOG_LEVEL_ERROR, "state.not-saved", &ignored);
        goto out;
    }
    result = once_rounds(&l, e);
    if (result == 0 && s->failed) {
        err_set(e, ERR_UNAVAILABLE, "agent.once", NULL,
                "not everything could be done; the lines above say what");
        result = -1;
    }
    if (result == 0 && a->state.alarm)
        result = err_set(e, ERR_VERIFY, "agent.alarm", NULL, "%.400s", a->state.alarm_text);
    if (agent_save(a, e) != 0)
        result = -1;
out:
    loop_fini(&l);
    return result;
}
