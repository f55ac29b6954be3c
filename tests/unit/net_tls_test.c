/* SPDX-License-Identifier: Apache-2.0 */
/* TLS doors: who comes in, who resumes, what revocation and a new generation of trust do. */
#include "net_support.h"

static struct world world;

/* Certificates that peer_check refuses, and what was refused. */
static struct {
    pthread_mutex_t lock;
    uint8_t revoked[32];
    bool any_revoked;
    char codes[64][48];
    unsigned refusals;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_active(void *context, enum http_door_kind door, const struct net_peer *peer)
{
    (void)context;
    (void)door;
    pthread_mutex_lock(&registry.lock);
    bool active = !registry.any_revoked || memcmp(registry.revoked, peer->fingerprint, 32) != 0;
    pthread_mutex_unlock(&registry.lock);
    return active;
}

static void make_revoked(const struct issued *who)
{
    pthread_mutex_lock(&registry.lock);
    registry.any_revoked = who != NULL;
    if (who)
        memcpy(registry.revoked, who->fingerprint, 32);
    pthread_mutex_unlock(&registry.lock);
}

static void note_refusal(void *context, const struct http_refusal *refusal)
{
    (void)context;
    pthread_mutex_lock(&registry.lock);
    if (registry.refusals < ARRAY_LEN(registry.codes))
        snprintf(registry.codes[registry.refusals++], sizeof(registry.codes[0]), "%s",
                 refusal->code);
    pthread_mutex_unlock(&registry.lock);
}

static bool was_refused(const char *code)
{
    bool found = false;

    pthread_mutex_lock(&registry.lock);
    for (unsigned i = 0; i < registry.refusals; i++)
        found = found || strcmp(registry.codes[i], code) == 0;
    pthread_mutex_unlock(&registry.lock);
    return found;
}

static void forget_refusals(void)
{
    pthread_mutex_lock(&registry.lock);
    registry.refusals = 0;
    pthread_mutex_unlock(&registry.lock);
}

static void who(struct http_exchange *x, void *context)
{
    const struct net_peer *peer = http_peer(x);
    char text[200];
    uint8_t binding[32];
    bool bound = http_tls_exporter(x, "EXPORTER-Channel-Binding", binding, sizeof(binding)) == 0;

    (void)context;
    snprintf(text, sizeof(text), "%s %s %s %s", http_door_name(http_door(x)),
             peer ? peer->subject : "nobody", http_is_tls(x) ? "tls" : "plain",
             bound ? "bound" : "loose");
    http_reply_text(x, 200, "text/plain", slice_str(text));
}

static void stream(struct http_exchange *x, void *context)
{
    struct http_stream_config config = {0};
    struct http_stream *made = http_stream_open(x, &config);

    (void)context;
    http_stream_send(made, "1", NULL, slice_str("hello"));
    http_stream_release(made);
}

static const struct http_route routes[] = {
    {"GET", "/who", HTTP_AT_ALL, 0, 0, who, NULL},
    {"GET", "/stream", HTTP_AT_ALL, 0, 0, stream, NULL},
};

enum { DEVICE, WEB, ENROL, SECOND_DEVICE };

static struct http_server *start(const struct net_limits *limits)
{
    const struct http_door doors[] = {
        {HTTP_DOOR_DEVICE, "127.0.0.1:0", HTTP_TLS_MUTUAL, world.server_identity, false, false, 0,
         true},
        {HTTP_DOOR_WEB, "127.0.0.1:0", HTTP_TLS_OPTIONAL, world.server_identity, true, false, 0,
         true},
        {HTTP_DOOR_ENROL, "127.0.0.1:0", HTTP_TLS_SERVER, world.server_identity, false, false, 0,
         true},
        {HTTP_DOOR_DEVICE, "127.0.0.2:0", HTTP_TLS_MUTUAL, world.server_identity, false, false, 0,
         true},
    };
    struct http_server_config config = {
        .doors = doors,
        .door_count = ARRAY_LEN(doors),
        .routes = routes,
        .route_count = ARRAY_LEN(routes),
        .limits = limits,
        .loops = 2,
        .peer_check = is_active,
        .refused = note_refusal,
    };

