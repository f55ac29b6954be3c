/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "net/server_internal.h"

#include <stdio.h>
#include <time.h>

/* ---- heads ---- */

/* RFC 9110 section 5.6.7, made once a second and thread. */
static const char *date_now(const struct clock *clock)
{
    static _Thread_local char text[40];
    static _Thread_local time_t made;
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(clock_now(clock) / 1000000);
    struct tm t;

    if ((now == made && text[0]) || !gmtime_r(&now, &t))
        return text;
    snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[t.tm_wday % 7],
             t.tm_mday % 100, months[t.tm_mon % 12], (t.tm_year + 1900) % 10000, t.tm_hour % 100,
             t.tm_min % 100, t.tm_sec % 100);
    made = now;
    return text;
}

static void put_field(struct buf *b, const char *name, const char *value)
{
    if (!value || !http_is_token(slice_str(name)) || !http_is_field_value(slice_str(value)))
        return;
    buf_puts(b, name);
    buf_put(b, ": ", 2);
    buf_puts(b, value);
    buf_put(b, "\r\n", 2);
}

static void put_number(struct buf *b, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buf_put(b, digits + at, sizeof(digits) - at);
}

/* RFC 9110 section 6.4.1: answers that have no content, and say nothing about its length. */
static bool has_no_content(int status)
{
    return status < 200 || status == 204 || status == 304;
}

void answer_head(struct http_exchange *x, const struct http_answer *a, enum answer_length how,
                 uint64_t length)
{
    struct buf *b = &x->answer;
    struct http_server *s = x->loop->server;

    x->status = a->status;
    x->close = x->close || a->close || !x->head.keep_alive || how == LENGTH_UNTIL_CLOSE ||
               atomic_load_explicit(&s->stopping, memory_order_relaxed);
    buf_reset(b);
    buf_puts(b, "HTTP/1.1 ");
    put_number(b, (uint64_t)a->status);
    buf_putc(b, ' ');
    buf_puts(b, http_reason(a->status));
    buf_puts(b, "\r\nDate: ");
    buf_puts(b, date_now(s->config.clock));
    buf_put(b, "\r\n", 2);
    put_field(b, "Server", s->server_name);
    put_field(b, "Content-Type", a->content_type);
    put_field(b, "ETag", a->etag);
    put_field(b, "Cache-Control", a->cache ? a->cache : "no-store");
    for (size_t i = 0; i < a->header_count; i++)
        put_field(b, a->headers[i].name, a->headers[i].value);
    if (how == LENGTH_CHUNKED) {
        buf_puts(b, "Transfer-Encoding: chunked\r\n");
    } else if (how == LENGTH_OF_BODY && !has_no_content(a->status)) {
        buf_puts(b, "Content-Length: ");
        put_number(b, length);
        buf_put(b, "\r\n", 2);
    }
    if (x->close)
        buf_puts(b, "Connection: close\r\n");
    buf_put(b, "\r\n", 2);
}

/* RFC 9110 section 13.1.2; weak comparison: "W/" in the list does not matter. */
bool answer_etag_matches(struct slice list, const char *etag)
{
    size_t len = strlen(etag);

    for (size_t at = 0; at < list.len;) {
        const uint8_t *comma = memchr(list.data + at, ',', list.len - at);
        size_t end = comma ? (size_t)(comma - list.data) : list.len;
        size_t to = end;
        while (at < to && (list.data[at] == ' ' || list.data[at] == '\t'))
            at++;
        while (to > at && (list.data[to - 1] == ' ' || list.data[to - 1] == '\t'))
            to--;
        if (to - at > 2 && list.data[at] == 'W' && list.data[at + 1] == '/')
            at += 2;
        if ((to - at == len && memcmp(list.data + at, etag, len) == 0) ||
            (to - at == 1 && list.data[at] == '*'))
            return true;
        at = end + 1;
    }
    return false;
}

/* ---- delivery ---- */

/* The connection is gone: nobody gets the answer. */
static void drop(struct http_exchange *x)
{
    struct http_stream *stream = x->stream;

    count(x->loop, COUNT_ANSWERS, 1);
    x->stream = NULL;
    exchange_free(x);
    if (stream)
        stream_cut(stream);
}

static void go_on(struct connection *c, struct http_exchange *x)
{
    bool unread = !x->body_done;

    if (x->stream) {
        struct http_stream *stream = x->stream;
        x->stream = NULL;
        c->exchange = NULL;
        connection_set_state(c, CONNECTION_STREAM);
        exchange_free(x);
        stream_attach(c, stream);
    } else if (x->file) {
        x->owned = false;
        connection_set_state(c, CONNECTION_ANSWER);
        file_answer_start(x);
    } else {
        bool close_it = x->close || unread;
        c->exchange = NULL;
        exchange_free(x);
        connection_answered(c, close_it, unread);
    }
}

