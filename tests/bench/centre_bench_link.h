/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many TLS connections of one thread that speak just enough HTTP/1.1 for a device: a request with
 * its answer, or a stream of server-sent events. For the bench only: it trusts what it is told.
 */
#ifndef TESTS_BENCH_CENTRE_BENCH_LINK_H
#define TESTS_BENCH_CENTRE_BENCH_LINK_H

#include "base/buf.h"
#include "crypto/key.h"

#include <openssl/ssl.h>

struct link;

struct link_calls {
    /* A whole answer; status 0: the connection broke. The link may be closed in here. */
    void (*answer)(struct link *link, int status, struct slice body, void *context);
    /* One server-sent event; NULL for links that hold no stream. */
    void (*event)(struct link *link, struct slice name, struct slice data, void *context);
};

struct links {
    int epoll;
    SSL_CTX *tls;
    X509 *issuer; /* goes along with every client's certificate; set by links_issuer */
};

void links_init(struct links *links);
void links_fini(struct links *links);
void links_issuer(struct links *links, struct slice der);
/* Handles what is ready within wait_ms. */
void links_poll(struct links *links, int wait_ms);

/* der: the client's certificate, or empty. Dies when no connection can be made. */
struct link *link_open(struct links *links, unsigned port, struct slice der, const struct key *key,
                       const struct link_calls *calls, void *context);
/* Sent as soon as the handshake is done; the bytes must stay until the answer is there. */
void link_send(struct link *link, struct slice request);
void link_close(struct link *link);

/* Ends the program with what went wrong. */
_Noreturn void bench_die(const char *what, const char *detail);

#endif
