/* SPDX-License-Identifier: Apache-2.0 */
/* Every time limit, cap and budget of the server, crossed. */
#include "net_support.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct http_exchange *held[256];
static unsigned held_count;

static void hello(struct http_exchange *x, void *context)
{
    (void)context;
    http_reply_text(x, 200, "text/plain", slice_str("hello\n"));
}

static void hold(struct http_exchange *x, void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    assert_true(held_count < ARRAY_LEN(held));
    held[held_count++] = x;
    pthread_mutex_unlock(&lock);
}

static unsigned holding(void)
{
    pthread_mutex_lock(&lock);
    unsigned count = held_count;
    pthread_mutex_unlock(&lock);
    return count;
}

static void let_go(void)
{
    pthread_mutex_lock(&lock);
    while (held_count > 0)
        http_reply_text(held[--held_count], 200, "text/plain", slice_str("held\n"));
    pthread_mutex_unlock(&lock);
}

static void large(struct http_exchange *x, void *context)
{
    static uint8_t block[4 << 20];

    (void)context;
    http_reply_text(x, 200, "application/octet-stream", slice_of(block, sizeof(block)));
}

static const struct http_route routes[] = {
    {"GET", "/hello", HTTP_AT_ALL, 0, 0, hello, NULL},
    {"GET", "/health", HTTP_AT_ALL, 0, HTTP_ROUTE_ALWAYS, hello, NULL},
    {"GET", "/hold", HTTP_AT_ALL, 0, 0, hold, NULL},
    {"POST", "/hold", HTTP_AT_ALL, 1 << 20, 0, hold, NULL},
    {"POST", "/spool", HTTP_AT_ALL, 8 << 20, HTTP_ROUTE_SPOOL_BODY, hello, NULL},
    {"GET", "/large", HTTP_AT_ALL, 0, 0, large, NULL},
};

static struct http_server *start(const struct net_limits *limits)
{
    static const struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0"};
    struct http_server_config config = {.doors = &door,
                                        .door_count = 1,
                                        .routes = routes,
                                        .route_count = ARRAY_LEN(routes),
                                        .limits = limits,
                                        .loops = 2,
                                        .spool_folder = "/tmp"};

    return serve(&config);
}

static void stop(struct http_server *server)
{
    let_go();
    http_server_stop(server, 500);
    http_server_free(server);
}

static char answer[8192];

/* Hears until the server closes; how long that took. */
static int64_t hear_out(int fd)
{
    int64_t before = now_ms();
    bool closed;

    hear(fd, answer, sizeof(answer), 4000, &closed);
    assert_true(closed);
    return now_ms() - before;
}

static void header_time(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.header_ms = 300;
    struct http_server *server = start(&limits);

    /* a head that never ends, byte by byte: the limit is for the whole, not for each */
    int fd = dial(http_server_port(server, 0));
    int64_t before = now_ms();
    static const char head[] =
        "GET /hello HTTP/1.1\r\nHost: x\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (size_t i = 0; i < sizeof(head) - 1; i++) {
        if (send(fd, head + i, 1, MSG_NOSIGNAL) != 1)
            break;
        sleep_ms(10);
        struct pollfd one = {.fd = fd, .events = POLLIN};
        if (poll(&one, 1, 0) > 0)
            break;
    }
    hear_out(fd);
    assert_memory_equal(answer, "HTTP/1.1 408 ", 13);
    int64_t took = now_ms() - before;
    assert_true(took >= 300 && took < 3000);
    close(fd);
    /* nothing at all: closed without a word */
    fd = dial(http_server_port(server, 0));
    took = hear_out(fd);
    assert_true(took >= 250 && took < 3000);
    assert_string_equal(answer, "");
    close(fd);
    assert_true(counters_of(server).timeouts >= 1);
    stop(server);
}

static void idle_time(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.idle_ms = 300;
    struct http_server *server = start(&limits);
    int fd = dial(http_server_port(server, 0));
    bool closed;

    for (int i = 0; i < 4; i++) {
        say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        hear(fd, answer, sizeof(answer), 150, &closed);
        assert_false(closed); /* each request begins the time anew */
    }
    int64_t took = hear_out(fd);
    assert_true(took >= 50 && took < 3000);
    close(fd);
    stop(server);
}

