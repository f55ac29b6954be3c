/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that go on: server-sent events (WHATWG HTML 9.2) and long bodies written piece by piece.
 * A handle may be used from any thread; it stays valid until http_stream_release, however the
 * connection ends.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "net/exchange.h"

struct http_stream;

struct http_stream_config {
    const char *content_type; /* NULL: "text/event-stream", with heart-beats */
    const struct http_header_line *headers;
    size_t header_count;
    unsigned heartbeat_ms; /* 0: the server's */
    unsigned retry_ms;     /* events: the reconnection time told to the client; 0: none */
    size_t queue;          /* bytes that may wait; 0: the server's stream_queue */
    /* Called once, on the loop thread, when the stream has ended for whatever reason (not under a
       lock, and not when http_stream_open returned NULL). May be NULL. */
    void (*closed)(struct http_stream *stream, void *context);
    void *context;
};

/*
 * Answers x with 200 and a stream; x is gone. Without memory NULL (x is answered with 503). The
 * handle holds one reference, for http_stream_release. When the connection is gone already, the
 * stream comes closed.
 */
struct http_stream *http_stream_open(struct http_exchange *x,
                                     const struct http_stream_config *config) MUST_CHECK;

/*
 * One event; id and event may be NULL, data may have several lines. 0, or -1 when the stream is
 * closed, or is closed now because its queue is full: the client resumes with Last-Event-ID. id
 * and event are without line ends and NUL (else -1, nothing sent).
 */
int http_stream_send(struct http_stream *stream, const char *id, const char *event,
                     struct slice data);
/*
 * Raw bytes of a body. 0: taken; 1: taken, and the queue is half full: call http_stream_wait
 * before the next; -1: closed (when over the queue: now).
 */
int http_stream_write(struct http_stream *stream, struct slice bytes);
/* Waits (worker threads only) until the queue is below a quarter. 0, or -1: closed or time out. */
int http_stream_wait(struct http_stream *stream, unsigned timeout_ms);
/* Ends the answer properly after what is queued. May be called more than once. */
void http_stream_close(struct http_stream *stream);
/* Cuts it: the connection is closed without the end mark, so that the client sees an error. */
void http_stream_abort(struct http_stream *stream);

bool http_stream_is_open(const struct http_stream *stream);
/* Certificate of the peer, or NULL; door. As of the exchange, valid with the handle. */
const struct net_peer *http_stream_peer(const struct http_stream *stream);

struct http_stream *http_stream_ref(struct http_stream *stream);
void http_stream_release(struct http_stream *stream); /* does not close it */

#endif
