/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP/1.1 client for the agent and the command line: blocking, with deadlines, one
 * connection kept alive, over TLS 1.3 (mutual), plain TCP or a Unix socket. One thread uses a
 * client at a time; http_client_interrupt may be called from another or from a signal handler.
 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "net/http_parse.h"
#include "net/tls_identity.h"

struct http_client;

struct http_client_config {
    /*
     * "https://host:port", "http://host:port" (no path), or "unix:/path". The default ports are
     * 443 and 80.
     */
    const char *url;
    struct tls_identity
        *identity;            /* TLS: anchors, and own certificate when it has one; referenced */
    const char *server_name;  /* what the certificate must be for; NULL: the URL's host (a DNS name
                                 or an IP address, both checked) */
    bool allow_tls12;         /* false: TLS 1.3 only */
    bool insecure;            /* the server's certificate is not checked: only to fetch a trust
                                 root whose digest is checked by other means */
    unsigned connect_ms;      /* 0: 10,000; resolving, connecting and handshake */
    unsigned timeout_ms;      /* 0: 30,000; from a request's first byte to its response's last */
    const char *user_agent;   /* NULL: none */
    const char *bind_address; /* NULL: any; local address to come from */
};

/* Does not connect yet. -1 with "client.url" or memory. Everything is copied or referenced. */
int http_client_new(struct http_client **client, const struct http_client_config *config,
                    struct err *e) MUST_CHECK;
void http_client_free(struct http_client *client);

struct http_client_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;
    const char *target; /* "/v1/…", already percent-encoded */
    const struct http_client_header *headers;
    size_t header_count;
    const char *content_type; /* NULL: no body */
    struct slice body;
    /* Instead of body: called until it gives *len 0; body_size bytes in all are sent. -1: give up.
     */
    int (*read_body)(void *context, uint8_t *out, size_t room, size_t *len);
    void *read_context;
    uint64_t body_size;
    size_t response_limit; /* most bytes of the response's body; 0: 4 MiB */
    /* Instead of collecting: called with each run of a 2xx response's body; -1: give up. */
    int (*write_body)(void *context, struct slice run);
    void *write_context;
    unsigned timeout_ms; /* 0: the client's */
    bool idempotent; /* may be sent again when a kept-alive connection turns out dead (GET, HEAD,
                        PUT and DELETE are in any case) */
};

struct http_response {
    int status;
    struct http_head *head; /* fields by http_head_find; valid until the client's next request */
    struct buf body;        /* collected */
};

void http_response_init(struct http_response *r);
void http_response_fini(struct http_response *r);

/*
 * Sends and receives; r is emptied first. 0 for any status that the server gave; -1 with
 * "client.resolve", "client.connect", "client.tls", "client.server-certificate", "client.timeout",
 * "client.closed", "client.too-large", "client.interrupted", or the parser's codes.
 * After -1 nothing says whether the server acted on the request.
 */
int http_client_request(struct http_client *client, const struct http_request *request,
                        struct http_response *r, struct err *e) MUST_CHECK;

/* Fills *e from a response's problem+json (or its status), kind by status. Always -1. */
int http_client_problem(const struct http_response *r, struct err *e);

/* A field of the last answer's head, of a stream's too; data NULL: none. */
struct slice http_client_header(const struct http_client *client, const char *name);

/* Closes the connection; the next request opens a new one. */
void http_client_disconnect(struct http_client *client);
/* Uses another certificate or other anchors from the next connection on. */
void http_client_set_identity(struct http_client *client, struct tls_identity *identity);
/* Makes a running or the next call end with "client.interrupted". Async-signal-safe. */
void http_client_interrupt(struct http_client *client);
/* The server's leaf certificate of the open connection (DER); empty when none. */
struct slice http_client_server_certificate(const struct http_client *client);
bool http_client_resumed(const struct http_client *client); /* the TLS session was resumed */

/* ---- server-sent events ---- */

struct http_event {
    const char *id;    /* the last id seen on this stream, "" at first */
    const char *event; /* "message" when not named */
    struct slice data;
    unsigned retry_ms; /* as last told by the server; 0: never */
};

/*
 * GET target with Accept: text/event-stream and, when last_event_id is not NULL or empty,
 * Last-Event-ID. 0 when the stream is open; -1 as http_client_request, or with "client.status"
 * (see *status; 0 when none) when the answer is not 200 with text/event-stream: then e is made by
 * http_client_problem.
 */
int http_client_stream_open(struct http_client *client, const char *target,
                            const char *last_event_id, int *status, struct err *e) MUST_CHECK;
/*
 * The next event, valid until the next call. 1: an event; 0: the stream ended properly; -1:
 * "client.timeout" when nothing came, not even a heart-beat, for dead_ms ("client.idle" is not an
 * error of its own), "client.closed" when it was cut, "sse.limit" for an event over 1 MiB,
 * "client.interrupted". After 0 or -1 the stream is closed.
 */
int http_client_stream_next(struct http_client *client, unsigned dead_ms, struct http_event *event,
                            struct err *e) MUST_CHECK;
/*
 * The next event if it is there: as above, but 2 when only heart-beats or a part of an event have
 * come so far. For callers that wait with http_client_stream_poll and have other things to do.
 */
int http_client_stream_take(struct http_client *client, unsigned dead_ms, struct http_event *event,
                            struct err *e) MUST_CHECK;
/*
 * Waits until the stream has something to read or a file descriptor of the caller (-1: none) is
 * readable, at most timeout_ms. 1: the stream, 2: the descriptor, 0: time out, -1: interrupted.
 */
int http_client_stream_poll(struct http_client *client, int other_fd, unsigned timeout_ms);
void http_client_stream_close(struct http_client *client);

#endif
