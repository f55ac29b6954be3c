/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of the server fails once: no crash, no leak, and it serves on afterwards. */
#include "net_support.h"

static struct world world;

static void hello(struct http_exchange *x, void *context)
{
    const char *value;
    struct err e = {0};

    (void)context;
    if (http_query(x, "q", &value, &e) < 0) {
        http_problem(x, &e);
        return;
    }
    http_reply_text(x, 200, "text/plain", slice_str("hello\n"));
}

static void events(struct http_exchange *x, void *context)
{
    struct http_stream_config config = {0};
    struct http_stream *stream = http_stream_open(x, &config);

    (void)context;
    if (!stream)
        return;
    http_stream_send(stream, "1", "a", slice_str("hello"));
    http_stream_close(stream);
    http_stream_release(stream);
}

static void refuse(struct http_exchange *x, void *context)
{
    struct err e = {0};

    (void)context;
    err_set(&e, ERR_CONFLICT, "test.conflict", NULL, "no");
    http_problem(x, &e);
}

static void *answer_elsewhere(void *context)
{
    http_reply_text(context, 200, "text/plain", slice_str("later\n"));
    return NULL;
}

static void later(struct http_exchange *x, void *context)
{
    pthread_t thread;

    (void)context;
    assert_int_equal(pthread_create(&thread, NULL, answer_elsewhere, x), 0);
    pthread_detach(thread);
}

static void source(struct http_exchange *x, void *context)
{
    struct http_answer answer = {.status = 200, .content_type = "text/plain", .etag = "\"a\""};
    FILE *f = fopen("/proc/self/exe", "r");

    (void)context;
    http_reply_file(x, &answer, dup(fileno(f)), 100000);
    fclose(f);
}

static const struct http_route routes[] = {
    {"GET", "/hello", HTTP_AT_ALL, 0, 0, hello, NULL},
    {"POST", "/hello", HTTP_AT_ALL, 1 << 20, 0, hello, NULL},
    {"POST", "/spool", HTTP_AT_ALL, 1 << 20, HTTP_ROUTE_SPOOL_BODY, hello, NULL},
    {"GET", "/events", HTTP_AT_ALL, 0, 0, events, NULL},
    {"GET", "/fail", HTTP_AT_ALL, 0, 0, refuse, NULL},
    {"GET", "/later", HTTP_AT_ALL, 0, 0, later, NULL},
    {"GET", "/file", HTTP_AT_ALL, 0, 0, source, NULL},
};

static int try_server(struct http_server **server, struct err *e)
{
    const struct http_door doors[] = {
        {.kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0"},
        {.kind = HTTP_DOOR_DEVICE,
         .address = "127.0.0.1:0",
         .tls = HTTP_TLS_MUTUAL,
         .identity = world.server_identity},
    };
    struct http_server_config config = {
        .doors = doors,
        .door_count = ARRAY_LEN(doors),
        .routes = routes,
        .route_count = ARRAY_LEN(routes),
        .loops = 2,
        .spool_folder = "/tmp",
        .server_name = "tocsin",
        .peer_check = everyone_is_active,
    };

    return http_server_new(server, &config, e);
}

static void making(void **state)
{
    (void)state;
    bool failed = true;
    long runs = 0;

    for (; failed && runs < 500; runs++) {
        struct http_server *server;
        struct err e = {0};
        mem_fail_after(runs);
        int result = try_server(&server, &e);
        failed = mem_allocations() > runs;
        mem_fail_after(-1);
        if (failed && result == 0)
            fail_msg("allocation %ld failed unseen", runs);
        if (!failed)
            assert_int_equal(result, 0);
        http_server_free(server);
    }
    if (runs <= 10 || failed)
        fail_msg("%ld runs", runs);
}

/* Some of everything; how it comes out does not matter. */
static void visit(struct http_server *server, SSL_CTX *tls)
{
    static const char requests[] = "GET /hello?q=a%20b HTTP/1.1\r\nHost: x\r\n\r\n"
                                   "POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                   "chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
                                   "GET /fail HTTP/1.1\r\nHost: x\r\n\r\n"
                                   "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                                   "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char more[] =
        "POST /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"
        "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=0-69999\r\nConnection: close\r\n\r\n";
    static char answer[200000];
    bool closed;

    int fd = dial(http_server_port(server, 0));
    (void)!send(fd, requests, sizeof(requests) - 1, MSG_NOSIGNAL);
    hear(fd, answer, sizeof(answer), 15, &closed);
    close(fd);
    fd = dial(http_server_port(server, 0));
    (void)!send(fd, more, sizeof(more) - 1, MSG_NOSIGNAL);
    hear(fd, answer, sizeof(answer), 25, &closed);
    close(fd);

    fd = dial(http_server_port(server, 1));
    struct timeval patience = {.tv_usec = 200000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    SSL *ssl = SSL_new(tls);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
        static const char request[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
        SSL_write(ssl, request, sizeof(request) - 1);
        (void)SSL_read(ssl, answer, sizeof(answer));
    }
    SSL_free(ssl);
    close(fd);
}

static void serving(void **state)
{
    (void)state;
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    struct tls_identity *identity = identity_of(&world.device, &world.root, 1);
    struct http_server *server;
    struct err e = {0};
    long runs = 0;
    bool failed = true;

    assert_int_equal(tls_identity_apply(identity, tls, &e), 0);
    assert_int_equal(try_server(&server, &e), 0);
    assert_int_equal(http_server_start(server, &e), 0);
    for (; failed && runs < 200; runs++) {
        mem_fail_after(runs);
        visit(server, tls);
        failed = mem_allocations() > runs;
        mem_fail_after(-1);
        eventually(counters_of(server).connections_now == 0);
        if (runs % 10 != 0)
            continue;
        struct http_client *client = client_of(http_server_port(server, 0), NULL);
        struct http_response r;
        http_response_init(&r);
        assert_int_equal(get(client, "/hello", &r, &e), 200);
        http_response_fini(&r);
        http_client_free(client);
    }
    assert_true(runs > 10);
    assert_int_equal(counters_of(server).in_flight_now, 0);
    assert_int_equal(counters_of(server).body_bytes_now, 0);
    assert_int_equal(counters_of(server).streams_now, 0);
    http_server_stop(server, 500);
    http_server_free(server);
    tls_identity_free(identity);
    SSL_CTX_free(tls);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(making), cmocka_unit_test(serving)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