static void body_time(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.body_ms = 300;
    limits.body_min_rate = 1000;
    struct http_server *server = start(&limits);
    int fd = dial(http_server_port(server, 0));

    /* 100 bytes a second at most: too slow */
    say(fd, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    int64_t before = now_ms();
    for (int i = 0; i < 300; i++) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        if (send(fd, "a", 1, MSG_NOSIGNAL) != 1 || poll(&one, 1, 10) > 0)
            break;
    }
    hear_out(fd);
    assert_memory_equal(answer, "HTTP/1.1 408 ", 13);
    assert_true(now_ms() - before < 3000);
    close(fd);
    /* longer than body_ms, but fast enough: taken */
    fd = dial(http_server_port(server, 0));
    say(fd, "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n");
    char block[100];
    memset(block, 'a', sizeof(block));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(send(fd, block, sizeof(block), MSG_NOSIGNAL), sizeof(block));
        sleep_ms(25);
    }
    eventually(holding() == 1);
    close(fd);
    stop(server);
}

static void answer_time(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.answer_ms = 200;
    struct http_server *server = start(&limits);
    int fd = dial(http_server_port(server, 0));

    say(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    int64_t took = hear_out(fd);
    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(answer, "Retry-After: "));
    assert_true(took >= 200 && took < 3000);
    assert_int_equal(times_in(answer, "HTTP/1.1 "), 1);
    close(fd);
    assert_int_equal(holding(), 1);
    assert_false(http_alive(held[0]));
    stop(server);
}

static void write_stall(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.write_stall_ms = 300;
    struct http_server *server = start(&limits);
    int fd = dial(http_server_port(server, 0));
    int small = 4096;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    say(fd, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    eventually(counters_of(server).timeouts == 1);
    eventually(counters_of(server).connections_now == 0);
    close(fd);
    /* who reads slowly, but does read, gets it all */
    fd = dial(http_server_port(server, 0));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){65536}, sizeof(int));
    say(fd, "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    size_t total = 0;
    static char block[65536];
    for (;;) {
        ssize_t got = recv(fd, block, sizeof(block), 0);
        if (got <= 0)
            break;
        total += (size_t)got;
        sleep_ms(2);
    }
    assert_true(total > 4 << 20);
    close(fd);
    stop(server);
}

static void slowloris(void **state)
{
    (void)state;
    enum { MANY = 200 };
    struct net_limits limits = net_limits_default;
    limits.header_ms = 400;
    struct http_server *server = start(&limits);
    int fds[MANY];
    bool closed;

    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(http_server_port(server, 0));
        say(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\nX: a");
    }
    /* others are served meanwhile */
    int fd = dial(http_server_port(server, 0));
    say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, answer, sizeof(answer), 200, &closed);
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    close(fd);
    for (int i = 0; i < MANY; i++) {
        hear_out(fds[i]);
        assert_memory_equal(answer, "HTTP/1.1 408 ", 13);
        close(fds[i]);
    }
    eventually(counters_of(server).connections_now == 0);
    stop(server);
}

static void connection_limits(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.max_connections = 16;
    struct http_server *server = start(&limits);
    int fds[32];
    bool closed;
    unsigned served = 0, told = 0, cut = 0;

    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial(http_server_port(server, 0));
        (void)!send(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 32, MSG_NOSIGNAL);
        hear(fds[i], answer, sizeof(answer), 50, &closed);
        if (strncmp(answer, "HTTP/1.1 200", 12) == 0)
            served++;
        else if (strncmp(answer, "HTTP/1.1 503", 12) == 0 && strstr(answer, "Retry-After: "))
            told++;
        else
            cut++;
    }
    assert_int_equal(served, 16);
    assert_int_equal(told + cut, 16);
    assert_true(told > 0);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    eventually(counters_of(server).connections_now == 0);
    stop(server);

    limits = net_limits_default;
    limits.max_per_address = 8;
    server = start(&limits);
    served = 0;
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        fds[i] = dial(http_server_port(server, 0));
        (void)!send(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 32, MSG_NOSIGNAL);
        hear(fds[i], answer, sizeof(answer), 50, &closed);
        served += strncmp(answer, "HTTP/1.1 200", 12) == 0;
    }
    assert_int_equal(served, 8);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    eventually(counters_of(server).connections_now == 0);
    stop(server);
}

