/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server.h"
#include "base/memory.h"
#include "net/server_internal.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

const char *http_door_name(enum http_door_kind kind)
{
    static const char *const names[HTTP_DOOR_KINDS] = {"enrol", "device", "web", "public", "local"};

    return (unsigned)kind < HTTP_DOOR_KINDS ? names[kind] : "?";
}

/* ---- what the other files ask of the server ---- */

void server_handle_taken(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->handles++;
    pthread_mutex_unlock(&s->lock);
}

void server_handle_given_back(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    if (--s->handles == 0)
        pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void server_refused(struct server_loop *l, const struct door *door, const char *code,
                    const char *address, const struct net_peer *peer)
{
    const struct http_server_config *config = &l->server->config;
    struct http_refusal refusal = {.door = door->kind, .code = code, .peer = peer};

    if (!config->refused)
        return;
    snprintf(refusal.address, sizeof(refusal.address), "%s", address);
    config->refused(config->context, &refusal);
}

/* Spread over one to two times the limit, so that those who were refused do not come together. */
unsigned server_retry_after(const struct http_server *s)
{
    static atomic_uint turn;
    unsigned base = s->limits.retry_after_s;

    return base + (base ? (atomic_fetch_add(&turn, 1) * 2654435761U >> 8) % (base + 1) : 0);
}

/* ---- loops ---- */

static void recheck_peers(struct server_loop *l)
{
    const struct http_server_config *config = &l->server->config;
    struct connection *next;

    for (struct connection *c = l->connections; c; c = next) {
        next = c->next;
        if (!c->peer || config->peer_check(config->context, c->door->kind, &c->peer->peer))
            continue;
        count(l, COUNT_PEERS_CLOSED, 1);
        connection_close(c);
    }
}

static void on_tick(struct net_loop *loop)
{
    struct server_loop *l = (struct server_loop *)loop;

    for (size_t i = 0; i < l->server->door_count && !l->stopping; i++)
        listener_tick(&l->listeners[i]);
    if (atomic_exchange(&l->recheck_peers, false))
        recheck_peers(l);
}

static int loop_new(struct http_server *s, unsigned index, struct err *e)
{
    struct server_loop *l = mem_new(1, sizeof(*l));

    if (!l)
        return err_memory(e);
    l->server = s;
    l->index = index;
    if (loop_init(&l->loop, s->config.clock, e) != 0) {
        mem_free(l);
        return -1;
    }
    l->loop.fire = connection_fire;
    l->loop.ticked = on_tick;
    s->loops[s->loop_count++] = l;
    l->listeners = mem_new(s->door_count, sizeof(*l->listeners));
    if (!l->listeners)
        return err_memory(e);
    for (size_t i = 0; i < s->door_count; i++)
        l->listeners[i].fd = -1;
    l->verified = mem_new(VERIFIED_SIZE, sizeof(*l->verified));
    return l->verified ? 0 : err_memory(e);
}

static void loop_free(struct server_loop *l)
{
    for (size_t i = 0; l->listeners && i < l->server->door_count; i++)
        listener_fini(&l->listeners[i]);
    while (l->pool) {
        struct http_exchange *x = l->pool;
        l->pool = x->next;
        http_head_fini(&x->head);
        arena_fini(&x->arena);
        buf_fini(&x->body);
        buf_fini(&x->answer);
        mem_free(x);
    }
    loop_fini(&l->loop);
    mem_free(l->listeners);
    mem_free(l->verified);
    mem_free(l);
}

/* ---- making ---- */

static int check_config(const struct http_server_config *config, struct err *e)
{
    bool asks = false;

    for (size_t i = 0; i < config->door_count; i++)
        asks = asks || config->doors[i].tls == HTTP_TLS_MUTUAL ||
               config->doors[i].tls == HTTP_TLS_OPTIONAL;
    if (asks && !config->peer_check)
        return err_set(e, ERR_INTERNAL, "net.config", NULL,
                       "a door asks for certificates, but nobody checks them");
    if (config->door_count == 0)
        return err_set(e, ERR_USAGE, "net.config", NULL, "there is no door");
    return 0;
}

static int copy_config(struct http_server *s, const struct http_server_config *config,
                       struct err *e)
{
    s->config = *config;
    s->limits = config->limits ? *config->limits : net_limits_default;
    if (!s->config.clock)
        s->config.clock = &clock_system;
    if (!s->config.random)
        s->config.random = &random_system;
    s->spool_folder = mem_strdup(config->spool_folder ? config->spool_folder : "/var/tmp");
    s->server_name = config->server_name ? mem_strdup(config->server_name) : NULL;
    s->doors = mem_new(config->door_count, sizeof(*s->doors));
    if (!s->spool_folder || (config->server_name && !s->server_name) || !s->doors)
        return err_memory(e);
    for (size_t i = 0; i < config->route_count; i++)
        if (router_add(&s->router, &config->routes[i], e) != 0)
            return -1;
    for (; s->door_count < config->door_count; s->door_count++) {
        if (door_init(&s->doors[s->door_count], s, s->door_count, &config->doors[s->door_count],
                      e) != 0) {
            door_fini(&s->doors[s->door_count]);
            return -1;
        }
    }
    return 0;
}

static int make_loops(struct http_server *s, const struct http_server_config *config, struct err *e)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = config->loops ? config->loops : processors > 0 ? (unsigned)processors : 1;

    if (peers_init(&s->peers, wanted, e) != 0)
        return -1;
    s->loops = mem_new(wanted, sizeof(struct server_loop *));
    if (!s->loops)
        return err_memory(e);
    while (s->loop_count < wanted)
        if (loop_new(s, s->loop_count, e) != 0)
            return -1;
    for (unsigned i = 0; i < wanted; i++)
        for (size_t k = 0; k < s->door_count; k++)
            if (listener_init(&s->loops[i]->listeners[k], &s->doors[k], s->loops[i],
                              config->doors[k].socket_mode, e) != 0)
                return -1;
    return 0;
}

