/* SPDX-License-Identifier: Apache-2.0 */
/* The server over plain sockets: requests, routing, small bodies, pipelining, workers. */
#include "net_support.h"

#include "base/json.h"

struct fixture {
    struct http_server *server;
    unsigned port;
    struct http_exchange *held; /* for tests that answer themselves */
    pthread_mutex_t lock;
};

static struct fixture fix;

/* ---- handlers ---- */

static void hello(struct http_exchange *x, void *context)
{
    (void)context;
    http_reply_text(x, 200, "text/plain", slice_str("hello\n"));
}

/* Says what it understood of the request. */
static void echo(struct http_exchange *x, void *context)
{
    const char *value = NULL;
    const char *id = http_param(x, "id");
    struct err e = {0};
    struct buf out;

    (void)context;
    if (http_query(x, "q", &value, &e) < 0) {
        http_problem(x, &e);
        return;
    }
    buf_init(&out);
    buf_printf(&out, "%s id=%s q=%s pattern=%s door=%s from=%s body=", http_method(x),
               id ? id : "-", value ? value : "-", http_pattern(x), http_door_name(http_door(x)),
               http_remote_address(x));
    buf_put_slice(&out, http_body(x));
    http_reply_text(x, 200, "text/plain", buf_slice(&out));
    buf_fini(&out);
}

static void *answer_later(void *context)
{
    sleep_ms(30);
    echo(context, NULL);
    return NULL;
}

static void later(struct http_exchange *x, void *context)
{
    pthread_t thread;

    (void)context;
    assert_int_equal(pthread_create(&thread, NULL, answer_later, x), 0);
    pthread_detach(thread);
}

static void hold(struct http_exchange *x, void *context)
{
    (void)context;
    pthread_mutex_lock(&fix.lock);
    fix.held = x;
    pthread_mutex_unlock(&fix.lock);
}

static struct http_exchange *take_held(void)
{
    pthread_mutex_lock(&fix.lock);
    struct http_exchange *x = fix.held;
    fix.held = NULL;
    pthread_mutex_unlock(&fix.lock);
    return x;
}

static struct http_exchange *wait_held(void)
{
    struct http_exchange *x = NULL;

    for (int64_t until = now_ms() + 5000; !x && now_ms() < until; sleep_ms(2))
        x = take_held();
    assert_non_null(x);
    return x;
}

static void fail_with(struct http_exchange *x, void *context)
{
    struct err e = {0};

    (void)context;
    err_set(&e, ERR_UNAVAILABLE, "test.full", "Clause 7", "the \"disk\" is full");
    err_where(&e, "line 3");
    err_hint(&e, "buy another");
    http_problem(x, &e);
}

static void tagged(struct http_exchange *x, void *context)
{
    struct http_answer answer = {.status = 200,
                                 .content_type = "text/plain",
                                 .body = slice_str("tagged"),
                                 .etag = "\"v1\"",
                                 .cache = "max-age=60"};

    (void)context;
    http_reply(x, &answer);
}

/* What a request says of media types. */
static void negotiate(struct http_exchange *x, void *context)
{
    char text[100];

    (void)context;
    snprintf(text, sizeof(text), "json %d problem %d text %d", http_accepts(x, "application/json"),
             http_content_type_is(x, "application/json"), http_accepts(x, "text/plain"));
    http_reply_text(x, 200, "text/plain", slice_str(text));
}

static const struct http_route routes[] = {
    {"GET", "/hello", HTTP_AT_ALL, 0, 0, hello, NULL},
    {"GET", "/echo/{id}", HTTP_AT_ALL, 0, 0, echo, NULL},
    {"POST", "/echo/{id}", HTTP_AT_ALL, 4096, 0, echo, NULL},
    {"DELETE", "/echo/{id}", HTTP_AT_ALL, 0, 0, echo, NULL},
    {"GET", "/later/{id}", HTTP_AT_ALL, 0, 0, later, NULL},
    {"GET", "/hold", HTTP_AT_ALL, 0, 0, hold, NULL},
    {"GET", "/fail", HTTP_AT_ALL, 0, 0, fail_with, NULL},
    {"GET", "/tagged", HTTP_AT_ALL, 0, 0, tagged, NULL},
    {"GET", "/negotiate", HTTP_AT_ALL, 0, 0, negotiate, NULL},
    {"GET", "/rest/{path*}", HTTP_AT_ALL, 0, 0, echo, NULL},
    {"GET", "/device-only", HTTP_AT(HTTP_DOOR_DEVICE), 0, 0, hello, NULL},
};

