/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events from end to end: our server, our client, and raw bytes between. */
#include "net_support.h"

#include <pthread.h>

static struct {
    struct http_server *server;
    unsigned port;
    pthread_mutex_t lock;
    struct http_stream *streams[64];
    unsigned count;
    char last_id[64];
    atomic_uint closed;
} fix = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_closed(struct http_stream *stream, void *context)
{
    (void)stream;
    (void)context;
    atomic_fetch_add(&fix.closed, 1);
}

static void subscribe(struct http_exchange *x, void *context)
{
    struct http_stream_config config = {.closed = on_closed, .retry_ms = 1234, .queue = 64 * 1024};
    const char *id = http_last_event_id(x);

    (void)context;
    pthread_mutex_lock(&fix.lock);
    snprintf(fix.last_id, sizeof(fix.last_id), "%s", id ? id : "-");
    pthread_mutex_unlock(&fix.lock);
    struct http_stream *stream = http_stream_open(x, &config);
    assert_non_null(stream);
    pthread_mutex_lock(&fix.lock);
    assert_true(fix.count < ARRAY_LEN(fix.streams));
    fix.streams[fix.count++] = stream;
    pthread_mutex_unlock(&fix.lock);
}

static void deny(struct http_exchange *x, void *context)
{
    struct err e = {0};

    (void)context;
    err_set(&e, ERR_DENIED, "test.denied", NULL, "not for you");
    http_problem(x, &e);
}

static void plain(struct http_exchange *x, void *context)
{
    (void)context;
    http_reply_text(x, 200, "text/plain", slice_str("no events"));
}

static const struct http_route routes[] = {
    {"GET", "/events", HTTP_AT_ALL, 0, 0, subscribe, NULL},
    {"GET", "/denied", HTTP_AT_ALL, 0, 0, deny, NULL},
    {"GET", "/plain", HTTP_AT_ALL, 0, 0, plain, NULL},
};

