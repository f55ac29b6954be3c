/* SPDX-License-Identifier: Apache-2.0 */
/* Doors: listening sockets, accepting, and turning away cheaply. */
#include "base/memory.h"
#include "net/server_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPTS_A_ROUND = 64, BACKLOG = 4096 };

/* ---- addresses ---- */

struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } as;
    socklen_t len;
};

static int bad_address(const char *text, struct err *e)
{
    err_set(e, ERR_USAGE, "net.address", NULL, "'%s' is no address to listen at", text);
    return err_hint(e, "192.0.2.1:8443, [2001:db8::1]:8443 or unix:/run/tocsin/local.sock");
}

static int parse_port(const char *text, unsigned *port)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || value > 65535)
        return -1;
    *port = (unsigned)value;
    return 0;
}

static int parse_address(const char *text, struct socket_address *out, unsigned *port,
                         struct err *e)
{
    char host[64];
    const char *colon = strrchr(text, ':');

    memset(out, 0, sizeof(*out));
    if (strncmp(text, "unix:", 5) == 0) {
        if (!text[5] || strlen(text + 5) >= sizeof(out->as.local.sun_path))
            return bad_address(text, e);
        out->as.local.sun_family = AF_UNIX;
        memcpy(out->as.local.sun_path, text + 5, strlen(text + 5) + 1);
        out->len = sizeof(out->as.local);
        return 0;
    }
    if (!colon || (size_t)(colon - text) >= sizeof(host) || parse_port(colon + 1, port) != 0)
        return bad_address(text, e);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        out->as.v6.sin6_family = AF_INET6;
        out->as.v6.sin6_port = htons((uint16_t)*port);
        out->len = sizeof(out->as.v6);
        return inet_pton(AF_INET6, host + 1, &out->as.v6.sin6_addr) == 1 ? 0 : bad_address(text, e);
    }
    out->as.v4.sin_family = AF_INET;
    out->as.v4.sin_port = htons((uint16_t)*port);
    out->len = sizeof(out->as.v4);
    return inet_pton(AF_INET, host, &out->as.v4.sin_addr) == 1 ? 0 : bad_address(text, e);
}

/* ---- doors ---- */

int door_init(struct door *door, struct http_server *s, size_t index,
              const struct http_door *config, struct err *e)
{
    struct socket_address address;

    *door = (struct door){
        .server = s,
        .index = index,
        .kind = config->kind,
        .tls = config->tls,
        .allow_tls12 = config->allow_tls12,
        .allow_http10 = config->allow_http10,
        .offers_tickets = config->tls == HTTP_TLS_SERVER || config->tickets,
        .local = strncmp(config->address, "unix:", 5) == 0,
    };
    pthread_mutex_init(&door->lock, NULL);
    door->address = mem_strdup(config->address);
    if (!door->address)
        return err_memory(e);
    if (parse_address(config->address, &address, &door->port, e) != 0)
        return -1;
    if (config->tls == HTTP_TLS_NONE)
        return 0;
    if (!config->identity)
        return err_set(e, ERR_USAGE, "net.tls-certificate", NULL, "the door %s has no certificate",
                       http_door_name(config->kind));
    door->identity = tls_identity_ref(config->identity);
    return tls_tickets_new(&door->tickets, s->limits.ticket_rotate_s, s->config.random,
                           s->config.clock, e);
}

void door_fini(struct door *door)
{
    if (door->path) {
        unlink(door->path);
        mem_free(door->path);
    }
    mem_free(door->address);
    tls_identity_free(door->identity);
    tls_tickets_free(door->tickets);
    pthread_mutex_destroy(&door->lock);
}

SSL_CTX *door_context(struct door *door, struct err *e)
{
    char scope[160];
    struct tls_context_config config = {
        .identity = door->identity,
        .mode = door->tls,
        .allow_tls12 = door->allow_tls12,
        .scope = scope,
        .tickets = door->tickets,
        .offers_tickets = door->offers_tickets,
        .verify = connection_verify,
    };

    snprintf(scope, sizeof(scope), "%zu %s %.120s", door->index, http_door_name(door->kind),
             door->address);
    return tls_context_new(&config, e);
}

/* ---- accepting ---- */

