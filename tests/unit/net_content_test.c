/* SPDX-License-Identifier: Apache-2.0 */
/* Content that is not held in memory: streamed and spooled bodies, files with ranges, long answers.
 */
#include "net_support.h"

#include <fcntl.h>

static struct {
    struct http_server *server;
    unsigned port;
    char file[64];
} fix;

/* ---- handlers ---- */

static void hello(struct http_exchange *x, void *context)
{
    (void)context;
    http_reply_text(x, 200, "text/plain", slice_str("hello\n"));
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
    {"GET", "/file", HTTP_AT_ALL, 0, 0, send_file, NULL},
    {"GET", "/file-by-worker", HTTP_AT_ALL, 0, 0, send_file_by_worker, NULL},
    {"POST", "/count", HTTP_AT_ALL, 100 << 20, HTTP_ROUTE_STREAM_BODY, count_body, NULL},
    {"POST", "/early", HTTP_AT_ALL, 100 << 20, HTTP_ROUTE_STREAM_BODY, refuse_early, NULL},
    {"POST", "/spool", HTTP_AT_ALL, 100 << 20, HTTP_ROUTE_SPOOL_BODY, spooled, NULL},
    {"GET", "/long", HTTP_AT_ALL, 0, 0, long_answer, NULL},
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
    };
    uint8_t block[4096];

    (void)state;
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

/* A last answer from a file: sent whole, and then the goodbye. */
static void file_and_close(void **state)
{
    (void)state;
    bool closed;
    static const char request[] = "GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char *answer = talk(fix.port, request, sizeof(request) - 1, &closed);

    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    assert_true(closed);
    expect("GET /file HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"file\"\r\n\r\n", "HTTP/1.1 304 ",
           NULL, false);
    eventually(counters_of(fix.server).connections_now == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),         cmocka_unit_test(file_and_close),
        cmocka_unit_test(streamed_body),  cmocka_unit_test(spooled_body),
        cmocka_unit_test(answered_early), cmocka_unit_test(cut_body),
        cmocka_unit_test(long_stream),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