static void in_flight(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.max_in_flight = 3;
    struct http_server *server = start(&limits);
    struct http_client *client = client_of(http_server_port(server, 0), NULL);
    struct http_response r;
    struct err e = {0};
    int fds[3];

    http_response_init(&r);
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(http_server_port(server, 0));
        say(fds[i], "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    eventually(holding() == 3);
    assert_int_equal(get(client, "/hello", &r, &e), 503);
    assert_non_null(http_head_find(r.head, "retry-after").data);
    assert_int_equal(get(client, "/health", &r, &e), 200);
    assert_int_equal(counters_of(server).refused_load, 1);
    let_go();
    eventually(counters_of(server).in_flight_now == 0);
    assert_int_equal(get(client, "/hello", &r, &e), 200);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    http_response_fini(&r);
    http_client_free(client);
    stop(server);
}

static void budgets(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.body_budget = 1 << 20;
    limits.spool_budget = 2 << 20;
    struct http_server *server = start(&limits);
    static char body[800 * 1024];
    char head[200];
    bool closed;
    int fds[2];

    memset(body, 'a', sizeof(body));
    int len =
        snprintf(head, sizeof(head),
                 "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", sizeof(body));
    for (int i = 0; i < 2; i++) {
        fds[i] = dial(http_server_port(server, 0));
        assert_int_equal(send(fds[i], head, (size_t)len, MSG_NOSIGNAL), len);
        for (size_t at = 0; at < sizeof(body);) {
            ssize_t put = send(fds[i], body + at, sizeof(body) - at, MSG_NOSIGNAL);
            if (put <= 0)
                break;
            at += (size_t)put;
        }
        if (i == 0)
            eventually(holding() == 1);
    }
    hear(fds[1], answer, sizeof(answer), 2000, &closed);
    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(answer, "\"net.body-budget\""));
    assert_non_null(strstr(answer, "Retry-After: "));
    let_go();
    eventually(counters_of(server).body_bytes_now == 0);
    close(fds[0]);
    close(fds[1]);

    fds[0] = dial(http_server_port(server, 0));
    say(fds[0], "POST /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
    for (int i = 0; i < 5; i++)
        if (send(fds[0], body, sizeof(body), MSG_NOSIGNAL) < 0)
            break;
    hear(fds[0], answer, sizeof(answer), 2000, &closed);
    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(answer, "\"net.spool-budget\""));
    close(fds[0]);
    /* and what is freed can be used again, as soon as the disk has let go of it */
    answer[0] = 0;
    for (int i = 0; i < 50 && strncmp(answer, "HTTP/1.1 200 ", 13) != 0; i++) {
        sleep_ms(10);
        fds[0] = dial(http_server_port(server, 0));
        say(fds[0], "POST /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 800\r\n\r\n");
        (void)!send(fds[0], body, 800, MSG_NOSIGNAL);
        hear(fds[0], answer, sizeof(answer), 300, &closed);
        close(fds[0]);
    }
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    stop(server);
}

static void spool_folder_missing(void **state)
{
    (void)state;
    static const struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0"};
    struct http_server_config config = {.doors = &door,
                                        .door_count = 1,
                                        .routes = routes,
                                        .route_count = ARRAY_LEN(routes),
                                        .loops = 1,
                                        .spool_folder = "/nonexistent/folder"};
    struct http_server *server = serve(&config);
    int fd = dial(http_server_port(server, 0));
    bool closed;

    say(fd, "POST /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    hear(fd, answer, sizeof(answer), 1000, &closed);
    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(answer, "\"net.spool\""));
    close(fd);
    stop(server);
}

static void accept_rate(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.accept_rate = 20;
    limits.accept_burst = 10;
    struct http_server *server = start(&limits);
    unsigned served = 0, told = 0;
    bool closed;

    for (int i = 0; i < 60; i++) {
        int fd = dial(http_server_port(server, 0));
        (void)!send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 51,
                    MSG_NOSIGNAL);
        hear(fd, answer, sizeof(answer), 300, &closed);
        served += strncmp(answer, "HTTP/1.1 200", 12) == 0;
        told += strncmp(answer, "HTTP/1.1 503", 12) == 0 && strstr(answer, "Retry-After: ") != NULL;
        close(fd);
    }
    if (served < 5 || served >= 50)
        fail_msg("%u served, %u told", served, told);
    assert_true(told > 0);
    sleep_ms(1000);
    int fd = dial(http_server_port(server, 0));
    say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, answer, sizeof(answer), 300, &closed);
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    close(fd);
    stop(server);
}

