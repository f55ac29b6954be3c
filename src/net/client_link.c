/* SPDX-License-Identifier: Apache-2.0 */
#include "net/client_link.h"
#include "base/clock.h"
#include "crypto/shortage.h"
#include "net/tls_identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

static int timed_out(struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE, "client.timeout", NULL, "the server did not answer in time");
}

/* Waits for events on fd. 0, or -1: time out or interrupted. */
static int wait_for(const struct client_link *l, int fd, short events, int64_t deadline,
                    struct err *e)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = l->wake_fd, .events = POLLIN}};
        int64_t left = deadline - clock_monotonic(&clock_system);
        if (left <= 0)
            return timed_out(e);
        int64_t ms = left / 1000 + 1;
        int count = poll(fds, 2, ms > 3600000 ? 3600000 : (int)ms);
        if (count < 0 && errno != EINTR)
            return err_errno(e, errno, "client.poll", "cannot wait");
        if (count <= 0)
            continue;
        if (fds[1].revents) {
            uint64_t taken;
            if (read(l->wake_fd, &taken, sizeof(taken)) > 0)
                return err_set(e, ERR_UNAVAILABLE, "client.interrupted", NULL, "interrupted");
        }
        if (fds[0].revents)
            return 0;
    }
}

int client_link_poll(struct client_link *l, int other_fd, int64_t deadline)
{
    for (;;) {
        struct pollfd fds[3] = {{.fd = l->fd, .events = POLLIN},
                                {.fd = l->wake_fd, .events = POLLIN},
                                {.fd = other_fd, .events = POLLIN}};
        if (client_link_readable(l))
            return 1;
        int64_t left = deadline - clock_monotonic(&clock_system);
        int64_t ms = left <= 0 ? 0 : left / 1000 + 1;
        int count = poll(fds, 3, ms > 3600000 ? 3600000 : (int)ms);
        if (count < 0 && errno != EINTR)
            return -1;
        if (count > 0) {
            uint64_t taken;
            if (fds[1].revents && read(l->wake_fd, &taken, sizeof(taken)) > 0)
                return -1;
            if (fds[0].revents)
                return 1;
            if (fds[2].revents)
                return 2;
        }
        if (left <= 0)
            return 0;
    }
}

/* ---- sockets ---- */

static int finish_connect(struct client_link *l, int fd, int64_t deadline, struct err *e)
{
    int problem = 0;
    socklen_t len = sizeof(problem);

    if (wait_for(l, fd, POLLOUT, deadline, e) != 0)
        return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) != 0)
        problem = errno;
    if (problem)
        return err_errno(e, problem, "client.connect", "cannot connect");
    return 0;
}

static int bind_local(int fd, const char *address, struct err *e)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int result;
    int late = 1;

    /* the port is chosen at connect: many clients may share the address */
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof(late));
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        result = bind(fd, (struct sockaddr *)&v4, sizeof(v4));
    else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        result = bind(fd, (struct sockaddr *)&v6, sizeof(v6));
    else
        return err_set(e, ERR_USAGE, "client.bind", NULL, "'%s' is no IP address", address);
    if (result != 0)
        return err_errno(e, errno, "client.bind", "cannot come from %s", address);
    return 0;
}

static int connect_one(struct client_link *l, const struct sockaddr *address, socklen_t len,
                       const char *from, int64_t deadline, struct err *e)
{
    int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_errno(e, errno, "client.connect", "no socket");
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (from && bind_local(fd, from, e) != 0)
        goto fail;
    if (connect(fd, address, len) != 0) {
        if (errno != EINPROGRESS && errno != EAGAIN) {
            err_errno(e, errno, "client.connect", "cannot connect");
            goto fail;
        }
        if (finish_connect(l, fd, deadline, e) != 0)
            goto fail;
    }
    l->fd = fd;
    return 0;
fail:
    close(fd);
    return -1;
}

