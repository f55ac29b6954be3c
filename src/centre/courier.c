/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/courier.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/config.h"
#include "centre/courier_internal.h"
#include "centre/sandbox.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4 * 1024 * 1024, READ_CHUNK = 64 * 1024, FIXED_WAITS = 3 };

struct client {
    int fd; /* -1: free place */
    bool broken;
    struct buf in, out;
    size_t written; /* of out */
};

struct courier {
    const struct courier_options *options;
    struct courier_means means;
    struct courier_queue queue;
    struct client clients[COURIER_CLIENTS_MAX];
    char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    char sandbox[200];
    int listener, signals;
    bool stopping;
    int64_t stop_at; /* monotonic */
};

/* ---- clients ------------------------------------------------------------------------------- */

static void client_close(struct courier *c, struct client *client)
{
    if (client->fd < 0)
        return;
    courier_queue_forget(&c->queue, client);
    close(client->fd);
    buf_fini(&client->in);
    buf_fini(&client->out);
    *client = (struct client){.fd = -1};
}

static void client_write(struct client *client)
{
    while (!client->broken && client->written < client->out.len) {
        ssize_t n = send(client->fd, client->out.data + client->written,
                         client->out.len - client->written, MSG_NOSIGNAL);
        if (n > 0)
            client->written += (size_t)n;
        else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        else if (n < 0 && errno != EINTR)
            client->broken = true;
    }
    buf_reset(&client->out);
    client->written = 0;
}

/* An answer that cannot be kept ends the connection: the client then knows that it does not know.
 */
static void answered(void *context, void *who, uint32_t number, const struct courier_result *result)
{
    struct client *client = who;

    (void)context;
    courier_result_put(&client->out, number, result);
    if (client->out.failed || client->out.len > OUTPUT_MAX)
        client->broken = true;
}

static void answer_status(struct courier *c, struct client *client, uint32_t number)
{
    struct courier_status status = {0};

    courier_queue_status(&c->queue, &status);
    snprintf(status.sandbox, sizeof(status.sandbox), "%s", c->sandbox);
    courier_status_put(&client->out, number, &status);
}

static int take_frame(struct courier *c, struct client *client, struct slice frame, struct err *e)
{
    struct courier_job job;

    if (courier_job_read(frame, &job, e) != 0)
        return -1;
    if (job.operation == COURIER_STATUS) {
        answer_status(c, client, job.number);
    } else if (c->stopping) {
        struct courier_result result = {.state = COURIER_BUSY};
        snprintf(result.said, sizeof(result.said), "the courier is stopping");
        answered(c, client, job.number, &result);
    } else {
        courier_queue_add(&c->queue, client, frame, &job);
    }
    return 0;
}

static void take_frames(struct courier *c, struct client *client)
{
    size_t at = 0, length;
    struct err e = {0};

    for (;;) {
        struct slice rest = slice_of(client->in.data + at, client->in.len - at);
        if (courier_frame_length(rest, &length, &e) != 0)
            break;
        if (length == 0)
            break;
        if (take_frame(c, client, slice_of(rest.data + 4, length), &e) != 0)
            break;
        at += 4 + length;
    }
    if (err_is_set(&e)) {
        log_err(LOG_LEVEL_WARNING, "courier.frame-refused", &e);
        client->broken = true;
    }
    if (at) {
        memmove(client->in.data, client->in.data + at, client->in.len - at);
        client->in.len -= at;
    }
}

static void client_read(struct courier *c, struct client *client)
{
    size_t before = client->in.len;
    uint8_t *room = buf_extend(&client->in, READ_CHUNK);

    if (!room) {
        client->broken = true;
        return;
    }
    ssize_t n = recv(client->fd, room, READ_CHUNK, 0);
    client->in.len = before + (n > 0 ? (size_t)n : 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        client->broken = true;
    if (n > 0)
        take_frames(c, client);
}

static bool peer_is_allowed(const struct courier *c, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == getuid() || peer.uid == c->options->allowed_uid);
}

static void accept_client(struct courier *c)
{
    int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    for (size_t i = 0; i < COURIER_CLIENTS_MAX && peer_is_allowed(c, fd); i++) {
        if (c->clients[i].fd >= 0)
            continue;
        c->clients[i] = (struct client){.fd = fd};
        buf_init(&c->clients[i].in);
        buf_init(&c->clients[i].out);
        return;
    }
    log_warning("courier.client-refused", LOG_S("why", "another user, or too many connections"));
    close(fd);
}

/* ---- the loop ------------------------------------------------------------------------------ */

/* Signals, the queue, the listener (-1: poll passes over it), then the clients in use (their places
 * in at). The number of waits. */
static nfds_t fill_waits(struct courier *c, struct pollfd *waits, size_t *at)
{
    nfds_t count = FIXED_WAITS;

    waits[0] = (struct pollfd){.fd = c->signals, .events = POLLIN};
    waits[1] = (struct pollfd){.fd = c->queue.wake, .events = POLLIN};
    waits[2] = (struct pollfd){.fd = c->listener, .events = POLLIN};
    for (size_t i = 0; i < COURIER_CLIENTS_MAX; i++) {
        struct client *client = &c->clients[i];
        if (client->fd < 0)
            continue;
        at[count - FIXED_WAITS] = i;
        waits[count++] = (struct pollfd){.fd = client->fd,
                                         .events = client->out.len ? POLLIN | POLLOUT : POLLIN};
    }
    return count;
}

