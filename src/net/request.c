/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_internal.h"

#include <stdio.h>

/* ---- ends from our side ---- */

/* The handler keeps the exchange, but its connection is gone for it. */
static void detach(struct connection *c)
{
    struct http_exchange *x = c->exchange;

    c->exchange = NULL;
    x->connection = NULL;
    atomic_store(&x->alive, false);
    if (x->file)
        file_answer_cut(x);
    if (!x->owned) {
        exchange_free(x);
        return;
    }
    exchange_hand_over(x);
    if (x->has_reader && !x->body_done) {
        x->body_done = true;
        x->reader.end(x, x->reader.context, false);
    }
}

void request_cut(struct connection *c)
{
    detach(c);
}

void request_fail(struct connection *c, int status, const struct err *e)
{
    if (c->exchange && (c->exchange->owned || c->exchange->file))
        detach(c);
    if (!c->exchange)
        c->exchange = exchange_new(c);
    if (!c->exchange || connection_unsent(c)) {
        connection_close(c);
        return;
    }
    answer_refuse(c, status, e);
    connection_pump(c);
}

static void refuse(struct connection *c, int status, enum err_kind kind, const char *code,
                   const char *clause, const char *text)
{
    struct err e = {0};

    err_set(&e, kind, code, clause, "%s", text);
    request_fail(c, status, &e);
}

static void overload(struct connection *c, const char *code)
{
    count(c->loop, COUNT_LOAD, 1);
    refuse(c, 503, ERR_UNAVAILABLE, code, "RFC 9110 section 15.6.4",
           "the server has too much to do just now");
}

static void malformed(struct connection *c, int status, const struct err *e)
{
    count(c->loop, COUNT_MALFORMED, 1);
    server_refused(c->loop, c->door, e->code, c->remote, c->peer ? &c->peer->peer : NULL);
    request_fail(c, status, e);
}

/* ---- to the handler ---- */

static void call_handler(struct connection *c, struct http_exchange *x)
{
    const struct http_route *route = x->match.route;

    x->owned = true;
    route->handler(x, route->context);
    if (c->exchange == x && x->owned)
        exchange_hand_over(x);
}

void request_dispatch(struct connection *c, struct http_exchange *x)
{
    x->body_done = true;
    connection_set_state(c, CONNECTION_WAIT);
    if (x->owned)
        x->reader.end(x, x->reader.context, true);
    else
        call_handler(c, x);
}

/* ---- the head is there ---- */

static void answer_options(struct connection *c, struct http_exchange *x, const char *allowed)
{
    struct http_header_line allow = {"Allow", allowed};
    struct http_answer answer = {.status = 204, .headers = &allow, .header_count = 1};

    (void)c;
    x->owned = true;
    x->body_done = x->head.framing == HTTP_NO_BODY || x->decoder.left == 0;
    http_reply(x, &answer);
}

static void answer_405(struct connection *c, struct http_exchange *x)
{
    struct http_header_line allow = {"Allow", x->match.allowed};
    struct err e = {0};

    (void)c;
    err_set(&e, ERR_USAGE, "http.method", "RFC 9110 section 15.5.6",
            "this resource does not know that method");
    x->owned = true;
    x->body_done = x->head.framing == HTTP_NO_BODY;
    http_problem_status(x, 405, &e, &allow, 1);
}