static int connect_unix(struct client_link *l, const char *path, int64_t deadline, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return err_set(e, ERR_USAGE, "client.url", NULL, "the socket's path is too long");
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect_one(l, (struct sockaddr *)&address, sizeof(address), NULL, deadline, e) != 0)
        return err_where(e, "%s", path);
    return 0;
}

/* Each address gets its share of the time that is left; the last error is told. */
static int connect_host(struct client_link *l, const struct client_target *target, int64_t deadline,
                        struct err *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int left = 0;
    int result = -1;

    int problem = getaddrinfo(target->host, target->port, &hints, &found);
    if (problem == EAI_NONAME || problem == EAI_ADDRFAMILY) {
        hints.ai_flags = 0; /* AI_ADDRCONFIG hides loopback addresses where there is no network */
        problem = getaddrinfo(target->host, target->port, &hints, &found);
    }
    if (problem)
        return err_set(e, ERR_UNAVAILABLE, "client.resolve", NULL, "cannot resolve %s: %s",
                       target->host, gai_strerror(problem));
    for (struct addrinfo *at = found; at; at = at->ai_next)
        left++;
    for (struct addrinfo *at = found; at && result != 0; at = at->ai_next, left--) {
        int64_t now = clock_monotonic(&clock_system);
        err_clear(e);
        result = connect_one(l, at->ai_addr, at->ai_addrlen, target->bind_address,
                             now + (deadline - now) / left, e);
        if (result != 0 && strcmp(e->code, "client.interrupted") == 0)
            break;
    }
    freeaddrinfo(found);
    if (result != 0) {
        if (e->kind == ERR_SYSTEM)
            e->kind = ERR_UNAVAILABLE;
        return err_where(e, "%s:%s", target->host, target->port);
    }
    return 0;
}

/* ---- TLS ---- */

static int tls_failed(struct client_link *l, int ssl_error, const char *what, struct err *e)
{
    long verified = SSL_get_verify_result(l->ssl);

    if (verified != X509_V_OK) {
        if (crypto_short_of_memory() || verified == X509_V_ERR_OUT_OF_MEM)
            return err_memory(e);
        return err_set(e, ERR_VERIFY, "client.server-certificate", "RFC 5280 section 6",
                       "the server's certificate is not believed: %s",
                       X509_verify_cert_error_string(verified));
    }
    if (ssl_error == SSL_ERROR_ZERO_RETURN || (ssl_error == SSL_ERROR_SYSCALL && errno == 0))
        return err_set(e, ERR_UNAVAILABLE, "client.closed", NULL,
                       "the server closed the connection");
    if (ssl_error == SSL_ERROR_SYSCALL)
        return err_errno(e, errno, "client.closed", "%s", what);
    unsigned long first = ERR_peek_error();
    bool cut = ERR_GET_REASON(first) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    tls_err(e, cut ? "client.closed" : "client.tls", what);
    e->kind = ERR_UNAVAILABLE;
    return -1;
}

/* Waits as OpenSSL wants; -1 when it is an error instead. */
static int tls_wait(struct client_link *l, int result, int64_t deadline, const char *what,
                    struct err *e)
{
    int wanted = SSL_get_error(l->ssl, result);

    if (wanted == SSL_ERROR_WANT_READ)
        return wait_for(l, l->fd, POLLIN, deadline, e);
    if (wanted == SSL_ERROR_WANT_WRITE)
        return wait_for(l, l->fd, POLLOUT, deadline, e);
    return tls_failed(l, wanted, what, e);
}

static int check_name(SSL *ssl, const char *name)
{
    struct in6_addr address;
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, name);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name);
}

