/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "net/server_internal.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>

enum { KEEP_BUFFER = 64 * 1024, RESERVE_STEP = 64 * 1024 };

/* ---- life ---- */

static void on_resume(struct loop_message *message, struct net_loop *loop);

struct http_exchange *exchange_new(struct connection *c)
{
    struct server_loop *l = c->loop;
    struct http_exchange *x = l->pool;

    if (x) {
        l->pool = x->next;
        l->pooled--;
        x->next = NULL;
    } else {
        x = mem_new(1, sizeof(*x));
        if (!x)
            return NULL;
        http_head_init(&x->head, false);
        arena_init(&x->arena, 0);
    }
    x->loop = l;
    x->connection = c;
    x->door = c->door;
    x->uid = c->uid;
    x->peer = peer_record_ref(c->peer);
    memcpy(x->remote, c->remote, sizeof(x->remote));
    x->head.allow_http10 = c->door->allow_http10;
    x->resume.run = on_resume;
    atomic_store(&x->alive, true);
    return x;
}

static void trim(struct buf *b)
{
    if (b->room > KEEP_BUFFER)
        buf_fini(b);
    else
        buf_reset(b);
}

static void destroy(struct http_exchange *x)
{
    http_head_fini(&x->head);
    arena_fini(&x->arena);
    buf_fini(&x->body);
    buf_fini(&x->answer);
    mem_free(x);
}

void exchange_free(struct http_exchange *x)
{
    struct server_loop *l = x->loop;
    struct http_server *s = l->server;

    if (atomic_load(&x->resume_posted)) {
        x->forgotten = true; /* the message still points here */
        x->connection = NULL;
        return;
    }
    bool handed_over = x->handed_over;
    if (x->reserved)
        atomic_fetch_sub(&s->body_bytes, x->reserved);
    if (x->spool)
        spool_free(x->spool);
    if (x->file)
        file_answer_free(x->file);
    peers_release(&s->peers, x->peer);
    trim(&x->body);
    trim(&x->answer);
    http_head_reset(&x->head);
    arena_reset(&x->arena);
    if (x->arena.used > KEEP_BUFFER)
        arena_fini(&x->arena);
    memset(&x->connection, 0, sizeof(*x) - offsetof(struct http_exchange, connection));
    if (l->pooled < EXCHANGE_POOL && !l->loop.ended) {
        x->next = l->pool;
        l->pool = x;
        l->pooled++;
    } else {
        destroy(x);
    }
    if (handed_over) {
        atomic_fetch_sub(&s->in_flight, 1);
        server_handle_given_back(s);
    }
}

void exchange_hand_over(struct http_exchange *x)
{
    if (x->handed_over)
        return;
    x->handed_over = true;
    atomic_fetch_add(&x->loop->server->in_flight, 1);
    server_handle_taken(x->loop->server);
}

int exchange_collect(struct http_exchange *x, struct slice run, struct err *e)
{
    struct http_server *s = x->loop->server;

    while (x->body.len + run.len > x->reserved) {
        size_t more = x->reserved > RESERVE_STEP ? x->reserved : RESERVE_STEP;
        size_t before = atomic_fetch_add(&s->body_bytes, more);
        x->reserved += more;
        if (s->limits.body_budget && before + more > s->limits.body_budget)
            return err_set(e, ERR_UNAVAILABLE, "net.body-budget", NULL,
                           "the server holds too many request bodies just now");
    }
    buf_put_slice(&x->body, run);
    return buf_check(&x->body, e);
}

/* ---- reading the request ---- */

const char *http_method(const struct http_exchange *x)
{
    return x->match.route ? x->match.route->method : "";
}

bool http_is_head(const struct http_exchange *x)
{
    return x->match.head;
}

struct slice http_path(const struct http_exchange *x)
{
    return http_head_run(&x->head, x->head.path);
}

struct slice http_query_text(const struct http_exchange *x)
{
    return x->head.has_query ? http_head_run(&x->head, x->head.query) : (struct slice){0};
}

const char *http_pattern(const struct http_exchange *x)
{
    return x->match.route ? x->match.route->pattern : "";
}

/* The decoded buffer as a string of the arena, or NULL. */
static const char *keep(struct http_exchange *x, struct buf *b, bool fine)
{
    const char *text =
        fine ? arena_copy(&x->arena, b->data ? b->data : (const uint8_t *)"", b->len) : NULL;

    buf_fini(b);
    return text;
}

const char *http_param(struct http_exchange *x, const char *name)
{
    struct err ignored = {0};
    struct buf decoded;

    buf_init(&decoded);
    for (unsigned i = 0; i < x->match.param_count; i++)
        if (strcmp(x->match.params[i].name, name) == 0)
            return keep(x, &decoded,
                        http_decode(x->match.params[i].value, false, &decoded, &ignored) == 0);
    return NULL;
}

int http_query(struct http_exchange *x, const char *name, const char **value, struct err *e)
{
    struct buf decoded;

    *value = NULL;
    buf_init(&decoded);
    int found = http_query_find(http_query_text(x), name, &decoded, e);
    const char *text = keep(x, &decoded, found == 1);
    if (found != 1)
        return found;
    *value = text;
    return text ? 1 : err_memory(e);
}