/* Routes the request; false: it is answered already. */
static bool find_route(struct connection *c, struct http_exchange *x)
{
    struct slice method = http_head_run(&x->head, x->head.method);

    if (x->head.asterisk) {
        answer_options(c, x, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
        return false;
    }
    router_find(&c->loop->server->router, method, http_head_run(&x->head, x->head.path),
                c->door->kind, &x->match);
    if (x->match.route)
        return true;
    if (!x->match.allowed[0])
        refuse(c, 404, ERR_NOT_FOUND, "http.not-found", "RFC 9110 section 15.5.5",
               "there is nothing at this path");
    else if (slice_is(method, "OPTIONS"))
        answer_options(c, x, x->match.allowed);
    else
        answer_405(c, x);
    return false;
}

/* Who may, and is there room? false: refused. */
static bool admit(struct connection *c, const struct http_route *route)
{
    const struct http_server *s = c->loop->server;
    const struct net_limits *limits = &s->limits;

    if (c->peer && !s->config.peer_check(s->config.context, c->door->kind, &c->peer->peer)) {
        count(c->loop, COUNT_PEER, 1);
        server_refused(c->loop, c->door, "net.peer-inactive", c->remote, &c->peer->peer);
        refuse(c, 403, ERR_DENIED, "net.refused", NULL, "this certificate is not accepted");
        return false;
    }
    if (c->shed) {
        overload(c, "net.connections");
        return false;
    }
    if (limits->max_in_flight && atomic_load(&s->in_flight) >= limits->max_in_flight &&
        !(route->flags & HTTP_ROUTE_ALWAYS)) {
        overload(c, "net.in-flight");
        return false;
    }
    return true;
}

static void body_too_large(struct connection *c)
{
    refuse(c, 413, ERR_LIMIT, "http.body-length", "RFC 9110 section 15.5.14",
           "the request's content is larger than this resource takes");
}

/* Prepares for the body; false: refused. */
static bool begin_body(struct connection *c, struct http_exchange *x)
{
    const struct http_route *route = x->match.route;
    struct err e = {0};

    if (route->body_limit == 0 ||
        (x->head.framing == HTTP_LENGTH && x->head.content_length > route->body_limit)) {
        body_too_large(c);
        return false;
    }
    if ((route->flags & HTTP_ROUTE_SPOOL_BODY) && spool_begin(x, &e) != 0) {
        request_fail(c, 503, &e);
        return false;
    }
    if (x->head.expect_continue &&
        connection_send(c, slice_str("HTTP/1.1 100 Continue\r\n\r\n")) != 0) {
        connection_close(c);
        return false;
    }
    connection_set_state(c, CONNECTION_BODY);
    return true;
}

static void head_done(struct connection *c, struct http_exchange *x)
{
    count(c->loop, COUNT_REQUESTS, 1);
    x->started = loop_now(&c->loop->loop);
    http_body_init(&x->decoder, &x->head);
    connection_set_state(c, CONNECTION_WAIT);
    if (!find_route(c, x) || !admit(c, x->match.route))
        return;
    if (x->head.framing == HTTP_NO_BODY ||
        (x->head.framing == HTTP_LENGTH && x->head.content_length == 0)) {
        x->body_done = true;
        if (!(x->match.route->flags & HTTP_ROUTE_STREAM_BODY)) {
            request_dispatch(c, x);
            return;
        }
        call_handler(c, x);
        if (c->exchange == x && x->owned && x->has_reader)
            x->reader.end(x, x->reader.context, true);
        return;
    }
    if (!begin_body(c, x))
        return;
    if (x->match.route->flags & HTTP_ROUTE_STREAM_BODY)
        call_handler(c, x);
}

static void feed_head(struct connection *c, struct http_exchange *x, struct slice in, size_t *used)
{
    struct err e = {0};

    switch (http_head_feed(&x->head, in, used, &e)) {
    case HTTP_DONE: head_done(c, x); break;
    case HTTP_REFUSED:
        *used = in.len;
        if (x->head.status)
            malformed(c, x->head.status, &e);
        else
            overload(c, "base.memory");
        break;
    default: break;
    }
}

/* ---- the body ---- */

int64_t request_body_deadline(const struct connection *c)
{
    const struct net_limits *limits = &c->loop->server->limits;
    int64_t allowed = (int64_t)limits->body_ms * 1000;

    if (!limits->body_ms || !c->exchange)
        return 0;
    if (limits->body_min_rate)
        allowed += (int64_t)(c->exchange->decoder.total * 1000000 / limits->body_min_rate);
    return c->since + allowed;
}

static void take_run(struct connection *c, struct http_exchange *x, struct slice run)
{
    struct err e = {0};
    int result = 0;

    if (x->decoder.total > x->match.route->body_limit) {
        body_too_large(c);
        return;
    }
    if (x->has_reader)
        x->reader.data(x, x->reader.context, run);
    else if (x->spool)
        result = spool_put(x, run, &e);
    else if (!x->owned)
        result = exchange_collect(x, run, &e);
    if (result != 0) {
        count(c->loop, COUNT_LOAD, 1);
        request_fail(c, 503, &e);
    }
}

static void body_done(struct connection *c, struct http_exchange *x)
{
    x->body_done = true;
    connection_set_state(c, CONNECTION_WAIT);
    if (x->spool)
        spool_end(x);
    else if (!x->owned)
        request_dispatch(c, x);
    else if (x->has_reader)
        x->reader.end(x, x->reader.context, true);
}

static void feed_body(struct connection *c, struct http_exchange *x, struct slice in, size_t *used)
{
    struct err e = {0};
    struct slice run = {0};

    switch (http_body_feed(&x->decoder, in, used, &run, &e)) {
    case HTTP_DATA:
        take_run(c, x, run);
        /* the end of a body with a length is known without another byte */
        if (!c->dead && c->exchange == x && c->state == CONNECTION_BODY &&
            x->head.framing == HTTP_LENGTH && x->decoder.left == 0)
            body_done(c, x);
        break;
    case HTTP_DONE: body_done(c, x); break;
    case HTTP_REFUSED:
        *used = in.len;
        malformed(c, 400, &e);
        break;
    default: break;
    }
}

int request_feed(struct connection *c, struct slice in, size_t *used)
{
    size_t at = 0;

    while (at < in.len && !c->dead && !c->closing) {
        struct slice rest = slice_of(in.data + at, in.len - at);
        size_t some = 0;
        if (c->state == CONNECTION_IDLE) {
            if (!c->exchange)
                c->exchange = exchange_new(c);
            if (!c->exchange)
                return -1;
            connection_set_state(c, CONNECTION_HEAD);
        }
        if (c->state == CONNECTION_HEAD)
            feed_head(c, c->exchange, rest, &some);
        else if (c->state == CONNECTION_BODY && !c->reading_paused)
            feed_body(c, c->exchange, rest, &some);
        else
            break;
        at += some;
        /* while an answer waits for the peer, its next request waits too */
        if (connection_unsent(c))
            break;
    }
    *used = at;
    return c->dead ? -1 : 0;
}
