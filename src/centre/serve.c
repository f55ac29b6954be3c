/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/serve.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/centre.h"
#include "centre/checkpointer.h"
#include "centre/courier_client.h"
#include "centre/init.h"
#include "centre/lister.h"
#include "centre/matcher.h"
#include "centre/publisher.h"
#include "centre/refusals.h"
#include "centre/reminder.h"
#include "centre/routes.h"
#include "centre/sandbox.h"
#include "centre/streams.h"
#include "centre/teller.h"
#include "centre/teller_flights.h"
#include "centre/trust.h"
#include "centre/workers.h"
#include "centre/writer.h"
#include "fleet/chain_store.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "signer/client.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { DOORS_MAX = 32, SIGNER_WAIT_US = 15000000, GRACE_MS = 5000 };

struct opening {
    struct centre centre;
    bool without_sandbox;
    struct config *config;
    struct pki_profiles *profiles;
    struct db *db; /* for the start only */
    struct http_route *routes;
    struct tls_identity *identity;
    struct http_door doors[DOORS_MAX];
    char addresses[DOORS_MAX][300];
    size_t door_count;
};

/* ---- callbacks ---------------------------------------------------------------------------------
 */

static bool peer_check(void *context, enum http_door_kind door, const struct net_peer *peer)
{
    struct centre *centre = context;
    struct pki_live_entry entry;

    if (!pki_live_find(centre->live, peer->fingerprint, clock_now(centre->clock), &entry, NULL))
        return false;
    return entry.subject == (door == HTTP_DOOR_DEVICE ? PKI_SUBJECT_DEVICE : PKI_SUBJECT_OPERATOR);
}

static void refused(void *context, const struct http_refusal *refusal)
{
    struct centre *centre = context;

    refusals_count(centre->refusals, http_door_name(refusal->door), refusal->code,
                   clock_now(centre->clock));
}

/* ---- starting ----------------------------------------------------------------------------------
 */

static int load_setting(struct db *db, const char *name, char *value, size_t size, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_SETTING_FIND, DB_TEXT(name));

    if (found == 1)
        snprintf(value, size, "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found == 0) {
        err_set(e, ERR_CONFLICT, "centre.not-initialised", NULL,
                "the database was not made by tocsin init: it has no setting \"%s\"", name);
        return err_hint(e, "tocsin init --home DIR --name NAME");
    }
    return found == 1 ? 0 : -1;
}

static int open_database(struct opening *o, struct err *e)
{
    struct centre *c = &o->centre;
    struct journal_head head;

    if (centre_database_url(o->config, c->database_url, e) != 0 ||
        db_open(&o->db, c->database_url, DB_WRITE, e) != 0 ||
        db_migrate(o->db, clock_now(c->clock), e) != 0 ||
        load_setting(o->db, "organisation", c->organisation, sizeof(c->organisation), e) != 0 ||
        journal_head(o->db, &head, e) != 0)
        return -1;
    snprintf(c->origin, sizeof(c->origin), "%s", head.origin);
    c->head = head.size;
    return journal_open(&c->journal, o->db, c->clock, c->random, e);
}

/* A database that is older than the last head that the signer signed was restored or rolled back.
 */
static int check_rollback(struct opening *o, struct err *e)
{
    struct centre *c = &o->centre;
    struct signer_head last;
    int64_t until = clock_monotonic(c->clock) + SIGNER_WAIT_US;

    for (;;) {
        struct err failed = {0};
        if (signer_client_last_checkpoint(c->signer, "journal", c->origin, &last, &failed) == 0)
            break;
        if (failed.kind != ERR_UNAVAILABLE || clock_monotonic(c->clock) > until) {
            *e = failed;
            return -1;
        }
        usleep(50000);
    }
    if (last.size == 0)
        return 0;
    if (journal_check_known_head(o->db, last.size, last.root, "the signer", e) == 0)
        return 0;
    return err_hint(e, "if the loss is known and accepted: tocsin restore --accept-loss");
}

static int load_live(struct opening *o, struct err *e)
{
    struct centre *c = &o->centre;

    c->live = pki_live_new(e);
    if (!c->live || db_begin(o->db, e) != 0)
        return -1;
    int64_t count = pki_live_load(c->live, o->db, clock_now(c->clock), e);
    db_rollback(o->db);
    if (count >= 0)
        log_info("certificates.live", LOG_I("count", count));
    return count < 0 ? -1 : 0;
}

static int load_identity(struct opening *o, struct err *e)
{
    struct tls_identity_config config = {.generation = 1};
    struct buf chain;
    struct buf key;
    int result = -1;

    buf_init(&chain);
    buf_init_secret(&key);
    if (file_read(o->config->tls_certificate, 1 << 20, &chain, e) == 0 &&
        file_read(o->config->tls_key, 1 << 16, &key, e) == 0) {
        config.chain_pem = buf_slice(&chain);
        config.key_pem = buf_slice(&key);
        config.anchors_pem = trust_anchors_pem(o->centre.trust);
        result = tls_identity_new(&o->identity, &config, e);
    }
    buf_fini_secret(&key);
    buf_fini(&chain);
    return result;
}

