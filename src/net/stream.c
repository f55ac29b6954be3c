/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"
#include "base/memory.h"
#include "net/server_internal.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

struct http_stream {
    struct loop_message message; /* first: "there is something to send" */
    struct http_server *server;
    struct server_loop *loop;
    struct connection *connection; /* NULL: none (yet, or any more); the loop's thread only */
    struct peer_record *peer;
    atomic_uint references;
    int64_t heartbeat; /* microseconds; 0: none */
    int64_t sent;      /* when something was sent last; the loop's thread only */
    bool counted;
    bool raw; /* no chunks: HTTP/1.0 */
    void (*closed)(struct http_stream *stream, void *context);
    void *context;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t drained;
    struct buf queue;
    size_t limit;
    size_t unsent; /* handed to the connection, not taken by the peer */
    bool waiting;  /* somebody is in http_stream_wait */
    bool posted;
    bool open;
    bool ending; /* properly */
    bool aborting;
};

/* ---- life ---- */

struct http_stream *http_stream_ref(struct http_stream *stream)
{
    atomic_fetch_add(&stream->references, 1);
    return stream;
}

void http_stream_release(struct http_stream *stream)
{
    if (!stream || atomic_fetch_sub(&stream->references, 1) != 1)
        return;
    struct http_server *server = stream->server;
    peers_release(&server->peers, stream->peer);
    buf_fini(&stream->queue);
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->drained);
    mem_free(stream);
    server_handle_given_back(server);
}

static void on_message(struct loop_message *message, struct net_loop *loop);

static struct http_stream *stream_new(struct http_exchange *x,
                                      const struct http_stream_config *config)
{
    const struct net_limits *limits = &x->loop->server->limits;
    struct http_stream *stream = mem_new(1, sizeof(*stream));
    pthread_condattr_t attributes;

    if (!stream)
        return NULL;
    stream->message.run = on_message;
    stream->server = x->loop->server;
    stream->loop = x->loop;
    stream->peer = peer_record_ref(x->peer);
    atomic_init(&stream->references, 2); /* the caller's, and the connection's */
    if (!config->content_type)
        stream->heartbeat =
            (int64_t)(config->heartbeat_ms ? config->heartbeat_ms : limits->heartbeat_ms) * 1000;
    stream->raw = x->head.http10;
    stream->closed = config->closed;
    stream->context = config->context;
    stream->limit = config->queue ? config->queue : limits->stream_queue;
    stream->open = true;
    pthread_mutex_init(&stream->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&stream->drained, &attributes);
    pthread_condattr_destroy(&attributes);
    server_handle_taken(stream->server);
    return stream;
}

struct http_stream *http_stream_open(struct http_exchange *x,
                                     const struct http_stream_config *config)
{
    struct http_answer answer = {
        .status = 200,
        .content_type = config->content_type ? config->content_type : "text/event-stream",
        .headers = config->headers,
        .header_count = config->header_count,
    };
    struct http_stream *stream = stream_new(x, config);

    if (!stream) {
        struct err e = {0};
        err_memory(&e);
        http_problem(x, &e);
        return NULL;
    }
    answer_head(x, &answer, stream->raw ? LENGTH_UNTIL_CLOSE : LENGTH_CHUNKED, 0);
    if (!config->content_type && config->retry_ms && !x->match.head) {
        char retry[32];
        int len = snprintf(retry, sizeof(retry), "retry: %u\n\n", config->retry_ms);
        if (stream->raw)
            buf_put(&x->answer, retry, (size_t)len);
        else
            buf_printf(&x->answer, "%x\r\n%s\r\n", (unsigned)len, retry);
    }
    if (x->match.head) {
        /* HEAD: the head is all; the stream is closed before it began */
        answer_post(x);
        stream_cut(stream);
        return stream;
    }
    x->stream = stream;
    answer_post(x);
    return stream;
}

bool http_stream_is_open(const struct http_stream *stream)
{
    struct http_stream *s = (struct http_stream *)stream;

    pthread_mutex_lock(&s->lock);
    bool open = s->open && !s->ending && !s->aborting;
    pthread_mutex_unlock(&s->lock);
    return open;
}