int http_server_new(struct http_server **server, const struct http_server_config *config,
                    struct err *e)
{
    struct http_server *s;

    *server = NULL;
    if (check_config(config, e) != 0)
        return -1;
    s = mem_new(1, sizeof(*s));
    if (!s)
        return err_memory(e);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    file_worker_init(&s->files);
    if (router_init(&s->router, e) != 0 || copy_config(s, config, e) != 0 ||
        make_loops(s, config, e) != 0) {
        http_server_free(s);
        return -1;
    }
    *server = s;
    return 0;
}

unsigned http_server_port(const struct http_server *s, size_t door)
{
    return door < s->door_count ? s->doors[door].port : 0;
}

/* ---- starting and stopping ---- */

int http_server_start(struct http_server *s, struct err *e)
{
    s->started = true;
    if (file_worker_start(&s->files, e) != 0)
        return -1;
    for (unsigned i = 0; i < s->loop_count; i++)
        if (loop_start(&s->loops[i]->loop, e) != 0)
            return -1;
    return 0;
}

static void on_stop(struct loop_message *message, struct net_loop *loop)
{
    struct server_loop *l = (struct server_loop *)loop;
    struct connection *next;

    (void)message;
    l->stopping = true;
    for (size_t i = 0; i < l->server->door_count; i++)
        listener_close(&l->listeners[i]);
    for (struct connection *c = l->connections; c; c = next) {
        next = c->next;
        if (c->state == CONNECTION_IDLE || c->state == CONNECTION_HANDSHAKE)
            connection_close(c);
        else if (c->state == CONNECTION_STREAM)
            stream_farewell(c);
    }
    if (!l->connections) {
        atomic_store(&l->drained, true);
        loop_break(loop);
    }
}

static void on_cut(struct loop_message *message, struct net_loop *loop)
{
    struct server_loop *l = (struct server_loop *)loop;

    (void)message;
    while (l->connections)
        connection_close(l->connections);
    loop_break(loop);
}

