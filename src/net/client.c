/* SPDX-License-Identifier: Apache-2.0 */
/* Making a client, and requests with their responses. */
#include "base/json.h"
#include "base/memory.h"
#include "net/client_internal.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    RESPONSE_LIMIT = 4 * 1024 * 1024,
    BODY_TO_ANNOUNCE = 1024 * 1024, /* from that size on, the server is asked first */
    CONTINUE_WAIT_MS = 1000,        /* RFC 9110 section 10.1.1: not for ever */
    BODY_PIECE = 16 * 1024,
};

/* ---- making ---- */

static int bad_url(struct err *e, const char *url)
{
    err_set(e, ERR_USAGE, "client.url", NULL, "'%s' is no address of a server", url);
    return err_hint(e, "https://host:port, http://host:port or unix:/path");
}

static int copy_text(char **out, const char *text, struct err *e)
{
    *out = text ? mem_strdup(text) : NULL;
    return text && !*out ? err_memory(e) : 0;
}

/* "host:port", "[v6]:port"; the brackets stay in authority only. */
static int take_authority(struct http_client *c, const char *authority, const char *port,
                          const char *url, struct err *e)
{
    size_t len = strlen(authority);
    const char *name = authority;

    if (len && authority[len - 1] == '/')
        len--;
    if (!http_authority_valid(slice_of(authority, len)))
        return bad_url(e, url);
    size_t host_len = len;
    if (authority[0] == '[') {
        name++;
        host_len = (size_t)(strchr(authority, ']') - name);
    } else if (memchr(authority, ':', len)) {
        host_len = (size_t)((const char *)memchr(authority, ':', len) - authority);
    }
    const char *after = name + host_len + (authority[0] == '[');
    size_t port_len = (size_t)(authority + len - after);
    if (port_len > 1)
        snprintf(c->target.port, sizeof(c->target.port), "%.*s", (int)port_len - 1, after + 1);
    else
        snprintf(c->target.port, sizeof(c->target.port), "%s", port);
    c->target.host = mem_new(1, host_len + 1);
    c->authority = mem_new(1, len + 1);
    if (!c->target.host || !c->authority)
        return err_memory(e);
    memcpy(c->target.host, name, host_len);
    memcpy(c->authority, authority, len);
    return 0;
}

static int take_url(struct http_client *c, const char *url, struct err *e)
{
    if (strncmp(url, "unix:", 5) == 0 && url[5]) {
        if (copy_text(&c->target.path, url + 5, e) != 0)
            return -1;
        return copy_text(&c->authority, "localhost", e);
    }
    if (strncmp(url, "https://", 8) == 0) {
        c->target.tls = true;
        return take_authority(c, url + 8, "443", url, e);
    }
    if (strncmp(url, "http://", 7) == 0)
        return take_authority(c, url + 7, "80", url, e);
    return bad_url(e, url);
}

/* OpenSSL writes with write(2): a closed connection must not end the program. */
static void ignore_sigpipe(void)
{
    struct sigaction now;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
}

int http_client_new(struct http_client **client, const struct http_client_config *config,
                    struct err *e)
{
    struct http_client *c = mem_new(1, sizeof(*c));

    *client = NULL;
    if (!c)
        return err_memory(e);
    c->link.fd = -1;
    c->link.wake_fd = -1;
    http_head_init(&c->head, true);
    sse_reader_init(&c->events);
    c->connect_ms = config->connect_ms ? config->connect_ms : 10000;
    c->timeout_ms = config->timeout_ms ? config->timeout_ms : 30000;
    c->allow_tls12 = config->allow_tls12;
    c->insecure = config->insecure;
    c->identity = tls_identity_ref(config->identity);
    if (take_url(c, config->url, e) != 0 || copy_text(&c->user_agent, config->user_agent, e) != 0 ||
        copy_text(&c->target.bind_address, config->bind_address, e) != 0 ||
        copy_text(&c->target.server_name,
                  config->server_name ? config->server_name : c->target.host, e) != 0)
        goto fail;
    if (c->user_agent && !http_is_field_value(slice_str(c->user_agent))) {
        err_set(e, ERR_USAGE, "client.field", NULL, "the user agent is no field value");
        goto fail;
    }
    c->link.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->link.wake_fd < 0) {
        err_set(e, ERR_SYSTEM, "client.eventfd", NULL, "no event descriptor");
        goto fail;
    }
    ignore_sigpipe();
    *client = c;
    return 0;
