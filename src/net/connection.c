/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "net/server_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READS_A_ROUND = 16,       /* then other connections have their turn */
    LINGER_MAX = 1024 * 1024, /* bytes that are read for nothing */
    KEEP_ROOM = 4096,         /* an empty buffer larger than that is given back */
};

static void connection_event(evutil_socket_t fd, short what, void *context);

static struct net_limits *limits_of(const struct connection *c)
{
    return &c->loop->server->limits;
}

/* ---- birth ---- */

static void write_remote(struct connection *c, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                  c->remote, sizeof(c->remote));
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                  c->remote, sizeof(c->remote));
    else
        snprintf(c->remote, sizeof(c->remote), "local");
}

static int read_uid(int fd)
{
    struct ucred who;
    socklen_t len = sizeof(who);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 ? (int)who.uid : -1;
}

/* More than max connections of that address. */
static bool address_is_full(struct connection *c, const struct sockaddr *address)
{
    size_t now = 0;

    if (address->sa_family == AF_UNIX)
        return false;
    c->address = peers_enter(&c->loop->server->peers, address, &now);
    return !c->address || (limits_of(c)->max_per_address && now > limits_of(c)->max_per_address);
}

void connection_new(struct listener *listener, int fd, const struct sockaddr *address)
{
    struct server_loop *l = listener->loop;
    struct http_server *s = l->server;
    struct connection *c = mem_new(1, sizeof(*c));
    size_t max = s->limits.max_connections;
    size_t now = atomic_fetch_add(&s->connections, 1) + 1;

    count(l, COUNT_ACCEPTED, 1);
    if (!c) {
        atomic_fetch_sub(&s->connections, 1);
        close(fd);
        return;
    }
    c->loop = l;
    c->door = listener->door;
    c->fd = fd;
    c->serial = listener->serial;
    c->uid = c->door->local ? read_uid(fd) : -1;
    c->fresh = true;
    c->next = l->connections;
    c->back = &l->connections;
    if (c->next)
        c->next->back = &c->next;
    l->connections = c;
    write_remote(c, address);
    event_assign(&c->event, l->loop.base, fd, EV_READ | EV_PERSIST, connection_event, c);
    connection_set_state(c, listener->tls ? CONNECTION_HANDSHAKE : CONNECTION_IDLE);
    c->shed = max && now > max;
    if (address_is_full(c, address) || (max && now > max + max / 8)) {
        count(l, COUNT_CONNECTIONS, 1);
        server_refused(l, c->door, "net.connections", c->remote, NULL);
        c->broken = true;
        connection_close(c);
        return;
    }
    if (c->shed)
        count(l, COUNT_CONNECTIONS, 1);
    if (listener->tls && connection_start_tls(c, listener->tls) != 0) {
        connection_close(c);
        return;
    }
    c->readable = true; /* most clients speak first: try before asking the kernel */
    connection_event(fd, 0, c);
}

/* ---- end ---- */

static void unlink_connection(struct connection *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    if (c->peer_back) {
        *c->peer_back = c->peer_next;
        if (c->peer_next)
            c->peer_next->peer_back = c->peer_back;
    }
}

static void destroy(struct connection *c)
{
    struct server_loop *l = c->loop;
    struct http_server *s = l->server;

    if (c->events)
        event_del(&c->event);
    timer_wheel_set(&l->loop.wheel, &c->timer, 0);
    unlink_connection(c);
    if (c->stream)
        stream_cut(c->stream);
    if (c->exchange)
        request_cut(c);
    if (c->ssl)
        connection_end_tls(c);
    close(c->fd);
    if (c->peer && c->counted_peer)
        atomic_fetch_sub(&c->peer->connections, 1);
    peers_release(&s->peers, c->peer);
    peers_leave(&s->peers, c->address);
    buf_fini(&c->in);
    buf_fini(&c->out);
    mem_free(c);
    atomic_fetch_sub(&s->connections, 1);
    if (l->stopping && !l->connections) {
        atomic_store(&l->drained, true);
        loop_break(&l->loop);
    }
}

