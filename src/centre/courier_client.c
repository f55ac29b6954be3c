/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/courier_client.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { SEND_SECONDS = 10, READ_CHUNK = 16 * 1024 };

/* A job that was handed over and is not answered. Exactly one of the two functions is set. */
struct pending {
    struct pending *next;
    uint32_t number;
    courier_done *done;
    void (*answered)(void *context, const struct courier_answer *answer);
    void *context;
};

struct courier_client {
    struct sockaddr_un address;
    pthread_t thread;
    int wake; /* eventfd: the thread shall look at fd and stopping again */

    pthread_mutex_t sending; /* one frame at a time; taken before lock */
    pthread_mutex_t lock;    /* what is below */
    int fd;                  /* -1: not connected. Closed by the thread, with both locks */
    struct pending *pending;
    uint32_t next_number;
    bool stopping;
};

/* ---- the thread that takes answers --------------------------------------------------------- */

static void tell(const struct pending *p, const struct courier_answer *answer)
{
    if (p->answered)
        p->answered(p->context, answer);
    else
        p->done(p->context, &answer->result);
}

static struct pending *take_pending(struct courier_client *client, uint32_t number)
{
    struct pending *found = NULL;

    pthread_mutex_lock(&client->lock);
    for (struct pending **place = &client->pending; *place; place = &(*place)->next) {
        if ((*place)->number != number)
            continue;
        found = *place;
        *place = found->next;
        break;
    }
    pthread_mutex_unlock(&client->lock);
    return found;
}

/* The connection is gone: nobody knows what became of the jobs on it. */
static void lose_connection(struct courier_client *client)
{
    struct courier_answer unknown = {.operation = COURIER_RESULT,
                                     .result = {.state = COURIER_UNKNOWN}};
    struct pending *lost;

    snprintf(unknown.result.said, sizeof(unknown.result.said),
             "the courier went away before it answered");
    pthread_mutex_lock(&client->sending);
    pthread_mutex_lock(&client->lock);
    lost = client->pending;
    client->pending = NULL;
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    pthread_mutex_unlock(&client->lock);
    pthread_mutex_unlock(&client->sending);
    while (lost) {
        struct pending *next = lost->next;
        tell(lost, &unknown);
        mem_free(lost);
        lost = next;
    }
}

static int take_answers(struct courier_client *client, struct buf *in)
{
    struct courier_answer answer;
    struct err e = {0};
    size_t at = 0, length;

    for (;;) {
        struct slice rest = slice_of(in->data + at, in->len - at);
        if (courier_frame_length(rest, &length, &e) != 0)
            return -1;
        if (length == 0)
            break;
        if (courier_answer_read(slice_of(rest.data + 4, length), &answer, &e) != 0)
            return -1;
        struct pending *p = take_pending(client, answer.number);
        if (p)
            tell(p, &answer);
        mem_free(p);
        at += 4 + length;
    }
    if (at) {
        memmove(in->data, in->data + at, in->len - at);
        in->len -= at;
    }
    return 0;
}

/* 0, or -1 when the connection has ended. */
static int receive(struct courier_client *client, int fd, struct buf *in)
{
    size_t before = in->len;
    uint8_t *room = buf_extend(in, READ_CHUNK);

    if (!room)
        return -1;
    ssize_t n = recv(fd, room, READ_CHUNK, MSG_DONTWAIT);
    in->len = before + (n > 0 ? (size_t)n : 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        return -1;
    return take_answers(client, in);
}

static void *take_all_answers(void *context)
{
    struct courier_client *client = context;
    struct buf in;

    buf_init(&in);
    for (;;) {
        pthread_mutex_lock(&client->lock);
        int fd = client->fd;
        bool stopping = client->stopping;
        pthread_mutex_unlock(&client->lock);
        if (stopping)
            break;
        struct pollfd waits[2] = {{.fd = client->wake, .events = POLLIN},
                                  {.fd = fd, .events = POLLIN}};
        eventfd_t count;
        if (poll(waits, 2, -1) < 0)
            continue;
        if (waits[0].revents && eventfd_read(client->wake, &count) != 0)
            continue;
        if (fd >= 0 && waits[1].revents && receive(client, fd, &in) != 0) {
            lose_connection(client);
            buf_reset(&in);
        }
    }
    lose_connection(client);
    buf_fini(&in);
    return NULL;
}

/* ---- life ---------------------------------------------------------------------------------- */

static int start_thread(struct courier_client *client)
{
    sigset_t all, before;

    /* Signals are for the threads that expect them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&client->thread, NULL, take_all_answers, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

struct courier_client *courier_client_new(const char *socket_path, struct err *e)
{
    struct courier_client *client = mem_new(1, sizeof(*client));

    if (!client) {
        err_memory(e);
        return NULL;
    }
    client->fd = -1;
    client->address.sun_family = AF_UNIX;
    pthread_mutex_init(&client->sending, NULL);
    pthread_mutex_init(&client->lock, NULL);
    client->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (strlen(socket_path) >= sizeof(client->address.sun_path))
        err_set(e, ERR_USAGE, "courier.socket", NULL, "the path of the socket is too long");
    else if (client->wake < 0)
        err_errno(e, errno, "courier.client", "eventfd");
    else {
        memcpy(client->address.sun_path, socket_path, strlen(socket_path));
        int failed = start_thread(client);
        if (!failed)
            return client;
        err_errno(e, failed, "courier.client", "a thread");
    }
    if (client->wake >= 0)
        close(client->wake);
    pthread_mutex_destroy(&client->sending);
    pthread_mutex_destroy(&client->lock);
    mem_free(client);
    return NULL;
}

static void wake(struct courier_client *client)
{
    if (eventfd_write(client->wake, 1) != 0) {
        /* full: the thread is awake already */
    }
}

