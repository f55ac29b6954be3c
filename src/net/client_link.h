/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the client: TCP or Unix socket, with or without TLS, with deadlines. */
#ifndef NET_CLIENT_LINK_H
#define NET_CLIENT_LINK_H

#include "base/err.h"
#include "base/slice.h"

#include <openssl/ssl.h>

struct client_target {
    char *host; /* NULL: a Unix socket */
    char *path; /* of the Unix socket */
    char port[8];
    bool tls;
    char *server_name;  /* to be checked; a DNS name or an IP address */
    char *bind_address; /* or NULL */
};

struct client_link {
    int fd;       /* -1: not open */
    int wake_fd;  /* an eventfd that interrupts waiting; owned by the caller */
    SSL *ssl;     /* NULL: plain */
    bool resumed; /* the TLS session is an old one */
};

/* Times are monotonic microseconds (base/clock.h). */
int client_link_open(struct client_link *l, const struct client_target *target, SSL_CTX *context,
                     SSL_SESSION *session, int64_t deadline, struct err *e) MUST_CHECK;
void client_link_close(struct client_link *l);

/* Bytes read (at least 1), 0 at the end of the connection, or -1. */
long client_link_read(struct client_link *l, uint8_t *out, size_t room, int64_t deadline,
                      struct err *e) MUST_CHECK;
int client_link_write(struct client_link *l, struct slice bytes, int64_t deadline,
                      struct err *e) MUST_CHECK;
/* Something to read, or the end, is there now. */
bool client_link_readable(struct client_link *l);
/* False when the peer has closed, or sent what nobody asked for. */
bool client_link_idle_and_open(struct client_link *l);
/* 1: readable, 2: other_fd is readable, 0: time out, -1: interrupted (the signal is taken). */
int client_link_poll(struct client_link *l, int other_fd, int64_t deadline);

#endif