static bool all_drained(const struct http_server *s)
{
    for (unsigned i = 0; i < s->loop_count; i++)
        if (!atomic_load(&s->loops[i]->drained))
            return false;
    return true;
}

void http_server_stop(struct http_server *s, unsigned grace_ms)
{
    if (!s->started)
        return;
    int64_t until = clock_monotonic(s->config.clock) + (int64_t)grace_ms * 1000;
    s->started = false;
    atomic_store(&s->stopping, true);
    for (unsigned i = 0; i < s->loop_count; i++) {
        struct server_loop *l = s->loops[i];
        l->stop.run = on_stop;
        l->cut.run = on_cut;
        if (l->loop.started)
            loop_post(&l->loop, &l->stop);
        else
            atomic_store(&l->drained, true);
    }
    while (!all_drained(s) && clock_monotonic(s->config.clock) < until)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    for (unsigned i = 0; i < s->loop_count; i++) {
        struct server_loop *l = s->loops[i];
        if (!atomic_load(&l->drained))
            loop_post(&l->loop, &l->cut);
    }
    for (unsigned i = 0; i < s->loop_count; i++)
        loop_join(&s->loops[i]->loop);
    file_worker_stop(&s->files);
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    http_server_stop(s, 0);
    pthread_mutex_lock(&s->lock);
    while (s->handles)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->loop_count; i++)
        loop_free(s->loops[i]);
    for (size_t i = 0; i < s->door_count; i++)
        door_fini(&s->doors[i]);
    if (s->loops || s->peers.loops)
        peers_fini(&s->peers);
    router_fini(&s->router);
    file_worker_fini(&s->files);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    mem_free(s->loops);
    mem_free(s->doors);
    mem_free(s->spool_folder);
    mem_free(s->server_name);
    mem_free(s);
}

/* ---- changes at run time ---- */

struct context_change {
    struct loop_message message;
    size_t door;
    uint64_t serial;
    SSL_CTX *tls;
};

static void on_context(struct loop_message *message, struct net_loop *loop)
{
    struct context_change *change = (struct context_change *)message;
    struct listener *listener = &((struct server_loop *)loop)->listeners[change->door];

    if (change->serial > listener->serial) {
        SSL_CTX_free(listener->tls);
        listener->tls = change->tls;
        listener->serial = change->serial;
    } else {
        SSL_CTX_free(change->tls);
    }
    mem_free(change);
}

static void free_changes(struct context_change **changes, unsigned made)
{
    for (unsigned i = 0; i < made; i++) {
        SSL_CTX_free(changes[i]->tls);
        mem_free(changes[i]);
    }
}

/* One context a loop, made here so that no loop waits for it. */
static int make_changes(struct http_server *s, struct door *door, struct context_change **changes,
                        struct err *e)
{
    for (unsigned i = 0; i < s->loop_count; i++) {
        struct context_change *change = mem_new(1, sizeof(*change));
        SSL_CTX *tls = change ? door_context(door, e) : NULL;
        if (!tls) {
            if (!change)
                err_memory(e);
            mem_free(change);
            free_changes(changes, i);
            return -1;
        }
        change->message.run = on_context;
        change->door = door->index;
        change->serial = door->serial + 1;
        change->tls = tls;
        changes[i] = change;
    }
    return 0;
}

int http_server_set_identity(struct http_server *s, size_t index, struct tls_identity *identity,
                             struct err *e)
{
    struct door *door = index < s->door_count ? &s->doors[index] : NULL;
    struct context_change **changes = mem_new(s->loop_count, sizeof(struct context_change *));
    struct tls_tickets *tickets = NULL;
    int result = -1;