struct slice http_header(const struct http_exchange *x, const char *name)
{
    return http_head_find(&x->head, name);
}

const char *http_header_text(struct http_exchange *x, const char *name)
{
    struct slice value = http_header(x, name);

    return value.data ? arena_copy(&x->arena, value.data, value.len) : NULL;
}

/* A media type, with what may follow it: parameters or white space. */
static bool is_type(struct slice value, const char *type)
{
    size_t len = strlen(type);

    return value.len >= len && strncasecmp((const char *)value.data, type, len) == 0 &&
           (value.len == len || value.data[len] == ';' || value.data[len] == ' ' ||
            value.data[len] == '\t');
}

bool http_content_type_is(const struct http_exchange *x, const char *type)
{
    struct slice value = http_header(x, "content-type");

    return value.data && is_type(value, type);
}

/* "…;q=0" or "q=0.000" */
static bool weight_is_zero(struct slice range)
{
    const uint8_t *q = NULL;

    for (size_t i = 0; i + 2 < range.len; i++)
        if ((range.data[i] == 'q' || range.data[i] == 'Q') && range.data[i + 1] == '=')
            q = range.data + i + 2;
    if (!q)
        return false;
    for (const uint8_t *end = range.data + range.len; q < end; q++)
        if (*q >= '1' && *q <= '9')
            return false;
        else if (*q != '0' && *q != '.')
            break;
    return true;
}

/* 0: does not match; 1 to 3: how exactly it matches. */
static int range_matches(struct slice range, const char *type)
{
    char group[64];
    const char *slash = strchr(type, '/');

    if (is_type(range, type))
        return 3;
    snprintf(group, sizeof(group), "%.*s/*", slash ? (int)(slash - type) : 0, type);
    if (is_type(range, group))
        return 2;
    return is_type(range, "*/*") ? 1 : 0;
}

bool http_accepts(const struct http_exchange *x, const char *type)
{
    struct slice list = http_header(x, "accept");
    int best = 0;
    bool allowed = false;

    if (!list.data)
        return true;
    for (size_t at = 0; at < list.len;) {
        const uint8_t *comma = memchr(list.data + at, ',', list.len - at);
        size_t end = comma ? (size_t)(comma - list.data) : list.len;
        while (at < end && (list.data[at] == ' ' || list.data[at] == '\t'))
            at++;
        struct slice range = slice_of(list.data + at, end - at);
        int match = range_matches(range, type);
        if (match > best) {
            best = match;
            allowed = !weight_is_zero(range);
        }
        at = end + 1;
    }
    return allowed;
}

struct slice http_host(const struct http_exchange *x)
{
    return http_head_run(&x->head, x->head.host);
}

const char *http_last_event_id(struct http_exchange *x)
{
    return http_header_text(x, "last-event-id");
}

struct slice http_body(const struct http_exchange *x)
{
    return buf_slice(&x->body);
}

int http_body_file(const struct http_exchange *x, uint64_t *size)
{
    *size = 0;
    return x->spool ? spool_file(x->spool, size) : -1;
}

enum http_door_kind http_door(const struct http_exchange *x)
{
    return x->door->kind;
}

bool http_is_tls(const struct http_exchange *x)
{
    return x->door->tls != HTTP_TLS_NONE;
}

const struct net_peer *http_peer(const struct http_exchange *x)
{
    return x->peer ? &x->peer->peer : NULL;
}

const char *http_remote_address(const struct http_exchange *x)
{
    return x->remote;
}

long http_peer_uid(const struct http_exchange *x)
{
    return x->uid;
}

int http_tls_exporter(struct http_exchange *x, const char *label, uint8_t *out, size_t len)
{
    struct connection *c = x->connection;

    if (!c || !c->ssl)
        return -1;
    return SSL_export_keying_material(c->ssl, out, len, label, strlen(label), NULL, 0, 0) == 1 ? 0
                                                                                               : -1;
}

struct arena *http_arena(struct http_exchange *x)
{
    return &x->arena;
}

bool http_alive(const struct http_exchange *x)
{
    return atomic_load(&x->alive);
}

int64_t http_started(const struct http_exchange *x)
{
    return x->started;
}

/* ---- streamed bodies ---- */

void http_body_read(struct http_exchange *x, const struct http_body_reader *reader)
{
    x->reader = *reader;
    x->has_reader = true;
}

void http_body_pause(struct http_exchange *x)
{
    if (x->connection)
        connection_pause(x->connection);
}

static void on_resume(struct loop_message *message, struct net_loop *loop)
{
    struct http_exchange *x =
        (struct http_exchange *)((char *)message - offsetof(struct http_exchange, resume));

    (void)loop;
    atomic_store(&x->resume_posted, false);
    if (x->forgotten) {
        x->forgotten = false;
        exchange_free(x);
    } else if (x->connection) {
        connection_resume(x->connection);
    }
}

void http_body_resume(struct http_exchange *x)
{
    if (!atomic_exchange(&x->resume_posted, true))
        loop_post(&x->loop->loop, &x->resume);
}