    make_revoked(NULL);
    forget_refusals();
    return serve(&config);
}

static void stop(struct http_server *server)
{
    http_server_stop(server, 500);
    http_server_free(server);
}

/* A client of its own for each test; own NULL: without certificate. */
static struct http_client *visitor(struct http_server *server, int door, const struct issued *own)
{
    struct tls_identity *identity = identity_of(own, &world.root, 1);
    struct http_client *client = client_of(http_server_port(server, (size_t)door), identity);

    tls_identity_free(identity);
    return client;
}

static void expect_text(struct http_client *client, const char *text)
{
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    int status = get(client, "/who", &r, &e);
    if (status != 200)
        fail_msg("status %d, %s: %s", status, e.code, e.text);
    assert_string_equal(buf_text(&r.body), text);
    http_response_fini(&r);
}

static void expect_refusal(struct http_client *client, const char *code)
{
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    assert_int_equal(get(client, "/who", &r, &e), -1);
    assert_string_equal(e.code, code);
    http_response_fini(&r);
    http_client_free(client);
}

static void who_comes_in(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct issued expired = issue("expired", &world.root, NULL, -60);
    struct http_client *client = visitor(server, DEVICE, &world.device);

    expect_text(client, "device CN=device one tls bound");
    expect_text(client, "device CN=device one tls bound");
    assert_int_equal(counters_of(server).handshakes, 1);
    http_client_free(client);
    client = visitor(server, WEB, &world.second);
    expect_text(client, "web CN=device two tls bound");
    http_client_free(client);
    client = visitor(server, WEB, NULL);
    expect_text(client, "web nobody tls bound");
    http_client_free(client);
    client = visitor(server, ENROL, &world.device); /* not asked for */
    expect_text(client, "enrol nobody tls bound");
    http_client_free(client);

    expect_refusal(visitor(server, DEVICE, NULL), "client.tls");
    eventually(was_refused("net.handshake"));
    expect_refusal(visitor(server, DEVICE, &world.stranger), "client.tls");
    eventually(was_refused("net.certificate-chain"));
    forget_refusals();
    expect_refusal(visitor(server, DEVICE, &expired), "client.tls");
    eventually(was_refused("net.certificate-chain"));
    make_revoked(&world.device);
    expect_refusal(visitor(server, DEVICE, &world.device), "client.tls");
    eventually(was_refused("net.peer-inactive"));
    /* given where it is optional, it must be good */
    expect_refusal(visitor(server, WEB, &world.stranger), "client.tls");
    issued_free(&expired);
    stop(server);
}

/* From outside, all refusals look the same: no hint which it was. */
static void no_hint(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    const struct issued *refused[] = {&world.stranger, &world.device};
    char texts[2][480];

    make_revoked(&world.device);
    for (int i = 0; i < 2; i++) {
        struct http_client *client = visitor(server, DEVICE, refused[i]);
        struct http_response r;
        struct err e = {0};
        http_response_init(&r);
        assert_int_equal(get(client, "/who", &r, &e), -1);
        memcpy(texts[i], e.text, sizeof(texts[i]));
        http_response_fini(&r);
        http_client_free(client);
    }
    assert_string_equal(texts[0], texts[1]);
    stop(server);
}

static void the_client_checks_the_server(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct tls_identity *others = identity_of(&world.device, &world.other_root, 1);
    struct tls_identity *ours = identity_of(&world.device, &world.root, 1);
    struct err e = {0};
    struct http_client *client;
    char url[64];
    struct http_client_config config = {.url = url, .identity = ours};

    expect_refusal(client_of(http_server_port(server, DEVICE), others),
                   "client.server-certificate");
    snprintf(url, sizeof(url), "https://127.0.0.1:%u", http_server_port(server, DEVICE));
    config.server_name = "other.example";
    assert_int_equal(http_client_new(&client, &config, &e), 0);
    expect_refusal(client, "client.server-certificate");
    config.server_name = "127.0.0.2";
    assert_int_equal(http_client_new(&client, &config, &e), 0);
    expect_refusal(client, "client.server-certificate");
    config.server_name = "localhost";
    assert_int_equal(http_client_new(&client, &config, &e), 0);
    expect_text(client, "device CN=device one tls bound");
    http_client_free(client);
    tls_identity_free(others);
    tls_identity_free(ours);
    stop(server);
}

/* Asks, disconnects, asks again; whether the second session was resumed. */
static bool resumes(struct http_client *client)
{
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    assert_int_equal(get(client, "/who", &r, &e), 200);
    http_client_disconnect(client);
    assert_int_equal(get(client, "/who", &r, &e), 200);
    http_response_fini(&r);
    return http_client_resumed(client);
}

static void resumption(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct http_client *client = visitor(server, DEVICE, &world.device);

    assert_true(resumes(client));
    expect_text(client, "device CN=device one tls bound"); /* the certificate is still known */
    http_client_free(client);
    client = visitor(server, ENROL, NULL);
    assert_true(resumes(client));
    http_client_free(client);
    stop(server);
}

static void new_generation(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct http_client *client = visitor(server, DEVICE, &world.device);
    struct tls_identity *same = identity_of(&world.server, &world.root, 1);
    struct tls_identity *next = identity_of(&world.server, &world.root, 2);
    struct err e = {0};

    /* a new certificate of the same generation does not end sessions */
    assert_true(resumes(client));
    assert_int_equal(http_server_set_identity(server, DEVICE, same, &e), 0);
    sleep_ms(20);
    http_client_disconnect(client);
    expect_text(client, "device CN=device one tls bound");
    assert_true(http_client_resumed(client));
    /* another generation does */
    assert_int_equal(http_server_set_identity(server, DEVICE, next, &e), 0);
    sleep_ms(20);
    expect_text(client, "device CN=device one tls bound"); /* the open connection stays */
    http_client_disconnect(client);
    expect_text(client, "device CN=device one tls bound");
    assert_false(http_client_resumed(client));
    assert_true(resumes(client));
    http_client_free(client);
    tls_identity_free(same);
    tls_identity_free(next);
    stop(server);
}

/* Other anchors: who chained to the old ones is turned away, although his chain was found good. */
static void new_anchors(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct tls_identity *next = identity_of(&world.server, &world.other_root, 2);
    struct http_client *client = visitor(server, DEVICE, &world.device);
    struct err e = {0};

    expect_text(client, "device CN=device one tls bound");
    http_client_disconnect(client);
    assert_int_equal(http_server_set_identity(server, DEVICE, next, &e), 0);
    sleep_ms(20);
    expect_refusal(client, "client.tls");
    client = visitor(server, DEVICE, &world.stranger);
    expect_text(client, "device CN=stranger tls bound");
    http_client_free(client);
    tls_identity_free(next);
    stop(server);
}

/* ---- tickets taken to another door: by hand, for our client never mixes them ---- */

static SSL_SESSION *newest;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(newest);
    newest = session;
    return 1;
}

