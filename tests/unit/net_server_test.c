/* SPDX-License-Identifier: Apache-2.0 */
/* The server over plain sockets: requests, routing, bodies, ranges, pipelining, workers. */
#include "net_support.h"

#include "base/json.h"

#include <fcntl.h>

struct fixture {
    struct http_server *server;
    unsigned port;
    pthread_t worker;
    struct http_exchange *held; /* for tests that answer themselves */
    pthread_mutex_t lock;
    char file[64];
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

static void send_file(struct http_exchange *x, void *context)
{
    struct http_answer answer = {
        .status = 200, .content_type = "application/octet-stream", .etag = "\"file\""};
    int fd = open(fix.file, O_RDONLY | O_CLOEXEC);

    (void)context;
    http_reply_file(x, &answer, fd, (uint64_t)lseek(fd, 0, SEEK_END));
}

static void *send_file_later(void *context)
{
    send_file(context, NULL);
    return NULL;
}

static void send_file_by_worker(struct http_exchange *x, void *context)
{
    pthread_t thread;

    (void)context;
    assert_int_equal(pthread_create(&thread, NULL, send_file_later, x), 0);
    pthread_detach(thread);
}

/* Counts a streamed body, with a pause now and then. */
struct counting {
    uint64_t bytes;
    unsigned runs;
    uint8_t sum;
};

static void *resume_later(void *context)
{
    sleep_ms(2);
    http_body_resume(context);
    return NULL;
}

static void count_run(struct http_exchange *x, void *context, struct slice run)
{
    struct counting *counting = context;
    pthread_t thread;

    counting->bytes += run.len;
    for (size_t i = 0; i < run.len; i++)
        counting->sum = (uint8_t)(counting->sum + run.data[i]);
    if (++counting->runs % 50 != 0)
        return;
    http_body_pause(x);
    assert_int_equal(pthread_create(&thread, NULL, resume_later, x), 0);
    pthread_detach(thread);
}

static void count_end(struct http_exchange *x, void *context, bool complete)
{
    struct counting *counting = context;
    char text[80];

    snprintf(text, sizeof(text), "%llu %u %s", (unsigned long long)counting->bytes, counting->sum,
             complete ? "complete" : "cut");
    http_reply_text(x, 200, "text/plain", slice_str(text));
}

static void count_body(struct http_exchange *x, void *context)
{
    struct counting *counting = arena_new(http_arena(x), 1, sizeof(*counting));
    struct http_body_reader reader = {.data = count_run, .end = count_end, .context = counting};

    (void)context;
    http_body_read(x, &reader);
}

static void refuse_early(struct http_exchange *x, void *context)
{
    (void)context;
    http_reply_text(x, 403, "text/plain", slice_str("no\n"));
}

static void spooled(struct http_exchange *x, void *context)
{
    uint64_t size;
    uint8_t sum = 0;
    uint64_t total = 0;
    uint8_t block[4096];
    char text[80];
    int fd = http_body_file(x, &size);

    (void)context;
    for (ssize_t got = read(fd, block, sizeof(block)); got > 0;
         got = read(fd, block, sizeof(block))) {
        total += (uint64_t)got;
        for (ssize_t i = 0; i < got; i++)
            sum = (uint8_t)(sum + block[i]);
    }
    snprintf(text, sizeof(text), "%llu %llu %u", (unsigned long long)size,
             (unsigned long long)total, sum);
    http_reply_text(x, 200, "text/plain", slice_str(text));
}

static void *write_long(void *context)
{
    struct http_stream *stream = context;
    char block[10000];

    memset(block, 'x', sizeof(block));
    for (int i = 0; i < 300; i++) {
        int result = http_stream_write(stream, slice_of(block, sizeof(block)));
        if (result < 0 || (result == 1 && http_stream_wait(stream, 5000) != 0))
            break;
    }
    http_stream_close(stream);
    http_stream_release(stream);
    return NULL;
}

static void long_answer(struct http_exchange *x, void *context)
{
    struct http_stream_config config = {.content_type = "text/plain"};
    struct http_stream *stream = http_stream_open(x, &config);
    pthread_t thread;

    (void)context;
    assert_non_null(stream);
    assert_int_equal(pthread_create(&thread, NULL, write_long, stream), 0);
    pthread_detach(thread);
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
    {"GET", "/file", HTTP_AT_ALL, 0, 0, send_file, NULL},
    {"GET", "/file-by-worker", HTTP_AT_ALL, 0, 0, send_file_by_worker, NULL},
    {"POST", "/count", HTTP_AT_ALL, 100 << 20, HTTP_ROUTE_STREAM_BODY, count_body, NULL},
    {"POST", "/early", HTTP_AT_ALL, 100 << 20, HTTP_ROUTE_STREAM_BODY, refuse_early, NULL},
    {"POST", "/spool", HTTP_AT_ALL, 100 << 20, HTTP_ROUTE_SPOOL_BODY, spooled, NULL},
    {"GET", "/long", HTTP_AT_ALL, 0, 0, long_answer, NULL},
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
        .spool_folder = "/tmp",
        .server_name = "tocsin",
    };
    uint8_t block[4096];