    if (!changes)
        return err_memory(e);
    if (!door || door->tls == HTTP_TLS_NONE) {
        mem_free(changes);
        return err_set(e, ERR_INTERNAL, "net.config", NULL, "the door has no TLS");
    }
    pthread_mutex_lock(&door->lock);
    struct tls_identity *old = door->identity;
    struct tls_tickets *old_tickets = door->tickets;
    if (tls_identity_generation(old) == tls_identity_generation(identity))
        tickets = tls_tickets_ref(old_tickets);
    else if (tls_tickets_new(&tickets, s->limits.ticket_rotate_s, s->config.random, s->config.clock,
                             e) != 0)
        goto out;
    door->identity = identity;
    door->tickets = tickets;
    result = make_changes(s, door, changes, e);
    if (result != 0) {
        door->identity = old;
        door->tickets = old_tickets;
        tls_tickets_free(tickets);
        goto out;
    }
    tls_identity_ref(identity);
    tls_identity_free(old);
    tls_tickets_free(old_tickets);
    door->serial++;
    for (unsigned i = 0; i < s->loop_count; i++)
        loop_post(&s->loops[i]->loop, &changes[i]->message);
out:
    pthread_mutex_unlock(&door->lock);
    mem_free(changes);
    return result;
}

struct peer_closing {
    struct loop_message message;
    uint8_t fingerprint[32];
};

static void on_close_peer(struct loop_message *message, struct net_loop *loop)
{
    struct peer_closing *closing = (struct peer_closing *)message;
    struct server_loop *l = (struct server_loop *)loop;
    struct peer_record *record = peers_find(&l->server->peers, closing->fingerprint);

    while (record && record->of_loop[l->index]) {
        count(l, COUNT_PEERS_CLOSED, 1);
        connection_close(record->of_loop[l->index]);
    }
    peers_release(&l->server->peers, record);
    mem_free(closing);
}

void http_server_close_peer(struct http_server *s, const uint8_t fingerprint[32])
{
    for (unsigned i = 0; i < s->loop_count; i++) {
        struct peer_closing *closing = mem_new(1, sizeof(*closing));
        if (!closing) {
            /* without memory: peer_check will find it */
            atomic_store(&s->loops[i]->recheck_peers, true);
            continue;
        }
        closing->message.run = on_close_peer;
        memcpy(closing->fingerprint, fingerprint, sizeof(closing->fingerprint));
        loop_post(&s->loops[i]->loop, &closing->message);
    }
}

void http_server_recheck_peers(struct http_server *s)
{
    for (unsigned i = 0; i < s->loop_count; i++)
        atomic_store(&s->loops[i]->recheck_peers, true);
}

/* ---- counters ---- */

static uint64_t sum(const struct http_server *s, unsigned what)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < s->loop_count; i++)
        total += atomic_load_explicit(&s->loops[i]->counts[what], memory_order_relaxed);
    return total;
}

void http_server_counters(struct http_server *s, struct net_counters *counters)
{
    *counters = (struct net_counters){
        .connections_now = atomic_load(&s->connections),
        .streams_now = atomic_load(&s->streams),
        .in_flight_now = atomic_load(&s->in_flight),
        .body_bytes_now = atomic_load(&s->body_bytes),
        .accepted = sum(s, COUNT_ACCEPTED),
        .handshakes = sum(s, COUNT_HANDSHAKES),
        .handshakes_resumed = sum(s, COUNT_RESUMED),
        .handshakes_failed = sum(s, COUNT_HANDSHAKES_FAILED),
        .requests = sum(s, COUNT_REQUESTS),
        .refused_malformed = sum(s, COUNT_MALFORMED),
        .refused_peer = sum(s, COUNT_PEER),
        .refused_connections = sum(s, COUNT_CONNECTIONS),
        .refused_load = sum(s, COUNT_LOAD),
        .timeouts = sum(s, COUNT_TIMEOUTS),
        .streams_overrun = sum(s, COUNT_OVERRUN),
        .peers_closed = sum(s, COUNT_PEERS_CLOSED),
        .bytes_in = sum(s, COUNT_IN),
        .bytes_out = sum(s, COUNT_OUT),
    };
    for (unsigned i = 0; i < 6; i++)
        counters->answers[i] = sum(s, COUNT_ANSWERS + i);
}