/* One request over TLS by hand; whether the session was resumed. -1: refused. */
static int by_hand(SSL_CTX *context, const char *host, unsigned port, SSL_SESSION *session)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    static const char request[] = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";
    char answer[1000];
    SSL *ssl = SSL_new(context);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int result = -1;

    inet_pton(AF_INET, host, &address.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    SSL_set_fd(ssl, fd);
    if (session) {
        SSL_SESSION *copy = SSL_SESSION_dup(session); /* OpenSSL spends a ticket when it uses it */
        SSL_set_session(ssl, copy);
        SSL_SESSION_free(copy);
    }
    if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof(request) - 1) > 0 &&
        SSL_read(ssl, answer, sizeof(answer)) > 0)
        result = SSL_session_reused(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    return result;
}

static SSL_CTX *context_by_hand(const struct issued *own)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct tls_identity *identity = identity_of(own, &world.root, 1);
    struct err e = {0};

    assert_int_equal(tls_identity_apply(identity, context, &e), 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep);
    tls_identity_free(identity);
    return context;
}

static void ticket_of_another_door(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    SSL_CTX *context = context_by_hand(&world.device);
    const int others[] = {WEB, ENROL, SECOND_DEVICE};

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const char *host = others[i] == SECOND_DEVICE ? "127.0.0.2" : "127.0.0.1";
        assert_int_equal(by_hand(context, host, http_server_port(server, (size_t)others[i]), NULL),
                         0);
        SSL_SESSION *foreign = SSL_SESSION_dup(newest);
        assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), foreign),
                         0);
        SSL_SESSION_free(foreign);
    }
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), NULL), 0);
    SSL_SESSION *own = SSL_SESSION_dup(newest);
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), own), 1);
    /* resumption does not carry a revoked certificate in */
    make_revoked(&world.device);
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), own), -1);
    assert_true(was_refused("net.peer-inactive"));
    SSL_SESSION_free(own);
    SSL_SESSION_free(newest);
    newest = NULL;
    SSL_CTX_free(context);
    stop(server);
}