static void add_doors(struct opening *o, enum http_door_kind kind, enum http_tls_mode tls,
                      const struct config_list *listen)
{
    for (size_t i = 0; i < listen->count && o->door_count < DOORS_MAX; i++) {
        snprintf(o->addresses[o->door_count], sizeof(o->addresses[0]), "%s", listen->items[i]);
        o->doors[o->door_count] =
            (struct http_door){.kind = kind,
                               .address = o->addresses[o->door_count],
                               .tls = tls,
                               .identity = tls == HTTP_TLS_NONE ? NULL : o->identity,
                               .allow_tls12 = o->config->tls_minimum == CONFIG_TLS_1_2,
                               .allow_http10 = kind == HTTP_DOOR_PUBLIC};
        o->door_count++;
    }
}

static void set_limits(const struct config *config, struct net_limits *limits)
{
    *limits = net_limits_default;
    limits->handshake_ms = (unsigned)(config->limits_handshake_time / 1000);
    limits->header_ms = (unsigned)(config->limits_header_time / 1000);
    limits->idle_ms = (unsigned)(config->limits_idle_time / 1000);
    limits->heartbeat_ms = (unsigned)(config->limits_heartbeat / 1000);
    limits->body_budget = (size_t)config->limits_bodies;
    limits->max_connections = (size_t)config->limits_connections;
    limits->max_per_address = (size_t)config->limits_connections_per_address;
    limits->max_per_certificate = (size_t)config->limits_connections_per_certificate;
    limits->accept_rate = (unsigned)config->limits_accept_rate;
}

static int open_doors(struct opening *o, struct err *e)
{
    const struct config *config = o->config;
    char socket[PATH_MAX];
    char spool[PATH_MAX];
    struct net_limits limits;
    size_t routes;

    add_doors(o, HTTP_DOOR_ENROL, HTTP_TLS_SERVER, &config->door_enrol_listen);
    add_doors(o, HTTP_DOOR_DEVICE, HTTP_TLS_MUTUAL, &config->door_device_listen);
    add_doors(o, HTTP_DOOR_WEB, HTTP_TLS_OPTIONAL, &config->door_web_listen);
    add_doors(o, HTTP_DOOR_PUBLIC, HTTP_TLS_NONE, &config->door_public_listen);
    add_doors(o, HTTP_DOOR_PUBLIC, HTTP_TLS_SERVER, &config->door_public_listen_tls);
    snprintf(socket, sizeof(socket), "unix:%s", config->door_local_socket);
    const char *const local[] = {socket};
    add_doors(o, HTTP_DOOR_LOCAL, HTTP_TLS_NONE, &(struct config_list){local, 1});
    set_limits(config, &limits);
    snprintf(spool, sizeof(spool), "%s/spool", config->home);
    if (file_make_folder(spool, 0700, e) != 0 ||
        routes_build(&o->centre, &o->routes, &routes, e) != 0)
        return -1;
    const struct http_server_config server = {.doors = o->doors,
                                              .door_count = o->door_count,
                                              .routes = o->routes,
                                              .route_count = routes,
                                              .limits = &limits,
                                              .loops = (unsigned)config->centre_threads,
                                              .spool_folder = spool,
                                              .server_name = "tocsin",
                                              .peer_check = peer_check,
                                              .refused = refused,
                                              .context = &o->centre};
    return http_server_new(&o->centre.server, &server, e);
}

static int start_parts(struct opening *o, struct err *e)
{
    static const struct follower_type *const followers[] = {&follower_matcher, &follower_publisher,
                                                            &follower_teller, &follower_reminder,
                                                            &follower_lister};
    struct centre *c = &o->centre;
    const struct writer_config writer = {.centre = c,
                                         .database_url = c->database_url,
                                         .journal = c->journal,
                                         .clock = c->clock,
                                         .random = c->random,
                                         .organisation = c->organisation,
                                         .committed = centre_head_moved};

    return writer_new(&c->writer, &writer, e) != 0 || writer_start(c->writer, e) != 0 ||
                   workers_new(&c->workers, c, (unsigned)o->config->centre_workers, e) != 0 ||
                   followers_start(&c->followers, c, followers, ARRAY_LEN(followers), e) != 0 ||
                   checkpointer_start(&c->checkpointer, c, e) != 0 ||
                   http_server_start(c->server, e) != 0
               ? -1
               : 0;
}

