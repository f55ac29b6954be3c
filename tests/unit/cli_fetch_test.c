/* SPDX-License-Identifier: Apache-2.0 */
/* URLs asked of hosts that are silent, closed or inside; real answers are in
 * tests/scenario/csaf_outside.py. */
#include "cli/csaf_fetch.h"
#include "base/clock.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { URLS = 12 };

/* Takes connections and says nothing. */
static int silent(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct csaf_fetch *fresh(struct csaf_fetch_options options)
{
    struct err e = {0};
    struct csaf_fetch *f = csaf_fetch_new(&options, &e);

    assert_non_null(f);
    return f;
}

static void make_urls(struct csaf_url urls[URLS], char texts[URLS][64], unsigned port)
{
    for (size_t i = 0; i < URLS; i++) {
        snprintf(texts[i], 64, "http://127.0.0.1:%u/%zu", port, i);
        urls[i] = (struct csaf_url){.url = slice_str(texts[i])};
    }
}

static int resolve(struct csaf_fetch *f, struct csaf_url *urls, size_t count, struct err *e)
{
    struct csaf_resolver r = csaf_fetch_resolver(f);

    return r.resolve(r.context, urls, count, e);
}

static void all_have(const struct csaf_url urls[URLS], enum csaf_url_outcome outcome,
                     const char *reason)
{
    for (size_t i = 0; i < URLS; i++) {
        assert_int_equal(urls[i].outcome, outcome);
        assert_string_equal(urls[i].reason, reason);
    }
}

/* The time of a test is over first: nothing is known, and another document may ask again. */
static void time_of_the_test(void **state)
{
    (void)state;
    struct csaf_url urls[URLS];
    char texts[URLS][64];
    struct err e = {0};
    unsigned port;
    int fd = silent(&port);
    struct csaf_fetch *f =
        fresh((struct csaf_fetch_options){.local = true, .request_ms = 20000, .test_ms = 300});

    for (int round = 0; round < 2; round++) {
        make_urls(urls, texts, port);
        int64_t from = clock_monotonic(&clock_system);
        assert_int_equal(resolve(f, urls, URLS, &e), 0);
        assert_true(clock_monotonic(&clock_system) - from < 5000000);
        all_have(urls, CSAF_URL_NOT_ASKED, "no time was left for it");
    }
    csaf_fetch_free(f);
    close(fd);
}

static void *ask_silent(void *context)
{
    struct csaf_url *urls = context;
    struct csaf_fetch *f = *(struct csaf_fetch **)(void *)(urls + URLS);
    struct err e = {0};

    return resolve(f, urls, URLS, &e) == 0 ? urls : NULL;
}

/* Several threads, the same URLs: each waits for what another one asks. */
static void shared(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    struct {
        struct csaf_url urls[URLS];
        struct csaf_fetch *f;
    } jobs[THREADS];
    char texts[URLS][64];
    pthread_t ids[THREADS];
    unsigned port;
    int fd = silent(&port);
    struct csaf_fetch *f = fresh((struct csaf_fetch_options){.local = true, .request_ms = 300});

    for (size_t i = 0; i < THREADS; i++) {
        jobs[i].f = f;
        make_urls(jobs[i].urls, texts, port);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, ask_silent, &jobs[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(ids[i], &done), 0);
        assert_non_null(done);
        all_have(jobs[i].urls, CSAF_URL_FAILS, "no answer within 300 ms");
    }
    csaf_fetch_free(f);
    close(fd);
}

static void inside(void **state)
{
    (void)state;
    struct csaf_url urls[URLS];
    char texts[URLS][64];
    struct err e = {0};
    unsigned port;
    int fd = silent(&port);
    struct csaf_fetch *f = fresh((struct csaf_fetch_options){0});

    make_urls(urls, texts, port);
    assert_int_equal(resolve(f, urls, URLS, &e), 0);
    all_have(urls, CSAF_URL_NOT_ASKED, "its address 127.0.0.1 is not of the public Internet");
    csaf_fetch_free(f);
    close(fd);
}

static void odd_urls(void **state)
{
    (void)state;
    static const char with_nul[] = "http://127.0.0.1/\0x";
    struct csaf_url urls[] = {{.url = slice_of(with_nul, sizeof with_nul - 1)},
                              {.url = slice_str("http://")},
                              {.url = slice_str("http://127.0.0.1:99999/")},
                              {.url = slice_str("http://127.0.0.1:1/a b\r\nX: y")}};
    struct err e = {0};
    struct csaf_fetch *f = fresh((struct csaf_fetch_options){.local = true, .request_ms = 1000});

    assert_int_equal(resolve(f, urls, 4, &e), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(urls[i].outcome, CSAF_URL_FAILS);
        assert_true(urls[i].reason[0] != '\0');
    }
    csaf_fetch_free(f);
}

static void without_memory(void **state)
{
    (void)state;
    struct err e = {0};

    for (long k = 0;; k++) {
        struct csaf_url urls[] = {{.url = slice_str("http://127.0.0.1:1/")},
                                  {.url = slice_str("http://127.0.0.1:1/other")}};
        mem_fail_after(k);
        struct csaf_fetch *f =
            csaf_fetch_new(&(struct csaf_fetch_options){.local = true, .anchors = "/dev/null"}, &e);
        int rc = f ? resolve(f, urls, 2, &e) : -1;
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        if (rc < 0)
            assert_int_equal(e.kind, ERR_MEMORY);
        else
            assert_int_equal(urls[1].outcome, CSAF_URL_FAILS);
        if (rc < 0 && f) /* what was not asked may be asked again */
            assert_int_equal(resolve(f, urls, 2, &e), 0);
        err_clear(&e);
        csaf_fetch_free(f);
        if (!failed)
            break;
    }
    assert_null(csaf_fetch_new(&(struct csaf_fetch_options){.anchors = "/nonexistent"}, &e));
    assert_string_equal(e.code, "csaf.anchors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_of_the_test), cmocka_unit_test(shared),
        cmocka_unit_test(inside),           cmocka_unit_test(odd_urls),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