static void ticket_keys_rotate(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.ticket_rotate_s = 1;
    struct http_server *server = start(&limits);
    SSL_CTX *context = context_by_hand(&world.device);
    unsigned port = http_server_port(server, DEVICE);

    assert_int_equal(by_hand(context, "127.0.0.1", port, NULL), 0);
    SSL_SESSION *old = SSL_SESSION_dup(newest);
    assert_int_equal(by_hand(context, "127.0.0.1", port, old), 1);
    sleep_ms(1100); /* the key before still opens */
    assert_int_equal(by_hand(context, "127.0.0.1", port, old), 1);
    sleep_ms(1100); /* and now no longer */
    assert_int_equal(by_hand(context, "127.0.0.1", port, old), 0);
    SSL_SESSION_free(old);
    SSL_SESSION_free(newest);
    newest = NULL;
    SSL_CTX_free(context);
    stop(server);
}

static void versions(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    SSL_CTX *context = context_by_hand(&world.device);

    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), NULL), -1);
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, WEB), NULL), 0);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, WEB), NULL), -1);
    SSL_CTX_free(context);
    SSL_SESSION_free(newest);
    newest = NULL;
    context = context_by_hand(&world.device);
    SSL_CTX_set1_groups_list(context, "P-384");
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), NULL), -1);
    SSL_CTX_set1_groups_list(context, "P-256");
    assert_int_equal(by_hand(context, "127.0.0.1", http_server_port(server, DEVICE), NULL), 0);
    SSL_SESSION_free(newest);
    newest = NULL;
    SSL_CTX_free(context);
    stop(server);
}

/* ---- revocation of who is connected ---- */

static void open_stream(struct http_client *client)
{
    struct http_event event;
    struct err e = {0};
    int status;

    if (http_client_stream_open(client, "/stream", NULL, &status, &e) != 0 ||
        http_client_stream_next(client, 2000, &event, &e) != 1)
        fail_msg("%s: %s", e.code, e.text);
}

static void revocation_closes(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct http_client *streams[4], *idle = visitor(server, DEVICE, &world.device);
    struct http_client *second = visitor(server, DEVICE, &world.second);
    struct http_event event;
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        streams[i] = visitor(server, DEVICE, &world.device);
        open_stream(streams[i]);
    }
    open_stream(second);
    expect_text(idle, "device CN=device one tls bound");
    assert_int_equal(counters_of(server).streams_now, 5);

    make_revoked(&world.device);
    int64_t before = now_ms();
    http_server_close_peer(server, world.device.fingerprint);
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        err_clear(&e);
        assert_int_equal(http_client_stream_next(streams[i], 3000, &event, &e), -1);
        assert_string_equal(e.code, "client.closed");
        http_client_free(streams[i]);
    }
    assert_true(now_ms() - before < 1000);
    assert_int_equal(get(idle, "/who", &r, &e), -1);
    http_client_free(idle);
    eventually(counters_of(server).streams_now == 1);
    assert_int_equal(counters_of(server).peers_closed, 5);

    /* found by a look at all, too */
    make_revoked(&world.second);
    http_server_recheck_peers(server);
    err_clear(&e);
    assert_int_equal(http_client_stream_next(second, 1000, &event, &e), -1);
    assert_string_equal(e.code, "client.closed");
    http_client_free(second);
    http_response_fini(&r);
    stop(server);
}

/* Asked on every request: nobody called close_peer, and still the next request is refused. */
static void asked_on_every_request(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    struct http_client *client = visitor(server, DEVICE, &world.device);
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    expect_text(client, "device CN=device one tls bound");
    make_revoked(&world.device);
    assert_int_equal(get(client, "/who", &r, &e), 403);
    assert_non_null(strstr(buf_text(&r.body), "\"net.refused\""));
    http_response_fini(&r);
    http_client_free(client);
    stop(server);
}