void courier_client_free(struct courier_client *client)
{
    if (!client)
        return;
    pthread_mutex_lock(&client->lock);
    client->stopping = true;
    pthread_mutex_unlock(&client->lock);
    wake(client);
    pthread_join(client->thread, NULL);
    close(client->wake);
    pthread_mutex_destroy(&client->sending);
    pthread_mutex_destroy(&client->lock);
    mem_free(client);
}

/* ---- handing over -------------------------------------------------------------------------- */

/* With both locks. */
static int connect_now(struct courier_client *client, struct err *e)
{
    const struct timeval patience = {.tv_sec = SEND_SECONDS};

    if (client->fd >= 0)
        return 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(e, errno, "courier.unreachable", "a Unix socket");
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        connect(fd, (const struct sockaddr *)&client->address, sizeof(client->address)) != 0) {
        int reason = errno;
        close(fd);
        err_set(e, ERR_UNAVAILABLE, "courier.unreachable", NULL,
                "the courier does not listen on %s: %s", client->address.sun_path,
                strerrordesc_np(reason));
        return err_hint(e, "the supervisor starts it again; try later");
    }
    client->fd = fd;
    wake(client);
    return 0;
}

static int send_all(int fd, struct slice bytes)
{
    while (bytes.len) {
        ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes = slice_of(bytes.data + n, bytes.len - (size_t)n);
    }
    return 0;
}

static int add_pending(struct courier_client *client, struct pending *p, int *fd, struct err *e)
{
    int result;

    pthread_mutex_lock(&client->lock);
    result = connect_now(client, e);
    if (result == 0) {
        p->number = client->next_number++;
        p->next = client->pending;
        client->pending = p;
        *fd = client->fd;
    }
    pthread_mutex_unlock(&client->lock);
    return result;
}

static int check(const struct courier_job *job, struct err *e)
{
    const struct slice fields[] = {job->id, job->to, job->from, job->event, job->signature};

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].len > COURIER_FIELD_MAX)
            return err_set(e, ERR_LIMIT, "courier.limit", NULL, "a field is over %d bytes",
                           COURIER_FIELD_MAX);
    if (job->content.len > COURIER_MESSAGE_MAX)
        return err_set(e, ERR_LIMIT, "courier.limit", NULL, "the message is over %d bytes",
                       COURIER_MESSAGE_MAX);
    if (job->operation != COURIER_STATUS && job->id.len == 0)
        return err_set(e, ERR_INTERNAL, "courier.limit", NULL, "a job without an id");
    return 0;
}

/* Takes over p. A frame that was not sent whole cannot have been carried out. */
static int submit(struct courier_client *client, struct courier_job *job, struct pending *p,
                  struct err *e)
{
    struct buf frame;
    int fd = -1, result = -1;

    buf_init(&frame);
    if (check(job, e) != 0) {
        mem_free(p);
        return -1;
    }
    pthread_mutex_lock(&client->sending);
    if (add_pending(client, p, &fd, e) != 0) {
        mem_free(p);
        goto out;
    }
    job->number = p->number;
    courier_job_put(&frame, job);
    if (buf_check(&frame, e) == 0) {
        result = send_all(fd, buf_slice(&frame));
        if (result != 0) {
            shutdown(fd, SHUT_RDWR);
            err_set(e, ERR_UNAVAILABLE, "courier.unreachable", NULL,
                    "the courier went away while it was given a job");
        }
    }
    if (result != 0)
        mem_free(take_pending(client, job->number));
out:
    pthread_mutex_unlock(&client->sending);
    buf_fini(&frame);
    return result;
}

