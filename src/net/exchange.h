/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer.
 *
 * The handler owns the exchange until it has called exactly one of the answering functions
 * (http_reply, http_reply_text, http_problem, http_reply_file, http_stream_open), at once or later
 * and from any thread; after that call x must not be touched. The connection may be gone by then:
 * the answer then goes nowhere, and that is no error. Everything that the reading functions give
 * stays valid until the answer, on any thread.
 */
#ifndef NET_EXCHANGE_H
#define NET_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/server.h"

/* ---- the request ---- */

const char *http_method(const struct http_exchange *x); /* "GET" for HEAD: see http_is_head */
bool http_is_head(const struct http_exchange *x);
/* The path as sent (still percent-encoded; normalised by refusal), and the query without '?'. */
struct slice http_path(const struct http_exchange *x);
struct slice http_query_text(const struct http_exchange *x);
/* The pattern of the route, for logs and metrics. */
const char *http_pattern(const struct http_exchange *x);
/*
 * A parameter of the pattern ("id"), decoded, as a NUL-terminated string of the exchange; NULL when
 * the pattern has none of that name, or it does not decode (then answer 400).
 */
const char *http_param(struct http_exchange *x, const char *name);
/*
 * A parameter of the query, decoded. 1 and *value, 0 when it is not there, -1 when it is there
 * twice or badly encoded (*e for http_problem).
 */
int http_query(struct http_exchange *x, const char *name, const char **value,
               struct err *e) MUST_CHECK;
/* First field of that name, any case; data NULL when there is none. */
struct slice http_header(const struct http_exchange *x, const char *name);
/* As a NUL-terminated string of the exchange, or NULL. */
const char *http_header_text(struct http_exchange *x, const char *name);
/* The media type of Content-Type without its parameters, compared in any case. */
bool http_content_type_is(const struct http_exchange *x, const char *type);
/* True when Accept (or its absence) allows the media type with a weight above 0. */
bool http_accepts(const struct http_exchange *x, const char *type);
/* The Host field. */
struct slice http_host(const struct http_exchange *x);
/* The stream's last id from Last-Event-ID, or NULL. */
const char *http_last_event_id(struct http_exchange *x);

/* The collected body; empty for streamed and spooled ones. */
struct slice http_body(const struct http_exchange *x);
/* A spooled body: a file opened for reading at offset 0 (closed with the exchange); -1: none. */
int http_body_file(const struct http_exchange *x, uint64_t *size);

enum http_door_kind http_door(const struct http_exchange *x);
bool http_is_tls(const struct http_exchange *x);
/* The client's certificate, or NULL. */
const struct net_peer *http_peer(const struct http_exchange *x);
/* "192.0.2.7", "2001:db8::1", or "local": for logs and rates. */
const char *http_remote_address(const struct http_exchange *x);
/* The uid behind a Unix socket; -1 elsewhere. */
long http_peer_uid(const struct http_exchange *x);
/* Keying material of this TLS session (RFC 9266 and others); only on the loop thread, in the
   handler. -1: not TLS. */
int http_tls_exporter(struct http_exchange *x, const char *label, uint8_t *out,
                      size_t len) MUST_CHECK;
/* The arena that dies with the exchange. Used by one thread at a time. */
struct arena *http_arena(struct http_exchange *x);
/* False once the connection is known to be gone: long work may be given up (answer all the
   same). Any thread. */
bool http_alive(const struct http_exchange *x);
/* When the head was complete (clock_monotonic). */
int64_t http_started(const struct http_exchange *x);

/* ---- a streamed body (HTTP_ROUTE_STREAM_BODY), on the loop thread ---- */

struct http_body_reader {
    /* A run of content, valid for the call. */
    void (*data)(struct http_exchange *x, void *context, struct slice run);
    /*
     * The end; complete false: cut, over the limit, malformed, or too slow. Then the connection is
     * gone or being closed, and the exchange must still be answered (into nothing).
     */
    void (*end)(struct http_exchange *x, void *context, bool complete);
    void *context;
};
/* To be called in the handler; without it the body is dropped when the answer is given. */
void http_body_read(struct http_exchange *x, const struct http_body_reader *reader);
/* Back-pressure: no more data after a pause (from data), until a resume from any thread. */
void http_body_pause(struct http_exchange *x);
void http_body_resume(struct http_exchange *x);

/* ---- the answer, from any thread ---- */

struct http_header_line {
    const char *name;
    const char *value;
};

struct http_answer {
    int status;
    const char *content_type; /* NULL: no body expected */
    struct slice body;        /* copied */
    const struct http_header_line *headers;
    size_t header_count;
    const char *etag;  /* strong, with its quotes; GET with If-None-Match gets 304 */
    const char *cache; /* Cache-Control; NULL: no-store */
    bool close;        /* close the connection after it */
};

void http_reply(struct http_exchange *x, const struct http_answer *answer);
/* The usual case. */
void http_reply_text(struct http_exchange *x, int status, const char *content_type,
                     struct slice body);
/*
 * RFC 9457: application/problem+json with type "urn:tocsin:CODE", title (the status' reason),
 * status (err_http_status of the kind), detail (text), code, clause, where, hint. A 503 carries
 * Retry-After.
 */
void http_problem(struct http_exchange *x, const struct err *e);
/* The same with another status (401, 412, 415, 429 …) and optional fields of the answer. */
void http_problem_status(struct http_exchange *x, int status, const struct err *e,
                         const struct http_header_line *headers, size_t header_count);
/*
 * A file, read by a thread of its own: Range (one range of bytes: 206, or 416), If-None-Match,
 * If-Range with etag. Takes fd over. answer->body is not used; size: bytes from offset 0.
 */
void http_reply_file(struct http_exchange *x, const struct http_answer *answer, int take_fd,
                     uint64_t size);

#endif