fail:
    http_client_free(c);
    return -1;
}

void http_client_free(struct http_client *c)
{
    if (!c)
        return;
    http_client_disconnect(c);
    if (c->link.wake_fd >= 0)
        close(c->link.wake_fd);
    SSL_SESSION_free(c->session);
    SSL_CTX_free(c->tls);
    tls_identity_free(c->identity);
    http_head_fini(&c->head);
    sse_reader_fini(&c->events);
    mem_free(c->certificate);
    mem_free(c->target.host);
    mem_free(c->target.path);
    mem_free(c->target.server_name);
    mem_free(c->target.bind_address);
    mem_free(c->authority);
    mem_free(c->user_agent);
    mem_free(c);
}

void http_client_interrupt(struct http_client *c)
{
    uint64_t one = 1;

    if (write(c->link.wake_fd, &one, sizeof(one)) < 0)
        return; /* it is set already */
}

/* ---- sending ---- */

static void put_field(struct buf *out, const char *name, const char *value)
{
    buf_puts(out, name);
    buf_puts(out, ": ");
    buf_puts(out, value);
    buf_puts(out, "\r\n");
}

static uint64_t body_size(const struct http_request *r)
{
    return r->read_body ? r->body_size : r->body.len;
}

static bool has_body(const struct http_request *r)
{
    return r->content_type || r->read_body || r->body.len;
}

static int write_head(const struct http_client *c, const struct http_request *r, struct buf *out,
                      struct err *e)
{
    struct slice authority, path, query;
    bool has_query;

    if (!http_is_token(slice_str(r->method)))
        return err_set(e, ERR_USAGE, "client.field", NULL, "'%s' is no method", r->method);
    if (http_target_split(slice_str(r->target), &authority, &path, &query, &has_query, e) != 0)
        return err_where(e, "%s", r->target);
    buf_printf(out, "%s %s HTTP/1.1\r\n", r->method, r->target);
    put_field(out, "Host", c->authority);
    if (c->user_agent)
        put_field(out, "User-Agent", c->user_agent);
    for (size_t i = 0; i < r->header_count; i++) {
        if (!http_is_token(slice_str(r->headers[i].name)) ||
            !http_is_field_value(slice_str(r->headers[i].value)))
            return err_set(e, ERR_USAGE, "client.field", "RFC 9110 section 5.5",
                           "a request field is not valid");
        put_field(out, r->headers[i].name, r->headers[i].value);
    }
    if (r->content_type && !http_is_field_value(slice_str(r->content_type)))
        return err_set(e, ERR_USAGE, "client.field", "RFC 9110 section 5.5",
                       "the content type is not valid");
    if (r->content_type)
        put_field(out, "Content-Type", r->content_type);
    if (has_body(r))
        buf_printf(out, "Content-Length: %llu\r\n", (unsigned long long)body_size(r));
    if (body_size(r) >= BODY_TO_ANNOUNCE)
        put_field(out, "Expect", "100-continue");
    buf_puts(out, "\r\n");
    return buf_check(out, e);
}

static int send_read_body(struct http_client *c, const struct http_request *r, int64_t deadline,
                          struct err *e)
{
    uint8_t piece[BODY_PIECE];
    uint64_t left = r->body_size;

    while (left > 0) {
        size_t len = 0;
        size_t room = left < sizeof(piece) ? (size_t)left : sizeof(piece);
        if (r->read_body(r->read_context, piece, room, &len) != 0 || len == 0 || len > room)
            return err_set(e, ERR_SYSTEM, "client.body", NULL,
                           "the request's body ended before its size");
        if (client_link_write(&c->link, slice_of(piece, len), deadline, e) != 0)
            return -1;
        left -= len;
    }
    return 0;
}

/* 1: a final answer is there already, 0: go on. */
static int wait_for_continue(struct http_client *c, int64_t deadline, struct err *e)
{
    int64_t until = client_deadline(CONTINUE_WAIT_MS);
    int ready = client_link_poll(&c->link, -1, until < deadline ? until : deadline);

    if (ready < 0)
        return err_set(e, ERR_UNAVAILABLE, "client.interrupted", NULL, "interrupted");
    if (ready == 0)
        return 0;
    if (client_read_head(c, false, true, deadline, e) != 0)
        return -1;
    return c->head.status >= 200;
}

static int send_body(struct http_client *c, const struct http_request *r, int64_t deadline,
                     struct err *e)
{
    if (r->read_body)
        return send_read_body(c, r, deadline, e);
    return client_link_write(&c->link, r->body, deadline, e);
}