static int set_up(void **state)
{
    static const struct http_door door = {
        .kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0", .allow_http10 = true};
    static struct net_limits limits;
    limits = net_limits_default;
    limits.heartbeat_ms = 150;
    limits.write_stall_ms = 400;
    struct http_server_config config = {.doors = &door,
                                        .door_count = 1,
                                        .routes = routes,
                                        .route_count = ARRAY_LEN(routes),
                                        .limits = &limits,
                                        .loops = 2};

    (void)state;
    fix.server = serve(&config);
    fix.port = http_server_port(fix.server, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (fix.server) {
        http_server_stop(fix.server, 200);
        http_server_free(fix.server);
    }
    return 0;
}

static unsigned stream_count(void)
{
    pthread_mutex_lock(&fix.lock);
    unsigned count = fix.count;
    pthread_mutex_unlock(&fix.lock);
    return count;
}

/* The one stream that a test has opened. */
static struct http_stream *the_stream(void)
{
    eventually(stream_count() == 1);
    return fix.streams[0];
}

/* Gives the handles back, so that the next test begins anew. */
static void forget(void)
{
    pthread_mutex_lock(&fix.lock);
    for (unsigned i = 0; i < fix.count; i++)
        http_stream_release(fix.streams[i]);
    fix.count = 0;
    pthread_mutex_unlock(&fix.lock);
    atomic_store(&fix.closed, 0);
}

static void open_events(struct http_client *client, const char *last_id)
{
    struct err e = {0};
    int status;

    if (http_client_stream_open(client, "/events", last_id, &status, &e) != 0)
        fail_msg("%d %s: %s", status, e.code, e.text);
}

static int next(struct http_client *client, struct http_event *event, struct err *e)
{
    err_clear(e);
    return http_client_stream_next(client, 1000, event, e);
}

static void events(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    struct http_event event;
    struct err e = {0};

    open_events(client, NULL);
    struct http_stream *stream = the_stream();
    assert_string_equal(fix.last_id, "-");
    assert_true(http_stream_is_open(stream));
    assert_int_equal(http_stream_send(stream, "7", "notice", slice_str("one\ntwo\r\nthree\rfour")),
                     0);
    assert_int_equal(http_stream_send(stream, NULL, NULL, slice_str("")), 0);
    assert_int_equal(http_stream_send(stream, "8", NULL, slice_str("{\"a\":1}")), 0);
    assert_int_equal(next(client, &event, &e), 1);
    assert_string_equal(event.id, "7");
    assert_string_equal(event.event, "notice");
    assert_true(slice_is(event.data, "one\ntwo\nthree\nfour"));
    assert_int_equal(event.retry_ms, 1234);
    assert_int_equal(next(client, &event, &e), 1);
    assert_string_equal(event.id, "7");
    assert_string_equal(event.event, "message");
    assert_int_equal(event.data.len, 0);
    assert_int_equal(next(client, &event, &e), 1);
    assert_string_equal(event.id, "8");
    assert_true(slice_is(event.data, "{\"a\":1}"));
    /* what would break the format is not sent */
    assert_int_equal(http_stream_send(stream, "9\nid: 10", NULL, slice_str("x")), -1);
    assert_int_equal(http_stream_send(stream, "9", "a\rb", slice_str("x")), -1);
    assert_true(http_stream_is_open(stream));
    http_stream_close(stream);
    http_stream_close(stream);
    assert_false(http_stream_is_open(stream));
    assert_int_equal(http_stream_send(stream, "9", NULL, slice_str("x")), -1);
    assert_int_equal(next(client, &event, &e), 0);
    eventually(atomic_load(&fix.closed) == 1);
    forget();
    http_client_free(client);
}

/* The connection breaks; the client asks for what came after the last event that it has whole. */
static void resumes_where_it_was(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    struct http_event event;
    struct err e = {0};
    char id[64];

    open_events(client, NULL);
    struct http_stream *stream = the_stream();
    http_stream_send(stream, "n-41", NULL, slice_str("x"));
    assert_int_equal(next(client, &event, &e), 1);
    snprintf(id, sizeof(id), "%s", event.id);
    http_stream_abort(stream);
    assert_int_equal(next(client, &event, &e), -1);
    assert_string_equal(e.code, "client.closed");
    forget();
    open_events(client, id);
    the_stream();
    assert_string_equal(fix.last_id, "n-41");
    http_client_free(client);
    eventually(atomic_load(&fix.closed) == 1);
    forget();
}

static void heartbeats(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    struct http_event event;
    struct err e = {0};

    open_events(client, NULL);
    struct http_stream *stream = the_stream();
    int64_t before = now_ms();
    /* the server lives: no time out although no event comes for longer than dead_ms */
    int other[2];
    assert_int_equal(pipe(other), 0);
    while (now_ms() - before < 700) {
        int ready = http_client_stream_poll(client, other[0], 400);
        assert_int_equal(ready, 1); /* a heart-beat */
        sleep_ms(100);
        if (now_ms() - before > 500)
            break;
    }
    http_stream_send(stream, "1", NULL, slice_str("x"));
    err_clear(&e);
    assert_int_equal(http_client_stream_next(client, 400, &event, &e), 1);
    assert_int_equal(write(other[1], "x", 1), 1);
    for (int ready = 0; ready != 2;) {
        ready = http_client_stream_poll(client, other[0], 1000);
        assert_true(ready == 1 || ready == 2);
        if (ready == 1)
            break; /* a heart-beat was faster */
    }
    http_client_interrupt(client);
    err_clear(&e);
    assert_int_equal(http_client_stream_next(client, 5000, &event, &e), -1);
    assert_string_equal(e.code, "client.interrupted");
    close(other[0]);
    close(other[1]);
    http_client_free(client);
    eventually(atomic_load(&fix.closed) == 1);
    forget();
}

/* A server that is silent, not even a heart-beat: noticed. */
static void dead_peer(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listening, 1), 0);
    getsockname(listening, (struct sockaddr *)&address, &len);
    struct http_client *client = client_of(ntohs(address.sin_port), NULL);
    struct http_event event;
    struct err e = {0};
    int status;

    /* a server by hand; the connection waits in the kernel's queue */
    int pid = fork();
    if (pid == 0) {
        int fd = accept(listening, NULL, NULL);
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n"
                                     "9\r\ndata: a\n\n\r\n"
                                     "f\r\nid: 2\ndata: cut\r\n";
        char request[1000];
        (void)!read(fd, request, sizeof(request));
        (void)!write(fd, answer, sizeof(answer) - 1);
        sleep(3);
        _exit(0);
    }
    assert_int_equal(http_client_stream_open(client, "/x", NULL, &status, &e), 0);
    assert_int_equal(http_client_stream_next(client, 500, &event, &e), 1);
    assert_true(slice_is(event.data, "a"));
    int64_t before = now_ms();
    assert_int_equal(http_client_stream_next(client, 300, &event, &e), -1);
    assert_string_equal(e.code, "client.timeout");
    assert_true(now_ms() - before >= 300 && now_ms() - before < 1500);
    http_client_free(client);
    close(listening);
}

static void not_a_stream(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    struct err e = {0};
    int status;

    assert_int_equal(http_client_stream_open(client, "/denied", NULL, &status, &e), -1);
    assert_int_equal(status, 403);
    assert_string_equal(e.code, "test.denied");
    assert_string_equal(e.text, "not for you");
    assert_int_equal(e.kind, ERR_DENIED);
    err_clear(&e);
    assert_int_equal(http_client_stream_open(client, "/plain", NULL, &status, &e), -1);
    assert_int_equal(status, 200);
    assert_string_equal(e.code, "client.status");
    http_client_free(client);
}