void connection_close(struct connection *c)
{
    c->dead = true;
    if (!c->pumping)
        destroy(c);
}

/* ---- what is waited for ---- */

static bool wants_input(const struct connection *c)
{
    switch (c->state) {
    case CONNECTION_IDLE:
    case CONNECTION_HEAD:
    case CONNECTION_STREAM:
    case CONNECTION_LINGER: return true;
    case CONNECTION_BODY: return !c->reading_paused;
    default: return false;
    }
}

static void watch(struct connection *c)
{
    short wanted = c->tls_events;

    if (c->state != CONNECTION_HANDSHAKE) {
        if (connection_unsent(c))
            wanted |= EV_WRITE;
        if (wants_input(c) && (!connection_unsent(c) || c->state == CONNECTION_STREAM))
            wanted |= EV_READ;
    }
    if (wanted == c->events)
        return;
    if (c->events)
        event_del(&c->event);
    c->events = wanted;
    if (!wanted)
        return;
    event_assign(&c->event, c->loop->loop.base, c->fd, (short)(wanted | EV_PERSIST),
                 connection_event, c);
    if (event_add(&c->event, NULL) != 0) {
        c->events = 0;
        timer_wheel_set(&c->loop->loop.wheel, &c->timer, 1); /* closed at the next tick */
        c->broken = true;
    }
}

static int64_t after(int64_t since, unsigned ms)
{
    return ms ? since + (int64_t)ms * 1000 : 0;
}

void connection_set_timer(struct connection *c)
{
    const struct net_limits *limits = limits_of(c);
    int64_t deadline = 0;

    if (c->broken)
        return;
    if (connection_unsent(c)) {
        deadline = after(c->progress, limits->write_stall_ms);
    } else {
        switch (c->state) {
        case CONNECTION_HANDSHAKE: deadline = after(c->since, limits->handshake_ms); break;
        case CONNECTION_IDLE:
            deadline = after(c->since, c->fresh ? limits->header_ms : limits->idle_ms);
            break;
        case CONNECTION_HEAD: deadline = after(c->since, limits->header_ms); break;
        case CONNECTION_BODY: deadline = c->reading_paused ? 0 : request_body_deadline(c); break;
        case CONNECTION_WAIT: deadline = after(c->since, limits->answer_ms); break;
        case CONNECTION_STREAM: deadline = stream_deadline(c); break;
        case CONNECTION_LINGER: deadline = after(c->since, limits->linger_ms); break;
        default: break;
        }
    }
    timer_wheel_set(&c->loop->loop.wheel, &c->timer, deadline);
}

void connection_set_state(struct connection *c, enum connection_state state)
{
    c->state = (uint8_t)state;
    c->since = loop_now(&c->loop->loop);
}

static void time_out(struct connection *c, int status, const char *code, const char *text)
{
    struct err e = {0};

    count(c->loop, COUNT_TIMEOUTS, 1);
    err_set(&e, ERR_UNAVAILABLE, code, "RFC 9110 section 15.5.9", "%s", text);
    request_fail(c, status, &e);
}

void connection_fire(struct timer_entry *entry, void *context)
{
    struct connection *c = (struct connection *)entry;
    int64_t now = loop_now(&c->loop->loop);

    (void)context;
    if (c->broken || connection_unsent(c)) {
        count(c->loop, COUNT_TIMEOUTS, 1);
        c->broken = true;
        connection_close(c);
        return;
    }
    switch (c->state) {
    case CONNECTION_HEAD:
        time_out(c, 408, "net.header-time", "the request's head did not come in time");
        break;
    case CONNECTION_BODY:
        if (request_body_deadline(c) > now)
            connection_set_timer(c);
        else
            time_out(c, 408, "net.body-time", "the request's body comes too slowly");
        break;
    case CONNECTION_WAIT:
        time_out(c, 503, "net.answer-time", "the request could not be answered in time");
        break;
    case CONNECTION_STREAM: stream_heartbeat(c); break;
    case CONNECTION_HANDSHAKE:
        count(c->loop, COUNT_HANDSHAKES_FAILED, 1);
        server_refused(c->loop, c->door, "net.handshake-time", c->remote, NULL);
        count(c->loop, COUNT_TIMEOUTS, 1);
        connection_close(c);
        break;
    default: connection_close(c); break;
    }
}