    (void)state;
    pthread_mutex_init(&fix.lock, NULL);
    snprintf(fix.file, sizeof(fix.file), "/tmp/net-test-XXXXXX");
    int fd = mkstemp(fix.file);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (uint8_t)(i * 7 + i / 256);
    for (int i = 0; i < 50; i++)
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    close(fd);
    fix.server = serve(&config);
    fix.port = http_server_port(fix.server, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_stop(fix.server, 1000);
    http_server_free(fix.server);
    unlink(fix.file);
    return 0;
}

/* ---- tests ---- */

/* Sends bytes, and hears all that comes until the end or 300 ms of silence. */
static char *talk(const char *request, size_t len, bool *closed)
{
    static char answer[400000];
    int fd = dial(fix.port);

    assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), (ssize_t)len);
    hear(fd, answer, sizeof(answer), 300, closed);
    close(fd);
    return answer;
}

static char *ask(const char *request, bool *closed)
{
    return talk(request, strlen(request), closed);
}

static void expect(const char *request, const char *start, const char *part, bool should_close)
{
    bool closed;
    const char *answer = ask(request, &closed);

    if (strncmp(answer, start, strlen(start)) != 0 || (part && !strstr(answer, part)) ||
        closed != should_close)
        fail_msg("%s\ngave (closed: %d)\n%s", request, closed, answer);
}

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
    const char *answer = ask("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n", &closed);

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
    const char *answer = ask("GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", &closed);
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
        const char *answer = ask(request, &closed);
        if (strncmp(answer, "HTTP/1.1 400 ", 13) != 0 || times_in(answer, "HTTP/1.1 ") != 1 ||
            !closed)
            fail_msg("%s\ngave (closed: %d)\n%s", bad[i], closed, answer);
    }
    bool closed;
    const char *answer = talk("GET /hello HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 41, &closed);
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
    const char *answer = talk(buf_text(&b), b.len, &closed);
    assert_memory_equal(answer, "HTTP/1.1 431 ", 13);
    assert_true(closed);
    buf_reset(&b);
    buf_puts(&b, "GET /");
    memset(buf_extend(&b, 10000), 'a', 10000);
    buf_puts(&b, " HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = talk(buf_text(&b), b.len, &closed);
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
    answer = talk(buf_text(&b), b.len, &closed);
    assert_memory_equal(answer, "HTTP/1.1 413 ", 13);
    assert_true(closed);
    buf_fini(&b);
}

static void pipelining(void **state)
{
    (void)state;
    bool closed;
    const char *answer = ask("GET /echo/1 HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /later/2 HTTP/1.1\r\nHost: x\r\n\r\n"
                             "POST /echo/3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                             "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=1-1\r\n\r\n"
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
        ask("GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"v0\", W/\"v1\"\r\n\r\n", &closed);
    assert_memory_equal(answer, "HTTP/1.1 304 ", 13);
    assert_null(strstr(answer, "tagged"));
    assert_null(strstr(answer, "Content-Length"));
    expect("GET /tagged HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n", "HTTP/1.1 304 ", NULL,
           false);
    expect("GET /file HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"file\"\r\n\r\n", "HTTP/1.1 304 ",
           NULL, false);
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *start, *content_range;
        size_t length;
    } cases[] = {
        {"bytes=0-9", "HTTP/1.1 206 ", "Content-Range: bytes 0-9/204800\r\n", 10},
        {"bytes=204790-", "HTTP/1.1 206 ", "Content-Range: bytes 204790-204799/204800\r\n", 10},
        {"bytes=-5", "HTTP/1.1 206 ", "Content-Range: bytes 204795-204799/204800\r\n", 5},
        {"bytes=-999999", "HTTP/1.1 206 ", "Content-Range: bytes 0-204799/204800\r\n", 204800},
        {"bytes=100-999999", "HTTP/1.1 206 ", "Content-Range: bytes 100-204799/204800\r\n", 204700},
        {"bytes=204800-", "HTTP/1.1 416 ", "Content-Range: bytes */204800\r\n", 0},
        {"bytes=-0", "HTTP/1.1 416 ", "Content-Range: bytes */204800\r\n", 0},
        {"bytes=9-0", "HTTP/1.1 200 ", "Content-Length: 204800\r\n", 204800},
        {"bytes=0-1,3-4", "HTTP/1.1 200 ", "Content-Length: 204800\r\n", 204800},
        {"lines=0-1", "HTTP/1.1 200 ", "Content-Length: 204800\r\n", 204800},
        {"bytes=+1-2", "HTTP/1.1 200 ", "Content-Length: 204800\r\n", 204800},
    };
    static const char *const paths[] = {"/file", "/file-by-worker"};
    struct http_client *client = client_of(fix.port, NULL);
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        struct http_client_header range = {"Range", cases[i / 2].range};
        struct http_request request = {
            .method = "GET", .target = paths[i % 2], .headers = &range, .header_count = 1};
        assert_int_equal(http_client_request(client, &request, &r, &e), 0);
        assert_int_equal(r.status, atoi(cases[i / 2].start + 9));
        if (r.status == 416)
            continue;
        assert_int_equal(r.body.len, cases[i / 2].length);
        size_t from = 0;
        if (r.status == 206)
            from = (size_t)atol((const char *)http_head_find(r.head, "content-range").data + 6);
        for (size_t k = 0; k < r.body.len; k++) {
            size_t at = (from + k) % 4096;
            assert_int_equal(r.body.data[k], (uint8_t)(at * 7 + at / 256));
        }
    }
    http_response_fini(&r);
    http_client_free(client);
    expect("GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nIf-Range: \"old\"\r\n\r\n",
           "HTTP/1.1 200 ", NULL, false);
    expect("GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nIf-Range: \"file\"\r\n\r\n",
           "HTTP/1.1 206 ", NULL, false);
    expect("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "Content-Length: 204800\r\n",
           false);
}

