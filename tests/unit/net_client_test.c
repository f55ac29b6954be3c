/* SPDX-License-Identifier: Apache-2.0 */
/* The client against servers by hand: what it sends, what it refuses, how it waits and repeats. */
#include "net_support.h"

/* A server of one thread that answers each connection with the next of some scripts. */
struct script {
    const char *answers[4]; /* one a request on this connection; NULL: close then */
    unsigned delay_ms;      /* before the first */
    bool piecewise;
};

static struct {
    int listening;
    unsigned port;
    pthread_t thread;
    const struct script *scripts;
    size_t count;
    char requests[8192]; /* all that came */
    size_t len;
} peer;

static void hear_request(int fd)
{
    while (peer.len + 1 < sizeof(peer.requests)) {
        ssize_t got = recv(fd, peer.requests + peer.len, sizeof(peer.requests) - 1 - peer.len, 0);
        if (got <= 0)
            return;
        peer.len += (size_t)got;
        peer.requests[peer.len] = 0;
        if (strstr(peer.requests + peer.len - (size_t)got, "\r\n\r\n") ||
            memmem(peer.requests, peer.len, "\r\n\r\n", 4))
            return;
    }
}

static void send_answer(int fd, const char *text, bool piecewise)
{
    size_t len = strlen(text);

    if (!piecewise) {
        (void)!send(fd, text, len, MSG_NOSIGNAL);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        (void)!send(fd, text + i, 1, MSG_NOSIGNAL);
        if (i % 8 == 0)
            sleep_ms(1);
    }
}

static void *run_peer(void *context)
{
    (void)context;
    for (size_t i = 0; i < peer.count; i++) {
        const struct script *script = &peer.scripts[i];
        int fd = accept(peer.listening, NULL, NULL);
        if (fd < 0)
            return NULL;
        for (size_t k = 0; k < ARRAY_LEN(script->answers) && script->answers[k]; k++) {
            peer.len = k ? peer.len : 0;
            hear_request(fd);
            if (k == 0 && script->delay_ms)
                sleep_ms(script->delay_ms);
            send_answer(fd, script->answers[k], script->piecewise);
            if (k + 1 < ARRAY_LEN(script->answers) && script->answers[k + 1])
                peer.len = 0;
        }
        shutdown(fd, SHUT_WR);
        sleep_ms(20);
        close(fd);
    }
    return NULL;
}

static struct http_client *against(const struct script *scripts, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    peer.listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer.listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(peer.listening, 8), 0);
    getsockname(peer.listening, (struct sockaddr *)&address, &len);
    peer.port = ntohs(address.sin_port);
    peer.scripts = scripts;
    peer.count = count;
    peer.len = 0;
    assert_int_equal(pthread_create(&peer.thread, NULL, run_peer, NULL), 0);
    return client_of(peer.port, NULL);
}

static void done(struct http_client *client)
{
    http_client_free(client);
    pthread_join(peer.thread, NULL);
    close(peer.listening);
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void sends_what_it_should(void **state)
{
    (void)state;
    static const struct script script[] = {{.answers = {OK}}};
    struct http_client *client = against(script, 1);
    struct http_client_header headers[] = {{"X-One", "1"}, {"X-Two", "a b"}};
    struct http_request request = {.method = "POST",
                                   .target = "/v1/x?q=%20",
                                   .headers = headers,
                                   .header_count = 2,
                                   .content_type = "text/plain",
                                   .body = slice_str("hello")};
    struct http_response r;
    struct err e = {0};
    char wanted[300];

    http_response_init(&r);
    assert_int_equal(http_client_request(client, &request, &r, &e), 0);
    assert_int_equal(r.status, 200);
    assert_string_equal(buf_text(&r.body), "ok");
    snprintf(wanted, sizeof(wanted),
             "POST /v1/x?q=%%20 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nX-One: 1\r\nX-Two: a b\r\n"
             "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
             peer.port);
    assert_string_equal(peer.requests, wanted);
    http_response_fini(&r);
    done(client);
}

/* What could split a request in two is not sent. */
static void refuses_to_send(void **state)
{
    (void)state;
    static const struct script script[] = {{.answers = {OK}}};
    struct http_client *client = against(script, 1);
    struct http_client_header evil = {"X", "a\r\nY: b"}, evil_name = {"X\r\nY", "b"};
    const struct http_request bad[] = {
        {.method = "GET", .target = "/a", .headers = &evil, .header_count = 1},
        {.method = "GET", .target = "/a", .headers = &evil_name, .header_count = 1},
        {.method = "GET", .target = "/a b"},
        {.method = "GET", .target = "/a\r\nX: y"},
        {.method = "GET", .target = "a"},
        {.method = "G T", .target = "/a"},
        {.method = "POST", .target = "/a", .content_type = "a\r\nb: c"},
    };
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(http_client_request(client, &bad[i], &r, &e), -1);
        assert_int_equal(e.kind, ERR_USAGE);
    }
    assert_int_equal(get(client, "/fine", &r, &e), 200);
    http_response_fini(&r);
    done(client);
}