/* 1,000 connections of one device are contained, and others are served meanwhile. */
static void one_certificate_many_connections(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.max_per_certificate = 8;
    struct http_server *server = start(&limits);
    SSL_CTX *context = context_by_hand(&world.device);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_server_port(server, DEVICE)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    enum { MANY = 1000 };
    static SSL *all[MANY];
    static int fds[MANY];
    unsigned answered = 0, told = 0, closed = 0;

    for (int i = 0; i < MANY; i++) {
        static const char request[] = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n";
        char answer[2000] = "";
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof(address)), 0);
        all[i] = SSL_new(context);
        SSL_set_fd(all[i], fds[i]);
        int fine = SSL_connect(all[i]) == 1 &&
                   SSL_write(all[i], request, sizeof(request) - 1) > 0 &&
                   SSL_read(all[i], answer, sizeof(answer) - 1) > 0;
        answered += fine && strncmp(answer, "HTTP/1.1 200", 12) == 0;
        told += fine && strncmp(answer, "HTTP/1.1 503", 12) == 0 && strstr(answer, "Retry-After: ");
        closed += !fine;
    }
    assert_int_equal(answered, 8);
    assert_int_equal(answered + told + closed, MANY);
    assert_true(told > 0);
    assert_true(counters_of(server).connections_now <= 8 + 5 + 8);
    assert_true(was_refused("net.certificate-connections"));
    struct http_client *other = visitor(server, DEVICE, &world.second);
    expect_text(other, "device CN=device two tls bound");
    http_client_free(other);
    for (int i = 0; i < MANY; i++) {
        SSL_free(all[i]);
        close(fds[i]);
    }
    SSL_CTX_free(context);
    SSL_SESSION_free(newest);
    newest = NULL;
    /* and when they are gone, the device is welcome again */
    eventually(counters_of(server).connections_now == 0);
    other = visitor(server, DEVICE, &world.device);
    expect_text(other, "device CN=device one tls bound");
    http_client_free(other);
    stop(server);
}

static void bad_identities(void **state)
{
    (void)state;
    struct tls_identity_config config = {.chain_pem = buf_slice(&world.device.pem),
                                         .key_pem = buf_slice(&world.second.key_pem)};
    struct tls_identity *identity;
    struct err e = {0};

    assert_int_equal(tls_identity_new(&identity, &config, &e), -1);
    assert_string_equal(e.code, "net.tls-key");
    err_clear(&e);
    config.key_pem = slice_str("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert_int_equal(tls_identity_new(&identity, &config, &e), -1);
    assert_string_equal(e.code, "net.tls-key");
    err_clear(&e);
    config.chain_pem = slice_str("nothing");
    assert_int_equal(tls_identity_new(&identity, &config, &e), -1);
    assert_string_equal(e.code, "net.tls-certificate");
    err_clear(&e);
    config.chain_pem = (struct slice){0};
    config.key_pem = (struct slice){0};
    config.anchors_pem =
        slice_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_int_equal(tls_identity_new(&identity, &config, &e), -1);
    assert_string_equal(e.code, "net.tls-anchors");
    /* a door without certificate does not open */
    struct tls_identity *anchors = identity_of(NULL, &world.root, 1);
    const struct http_door door = {.kind = HTTP_DOOR_ENROL,
                                   .address = "127.0.0.1:0",
                                   .tls = HTTP_TLS_SERVER,
                                   .identity = anchors};
    struct http_server_config server_config = {.doors = &door, .door_count = 1, .loops = 1};
    struct http_server *server;
    err_clear(&e);
    assert_int_equal(http_server_new(&server, &server_config, &e), -1);
    assert_string_equal(e.code, "net.tls-certificate");
    tls_identity_free(anchors);
}

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_in),
        cmocka_unit_test(no_hint),
        cmocka_unit_test(the_client_checks_the_server),
        cmocka_unit_test(resumption),
        cmocka_unit_test(new_generation),
        cmocka_unit_test(new_anchors),
        cmocka_unit_test(ticket_of_another_door),
        cmocka_unit_test(ticket_keys_rotate),
        cmocka_unit_test(versions),
        cmocka_unit_test(revocation_closes),
        cmocka_unit_test(asked_on_every_request),
        cmocka_unit_test(one_certificate_many_connections),
        cmocka_unit_test(bad_identities),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