/* One try on the open connection. *sent: the server may have seen something of the answer's cause.
 */
static int exchange_once(struct http_client *c, const struct http_request *r,
                         const struct buf *head, int64_t deadline, struct err *e)
{
    bool to_head = strcmp(r->method, "HEAD") == 0;
    bool small = !r->read_body && body_size(r) < BODY_TO_ANNOUNCE;
    struct buf whole;
    int result;

    http_head_reset(&c->head);
    if (small && r->body.len) {
        buf_init(&whole);
        buf_put_slice(&whole, buf_slice(head));
        buf_put_slice(&whole, r->body);
        result = buf_check(&whole, e);
        if (result == 0)
            result = client_link_write(&c->link, buf_slice(&whole), deadline, e);
        buf_fini_secret(&whole); /* tokens stand in heads, keys in bodies */
    } else {
        result = client_link_write(&c->link, buf_slice(head), deadline, e);
    }
    if (result != 0)
        return -1;
    if (!small) {
        int final = body_size(r) >= BODY_TO_ANNOUNCE ? wait_for_continue(c, deadline, e) : 0;
        if (final < 0)
            return -1;
        if (final == 1) {
            c->head.keep_alive = false; /* the body was never sent */
            return 0;
        }
        http_head_reset(&c->head);
        if (send_body(c, r, deadline, e) != 0) {
            /* the server may have answered, and closed, before it read all */
            struct err ignored = {0};
            if (strcmp(e->code, "client.closed") != 0 ||
                client_read_head(c, to_head, false, deadline, &ignored) != 0)
                return -1;
            err_clear(e);
            c->head.keep_alive = false;
            return 0;
        }
    }
    return client_read_head(c, to_head, false, deadline, e);
}

static bool may_repeat(const struct http_request *r)
{
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};

    if (r->read_body)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(safe); i++)
        if (strcmp(r->method, safe[i]) == 0)
            return true;
    return r->idempotent;
}

int client_exchange(struct http_client *c, const struct http_request *r, int64_t deadline,
                    struct err *e)
{
    struct buf head;
    bool kept;
    int result = -1;

    buf_init(&head);
    if (write_head(c, r, &head, e) != 0)
        goto out;
    for (;;) {
        if (client_connect(c, &kept, e) != 0)
            break;
        result = exchange_once(c, r, &head, deadline, e);
        /* a kept-alive connection may die just when it is used: once more, on a new one */
        if (result == 0 || !kept || !may_repeat(r) || !http_head_empty(&c->head) ||
            strcmp(e->code, "client.closed") != 0)
            break;
        http_client_disconnect(c);
        err_clear(e);
    }
out:
    buf_fini_secret(&head);
    if (result != 0)
        http_client_disconnect(c);
    return result;
}

/* ---- receiving ---- */

static int refill(struct http_client *c, int64_t deadline, struct err *e)
{
    long got = client_link_read(&c->link, c->in, sizeof(c->in), deadline, e);

    if (got < 0)
        return -1;
    if (got == 0)
        return err_set(e, ERR_UNAVAILABLE, "client.closed", NULL,
                       "the server closed the connection before its answer was complete");
    c->unread = slice_of(c->in, (size_t)got);
    return 0;
}

static void advance(struct slice *s, size_t used)
{
    *s = slice_of(s->data + used, s->len - used);
}

int client_read_head(struct http_client *c, bool to_head, bool interim, int64_t deadline,
                     struct err *e)
{
    unsigned interims = 0;

    http_head_reset(&c->head);
    c->head.to_head = to_head;
    for (;;) {
        size_t used = 0;
        if (c->unread.len == 0 && refill(c, deadline, e) != 0)
            return -1;
        enum http_step step = http_head_feed(&c->head, c->unread, &used, e);
        advance(&c->unread, used);
        if (step == HTTP_REFUSED)
            return -1;
        if (step == HTTP_MORE)
            continue;
        if (c->head.status >= 200 || interim)
            break;
        if (++interims > 8)
            return err_set(e, ERR_INPUT, "client.interim", "RFC 9110 section 15.2",
                           "the server sends interim responses without end");
        http_head_reset(&c->head);
        c->head.to_head = to_head;
    }
    http_body_init(&c->body, &c->head);
    return 0;
}