static int set_up(void **state)
{
    static const struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0"};
    struct http_server_config config = {
        .doors = &door,
        .door_count = 1,
        .routes = routes,
        .route_count = ARRAY_LEN(routes),
        .loops = 2,
        .server_name = "tocsin",
    };

    (void)state;
    pthread_mutex_init(&fix.lock, NULL);
    fix.server = serve(&config);
    fix.port = http_server_port(fix.server, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_stop(fix.server, 1000);
    http_server_free(fix.server);
    return 0;
}

/* ---- tests ---- */

static void answers(void **state)
{
    (void)state;
    expect("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nhello\n",
           false);
    expect("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n",
           "Connection: close\r\n", true);
    expect("GET /echo/a%20b?q=c+d HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ",
           "GET id=a b q=c d pattern=/echo/{id} door=public from=127.0.0.1 body=", false);
    expect("POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ",
           "POST id=1 q=- pattern=/echo/{id} door=public from=127.0.0.1 body=abc", false);
    expect("POST /echo/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
           "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
           "HTTP/1.1 200 ", "body=abc", false);
    expect("POST /echo/1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "body=", false);
    expect("GET /rest/a/b/c HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "pattern=/rest/{path*}",
           false);
    expect("GET /later/7 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "id=7", false);
    expect("GET /echo/1?q=a&q=b HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 ", "\"http.query\"",
           false);
}

static void head_and_options(void **state)
{
    (void)state;
    bool closed;
    const char *answer = ask(fix.port, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n", &closed);

    assert_non_null(strstr(answer, "Content-Length: 6\r\n"));
    assert_null(strstr(answer, "hello"));
    assert_false(closed);
    expect("OPTIONS /echo/1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 204 ",
           "Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n", false);
    expect("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 204 ", "Allow: ", false);
    expect("PUT /echo/1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ",
           "Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n", false);
    expect("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "\"http.not-found\"",
           false);
    expect("GET /rest/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", NULL, false);
    /* a route of another door is not even named */
    expect("GET /device-only HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", NULL, false);
    expect("POST /device-only HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", NULL, false);
}

static void problems(void **state)
{
    (void)state;
    bool closed;
    const char *answer = ask(fix.port, "GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", &closed);
    struct json_doc *doc;
    struct err e = {0};

    assert_memory_equal(answer, "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(answer, "Content-Type: application/problem+json\r\n"));
    assert_non_null(strstr(answer, "Retry-After: "));
    assert_int_equal(json_parse(&doc, slice_str(strstr(answer, "\r\n\r\n") + 4), NULL, &e), 0);
    const struct json_value *root = json_root(doc);
    int64_t status;
    assert_true(slice_is(json_get_string(root, "type"), "urn:tocsin:test.full"));
    assert_true(slice_is(json_get_string(root, "title"), "Service Unavailable"));
    assert_true(json_int64(json_get(root, "status"), &status) && status == 503);
    assert_true(slice_is(json_get_string(root, "detail"), "the \"disk\" is full"));
    assert_true(slice_is(json_get_string(root, "code"), "test.full"));
    assert_true(slice_is(json_get_string(root, "clause"), "Clause 7"));
    assert_true(slice_is(json_get_string(root, "where"), "line 3"));
    assert_true(slice_is(json_get_string(root, "hint"), "buy another"));
    json_doc_free(doc);
}

/* Whatever is malformed is refused, and nothing behind it is read as a request. */
static void smuggling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "GET /hello HTTP/1.1\r\n\r\n",
        "POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: "
        "chunked\r\n\r\n"
        "0\r\n\r\n",
        "POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 0\r\n\r\nabc",
        "POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        "GET /hello HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        "GET /hello HTTP/1.1\nHost: x\n\n",
        ("POST /echo/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n"),
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char request[600];
        bool closed;
        snprintf(request, sizeof(request), "%sGET /hello HTTP/1.1\r\nHost: x\r\n\r\n", bad[i]);
        const char *answer = ask(fix.port, request, &closed);
        if (strncmp(answer, "HTTP/1.1 400 ", 13) != 0 || times_in(answer, "HTTP/1.1 ") != 1 ||
            !closed)
            fail_msg("%s\ngave (closed: %d)\n%s", bad[i], closed, answer);
    }
    bool closed;
    const char *answer =
        talk(fix.port, "GET /hello HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 41, &closed);
    assert_memory_equal(answer, "HTTP/1.1 400 ", 13);
    assert_true(closed);
    expect("POST /echo/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 ",
           "\"http.transfer-coding\"", true);
    expect("GET /hello HTTP/1.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 ", "\"http.version\"", true);
}

static void over_long(void **state)
{
    (void)state;
    struct buf b;
    bool closed;

    buf_init(&b);
    buf_puts(&b, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ");
    memset(buf_extend(&b, 1 << 20), 'a', 1 << 20);
    buf_puts(&b, "\r\n\r\n");
    const char *answer = talk(fix.port, buf_text(&b), b.len, &closed);
    assert_memory_equal(answer, "HTTP/1.1 431 ", 13);
    assert_true(closed);
    buf_reset(&b);
    buf_puts(&b, "GET /");
    memset(buf_extend(&b, 10000), 'a', 10000);
    buf_puts(&b, " HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = talk(fix.port, buf_text(&b), b.len, &closed);
    assert_memory_equal(answer, "HTTP/1.1 414 ", 13);
    assert_true(closed);
    buf_fini(&b);
    /* the body: said to be too large, or found to be */
    expect("POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n", "HTTP/1.1 413 ",
           "\"http.body-length\"", true);
    expect("DELETE /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 413 ",
           NULL, true);
    buf_init(&b);
    buf_puts(&b, "POST /echo/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n");
    memset(buf_extend(&b, 4097), 'a', 4097);
    answer = talk(fix.port, buf_text(&b), b.len, &closed);
    assert_memory_equal(answer, "HTTP/1.1 413 ", 13);
    assert_true(closed);
    buf_fini(&b);
}

static void pipelining(void **state)
{
    (void)state;
    bool closed;
    const char *answer = ask(fix.port,
                             "GET /echo/1 HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /later/2 HTTP/1.1\r\nHost: x\r\n\r\n"
                             "POST /echo/3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                             "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /later/4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                             "GET /echo/5 HTTP/1.1\r\nHost: x\r\n\r\n",
                             &closed);

    if (times_in(answer, "HTTP/1.1 20") != 5)
        fail_msg("closed %d: %s", closed, answer);
    const char *first = strstr(answer, "id=1"), *second = strstr(answer, "id=2");
    const char *third = strstr(answer, "id=3"), *fourth = strstr(answer, "id=4");
    assert_true(first && second && third && fourth);
    assert_true(first < second && second < third && third < fourth);
    assert_null(strstr(answer, "id=5"));
    assert_true(closed);
}

static void byte_by_byte(void **state)
{
    (void)state;
    const char *request = "POST /echo/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n0\r\n\r\n";
    char answer[2000];
    bool closed;
    int fd = dial(fix.port);

    for (const char *at = request; *at; at++) {
        assert_int_equal(send(fd, at, 1, MSG_NOSIGNAL), 1);
        if (at - request < 20)
            sleep_ms(1);
    }
    hear(fd, answer, sizeof(answer), 300, &closed);
    assert_non_null(strstr(answer, "body=abc"));
    close(fd);
}

/* A client that has said all and closed its half still gets its answer. */
static void half_closed(void **state)
{
    (void)state;
    char answer[2000];
    bool closed;
    int fd = dial(fix.port);

    say(fd, "GET /later/9 HTTP/1.1\r\nHost: x\r\n\r\n");
    shutdown(fd, SHUT_WR);
    hear(fd, answer, sizeof(answer), 500, &closed);
    assert_non_null(strstr(answer, "id=9"));
    assert_true(closed);
    close(fd);
}

static void expect_continue(void **state)
{
    (void)state;
    char answer[2000];
    bool closed;
    int fd = dial(fix.port);

    say(fd,
        "POST /echo/1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    hear(fd, answer, sizeof(answer), 200, &closed);
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abc");
    hear(fd, answer, sizeof(answer), 200, &closed);
    assert_non_null(strstr(answer, "body=abc"));
    close(fd);
    /* no invitation for what will be refused */
    expect(
        "POST /echo/1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n",
        "HTTP/1.1 413 ", NULL, true);
    expect("POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
           "HTTP/1.1 404 ", NULL, true);
}

static void conditional(void **state)
{
    (void)state;
    bool closed;

    expect("GET /tagged HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "ETag: \"v1\"\r\n", false);
    expect("GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v0\"\r\n\r\n", "HTTP/1.1 200 ",
           "tagged", false);
    const char *answer =
        ask(fix.port, "GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v0\", W/\"v1\"\r\n\r\n",
            &closed);
    assert_memory_equal(answer, "HTTP/1.1 304 ", 13);
    assert_null(strstr(answer, "tagged"));
    assert_null(strstr(answer, "Content-Length"));
    expect("GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n", "HTTP/1.1 304 ", NULL,
           false);
}

/* The connection is gone when the answer comes: no harm. */
static void answer_to_nobody(void **state)
{
    (void)state;
    uint64_t before = counters_of(fix.server).answers[0];
    int fd = dial(fix.port);

    say(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_exchange *x = wait_held();
    assert_true(http_alive(x));
    assert_int_equal(counters_of(fix.server).in_flight_now, 1);
    struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    sleep_ms(20);
    assert_true(slice_is(http_path(x), "/hold"));
    http_reply_text(x, 200, "text/plain", slice_str("late"));
    eventually(counters_of(fix.server).connections_now == 0);
    assert_int_equal(counters_of(fix.server).in_flight_now, 0);
    (void)before;
}

/* One handler may answer another connection's request. */
static void answer_from_other_handler(void **state)
{
    (void)state;
    char answer[2000];
    bool closed;
    int first = dial(fix.port);

    say(first, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_exchange *x = wait_held();
    expect("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", NULL, false);
    http_reply_text(x, 201, "text/plain", slice_str("now"));
    hear(first, answer, sizeof(answer), 300, &closed);
    assert_memory_equal(answer, "HTTP/1.1 201 ", 13);
    close(first);
}

static void media_types(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "json 1 problem 0 text 1"},
        {"Accept: application/json\r\n", "json 1 problem 0 text 0"},
        {"Accept: text/*;q=0.5, application/json;q=0\r\n", "json 0 problem 0 text 1"},
        {"Accept: */*;q=0.1, text/plain;q=0.0\r\n", "json 1 problem 0 text 0"},
        {"Accept: image/png\r\n", "json 0 problem 0 text 0"},
        {"Accept: application/jsonx\r\n", "json 0 problem 0 text 0"},
        {"Content-Type: Application/JSON; charset=utf-8\r\n", "json 1 problem 1 text 1"},
        {"Content-Type: application/json5\r\n", "json 1 problem 0 text 1"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char request[200];
        snprintf(request, sizeof(request), "GET /negotiate HTTP/1.1\r\nHost: x\r\n%s\r\n",
                 cases[i][0]);
        expect(request, "HTTP/1.1 200 ", cases[i][1], false);
    }
}

static void ipv6_door(void **state)
{
    (void)state;
    static const struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = "[::1]:0"};
    struct http_server_config config = {.doors = &door,
                                        .door_count = 1,
                                        .routes = routes,
                                        .route_count = ARRAY_LEN(routes),
                                        .loops = 2};
    struct http_server *server;
    struct http_response r;
    struct err e = {0};
    char url[64];

    if (http_server_new(&server, &config, &e) != 0) {
        assert_string_equal(e.code, "net.bind"); /* a machine without IPv6 */
        print_message("skipped: no IPv6\n");
        return;
    }
    assert_int_equal(http_server_start(server, &e), 0);
    snprintf(url, sizeof(url), "http://[::1]:%u", http_server_port(server, 0));
    struct http_client_config client_config = {.url = url};
    struct http_client *client;
    http_response_init(&r);
    assert_int_equal(http_client_new(&client, &client_config, &e), 0);
    assert_int_equal(get(client, "/echo/1", &r, &e), 200);
    assert_non_null(strstr(buf_text(&r.body), "from=::1 "));
    http_response_fini(&r);
    http_client_free(client);
    http_server_stop(server, 100);
    http_server_free(server);
}

/* The loops of one server share its port; a second server does not, or it would get its callers. */
static void taken_by_our_own(void **state)
{
    (void)state;
    char text[40];
    struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0"};
    struct http_server_config config = {.doors = &door, .door_count = 1, .loops = 2};
    struct http_server *server, *second;
    struct err e = {0};

    assert_int_equal(http_server_new(&server, &config, &e), 0);
    assert_int_equal(http_server_start(server, &e), 0);
    snprintf(text, sizeof(text), "127.0.0.1:%u", http_server_port(server, 0));
    door.address = text;
    assert_int_equal(http_server_new(&second, &config, &e), -1);
    assert_string_equal(e.code, "net.bind");
    http_server_stop(server, 100);
    http_server_free(server);
}

static void bad_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",        "127.0.0.1", "localhost:80",    "127.0.0.1:x",
                                      "[::1:80", "1.2.3:80",  "127.0.0.1:99999", "unix:"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = bad[i]};
        struct http_server_config config = {.doors = &door, .door_count = 1, .loops = 1};
        struct http_server *server;
        struct err e = {0};
        assert_int_equal(http_server_new(&server, &config, &e), -1);
        assert_string_equal(e.code, "net.address");
    }
    /* taken already */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&address, &len);
    char text[40];
    snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(address.sin_port));
    struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = text};
    struct http_server_config config = {.doors = &door, .door_count = 1, .loops = 1};
    struct http_server *server;
    struct err e = {0};
    assert_int_equal(http_server_new(&server, &config, &e), -1);
    assert_string_equal(e.code, "net.bind");
    assert_true(e.hint[0] != 0);
    close(fd);
}

static void unix_door(void **state)
{
    (void)state;
    char address[64], url[64];
    snprintf(address, sizeof(address), "unix:/tmp/net-test-%d.sock", (int)getpid());
    snprintf(url, sizeof(url), "%s", address);
    struct http_door door = {.kind = HTTP_DOOR_LOCAL, .address = address};
    struct http_server_config config = {.doors = &door,
                                        .door_count = 1,
                                        .routes = routes,
                                        .route_count = ARRAY_LEN(routes),
                                        .loops = 2};
    struct http_client_config client_config = {.url = url, .timeout_ms = 200};
    struct http_client *client;
    struct http_response r;
    struct err e = {0};
    http_response_init(&r);

    for (int i = 0; i < 2; i++) {
        struct http_server *server = serve(&config);
        assert_int_equal(http_client_new(&client, &client_config, &e), 0);
        int status = get(client, "/hold", &r, &e);
        (void)status;
        http_client_free(client);
        http_server_stop(server, 0);
        struct http_exchange *x = take_held();
        if (x) {
            assert_int_equal(http_peer_uid(x), getuid());
            assert_string_equal(http_remote_address(x), "local");
            http_reply_text(x, 200, "text/plain", slice_str("x"));
        }
        http_server_free(server);
    }
    http_response_fini(&r);
}

static void no_route_twice(void **state)
{
    (void)state;
    static const struct http_door door = {.kind = HTTP_DOOR_PUBLIC, .address = "127.0.0.1:0"};
    static const struct http_route bad[][2] = {
        {{"GET", "/a/{x}", HTTP_AT_ALL, 0, 0, hello, NULL},
         {"GET", "/a/{y}", HTTP_AT_ALL, 0, 0, hello, NULL}},
        {{"GET", "a", HTTP_AT_ALL, 0, 0, hello, NULL},
         {"GET", "/b", HTTP_AT_ALL, 0, 0, hello, NULL}},
        {{"GET", "/{x*}/b", HTTP_AT_ALL, 0, 0, hello, NULL},
         {"GET", "/b", HTTP_AT_ALL, 0, 0, hello, NULL}},
        {{"GET", "/a//b", HTTP_AT_ALL, 0, 0, hello, NULL},
         {"GET", "/b", HTTP_AT_ALL, 0, 0, hello, NULL}},
    };
    struct http_server_config config = {.doors = &door, .door_count = 1, .loops = 1};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct http_server *server;
        struct err e = {0};
        config.routes = bad[i];
        config.route_count = 2;
        assert_int_equal(http_server_new(&server, &config, &e), -1);
        assert_string_equal(e.code, "net.route");
        assert_null(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),          cmocka_unit_test(head_and_options),
        cmocka_unit_test(problems),         cmocka_unit_test(smuggling),
        cmocka_unit_test(over_long),        cmocka_unit_test(pipelining),
        cmocka_unit_test(byte_by_byte),     cmocka_unit_test(half_closed),
        cmocka_unit_test(expect_continue),  cmocka_unit_test(conditional),

        cmocka_unit_test(answer_to_nobody), cmocka_unit_test(answer_from_other_handler),
        cmocka_unit_test(media_types),      cmocka_unit_test(unix_door),
        cmocka_unit_test(ipv6_door),        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(no_route_twice),   cmocka_unit_test(taken_by_our_own),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