/* ---- writing ---- */

size_t connection_unsent(const struct connection *c)
{
    return c->out.len - c->out_at;
}

/* Bytes taken by the kernel, perhaps 0; -1: broken. */
static ssize_t write_some(struct connection *c, const uint8_t *data, size_t len)
{
    if (c->ssl) {
        size_t put = 0;
        ERR_clear_error();
        int result = SSL_write_ex(c->ssl, data, len, &put);
        if (result == 1)
            return (ssize_t)put;
        if (!connection_tls_waits(c, result))
            return -1;
        if (c->tls_events == EV_WRITE)
            c->tls_events = 0; /* watched for anyhow */
        return 0;
    }
    ssize_t put = send(c->fd, data, len, MSG_NOSIGNAL);
    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return put;
}

static int flush(struct connection *c)
{
    while (connection_unsent(c)) {
        ssize_t put = write_some(c, c->out.data + c->out_at, connection_unsent(c));
        if (put < 0)
            return -1;
        if (put == 0)
            return 0;
        c->out_at += (size_t)put;
        c->progress = loop_now(&c->loop->loop);
    }
    c->out_at = 0;
    if (c->out.room > KEEP_ROOM)
        buf_fini(&c->out);
    else
        buf_reset(&c->out);
    return 0;
}

int connection_send(struct connection *c, struct slice bytes)
{
    size_t at = 0;

    if (c->dead || c->broken)
        return -1;
    count(c->loop, COUNT_OUT, bytes.len);
    while (!connection_unsent(c) && at < bytes.len) {
        ssize_t put = write_some(c, bytes.data + at, bytes.len - at);
        if (put < 0) {
            c->broken = true;
            return -1;
        }
        if (put == 0)
            break;
        at += (size_t)put;
    }
    if (at == bytes.len)
        return 0;
    if (!connection_unsent(c))
        c->progress = loop_now(&c->loop->loop);
    buf_put(&c->out, bytes.data + at, bytes.len - at);
    return c->out.failed ? -1 : 0;
}

/* ---- reading ---- */