/* ---- bodies that are not collected ---- */

enum { LARGE = 20 << 20 };

static int give_body(void *context, uint8_t *out, size_t room, size_t *len)
{
    uint64_t *at = context;

    for (size_t i = 0; i < room; i++)
        out[i] = (uint8_t)((*at)++ * 31);
    *len = room;
    return 0;
}

/* Sends LARGE bytes; the answer must be their count, their sum and `after`. */
static void send_large(const char *target, const char *before, const char *after)
{
    struct http_client *client = client_of(fix.port, NULL);
    uint64_t at = 0;
    uint8_t sum = 0;
    struct http_request request = {.method = "POST",
                                   .target = target,
                                   .content_type = "application/octet-stream",
                                   .read_body = give_body,
                                   .read_context = &at,
                                   .body_size = LARGE};
    struct http_response r;
    struct err e = {0};
    char wanted[80];

    for (uint64_t i = 0; i < LARGE; i++)
        sum = (uint8_t)(sum + (uint8_t)(i * 31));
    snprintf(wanted, sizeof(wanted), "%s%d %u%s", before, LARGE, sum, after);
    http_response_init(&r);
    if (http_client_request(client, &request, &r, &e) != 0)
        fail_msg("%s: %s", e.code, e.text);
    assert_int_equal(r.status, 200);
    assert_string_equal(buf_text(&r.body), wanted);
    /* the connection goes on */
    assert_int_equal(get(client, "/hello", &r, &e), 200);
    http_response_fini(&r);
    http_client_free(client);
}

static void streamed_body(void **state)
{
    (void)state;
    send_large("/count", "", " complete");
}

static void spooled_body(void **state)
{
    (void)state;
    char size[16];

    snprintf(size, sizeof(size), "%d ", LARGE);
    send_large("/spool", size, "");
    expect("POST /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ",
           "3 3 38", false);
    expect("POST /spool HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 ", "0 0 0", false);
    eventually(counters_of(fix.server).connections_now == 0);
}

/* An answer before the body's end: sent, and the rest is read for nothing. */
static void answered_early(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    uint64_t at = 0;
    struct http_request request = {.method = "POST",
                                   .target = "/early",
                                   .content_type = "application/octet-stream",
                                   .read_body = give_body,
                                   .read_context = &at,
                                   .body_size = LARGE};
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    if (http_client_request(client, &request, &r, &e) != 0)
        fail_msg("%s: %s", e.code, e.text);
    assert_int_equal(r.status, 403);
    http_response_fini(&r);
    http_client_free(client);
}

/* A body that is cut: the handler hears of it, and its answer goes nowhere. */
static void cut_body(void **state)
{
    (void)state;
    uint64_t before = counters_of(fix.server).answers[0];
    int fd = dial(fix.port);

    say(fd, "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    sleep_ms(30);
    close(fd);
    eventually(counters_of(fix.server).answers[0] == before + 1);
    fd = dial(fix.port);
    say(fd, "POST /spool HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    sleep_ms(30);
    close(fd);
    eventually(counters_of(fix.server).connections_now == 0);
}

static void long_stream(void **state)
{
    (void)state;
    struct http_client *client = client_of(fix.port, NULL);
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(get(client, "/long", &r, &e), 200);
        assert_int_equal(r.body.len, 3000000);
    }
    http_response_fini(&r);
    http_client_free(client);
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
        cmocka_unit_test(ranges),           cmocka_unit_test(streamed_body),
        cmocka_unit_test(spooled_body),     cmocka_unit_test(answered_early),
        cmocka_unit_test(cut_body),         cmocka_unit_test(long_stream),
        cmocka_unit_test(answer_to_nobody), cmocka_unit_test(answer_from_other_handler),
        cmocka_unit_test(unix_door),        cmocka_unit_test(no_route_twice),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