static void refuse_plain(struct listener *listener, int fd)
{
    char answer[160];
    int len = snprintf(answer, sizeof(answer),
                       "HTTP/1.1 503 Service Unavailable\r\nRetry-After: %u\r\n"
                       "Content-Length: 0\r\nConnection: close\r\n\r\n",
                       server_retry_after(listener->door->server));

    count(listener->loop, COUNT_LOAD, 1);
    (void)!send(fd, answer, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    close(fd);
}

/* Takes one token of the accept rate; false: none is left. */
static bool take_token(struct listener *listener)
{
    const struct http_server *s = listener->door->server;
    double share = (double)s->loop_count;
    double burst = s->limits.accept_burst > 0 ? s->limits.accept_burst / share : 1;
    int64_t now = loop_now(&listener->loop->loop);

    if (!s->limits.accept_rate || listener->door->local)
        return true;
    listener->tokens += (double)(now - listener->filled) / 1e6 * s->limits.accept_rate / share;
    listener->filled = now;
    if (listener->tokens > burst)
        listener->tokens = burst;
    if (listener->tokens < 1)
        return false;
    listener->tokens -= 1;
    return true;
}

static void pause_listener(struct listener *listener)
{
    if (!listener->paused)
        event_del(&listener->event);
    listener->paused = true;
}

void listener_tick(struct listener *listener)
{
    if (!listener->paused || listener->fd < 0)
        return;
    listener->paused = event_add(&listener->event, NULL) != 0;
}

static void on_accept(evutil_socket_t listening, short what, void *context)
{
    struct listener *listener = context;

    (void)what;
    for (int i = 0; i < ACCEPTS_A_ROUND && listener->fd >= 0; i++) {
        struct socket_address address = {.len = sizeof(address.as)};
        bool room = take_token(listener);
        int on = 1;
        if (!room && listener->tls) {
            pause_listener(listener);
            return;
        }
        int fd = accept4(listening, &address.as.any, &address.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_listener(listener);
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            return;
        }
        if (!room) {
            refuse_plain(listener, fd);
            continue;
        }
        if (!listener->door->local)
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection_new(listener, fd, &address.as.any);
    }
}

/* ---- listening ---- */

static int bind_failed(const struct door *door, struct err *e)
{
    int problem = errno;

    err_errno(e, problem, "net.bind", "cannot listen at %s", door->address);
    if (problem == EADDRINUSE)
        err_hint(e, "another program listens there already");
    return -1;
}

/* A socket file that nobody listens at any more is taken away. */
static void remove_stale(const struct socket_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    if (connect(fd, &address->as.any, address->len) != 0 && errno == ECONNREFUSED)
        unlink(address->as.local.sun_path);
    close(fd);
}

/*
 * The loops share a port, but not with another program: whoever comes first binds alone, so that
 * a port that is taken is refused, and lets the other loops in afterwards.
 */
static int bind_shared(int fd, const struct socket_address *address, int first)
{
    const int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (!first)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (address->as.any.sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, &address->as.any, address->len) != 0)
        return -1;
    return first ? setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) : 0;
}

static int bind_local(int fd, const struct socket_address *address)
{
    mode_t before = umask(0177);
    int result = bind(fd, &address->as.any, address->len);

    umask(before);
    return result;
}

static int open_socket(struct door *door, int first, unsigned socket_mode, struct err *e)
{
    struct socket_address address;
    unsigned ignored;

    if (parse_address(door->address, &address, &ignored, e) != 0)
        return -1;
    /* the system's choice for the first loop is everyone's */
    if (address.as.any.sa_family == AF_INET)
        address.as.v4.sin_port = htons((uint16_t)door->port);
    else if (address.as.any.sa_family == AF_INET6)
        address.as.v6.sin6_port = htons((uint16_t)door->port);
    else
        remove_stale(&address);
    int fd = socket(address.as.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return bind_failed(door, e);
    int result = door->local ? bind_local(fd, &address) : bind_shared(fd, &address, first);
    if (result != 0 || listen(fd, BACKLOG) != 0 ||
        (door->local && chmod(address.as.local.sun_path, socket_mode ? socket_mode : 0600) != 0)) {
        bind_failed(door, e);
        close(fd);
        return -1;
    }
    if (door->local)
        door->path = mem_strdup(address.as.local.sun_path);
    return fd;
}

static void learn_port(struct door *door, int fd)
{
    struct socket_address address = {.len = sizeof(address.as)};

    if (door->local || door->port || getsockname(fd, &address.as.any, &address.len) != 0)
        return;
    door->port = ntohs(address.as.any.sa_family == AF_INET6 ? address.as.v6.sin6_port
                                                            : address.as.v4.sin_port);
}

int listener_init(struct listener *listener, struct door *door, struct server_loop *l,
                  unsigned socket_mode, struct err *e)
{
    *listener = (struct listener){.door = door, .loop = l, .fd = -1};
    if (door->tls != HTTP_TLS_NONE) {
        listener->tls = door_context(door, e);
        if (!listener->tls)
            return -1;
    }
    if (door->local && l->index > 0)
        return 0;
    listener->fd = open_socket(door, l->index == 0, socket_mode, e);
    if (listener->fd < 0)
        return -1;
    learn_port(door, listener->fd);
    listener->filled = loop_now(&l->loop);
    listener->tokens = door->server->limits.accept_burst;
    if (event_assign(&listener->event, l->loop.base, listener->fd, EV_READ | EV_PERSIST, on_accept,
                     listener) != 0 ||
        event_add(&listener->event, NULL) != 0) {
        close(listener->fd);
        listener->fd = -1;
        return err_set(e, ERR_SYSTEM, "net.loop", NULL, "the event loop takes no listener");
    }
    return 0;
}

void listener_close(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    if (!listener->paused)
        event_del(&listener->event);
    close(listener->fd);
    listener->fd = -1;
}

void listener_fini(struct listener *listener)
{
    listener_close(listener);
    SSL_CTX_free(listener->tls);
    listener->tls = NULL;
}