static void take_signal(struct courier *c)
{
    struct signalfd_siginfo info;
    struct courier_status status = {0};

    if (read(c->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (c->stopping) { /* told twice: at once */
        c->stop_at = clock_monotonic(&clock_system);
        return;
    }
    courier_queue_status(&c->queue, &status);
    log_info("courier.stopping", LOG_I("in_flight", status.in_flight),
             LOG_I("waiting", status.waiting));
    c->stopping = true;
    c->stop_at = clock_monotonic(&clock_system) + COURIER_GRACE_SECONDS * 1000000LL;
    close(c->listener);
    c->listener = -1;
    unlink(c->socket_path);
    courier_queue_drain(&c->queue);
}

static void serve_clients(struct courier *c, const struct pollfd *waits, nfds_t count,
                          const size_t *at)
{
    for (nfds_t i = 0; i < count; i++) {
        struct client *client = &c->clients[at[i]];
        if (waits[i].revents)
            client_read(c, client);
    }
    for (size_t i = 0; i < COURIER_CLIENTS_MAX; i++) {
        struct client *client = &c->clients[i];
        if (client->fd >= 0 && client->out.len)
            client_write(client);
        if (client->fd >= 0 && client->broken)
            client_close(c, client);
    }
}

static bool is_done(struct courier *c)
{
    struct courier_status status = {0};

    if (!c->stopping)
        return false;
    courier_queue_status(&c->queue, &status);
    return status.in_flight == 0 || clock_monotonic(&clock_system) >= c->stop_at;
}

static void run(struct courier *c)
{
    struct pollfd waits[COURIER_CLIENTS_MAX + FIXED_WAITS];
    size_t at[COURIER_CLIENTS_MAX];

    while (!is_done(c)) {
        nfds_t count = fill_waits(c, waits, at);
        if (poll(waits, count, 1000) < 0)
            continue;
        if (waits[0].revents)
            take_signal(c);
        if (c->listener >= 0 && waits[2].revents)
            accept_client(c);
        serve_clients(c, waits + FIXED_WAITS, count - FIXED_WAITS, at);
        courier_queue_turn(&c->queue);
        serve_clients(c, waits, 0, at); /* the answers of this turn */
    }
}

/* ---- beginning and end --------------------------------------------------------------------- */

static int open_listener(struct courier *c, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *home = c->options->config->home;
    int len;

    if (c->options->socket_path)
        len = snprintf(c->socket_path, sizeof(c->socket_path), "%s", c->options->socket_path);
    else
        len = snprintf(c->socket_path, sizeof(c->socket_path), "%s/run/courier.sock", home);
    if (len < 0 || (size_t)len >= sizeof(c->socket_path))
        return err_set(e, ERR_USAGE, "courier.socket", NULL,
                       "the path of the socket is longer than %zu bytes", sizeof(address.sun_path));
    memcpy(address.sun_path, c->socket_path, sizeof(address.sun_path));
    c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->listener < 0)
        return err_errno(e, errno, "courier.socket", "a Unix socket");
    unlink(c->socket_path);
    mode_t mask = umask(0177); /* there must be no moment at which others could connect */
    int bound = bind(c->listener, (struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (bound != 0 || listen(c->listener, COURIER_CLIENTS_MAX) != 0)
        return err_errno(e, errno, "courier.socket", "cannot listen on %s", c->socket_path);
    return 0;
}

static int open_signals(struct courier *c, struct err *e)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    if (sigprocmask(SIG_BLOCK, &stop, NULL) != 0)
        return err_errno(e, errno, "courier.signals", "cannot block signals");
    c->signals = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
    if (c->signals < 0)
        return err_errno(e, errno, "courier.signals", "signalfd");
    return 0;
}

static void say_ready(int fd)
{
    if (fd < 0)
        return;
    if (file_write_all(fd, "1", 1) != 0)
        log_warning("courier.ready", LOG_S("why", "nobody reads it"));
    close(fd);
}

static int begin(struct courier *c, struct err *e)
{
    if (courier_means_init(&c->means, c->options->config, e) != 0)
        return -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, ERR_SYSTEM, "courier.curl", NULL, "libcurl cannot be set up");
    if (courier_queue_init(&c->queue, &c->means, answered, c, e) != 0 || open_signals(c, e) != 0 ||
        open_listener(c, e) != 0)
        return -1;
    if (c->options->without_sandbox)
        snprintf(c->sandbox, sizeof(c->sandbox), "none, as asked");
    else if (sandbox_courier(c->options->config->home, c->sandbox, sizeof(c->sandbox), e) != 0)
        return -1;
    return 0;
}

int courier_main(const struct courier_options *options)
{
    struct courier *c = mem_new(1, sizeof(*c));
    struct err e = {0};
    int result = 3;

    if (!c) {
        err_memory(&e);
        log_err(LOG_LEVEL_ERROR, "courier.failed", &e);
        return 3;
    }
    c->options = options;
    c->listener = c->signals = -1;
    for (size_t i = 0; i < COURIER_CLIENTS_MAX; i++)
        c->clients[i].fd = -1;
    if (begin(c, &e) == 0) {
        log_info("courier.ready", LOG_S("sandbox", c->sandbox));
        say_ready(options->ready_fd);
        run(c);
        result = 0;
    } else {
        log_err(LOG_LEVEL_ERROR, "courier.failed", &e);
    }
    if (c->queue.threads)
        courier_queue_fini(&c->queue);
    for (size_t i = 0; i < COURIER_CLIENTS_MAX; i++) {
        if (c->clients[i].fd >= 0)
            client_write(&c->clients[i]);
        client_close(c, &c->clients[i]);
    }
    if (c->listener >= 0) {
        close(c->listener);
        unlink(c->socket_path);
    }
    if (c->signals >= 0)
        close(c->signals);
    courier_means_fini(&c->means);
    curl_global_cleanup();
    mem_free(c);
    return result;
}