void answer_deliver(struct http_exchange *x)
{
    struct connection *c = x->connection;

    if (!c) {
        drop(x);
        return;
    }
    count(c->loop, COUNT_ANSWERS + (enum counter)(x->status / 100 % 6), 1);
    x->owned = false;
    if (x->answer.failed || connection_send(c, buf_slice(&x->answer)) != 0) {
        if (x->stream) {
            stream_cut(x->stream);
            x->stream = NULL;
        }
        connection_close(c);
        return;
    }
    go_on(c, x);
    connection_pump(c);
}

static void on_answer(struct loop_message *message, struct net_loop *loop)
{
    (void)loop;
    answer_deliver((struct http_exchange *)message);
}

void answer_post(struct http_exchange *x)
{
    /*
     * At once only for the request that is being handled right now. Any other connection must not
     * be served from within this one's handler: they share the loop's input buffer.
     */
    if (loop_is_here(&x->loop->loop) && (!x->connection || x->connection->pumping)) {
        answer_deliver(x);
        return;
    }
    x->message.run = on_answer;
    loop_post(&x->loop->loop, &x->message);
}

void http_reply(struct http_exchange *x, const struct http_answer *answer)
{
    bool is_get = x->match.route && strcmp(x->match.route->method, "GET") == 0;
    struct slice known = {0};

    if (answer->etag && is_get && answer->status == 200)
        known = http_head_find(&x->head, "if-none-match");
    if (known.data && answer_etag_matches(known, answer->etag)) {
        struct http_answer same = *answer;
        same.status = 304;
        same.content_type = NULL;
        answer_head(x, &same, LENGTH_OF_BODY, 0);
    } else {
        answer_head(x, answer, LENGTH_OF_BODY, answer->body.len);
        if (!x->match.head && !has_no_content(answer->status))
            buf_put_slice(&x->answer, answer->body);
    }
    answer_post(x);
}

void http_reply_text(struct http_exchange *x, int status, const char *content_type,
                     struct slice body)
{
    struct http_answer answer = {.status = status, .content_type = content_type, .body = body};

    http_reply(x, &answer);
}

/* ---- problems ---- */

static void write_problem(struct buf *out, int status, const struct err *e)
{
    struct json_writer w;
    char type[80];

    snprintf(type, sizeof(type), "urn:tocsin:%s", e->code);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "type", type);
    json_member_string(&w, "title", http_reason(status));
    json_member_int(&w, "status", status);
    json_member_string(&w, "detail", e->text);
    json_member_string(&w, "code", e->code);
    if (e->clause[0])
        json_member_string(&w, "clause", e->clause);
    if (e->where[0])
        json_member_string(&w, "where", e->where);
    if (e->hint[0])
        json_member_string(&w, "hint", e->hint);
    json_write_object_end(&w);
}

enum { PROBLEM_HEADERS = 8 };

static void reply_problem(struct http_exchange *x, int status, const struct err *e, bool close_it,
                          const struct http_header_line *headers, size_t header_count)
{
    struct http_header_line lines[PROBLEM_HEADERS + 1];
    char retry[16];
    struct buf body;
    size_t lines_count = 0;
    bool has_retry = false;

    for (size_t i = 0; i < header_count && lines_count < PROBLEM_HEADERS; i++) {
        lines[lines_count++] = headers[i];
        has_retry = has_retry || strcmp(headers[i].name, "Retry-After") == 0;
    }
    if (status == 503 && !has_retry) {
        snprintf(retry, sizeof(retry), "%u", server_retry_after(x->loop->server));
        lines[lines_count++] = (struct http_header_line){"Retry-After", retry};
    }
    buf_init(&body);
    write_problem(&body, status, e);
    struct http_answer answer = {
        .status = status,
        .content_type = "application/problem+json",
        .body = buf_slice(&body),
        .headers = lines,
        .header_count = lines_count,
        .close = close_it,
    };
    http_reply(x, &answer);
    buf_fini(&body);
}

void http_problem_status(struct http_exchange *x, int status, const struct err *e,
                         const struct http_header_line *headers, size_t header_count)
{
    reply_problem(x, status, e, false, headers, header_count);
}

void http_problem(struct http_exchange *x, const struct err *e)
{
    reply_problem(x, err_http_status(e->kind), e, false, NULL, 0);
}

void answer_refuse(struct connection *c, int status, const struct err *e)
{
    struct http_exchange *x = c->exchange;
    bool pumping = c->pumping;
    /* what was misread once cannot be read on; a refusal before the handler's part can */
    bool readable = x->body_done || (x->started && x->head.framing == HTTP_NO_BODY);

    x->owned = true;
    x->body_done = readable;
    c->pumping = true; /* answered at once, from timers too */
    reply_problem(x, status, e, !readable || c->shed, NULL, 0);
    c->pumping = pumping;
}