static int submit_done(struct courier_client *client, struct courier_job *job,
                       enum courier_operation operation, courier_done *done, void *context,
                       struct err *e)
{
    struct pending *p = mem_new(1, sizeof(*p));

    if (!p)
        return err_memory(e);
    p->done = done;
    p->context = context;
    job->operation = operation;
    return submit(client, job, p, e);
}

int courier_submit_mail(struct courier_client *client, struct courier_job *job, courier_done *done,
                        void *context, struct err *e)
{
    return submit_done(client, job, COURIER_MAIL, done, context, e);
}

int courier_submit_webhook(struct courier_client *client, struct courier_job *job,
                           courier_done *done, void *context, struct err *e)
{
    return submit_done(client, job, COURIER_WEBHOOK, done, context, e);
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* Shared by who waits and who answers; the last of them frees it. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned holders;
    bool answered;
    struct courier_answer answer;
};

static struct waiter *waiter_new(void)
{
    struct waiter *w = mem_new(1, sizeof(*w));
    pthread_condattr_t attributes;

    if (!w)
        return NULL;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    w->holders = 2;
    return w;
}

/* With its lock taken. */
static void waiter_let_go(struct waiter *w)
{
    bool last = --w->holders == 0;

    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

static void waiter_answer(void *context, const struct courier_answer *answer)
{
    struct waiter *w = context;

    pthread_mutex_lock(&w->lock);
    w->answer = *answer;
    w->answered = true;
    pthread_cond_signal(&w->changed);
    waiter_let_go(w);
}

/* Waits for the answer and lets go; false: none within the time. */
static bool waiter_wait(struct waiter *w, int64_t deadline, struct courier_answer *answer)
{
    struct timespec until;
    bool answered;

    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + deadline % 1000000 * 1000;
    until.tv_sec += (time_t)(deadline / 1000000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_mutex_lock(&w->lock);
    while (!w->answered && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue;
    answered = w->answered;
    if (answered)
        *answer = w->answer;
    waiter_let_go(w);
    return answered;
}

/* 1 answered, 0 not within the time, -1 not handed over. */
static int ask(struct courier_client *client, struct courier_job *job, int64_t deadline,
               struct courier_answer *answer, struct err *e)
{
    struct waiter *w = waiter_new();
    struct pending *p = w ? mem_new(1, sizeof(*p)) : NULL;

    if (p) {
        p->answered = waiter_answer;
        p->context = w;
    }
    if (p ? submit(client, job, p, e) : err_memory(e)) {
        if (w) { /* nobody else will */
            pthread_mutex_lock(&w->lock);
            w->holders = 1;
            waiter_let_go(w);
        }
        return -1;
    }
    return waiter_wait(w, deadline, answer);
}

static int send_job(struct courier_client *client, struct courier_job *job, int64_t deadline,
                    struct courier_result *result, struct err *e)
{
    struct courier_answer answer;
    int asked = ask(client, job, deadline, &answer, e);

    if (asked < 0)
        return -1;
    if (asked > 0) {
        *result = answer.result;
        return 0;
    }
    *result = (struct courier_result){.state = COURIER_UNKNOWN};
    snprintf(result->said, sizeof(result->said), "the courier did not answer within %lld ms",
             (long long)(deadline / 1000));
    return 0;
}

int courier_send_mail(struct courier_client *client, struct courier_job *job, int64_t deadline,
                      struct courier_result *result, struct err *e)
{
    job->operation = COURIER_MAIL;
    return send_job(client, job, deadline, result, e);
}

int courier_send_webhook(struct courier_client *client, struct courier_job *job, int64_t deadline,
                         struct courier_result *result, struct err *e)
{
    job->operation = COURIER_WEBHOOK;
    return send_job(client, job, deadline, result, e);
}

int courier_client_status(struct courier_client *client, int64_t deadline,
                          struct courier_status *status, struct err *e)
{
    struct courier_job job = {.operation = COURIER_STATUS};
    struct courier_answer answer;
    int asked = ask(client, &job, deadline, &answer, e);

    if (asked < 0)
        return -1;
    if (asked == 0)
        return err_set(e, ERR_UNAVAILABLE, "courier.deadline", NULL,
                       "the courier did not answer within %lld ms", (long long)(deadline / 1000));
    if (answer.operation != COURIER_STATUS_ANSWER)
        return err_set(e, ERR_UNAVAILABLE, "courier.unreachable", NULL, "%s", answer.result.said);
    *status = answer.status;
    return 0;
}