static int start_tls(struct client_link *l, const struct client_target *target, SSL_CTX *context,
                     SSL_SESSION *session, int64_t deadline, struct err *e)
{
    ERR_clear_error();
    l->ssl = SSL_new(context);
    if (!l->ssl || SSL_set_fd(l->ssl, l->fd) != 1 || check_name(l->ssl, target->server_name) != 1)
        return tls_err(e, "client.tls", "TLS cannot be set up");
    if (session && SSL_set_session(l->ssl, session) != 1)
        ERR_clear_error(); /* a full handshake, then */
    SSL_set_connect_state(l->ssl);
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int result = SSL_do_handshake(l->ssl);
        if (result == 1)
            break;
        if (tls_wait(l, result, deadline, "the TLS handshake failed", e) != 0)
            return err_where(e, "%s:%s", target->host, target->port);
    }
    l->resumed = SSL_session_reused(l->ssl);
    return 0;
}

int client_link_open(struct client_link *l, const struct client_target *target, SSL_CTX *context,
                     SSL_SESSION *session, int64_t deadline, struct err *e)
{
    client_link_close(l);
    if ((target->host ? connect_host(l, target, deadline, e)
                      : connect_unix(l, target->path, deadline, e)) != 0)
        return -1;
    if (target->tls && start_tls(l, target, context, session, deadline, e) != 0) {
        client_link_close(l);
        return -1;
    }
    return 0;
}

void client_link_close(struct client_link *l)
{
    if (l->ssl) {
        if (SSL_is_init_finished(l->ssl))
            (void)SSL_shutdown(l->ssl);
        SSL_free(l->ssl);
        ERR_clear_error();
    }
    if (l->fd >= 0)
        close(l->fd);
    l->ssl = NULL;
    l->fd = -1;
}

/* ---- bytes ---- */

long client_link_read(struct client_link *l, uint8_t *out, size_t room, int64_t deadline,
                      struct err *e)
{
    for (;;) {
        errno = 0;
        if (l->ssl) {
            size_t got = 0;
            ERR_clear_error();
            int result = SSL_read_ex(l->ssl, out, room, &got);
            if (result == 1)
                return (long)got;
            if (SSL_get_error(l->ssl, result) == SSL_ERROR_ZERO_RETURN)
                return 0;
            if (tls_wait(l, result, deadline, "the connection broke", e) != 0)
                return -1;
            continue;
        }
        ssize_t got = recv(l->fd, out, room, 0);
        if (got >= 0)
            return (long)got;
        if (errno != EAGAIN && errno != EINTR)
            return err_errno(e, errno, "client.closed", "the connection broke");
        if (errno == EAGAIN && wait_for(l, l->fd, POLLIN, deadline, e) != 0)
            return -1;
    }
}

int client_link_write(struct client_link *l, struct slice bytes, int64_t deadline, struct err *e)
{
    size_t at = 0;

    while (at < bytes.len) {
        errno = 0;
        if (l->ssl) {
            size_t put = 0;
            ERR_clear_error();
            int result = SSL_write_ex(l->ssl, bytes.data + at, bytes.len - at, &put);
            if (result == 1)
                at += put;
            else if (tls_wait(l, result, deadline, "the connection broke", e) != 0)
                return -1;
            continue;
        }
        ssize_t put = send(l->fd, bytes.data + at, bytes.len - at, MSG_NOSIGNAL);
        if (put >= 0) {
            at += (size_t)put;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return err_errno(e, errno, "client.closed", "the connection broke");
        if (errno == EAGAIN && wait_for(l, l->fd, POLLOUT, deadline, e) != 0)
            return -1;
    }
    return 0;
}

bool client_link_readable(struct client_link *l)
{
    struct pollfd one = {.fd = l->fd, .events = POLLIN};

    if (l->fd < 0)
        return true;
    if (l->ssl && SSL_has_pending(l->ssl))
        return true;
    return poll(&one, 1, 0) > 0;
}

bool client_link_idle_and_open(struct client_link *l)
{
    uint8_t byte;

    if (l->fd < 0)
        return false;
    if (!client_link_readable(l))
        return true;
    if (!l->ssl)
        return false;
    /* session tickets may have come: they are taken, and nothing else may follow */
    ERR_clear_error();
    int result = SSL_peek(l->ssl, &byte, 1);
    bool open = result <= 0 && SSL_get_error(l->ssl, result) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return open;
}
