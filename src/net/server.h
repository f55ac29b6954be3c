/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: doors, loop threads, routes. Handlers (net/exchange.h) run on loop threads and
 * must not block; what takes long is handed to a worker, which answers from its own thread.
 *
 * Life: http_server_new (binds and listens; no thread yet, so that a sandbox can be put up after
 * it), http_server_start, …, http_server_stop, http_server_free.
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "base/clock.h"
#include "base/err.h"
#include "net/server_limits.h"
#include "net/tls_identity.h"

struct http_exchange;
struct http_server;

/* Who may come in where. A kind may have several addresses (struct http_door). */
enum http_door_kind {
    HTTP_DOOR_ENROL,  /* TLS, server certificate only */
    HTTP_DOOR_DEVICE, /* mutual TLS */
    HTTP_DOOR_WEB,    /* operators: browser and API */
    HTTP_DOOR_PUBLIC, /* HTTP and HTTPS for everyone */
    HTTP_DOOR_LOCAL,  /* Unix socket with the peer's uid */
    HTTP_DOOR_KINDS
};

/* For struct http_route.doors. */
#define HTTP_AT(kind) (1U << (kind))
#define HTTP_AT_ALL ((1U << HTTP_DOOR_KINDS) - 1U)

const char *http_door_name(enum http_door_kind kind); /* "enrol", "device", … */

enum http_tls_mode {
    HTTP_TLS_NONE,     /* plain */
    HTTP_TLS_SERVER,   /* our certificate only */
    HTTP_TLS_MUTUAL,   /* the client's certificate is required and must chain to an anchor */
    HTTP_TLS_OPTIONAL, /* asked for; when given it must chain (operators in a browser) */
};

struct http_door {
    enum http_door_kind kind;
    const char *address; /* "192.0.2.1:8443", "[::]:8443", "unix:/run/tocsin/local.sock"; port 0:
                            the system chooses, see http_server_port */
    enum http_tls_mode tls;
    struct tls_identity *identity; /* with TLS; the server takes its own reference */
    bool allow_tls12;              /* false: TLS 1.3 only */
    bool allow_http10;             /* HTTP/1.0 requests are answered (old OCSP and CRL clients) */
    unsigned socket_mode;          /* of a Unix socket; 0: 0600 */
    /*
     * Session tickets where clients show certificates (HTTP_TLS_SERVER always offers one). Off by
     * default, because OpenSSL 3.0 parses the client's certificate again to make one: measured in
     * the server's instructions, a full handshake takes 5.9 M, with a ticket made 7.7 M, and a
     * resumed one with its fresh ticket 5.7 M. On when saving the device's own work counts more.
     */
    bool tickets;
};

enum http_route_flags {
    /* The handler is called when the head is there and takes the body through http_body_read. */
    HTTP_ROUTE_STREAM_BODY = 1,
    /* The body is written to an unlinked temporary file by a thread of its own; see
       http_body_file. For what is too large for memory. */
    HTTP_ROUTE_SPOOL_BODY = 2,
    /* Not counted in max_in_flight, answered although the server is loaded (health, metrics). */
    HTTP_ROUTE_ALWAYS = 4,
};

/*
 * Patterns are matched segment by segment: "/v1/assets/{id}" (one non-empty segment),
 * "/tile/{path*}" (the rest, at least one segment; '/' kept). Text goes before parameters.
 * GET routes answer HEAD; OPTIONS and 405 with Allow are answered by the server.
 */
struct http_route {
    const char *method; /* "GET", "POST", … */
    const char *pattern;
    unsigned doors;    /* HTTP_AT(kind) | … ; elsewhere the answer is 404 */
    size_t body_limit; /* bytes; 0: a request with content gets 413 */
    unsigned flags;    /* enum http_route_flags */
    void (*handler)(struct http_exchange *x, void *context);
    void *context;
};

/* A client's leaf certificate. Valid as long as the connection or the exchange that gave it. */
struct net_peer {
    uint8_t fingerprint[32]; /* SHA-256 of the DER */
    struct slice der;
    const char *subject;           /* RFC 2253 text, for logs only */
    int64_t not_before, not_after; /* microseconds, as in base/clock.h */
};

enum { NET_ADDRESS_TEXT = 64 };

/* Why somebody was turned away before any handler ran. */
struct http_refusal {
    enum http_door_kind door;
    const char *code;               /* "net.peer-inactive", "http.host", "net.handshake", … */
    char address[NET_ADDRESS_TEXT]; /* without the port */
    const struct net_peer *peer;    /* NULL: none known */
};

struct http_server_config {
    const struct http_door *doors;
    size_t door_count;
    const struct http_route *routes; /* read only at http_server_new */
    size_t route_count;
    const struct net_limits *limits; /* NULL: net_limits_default; copied */
    unsigned loops;                  /* loop threads; 0: one a processor */
    const char *spool_folder;        /* NULL: /var/tmp */
    const char *server_name;         /* NULL: no Server field */
    /*
     * Is this certificate active now? Called after the handshake and on every request, on loop
     * threads, at any rate: a look-up in an immutable snapshot, no lock. Required when a door asks
     * for certificates.
     */
    bool (*peer_check)(void *context, enum http_door_kind door, const struct net_peer *peer);
    /* May be NULL. Called on loop threads; must not block. */
    void (*refused)(void *context, const struct http_refusal *refusal);
    void *context;
    const struct clock *clock;   /* NULL: clock_system */
    const struct random *random; /* NULL: random_system */
};

/*
 * Binds and listens. -1 with "net.address", "net.bind", "net.route" (a bad or doubled pattern),
 * "net.tls-…" or memory.
 */
int http_server_new(struct http_server **server, const struct http_server_config *config,
                    struct err *e) MUST_CHECK;
/* Starts the loop threads. Signals are blocked in them. */
int http_server_start(struct http_server *server, struct err *e) MUST_CHECK;
/*
 * Graceful: stops listening, closes idle connections and streams (with a last comment), lets
 * requests in flight finish for at most grace_ms, then closes the rest and ends the threads.
 * Exchanges still unanswered stay valid and must be answered (into nothing) before
 * http_server_free.
 */
void http_server_stop(struct http_server *server, unsigned grace_ms);
/* Waits until the last exchange and stream handle is given back. */
void http_server_free(struct http_server *server);

/* The TCP port that the door (index in the configuration) listens on; 0 for a Unix socket. */
unsigned http_server_port(const struct http_server *server, size_t door);

/*
 * New connections of the door use the new snapshot from now on; open ones stay (peer_check decides
 * on each of their requests), sessions of another generation do not resume. Any thread.
 */
int http_server_set_identity(struct http_server *server, size_t door, struct tls_identity *identity,
                             struct err *e) MUST_CHECK;

/* Closes every connection and stream of that certificate, at once. Any thread. */
void http_server_close_peer(struct http_server *server, const uint8_t fingerprint[32]);
/* Runs peer_check on every open connection and closes those that fail it. Any thread. */
void http_server_recheck_peers(struct http_server *server);

void http_server_counters(struct http_server *server, struct net_counters *counters);

/* What the accept-rate limit does: over accept_rate + accept_burst, plain doors answer 503 with
   Retry-After and close; TLS doors leave new connections in the kernel's queue until there is
   room, because even a refusal would cost a handshake. */

#endif