static void requests_per_connection(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    limits.requests_per_connection = 3;
    struct http_server *server = start(&limits);
    int fd = dial(http_server_port(server, 0));

    for (int i = 0; i < 5; i++)
        (void)!send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 32, MSG_NOSIGNAL);
    hear_out(fd);
    assert_int_equal(times_in(answer, "HTTP/1.1 200"), 3);
    close(fd);
    stop(server);
}

/* TLS: a handshake that does not come on, and a rate that holds others back, but not for ever. */
static void tls_limits(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct http_door door = {.kind = HTTP_DOOR_ENROL,
                             .address = "127.0.0.1:0",
                             .tls = HTTP_TLS_SERVER,
                             .identity = world.server_identity};
    struct net_limits limits = net_limits_default;
    limits.handshake_ms = 300;
    limits.accept_rate = 20;
    limits.accept_burst = 5;
    struct http_server_config config = {.doors = &door,
                                        .door_count = 1,
                                        .routes = routes,
                                        .route_count = ARRAY_LEN(routes),
                                        .limits = &limits,
                                        .loops = 1};
    struct http_server *server = serve(&config);
    int fd = dial(http_server_port(server, 0));

    say(fd, "\x16\x03\x01");
    int64_t took = hear_out(fd);
    assert_true(took >= 250 && took < 3000);
    close(fd);
    fd = dial(http_server_port(server, 0));
    say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_out(fd);
    assert_null(strstr(answer, "HTTP/1.1 "));
    close(fd);
    assert_int_equal(counters_of(server).handshakes_failed, 2);

    struct tls_identity *anchors = identity_of(NULL, &world.root, 1);
    struct http_response r;
    struct err e = {0};
    int64_t before = now_ms();
    http_response_init(&r);
    for (int i = 0; i < 20; i++) {
        struct http_client *client = client_of(http_server_port(server, 0), anchors);
        int status = get(client, "/hello", &r, &e);
        if (status != 200)
            fail_msg("%s: %s", e.code, e.text);
        http_client_free(client);
    }
    took = now_ms() - before;
    assert_true(took > 400); /* 20 at 20 a second, but for the burst */
    http_response_fini(&r);
    tls_identity_free(anchors);
    stop(server);
    world_fini(&world);
}

/* A stop within its grace lets a request in flight be answered; after it, it cuts. */
static void stopping(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    int busy = dial(http_server_port(server, 0)), idle = dial(http_server_port(server, 0));
    bool closed;

    say(idle, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(idle, answer, sizeof(answer), 100, &closed);
    assert_false(closed);
    say(busy, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    eventually(holding() == 1);
    int64_t before = now_ms();
    http_server_stop(server, 200);
    assert_true(now_ms() - before >= 200 && now_ms() - before < 2000);
    hear(idle, answer, sizeof(answer), 100, &closed);
    assert_true(closed);
    hear(busy, answer, sizeof(answer), 100, &closed);
    assert_true(closed);
    assert_false(http_alive(held[0]));
    let_go(); /* into nothing, and no harm */
    close(idle);
    close(busy);
    http_server_free(server);
}

static void *answer_soon(void *context)
{
    (void)context;
    sleep_ms(150);
    let_go();
    return NULL;
}

static void stopping_gracefully(void **state)
{
    (void)state;
    struct http_server *server = start(NULL);
    int busy = dial(http_server_port(server, 0));
    pthread_t thread;
    bool closed;

    say(busy, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    eventually(holding() == 1);
    assert_int_equal(pthread_create(&thread, NULL, answer_soon, NULL), 0);
    int64_t before = now_ms();
    http_server_stop(server, 5000);
    assert_true(now_ms() - before < 3000);
    pthread_join(thread, NULL);
    hear(busy, answer, sizeof(answer), 100, &closed);
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(answer, "held\n"));
    assert_true(closed);
    close(busy);
    http_server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_time),
        cmocka_unit_test(idle_time),
        cmocka_unit_test(body_time),
        cmocka_unit_test(answer_time),
        cmocka_unit_test(write_stall),
        cmocka_unit_test(slowloris),
        cmocka_unit_test(connection_limits),
        cmocka_unit_test(in_flight),
        cmocka_unit_test(budgets),
        cmocka_unit_test(spool_folder_missing),
        cmocka_unit_test(accept_rate),
        cmocka_unit_test(requests_per_connection),
        cmocka_unit_test(tls_limits),
        cmocka_unit_test(stopping),
        cmocka_unit_test(stopping_gracefully),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