/* Everything is open: what is needed from now on lies in the home, and beside the database. */
static int enter_sandbox(struct opening *o, const char *home, struct err *e)
{
    struct centre *c = &o->centre;
    char folder[sizeof(c->database_url)];
    const char *writable[] = {folder, NULL};
    const char *path = strncmp(c->database_url, "sqlite:", 7) == 0 ? c->database_url + 7 : "";
    const char *slash = strrchr(path, '/');

    if (o->without_sandbox) {
        snprintf(c->sandbox, sizeof(c->sandbox), "none, as asked");
        return 0;
    }
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 0, path);
    return sandbox_centre(home, slash ? writable : NULL, c->sandbox, sizeof(c->sandbox), e);
}

static int open_centre(struct opening *o, const char *home, struct err *e)
{
    struct centre *c = &o->centre;
    char path[PATH_MAX];
    char signer[PATH_MAX];
    char courier[PATH_MAX];
    pthread_condattr_t attributes;

    snprintf(path, sizeof(path), "%s/tocsin.conf", home);
    snprintf(signer, sizeof(signer), "%s/run/signer.sock", home);
    snprintf(courier, sizeof(courier), "%s/run/courier.sock", home);
    if (config_load(&o->config, path, e) != 0)
        return -1;
    log_setup("centre", (enum log_level)o->config->log_level);
    c->config = o->config;
    c->clock = &clock_system;
    c->random = &random_system;
    c->started_at = clock_now(c->clock);
    pthread_mutex_init(&c->head_lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->head_moved, &attributes);
    pthread_condattr_destroy(&attributes);
    o->profiles = pki_profiles_new(e);
    if (!o->profiles)
        return -1;
    c->pki = (struct pki){.clock = c->clock, .random = c->random, .profiles = o->profiles};
    if (open_database(o, e) != 0)
        return -1;
    c->signer = signer_client_new(signer, o->config->signer_timeout, e);
    if (!c->signer || check_rollback(o, e) != 0 || load_live(o, e) != 0 ||
        trust_new(&c->trust, c, e) != 0 || refusals_new(&c->refusals, e) != 0 ||
        streams_new(&c->streams, c, e) != 0)
        return -1;
    c->trees = fleet_tree_cache_new(e);
    if (!c->trees || load_identity(o, e) != 0 || open_doors(o, e) != 0)
        return -1;
    db_close(o->db);
    o->db = NULL;
    if (enter_sandbox(o, home, e) != 0)
        return -1;
    c->courier = courier_client_new(courier, e); /* has a thread: behind the sandbox */
    c->flights = c->courier ? flights_new(e) : NULL;
    return c->flights ? start_parts(o, e) : -1;
}

/* ---- stopping ----------------------------------------------------------------------------------
 */

/* From the doors inwards: nothing new comes in, then what is running is finished. */
static void close_centre(struct opening *o)
{
    struct centre *c = &o->centre;

    if (c->server)
        http_server_stop(c->server, GRACE_MS);
    if (c->refusals && c->writer)
        refusals_write(c, true);
    centre_stop(c);
    followers_stop(c->followers);
    checkpointer_stop(c->checkpointer);
    workers_stop(c->workers);
    if (c->writer)
        writer_stop(c->writer);
    if (c->server)
        http_server_free(c->server);
    workers_free(c->workers);
    writer_free(c->writer);
    matcher_free(c->matcher);
    streams_free(c->streams);
    fleet_tree_cache_free(c->trees);
    trust_free(c->trust);
    refusals_free(c->refusals);
    pki_live_free(c->live);
    courier_client_free(c->courier);
    flights_free(c->flights);
    signer_client_free(c->signer);
    journal_close(c->journal);
    db_close(o->db);
    tls_identity_free(o->identity);
    routes_free(o->routes);
    pki_profiles_free(o->profiles);
    config_free(o->config);
}

int centre_main(const char *home, int ready_fd, bool without_sandbox)
{
    struct opening *o = mem_new(1, sizeof(*o));
    struct err e = {0};
    sigset_t signals;
    int result = 0;
    int received;

    log_setup("centre", LOG_LEVEL_INFO);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (!o)
        return 3;
    o->without_sandbox = without_sandbox;
    if (open_centre(o, home, &e) != 0) {
        log_line(LOG_LEVEL_ERROR, "centre.start", LOG_S("code", e.code), LOG_S("text", e.text),
                 LOG_S("where", e.where), LOG_S("clause", e.clause), LOG_S("hint", e.hint));
        result = 3;
    } else {
        for (size_t i = 0; i < o->door_count; i++)
            log_info("door.open", LOG_S("door", http_door_name(o->doors[i].kind)),
                     LOG_S("address", o->doors[i].address),
                     LOG_I("port", http_server_port(o->centre.server, i)));
        log_info("centre.ready", LOG_S("origin", o->centre.origin),
                 LOG_I("acts", centre_head(&o->centre)));
        if (ready_fd >= 0 && file_write_all(ready_fd, "1", 1) != 0)
            log_warning("centre.ready-fd", LOG_I("fd", ready_fd));
        sigwait(&signals, &received);
        log_info("centre.stopping", LOG_I("signal", received));
    }
    close_centre(o);
    mem_free(o);
    return result;
}