const struct net_peer *http_stream_peer(const struct http_stream *stream)
{
    return stream->peer ? &stream->peer->peer : NULL;
}

/* ---- sending, from any thread ---- */

/* Under the lock: tells the loop, once. */
static void wake_loop(struct http_stream *stream, bool *post)
{
    *post = !stream->posted;
    stream->posted = true;
}

static void post(struct http_stream *stream)
{
    http_stream_ref(stream); /* of the message */
    loop_post(&stream->loop->loop, &stream->message);
}

static void put_data_lines(struct buf *b, struct slice data)
{
    for (size_t at = 0; at <= data.len;) {
        size_t end = at;
        while (end < data.len && data.data[end] != '\n' && data.data[end] != '\r')
            end++;
        buf_puts(b, "data: ");
        buf_put(b, data.data + at, end - at);
        buf_putc(b, '\n');
        if (end + 1 < data.len && data.data[end] == '\r' && data.data[end + 1] == '\n')
            end++;
        at = end + 1;
    }
}

static bool is_one_line(const char *text)
{
    return !text || !strpbrk(text, "\r\n");
}

static bool write_event(struct buf *b, const char *id, const char *event, struct slice data)
{
    if (id) {
        buf_puts(b, "id: ");
        buf_puts(b, id);
        buf_putc(b, '\n');
    }
    if (event) {
        buf_puts(b, "event: ");
        buf_puts(b, event);
        buf_putc(b, '\n');
    }
    put_data_lines(b, data);
    buf_putc(b, '\n');
    return !b->failed;
}

/* Appends to the queue, as one chunk. 0, 1: half full, -1: closed. */
static int enqueue(struct http_stream *stream, struct slice bytes)
{
    bool must_post = false;
    int result = -1;

    pthread_mutex_lock(&stream->lock);
    if (stream->open && !stream->ending && !stream->aborting) {
        size_t waiting = stream->queue.len + stream->unsent + bytes.len;
        if (stream->raw) {
            buf_put_slice(&stream->queue, bytes);
        } else {
            buf_printf(&stream->queue, "%zx\r\n", bytes.len);
            buf_put_slice(&stream->queue, bytes);
            buf_put(&stream->queue, "\r\n", 2);
        }
        if (waiting > stream->limit || stream->queue.failed) {
            stream->aborting = true; /* too slow, or no memory: the client resumes */
            count(stream->loop, COUNT_OVERRUN, 1);
        } else {
            result = waiting > stream->limit / 2;
        }
        wake_loop(stream, &must_post);
    }
    pthread_mutex_unlock(&stream->lock);
    if (must_post)
        post(stream);
    return result;
}

int http_stream_send(struct http_stream *stream, const char *id, const char *event,
                     struct slice data)
{
    struct buf text;
    int result = -1;

    if (!is_one_line(id) || !is_one_line(event))
        return -1;
    buf_init(&text);
    if (write_event(&text, id, event, data))
        result = enqueue(stream, buf_slice(&text)) < 0 ? -1 : 0;
    buf_fini(&text);
    return result;
}

int http_stream_write(struct http_stream *stream, struct slice bytes)
{
    return bytes.len ? enqueue(stream, bytes) : 0; /* an empty chunk would be the end */
}

static bool is_quarter(const struct http_stream *stream)
{
    return stream->queue.len + stream->unsent <= stream->limit / 4;
}

int http_stream_wait(struct http_stream *stream, unsigned timeout_ms)
{
    struct timespec until;
    int problem = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&stream->lock);
    stream->waiting = true;
    while (stream->open && !is_quarter(stream) && problem != ETIMEDOUT)
        problem = pthread_cond_timedwait(&stream->drained, &stream->lock, &until);
    stream->waiting = false;
    bool fine = stream->open && is_quarter(stream);
    pthread_mutex_unlock(&stream->lock);
    return fine ? 0 : -1;
}

static void end(struct http_stream *stream, bool *how)
{
    bool must_post = false;

    pthread_mutex_lock(&stream->lock);
    if (stream->open && !stream->ending && !stream->aborting) {
        *how = true;
        wake_loop(stream, &must_post);
    }
    pthread_mutex_unlock(&stream->lock);
    if (must_post)
        post(stream);
}