int client_read_body(struct http_client *c, struct slice *run, int64_t deadline, struct err *e)
{
    for (;;) {
        size_t used = 0;
        enum http_step step = http_body_feed(&c->body, c->unread, &used, run, e);
        if (step == HTTP_REFUSED)
            return -1;
        if (c->unread.len)
            advance(&c->unread, used);
        if (step == HTTP_DATA)
            return 1;
        if (step == HTTP_DONE)
            return 0;
        if (refill(c, deadline, e) != 0)
            return -1;
    }
}

static size_t response_limit(const struct http_request *request)
{
    return request->response_limit ? request->response_limit : RESPONSE_LIMIT;
}

static bool goes_to_caller(const struct http_request *request, int status)
{
    return request->write_body && status >= 200 && status < 300;
}

static int too_large(const struct http_request *request, struct err *e)
{
    return err_set(e, ERR_LIMIT, "client.too-large", NULL, "the response is larger than %zu bytes",
                   response_limit(request));
}

static int take_run(const struct http_request *request, struct http_response *r, struct slice run,
                    struct err *e)
{
    if (goes_to_caller(request, r->status)) {
        if (request->write_body(request->write_context, run) != 0)
            return err_set(e, ERR_SYSTEM, "client.body", NULL, "the response could not be stored");
        return 0;
    }
    if (run.len > response_limit(request) - r->body.len)
        return too_large(request, e);
    buf_put_slice(&r->body, run);
    return buf_check(&r->body, e);
}

void http_response_init(struct http_response *r)
{
    *r = (struct http_response){0};
}

void http_response_fini(struct http_response *r)
{
    buf_fini(&r->body);
    *r = (struct http_response){0};
}

int http_client_request(struct http_client *c, const struct http_request *request,
                        struct http_response *r, struct err *e)
{
    int64_t deadline = client_deadline(request->timeout_ms ? request->timeout_ms : c->timeout_ms);
    struct slice run;
    int more;

    buf_reset(&r->body);
    r->status = 0;
    r->head = NULL;
    if (client_exchange(c, request, deadline, e) != 0)
        return -1;
    r->status = c->head.status;
    r->head = &c->head;
    if (c->body.framing == HTTP_LENGTH && c->head.content_length > response_limit(request) &&
        !goes_to_caller(request, r->status)) {
        http_client_disconnect(c);
        return too_large(request, e);
    }
    while ((more = client_read_body(c, &run, deadline, e)) == 1)
        if (take_run(request, r, run, e) != 0) {
            more = -1;
            break;
        }
    if (more != 0 || !c->head.keep_alive || c->unread.len != 0)
        http_client_disconnect(c);
    return more;
}

/* ---- problems ---- */

static enum err_kind kind_of(int status)
{
    switch (status) {
    case 400: return ERR_USAGE;
    case 401:
    case 403: return ERR_DENIED;
    case 404:
    case 410: return ERR_NOT_FOUND;
    case 409:
    case 412: return ERR_CONFLICT;
    case 413: return ERR_LIMIT;
    case 422: return ERR_INPUT;
    case 429:
    case 502:
    case 503:
    case 504: return ERR_UNAVAILABLE;
    default: return status < 500 ? ERR_USAGE : ERR_SYSTEM;
    }
}

static void copy_member(char *out, size_t size, const struct json_value *root, const char *name)
{
    struct slice text = json_get_string(root, name);
    size_t len = text.len < size - 1 ? text.len : size - 1;

    if (len)
        memcpy(out, text.data, len);
    out[len] = 0;
}

int http_client_problem(const struct http_response *r, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err ignored = {0};
    struct err told = {0};

    if (err_is_set(e))
        return -1;
    told.kind = kind_of(r->status);
    snprintf(told.code, sizeof(told.code), "client.status");
    if (r->body.len && json_parse(&doc, buf_slice(&r->body), NULL, &ignored) == 0) {
        const struct json_value *root = json_root(doc);
        if (json_get_string(root, "code").len)
            copy_member(told.code, sizeof(told.code), root, "code");
        copy_member(told.clause, sizeof(told.clause), root, "clause");
        copy_member(told.where, sizeof(told.where), root, "where");
        copy_member(told.text, sizeof(told.text), root, "detail");
        copy_member(told.hint, sizeof(told.hint), root, "hint");
        json_doc_free(doc);
    }
    if (!told.text[0])
        snprintf(told.text, sizeof(told.text), "the server answered %d %s", r->status,
                 http_reason(r->status));
    *e = told;
    return -1;
}