/* Bytes read, 0: none now, -1: the end, or broken. */
static ssize_t read_some(struct connection *c)
{
    uint8_t *in = c->loop->in;

    c->readable = false;
    if (c->ssl && c->state != CONNECTION_LINGER) {
        size_t got = 0;
        ERR_clear_error();
        int result = SSL_read_ex(c->ssl, in, READ_SIZE, &got);
        if (result == 1) {
            c->tls_events = 0;
            return (ssize_t)got;
        }
        if (connection_tls_waits(c, result)) {
            if (c->tls_events == EV_READ)
                c->tls_events = 0;
            return 0;
        }
        c->broken = SSL_get_error(c->ssl, result) != SSL_ERROR_ZERO_RETURN;
        return -1;
    }
    ssize_t got = recv(c->fd, in, READ_SIZE, 0);
    if (got == READ_SIZE)
        c->readable = true;
    if (got > 0)
        return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static bool may_read(const struct connection *c)
{
    return c->readable || (c->ssl && c->state != CONNECTION_LINGER && SSL_has_pending(c->ssl));
}

/* Gives bytes to the request; what it does not take now is kept. */
static int take_input(struct connection *c, struct slice in, bool kept)
{
    size_t used = 0;

    if (c->state == CONNECTION_STREAM)
        return -1; /* an open stream is no place for further requests */
    if (c->state == CONNECTION_LINGER) {
        c->lingered += in.len;
        return c->lingered > LINGER_MAX ? -1 : 0;
    }
    if (request_feed(c, in, &used) != 0)
        return -1;
    if (kept) {
        c->in_at += used;
        if (c->in_at == c->in.len) {
            c->in_at = 0;
            buf_fini(&c->in);
        }
    } else if (used < in.len) {
        buf_put(&c->in, in.data + used, in.len - used);
        return c->in.failed ? -1 : 0;
    }
    return 0;
}

static void begin_linger(struct connection *c)
{
    if (c->ssl) {
        ERR_clear_error();
        (void)SSL_shutdown(c->ssl);
        ERR_clear_error();
    }
    shutdown(c->fd, SHUT_WR);
    c->closing = false;
    c->farewell = true;
    connection_set_state(c, CONNECTION_LINGER);
    c->readable = true;
    buf_fini(&c->in);
    c->in_at = 0;
}

/* One step of input. 1: go on, 0: nothing to do now, -1: close. */
static int step_input(struct connection *c)
{
    if (c->in.len > c->in_at)
        return take_input(c, slice_of(c->in.data + c->in_at, c->in.len - c->in_at), true) == 0 ? 1
                                                                                               : -1;
    if (!may_read(c))
        return 0;
    ssize_t got = read_some(c);
    if (got <= 0)
        return (int)got;
    count(c->loop, COUNT_IN, (uint64_t)got);
    return take_input(c, slice_of(c->loop->in, (size_t)got), false) == 0 ? 1 : -1;
}

/* One step. 1: go on, 0: nothing to do now, -1: close. */
static int step(struct connection *c)
{
    if (flush(c) != 0) {
        c->broken = true;
        return -1;
    }
    if (connection_unsent(c))
        return c->state == CONNECTION_STREAM && may_read(c) ? step_input(c) : 0;
    if (c->closing) {
        if (!c->linger)
            return -1;
        begin_linger(c);
        return 1;
    }
    if (c->state == CONNECTION_ANSWER && c->exchange && c->exchange->file)
        file_answer_continue(c->exchange);
    if (c->closing)
        return 1;
    if (c->state == CONNECTION_STREAM) {
        stream_drained(c);
        if (c->dead || connection_unsent(c) || c->closing)
            return c->closing;
    }
    return wants_input(c) ? step_input(c) : 0;
}

void connection_pump(struct connection *c)
{
    int more = 1;

    if (c->pumping)
        return;
    c->pumping = true;
    for (unsigned reads = 0; more == 1 && !c->dead; reads++) {
        more = step(c);
        if (more == 1 && reads >= READS_A_ROUND && !c->closing && c->in.len == c->in_at &&
            may_read(c)) {
            c->readable = true;
            watch(c);
            if (c->events)
                event_active(&c->event, EV_READ, 1);
            break;
        }
    }
    c->pumping = false;
    if (c->dead || more < 0) {
        connection_close(c);
        return;
    }
    watch(c);
    connection_set_timer(c);
}

static void connection_event(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;

    (void)fd;
    if (what & EV_READ)
        c->readable = true;
    if (c->state == CONNECTION_HANDSHAKE) {
        int done = connection_handshake(c);
        if (done < 0)
            return;
        if (done == 0) {
            watch(c);
            connection_set_timer(c);
            return;
        }
        c->readable = false; /* SSL_has_pending knows whether more came along */
    }
    connection_pump(c);
}

/* ---- between requests ---- */

void connection_answered(struct connection *c, bool close_it, bool linger)
{
    unsigned most = limits_of(c)->requests_per_connection;

    c->requests++;
    c->fresh = false;
    c->reading_paused = false;
    if (close_it || c->loop->stopping || (most && c->requests >= most)) {
        c->closing = true;
        c->linger = linger || c->in.len > c->in_at;
        c->state = CONNECTION_ANSWER;
        return;
    }
    connection_set_state(c, CONNECTION_IDLE);
}

void connection_pause(struct connection *c)
{
    if (c->reading_paused)
        return;
    c->reading_paused = true;
    c->paused_at = loop_now(&c->loop->loop);
}

void connection_resume(struct connection *c)
{
    if (!c->reading_paused)
        return;
    c->reading_paused = false;
    /* the pause was ours: the body's clock stood still */
    c->since += loop_now(&c->loop->loop) - c->paused_at;
    connection_pump(c);
}