void http_stream_close(struct http_stream *stream)
{
    end(stream, &stream->ending);
}

void http_stream_abort(struct http_stream *stream)
{
    end(stream, &stream->aborting);
}

/* ---- on the loop ---- */

/* The last bytes are on their way: the answer is complete. */
static void finish(struct connection *c, struct http_stream *stream)
{
    if (!stream->raw && connection_send(c, slice_str("0\r\n\r\n")) != 0) {
        connection_close(c);
        return;
    }
    c->stream = NULL;
    connection_answered(c, stream->raw, false);
    stream_cut(stream);
}

/* Hands the queue to the connection, when that has sent all it had. */
static void send_queue(struct connection *c, struct http_stream *stream)
{
    struct buf mine;
    int result = 0;

    buf_init(&mine);
    pthread_mutex_lock(&stream->lock);
    stream->unsent = connection_unsent(c);
    if (!stream->unsent && stream->queue.len) {
        mine = stream->queue; /* an idle stream owns no memory */
        buf_init(&stream->queue);
    }
    bool finished = stream->ending && stream->queue.len == 0;
    bool aborting = stream->aborting;
    pthread_mutex_unlock(&stream->lock);

    if (aborting) {
        c->broken = true;
        result = -1;
    } else if (mine.len) {
        result = connection_send(c, buf_slice(&mine));
        stream->sent = loop_now(&c->loop->loop);
    }
    buf_fini(&mine);
    if (result != 0) {
        connection_close(c);
        return;
    }
    if (finished) {
        finish(c, stream);
        return;
    }
    pthread_mutex_lock(&stream->lock);
    stream->unsent = connection_unsent(c);
    if (stream->waiting && is_quarter(stream))
        pthread_cond_broadcast(&stream->drained);
    pthread_mutex_unlock(&stream->lock);
}

void stream_attach(struct connection *c, struct http_stream *stream)
{
    c->stream = stream;
    stream->connection = c;
    stream->sent = loop_now(&c->loop->loop);
    stream->counted = true;
    atomic_fetch_add(&stream->server->streams, 1);
    if (c->loop->stopping)
        stream_farewell(c);
}

void stream_drained(struct connection *c)
{
    send_queue(c, c->stream);
}

static void on_message(struct loop_message *message, struct net_loop *loop)
{
    struct http_stream *stream = (struct http_stream *)message;

    (void)loop;
    pthread_mutex_lock(&stream->lock);
    stream->posted = false;
    pthread_mutex_unlock(&stream->lock);
    if (stream->connection)
        connection_pump(stream->connection);
    http_stream_release(stream);
}

void stream_heartbeat(struct connection *c)
{
    struct http_stream *stream = c->stream;
    int64_t now = loop_now(&c->loop->loop);

    if (stream->heartbeat && now - stream->sent >= stream->heartbeat) {
        struct slice beat = slice_str(stream->raw ? ":\n\n" : "3\r\n:\n\n\r\n");
        stream->sent = now;
        if (connection_send(c, beat) != 0) {
            connection_close(c);
            return;
        }
    }
    connection_pump(c);
}

int64_t stream_deadline(const struct connection *c)
{
    const struct http_stream *stream = c->stream;

    return stream && stream->heartbeat ? stream->sent + stream->heartbeat : 0;
}

void stream_cut(struct http_stream *stream)
{
    bool counted = stream->counted;
    bool was_open;

    stream->connection = NULL;
    stream->counted = false;
    pthread_mutex_lock(&stream->lock);
    was_open = stream->open;
    stream->open = false;
    buf_fini(&stream->queue);
    pthread_cond_broadcast(&stream->drained);
    pthread_mutex_unlock(&stream->lock);
    if (counted)
        atomic_fetch_sub(&stream->server->streams, 1);
    if (!was_open)
        return;
    if (stream->closed)
        stream->closed(stream, stream->context);
    http_stream_release(stream); /* the connection's reference */
}

void stream_farewell(struct connection *c)
{
    struct http_stream *stream = c->stream;

    if (stream->heartbeat)
        (void)http_stream_write(stream, slice_str(": the server stops\n\n"));
    http_stream_close(stream);
}