/* A peer that does not read: its stream is closed, the others are not. */
static void slow_peer(void **state)
{
    (void)state;
    uint64_t overruns = counters_of(fix.server).streams_overrun;
    char block[4000];
    int fd = dial(fix.port);
    int sent = 0;

    memset(block, 'x', sizeof(block));
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    say(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_stream *stream = the_stream();
    while (sent < 20000 && http_stream_send(stream, "1", NULL, slice_of(block, sizeof(block))) == 0)
        sent++;
    assert_true(sent < 20000);
    assert_false(http_stream_is_open(stream));
    eventually(atomic_load(&fix.closed) == 1);
    assert_int_equal(counters_of(fix.server).streams_overrun, overruns + 1);
    close(fd);
    forget();

    /* a little waits, and the peer takes nothing: the write stalls */
    uint64_t timeouts = counters_of(fix.server).timeouts;
    fd = dial(fix.port);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    say(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    stream = the_stream();
    for (int written = 0; written == 0;) {
        written = http_stream_write(stream, slice_of(block, 1000)); /* 1: half full; no more then */
        if (written == 1 && http_stream_wait(stream, 100) == 0)
            written = 0; /* the kernel took it after all */
    }
    eventually(atomic_load(&fix.closed) == 1);
    assert_int_equal(counters_of(fix.server).timeouts, timeouts + 1);
    close(fd);
    forget();
}

/* Many senders on one stream, and streams that come and go meanwhile. */
static void *send_many(void *context)
{
    for (int i = 0; i < 200; i++) {
        http_stream_send(context, "1", "tick", slice_str("0123456789"));
        if (i % 10 == 0)
            sleep_ms(1);
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    enum { CLIENTS = 8, THREADS = 4 };
    struct http_client *clients[CLIENTS];
    pthread_t threads[THREADS];
    struct http_event event;
    struct err e = {0};

    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_of(fix.port, NULL);
        open_events(clients[i], NULL);
    }
    eventually(stream_count() == CLIENTS);
    assert_int_equal(counters_of(fix.server).streams_now, CLIENTS);
    struct http_stream *busy = fix.streams[0];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, send_many, busy);
    for (int i = 1; i < CLIENTS; i++)
        http_stream_send(fix.streams[i], "1", NULL, slice_str("x"));
    /* which client has the busy one? whoever hears "tick" */
    int busy_client = -1;
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(next(clients[i], &event, &e), 1);
        if (strcmp(event.event, "tick") == 0)
            busy_client = i;
    }
    assert_true(busy_client >= 0);
    for (int i = 0; i < CLIENTS; i++)
        if (i != busy_client)
            http_client_free(clients[i]);
    for (int i = 1; i < THREADS * 200; i++) {
        assert_int_equal(next(clients[busy_client], &event, &e), 1);
        assert_true(slice_is(event.data, "0123456789"));
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    http_client_free(clients[busy_client]);
    eventually(atomic_load(&fix.closed) == CLIENTS);
    assert_int_equal(counters_of(fix.server).streams_now, 0);
    forget();
}

static void old_clients(void **state)
{
    (void)state;
    char answer[4000];
    bool closed;
    int fd = dial(fix.port);

    /* HTTP/1.0: no chunks, the end is the connection's */
    say(fd, "GET /events HTTP/1.0\r\n\r\n");
    struct http_stream *stream = the_stream();
    http_stream_send(stream, NULL, NULL, slice_str("x"));
    http_stream_close(stream);
    hear(fd, answer, sizeof(answer), 500, &closed);
    assert_true(closed);
    assert_null(strstr(answer, "chunked"));
    assert_non_null(strstr(answer, "\r\n\r\nretry: 1234\n\ndata: x\n\n"));
    close(fd);
    forget();
    /* HEAD: no stream */
    fd = dial(fix.port);
    say(fd, "HEAD /events HTTP/1.1\r\nHost: x\r\n\r\nGET /plain HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, answer, sizeof(answer), 300, &closed);
    assert_int_equal(times_in(answer, "HTTP/1.1 200"), 2);
    assert_non_null(strstr(answer, "no events"));
    close(fd);
    forget();
    /* a client that goes on talking on its stream is cut off */
    fd = dial(fix.port);
    say(fd, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    the_stream();
    say(fd, "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, answer, sizeof(answer), 500, &closed);
    assert_true(closed);
    assert_null(strstr(answer, "no events"));
    close(fd);
    eventually(atomic_load(&fix.closed) == 1);
    forget();
}

/* Draining: streams end with a proper last chunk, requests in flight are answered. */
static void graceful_stop(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    struct http_event event;
    struct err e = {0};

    open_events(client, NULL);
    struct http_stream *stream = the_stream();
    http_stream_send(stream, "1", NULL, slice_str("last words"));
    http_server_stop(fix.server, 2000);
    assert_int_equal(next(client, &event, &e), 1);
    assert_int_equal(next(client, &event, &e), 0); /* ended, not cut */
    assert_int_equal(atomic_load(&fix.closed), 1);
    assert_int_equal(http_stream_send(stream, "2", NULL, slice_str("x")), -1);
    forget();
    http_client_free(client);
    http_server_free(fix.server);
    fix.server = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events),        cmocka_unit_test(resumes_where_it_was),
        cmocka_unit_test(heartbeats),    cmocka_unit_test(dead_peer),
        cmocka_unit_test(not_a_stream),  cmocka_unit_test(slow_peer),
        cmocka_unit_test(many_threads),  cmocka_unit_test(old_clients),
        cmocka_unit_test(graceful_stop),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
