/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of server-sent events. */
#include "net/client_internal.h"

#include <strings.h>

enum {
    PROBLEM_LIMIT = 64 * 1024,
    TAKE_READS_MAX = 64, /* a flood of comments does not keep a caller from its other work */
};

static bool is_event_stream(struct slice type)
{
    static const char wanted[] = "text/event-stream";
    size_t len = sizeof(wanted) - 1;

    return type.len >= len && strncasecmp((const char *)type.data, wanted, len) == 0 &&
           (type.len == len || type.data[len] == ';' || type.data[len] == ' ');
}

static int refused_stream(struct http_client *c, int64_t deadline, struct err *e)
{
    struct http_response r;
    struct slice run;
    struct err ignored = {0};

    http_response_init(&r);
    r.status = c->head.status;
    while (r.body.len < PROBLEM_LIMIT && client_read_body(c, &run, deadline, &ignored) == 1)
        buf_put_slice(&r.body, run);
    if (r.status == 200)
        err_set(e, ERR_INPUT, "client.status", "WHATWG HTML 9.2",
                "the answer is not text/event-stream");
    else
        http_client_problem(&r, e);
    http_response_fini(&r);
    http_client_disconnect(c);
    return -1;
}

int http_client_stream_open(struct http_client *c, const char *target, const char *last_event_id,
                            int *status, struct err *e)
{
    struct http_client_header headers[] = {
        {"Accept", "text/event-stream"},
        {"Cache-Control", "no-store"},
        {"Last-Event-ID", last_event_id},
    };
    struct http_request request = {
        .method = "GET",
        .target = target,
        .headers = headers,
        .header_count = last_event_id && *last_event_id ? 3 : 2,
    };
    int64_t deadline = client_deadline(c->timeout_ms);

    *status = 0;
    if (client_exchange(c, &request, deadline, e) != 0)
        return -1;
    *status = c->head.status;
    if (c->head.status != 200 || !is_event_stream(http_head_find(&c->head, "content-type")))
        return refused_stream(c, deadline, e);
    sse_reader_reset(&c->events);
    c->streaming = true;
    return 0;
}

static int give_event(struct http_client *c, struct http_event *event)
{
    *event = (struct http_event){
        .id = buf_text(&c->events.id),
        .event = c->events.event.len ? buf_text(&c->events.event) : "message",
        .data = buf_slice(&c->events.data),
        .retry_ms = c->events.retry_ms,
    };
    return 1;
}

int http_client_stream_next(struct http_client *c, unsigned dead_ms, struct http_event *event,
                            struct err *e)
{
    int result = -1;

    if (!c->streaming)
        return err_set(e, ERR_USAGE, "client.closed", NULL, "no stream is open");
    for (;;) {
        size_t used = 0;
        int complete = sse_reader_feed(&c->events, c->event_bytes, &used, e);
        if (complete < 0)
            break;
        if (c->event_bytes.len)
            c->event_bytes = slice_of(c->event_bytes.data + used, c->event_bytes.len - used);
        if (complete == 1)
            return give_event(c, event);
        /* any byte, a heart-beat too, shows that the server lives */
        result = client_read_body(c, &c->event_bytes, client_deadline(dead_ms), e);
        if (result != 1)
            break;
        result = -1;
    }
    http_client_disconnect(c);
    return result;
}

/* As client_read_body, but 2 when nothing more is there: framing alone may have come. */
static int read_available(struct http_client *c, struct slice *run, unsigned dead_ms, struct err *e)
{
    for (;;) {
        size_t used = 0;
        enum http_step step = http_body_feed(&c->body, c->unread, &used, run, e);
        if (step == HTTP_REFUSED)
            return -1;
        if (c->unread.len)
            c->unread = slice_of(c->unread.data + used, c->unread.len - used);
        if (step == HTTP_DATA)
            return 1;
        if (step == HTTP_DONE)
            return 0;
        if (!client_link_readable(&c->link))
            return 2;
        /* a record of TLS that is there only in part is waited for */
        long got = client_link_read(&c->link, c->in, sizeof(c->in), client_deadline(dead_ms), e);
        if (got < 0)
            return -1;
        if (got == 0)
            return err_set(e, ERR_UNAVAILABLE, "client.closed", NULL,
                           "the server closed the connection in the middle of the stream");
        c->unread = slice_of(c->in, (size_t)got);
    }
}

int http_client_stream_take(struct http_client *c, unsigned dead_ms, struct http_event *event,
                            struct err *e)
{
    int result = -1;

    if (!c->streaming)
        return err_set(e, ERR_USAGE, "client.closed", NULL, "no stream is open");
    for (unsigned reads = 0;; reads++) {
        size_t used = 0;
        int complete = sse_reader_feed(&c->events, c->event_bytes, &used, e);
        if (complete < 0)
            break;
        if (c->event_bytes.len)
            c->event_bytes = slice_of(c->event_bytes.data + used, c->event_bytes.len - used);
        if (complete == 1)
            return give_event(c, event);
        if (reads == TAKE_READS_MAX)
            return 2;
        result = read_available(c, &c->event_bytes, dead_ms, e);
        if (result == 2)
            return 2;
        if (result != 1)
            break;
        result = -1;
    }
    http_client_disconnect(c);
    return result;
}

struct slice http_client_header(const struct http_client *c, const char *name)
{
    return http_head_find(&c->head, name);
}

int http_client_stream_poll(struct http_client *c, int other_fd, unsigned timeout_ms)
{
    if (!c->streaming || c->event_bytes.len || c->unread.len)
        return 1;
    return client_link_poll(&c->link, other_fd, client_deadline(timeout_ms));
}

void http_client_stream_close(struct http_client *c)
{
    http_client_disconnect(c);
}