static void expect_result(const struct script *script, int status, const char *code,
                          const char *body)
{
    struct http_client *client = against(script, 1);
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    int result = get(client, "/", &r, &e);
    if (result != status || (code && strcmp(e.code, code) != 0) ||
        (body && strcmp(buf_text(&r.body), body) != 0))
        fail_msg("%.60s: status %d, code '%s', body '%s'", script->answers[0], result, e.code,
                 buf_text(&r.body));
    http_response_fini(&r);
    done(client);
}

static void responses(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        int status;
        const char *code, *body;
    } cases[] = {
        {{.answers = {OK}, .piecewise = true}, 200, NULL, "ok"},
        {{.answers = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"},
          .piecewise = true},
         200,
         NULL,
         "ok"},
        {{.answers = {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK}}, 200, NULL, "ok"},
        {{.answers = {"HTTP/1.1 204 No Content\r\n\r\n"}}, 204, NULL, ""},
        {{.answers = {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n"}},
         404,
         NULL,
         "no\n"},
        {{.answers = {"HTTP/1.1 200 OK\r\n\r\n"}}, -1, "http.no-length", NULL},
        {{.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"}},
         -1,
         "client.closed",
         NULL},
        {{.answers = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n"}},
         -1,
         "client.closed",
         NULL},
        {{.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"}},
         -1,
         "client.too-large",
         NULL},
        {{.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}},
         -1,
         "http.content-length",
         NULL},
        {{.answers = {"\x15\x03\x01\x01\x02\x02\x0a\n"}}, -1, "http.bare-lf", NULL},
        {{.answers = {""}}, -1, "client.closed", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_result(&cases[i].script, cases[i].status, cases[i].code, cases[i].body);
}

static void limits_of_the_response(void **state)
{
    (void)state;
    static const struct script script[] = {{.answers = {OK}}, {.answers = {OK}}};
    struct http_client *client = against(script, 2);
    struct http_request request = {.method = "GET", .target = "/", .response_limit = 1};
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    assert_int_equal(http_client_request(client, &request, &r, &e), -1);
    assert_string_equal(e.code, "client.too-large");
    err_clear(&e);
    request.response_limit = 2;
    assert_int_equal(http_client_request(client, &request, &r, &e), 0);
    http_response_fini(&r);
    done(client);
}

static void deadlines(void **state)
{
    (void)state;
    static const struct script script[] = {{.answers = {OK}, .delay_ms = 600}};
    struct http_client *client = against(script, 1);
    struct http_request request = {.method = "GET", .target = "/", .timeout_ms = 200};
    struct http_response r;
    struct err e = {0};
    int64_t before = now_ms();

    http_response_init(&r);
    assert_int_equal(http_client_request(client, &request, &r, &e), -1);
    assert_string_equal(e.code, "client.timeout");
    assert_true(now_ms() - before >= 200 && now_ms() - before < 590);
    http_response_fini(&r);
    done(client);
}

static void *interrupt_soon(void *context)
{
    sleep_ms(100);
    http_client_interrupt(context);
    return NULL;
}

static void interrupted(void **state)
{
    (void)state;
    static const struct script script[] = {{.answers = {OK}, .delay_ms = 600}, {.answers = {OK}}};
    struct http_client *client = against(script, 2);
    struct http_response r;
    struct err e = {0};
    pthread_t thread;
    int64_t before = now_ms();

    http_response_init(&r);
    pthread_create(&thread, NULL, interrupt_soon, client);
    assert_int_equal(get(client, "/", &r, &e), -1);
    assert_string_equal(e.code, "client.interrupted");
    assert_true(now_ms() - before < 500);
    pthread_join(thread, NULL);
    assert_int_equal(get(client, "/", &r, &e), 200); /* once is once */
    http_response_fini(&r);
    done(client);
}

/* A kept-alive connection that died is replaced: at once when it is seen, and by a second try when
 * it dies on the way, but only for what may be done twice. */
static void repeats(void **state)
{
    (void)state;
    static const struct script script[] = {
        {.answers = {OK}}, {.answers = {OK, ""}}, {.answers = {OK, ""}}, {.answers = {OK}}};
    struct http_client *client = against(script, 4);
    struct http_request post = {.method = "POST", .target = "/", .body = slice_str("x")};
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    assert_int_equal(get(client, "/1", &r, &e), 200);
    sleep_ms(60); /* the server has closed: seen before the next request */
    assert_int_equal(get(client, "/2", &r, &e), 200);
    /* the server closes when this request comes: sent again on a new connection */
    assert_int_equal(get(client, "/3", &r, &e), 200);
    /* and again, but a POST is not repeated */
    assert_int_equal(http_client_request(client, &post, &r, &e), -1);
    assert_string_equal(e.code, "client.closed");
    assert_int_equal(get(client, "/4", &r, &e), 200);
    http_response_fini(&r);
    done(client);
}

/* More than was asked for is no answer to the next request. */
static void surplus_bytes(void **state)
{
    (void)state;
    static const struct script script[] = {
        {.answers = {OK "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}}, {.answers = {OK}}};
    struct http_client *client = against(script, 2);
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    assert_int_equal(get(client, "/1", &r, &e), 200);
    assert_int_equal(get(client, "/2", &r, &e), 200);
    assert_string_equal(buf_text(&r.body), "ok");
    http_response_fini(&r);
    done(client);
}

static void urls(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "127.0.0.1",
                                      "ftp://x",
                                      "https://",
                                      "https://x:0",
                                      "https://x:99999",
                                      "https://x/path",
                                      "https://u@x",
                                      "https://[::1",
                                      "http://x y",
                                      "unix:"};
    static const char *const good[] = {"https://x", "https://x:8443", "https://[::1]:8443",
                                       "http://x/", "unix:/run/x",    "https://192.0.2.1:1"};
    struct http_client *client;
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct http_client_config config = {.url = bad[i]};
        err_clear(&e);
        if (http_client_new(&client, &config, &e) == 0)
            fail_msg("'%s' was taken", bad[i]);
        assert_string_equal(e.code, "client.url");
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct http_client_config config = {.url = good[i]};
        err_clear(&e);
        if (http_client_new(&client, &config, &e) != 0)
            fail_msg("'%s' was not taken: %s", good[i], e.text);
        http_client_free(client);
    }
}

static void nobody_there(void **state)
{
    (void)state;
    struct http_client_config config = {.url = "http://127.0.0.1:1"};
    struct http_client *client;
    struct http_response r;
    struct err e = {0};

    http_response_init(&r);
    assert_int_equal(http_client_new(&client, &config, &e), 0);
    assert_int_equal(get(client, "/", &r, &e), -1);
    assert_string_equal(e.code, "client.connect");
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(e.where, "127.0.0.1:1"));
    http_client_free(client);
    config.url = "unix:/nonexistent/socket";
    err_clear(&e);
    assert_int_equal(http_client_new(&client, &config, &e), 0);
    assert_int_equal(get(client, "/", &r, &e), -1);
    assert_string_equal(e.code, "client.connect");
    http_client_free(client);
    http_response_fini(&r);
}

static void problems(void **state)
{
    (void)state;
    struct http_response r = {.status = 409};
    struct err e = {0};

    buf_puts(&r.body,
             "{\"type\":\"urn:tocsin:a.b\",\"code\":\"a.b\",\"detail\":\"what\",\"clause\":\"c\","
             "\"where\":\"w\",\"hint\":\"h\",\"status\":409}");
    assert_int_equal(http_client_problem(&r, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(e.code, "a.b");
    assert_string_equal(e.text, "what");
    assert_string_equal(e.clause, "c");
    assert_string_equal(e.where, "w");
    assert_string_equal(e.hint, "h");
    buf_reset(&r.body);
    buf_puts(&r.body, "<html>");
    r.status = 503;
    err_clear(&e);
    http_client_problem(&r, &e);
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    assert_string_equal(e.code, "client.status");
    assert_string_equal(e.text, "the server answered 503 Service Unavailable");
    http_response_fini(&r);
}

/* Every allocation of ours fails once. */
static void torture(void **state)
{
    (void)state;
    static const struct script script[64] = {[0 ... 63] = {.answers = {OK}}};
    char url[64];
    bool failed = true;
    long runs = 0;

    done(against(script, 0)); /* a port of our own, then a peer for many connections */
    struct http_client *unused = against(script, 64);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", peer.port);
    for (; failed && runs < 60; runs++) {
        struct http_client_config config = {.url = url, .user_agent = "test/1", .timeout_ms = 2000};
        struct http_client *client = NULL;
        struct http_response r;
        struct err e = {0};
        http_response_init(&r);
        mem_fail_after(runs);
        int result = http_client_new(&client, &config, &e);
        if (result == 0) {
            struct http_request request = {.method = "GET", .target = "/"};
            result = http_client_request(client, &request, &r, &e);
        }
        failed = mem_allocations() > runs;
        mem_fail_after(-1);
        assert_int_equal(result, failed ? -1 : 0);
        if (failed)
            assert_string_equal(e.code, "base.memory");
        http_response_fini(&r);
        http_client_free(client);
    }
    assert_true(runs > 5 && !failed);
    http_client_free(unused);
    shutdown(peer.listening, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.listening);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_what_it_should),
        cmocka_unit_test(refuses_to_send),
        cmocka_unit_test(responses),
        cmocka_unit_test(limits_of_the_response),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(repeats),
        cmocka_unit_test(surplus_bytes),
        cmocka_unit_test(urls),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(problems),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
