/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of server-sent events against the examples and rules of WHATWG HTML 9.2.6. */
#include "base/memory.h"
#include "net/sse_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* All events as "id|event|data;" in one string, fed in pieces. */
static void read_events(struct sse_reader *r, struct slice in, size_t piece, struct buf *out)
{
    struct err e = {0};

    buf_reset(out);
    for (size_t at = 0; at < in.len;) {
        size_t len = piece < in.len - at ? piece : in.len - at;
        size_t used = 0;
        int complete = sse_reader_feed(r, slice_of(in.data + at, len), &used, &e);
        assert_true(complete >= 0 && used <= len);
        if (complete)
            buf_printf(out, "%s|%s|%s;", buf_text(&r->id), buf_text(&r->event), buf_text(&r->data));
        at += used;
    }
}

static void events(void **state)
{
    (void)state;
    static const struct {
        const char *text, *events;
    } cases[] = {
        {"data: YHOO\ndata: +2\ndata: 10\n\n", "||YHOO\n+2\n10;"},
        {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
         "event\n",
         "1||first event;||second event;"},
        {"data\n\ndata\ndata\n\ndata:\n", "||;||\n;"},
        {"data:test\n\ndata: test\n\n", "||test;||test;"},
        {"event: a\ndata: 1\n\ndata: 2\n\n", "|a|1;||2;"},
        {"event: a\n\ndata: 2\n\n", "||2;"},
        {"id: 7\n\ndata: x\n\n", "7||x;"},
        {"id: 7\ndata: x\n\nid: 8\ndata: cut", "7||x;"},
        {"data: a\rdata: b\r\rdata: c\r\n\r\n", "||a\nb;||c;"},
        {"\xef\xbb\xbf"
         "data: a\n\n",
         "||a;"},
        {"unknown: x\ndata: a\nretry: 5x\nretry:\n\n", "||a;"},
        {"data: a: b\n\n", "||a: b;"},
        {" data: a\n\ndata: b\n\n", "||b;"},
        {":\n\n:\n\n", ""},
        {"\n\n\n", ""},
    };
    struct buf out;

    buf_init(&out);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece < 40; piece++) {
            struct sse_reader r;
            sse_reader_init(&r);
            read_events(&r, slice_str(cases[i].text), piece, &out);
            if (strcmp(buf_text(&out), cases[i].events) != 0)
                fail_msg("%s\nin pieces of %zu: %s", cases[i].text, piece, buf_text(&out));
            sse_reader_fini(&r);
        }
    }
    buf_fini(&out);
}

static void ids_and_retry(void **state)
{
    (void)state;
    struct sse_reader r;
    struct buf out;

    buf_init(&out);
    sse_reader_init(&r);
    read_events(&r, slice_str("retry: 1500\nid: 1\ndata: a\n\nid: 2\ndata: cut"), 1000, &out);
    assert_int_equal(r.retry_ms, 1500);
    assert_string_equal(buf_text(&r.id), "1");
    /* the next stream begins anew, but for the id; an event that was cut does not count */
    sse_reader_reset(&r);
    read_events(&r, slice_str("data: b\n\n"), 1000, &out);
    assert_string_equal(buf_text(&out), "1||b;");
    /* an id with NUL is ignored */
    read_events(&r, slice_of("id: x\0y\ndata: c\n\n", 17), 1000, &out);
    assert_string_equal(buf_text(&out), "1||c;");
    sse_reader_fini(&r);
    buf_fini(&out);
}

static int feed(struct sse_reader *r, const char *text, struct err *e)
{
    size_t used;

    err_clear(e);
    return sse_reader_feed(r, slice_str(text), &used, e);
}

static void limits(void **state)
{
    (void)state;
    struct sse_reader r;
    struct err e = {0};
    static char half[SSE_LINE_MAX / 2 + 1], name[SSE_NAME_MAX + 20];

    memset(half, 'a', sizeof(half) - 1);
    sse_reader_init(&r);
    assert_int_equal(feed(&r, half, &e), 0);
    assert_int_equal(feed(&r, half, &e), 0);
    assert_int_equal(feed(&r, "a", &e), -1);
    assert_string_equal(e.code, "sse.limit");
    sse_reader_fini(&r);

    sse_reader_init(&r);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(feed(&r, "data:", &e), 0);
        memset(half, 'a', sizeof(half) - 1);
        half[sizeof(half) - 2 - (size_t)i] = 0;
        assert_int_equal(feed(&r, half, &e), 0);
        assert_int_equal(feed(&r, "\n", &e), 0);
    }
    assert_int_equal(feed(&r, "data: and more\n", &e), -1);
    assert_string_equal(e.code, "sse.limit");
    sse_reader_fini(&r);

    for (int over = 0; over < 2; over++) {
        sse_reader_init(&r);
        memcpy(name, "id:", 3);
        memset(name + 3, 'a', SSE_NAME_MAX + (size_t)over);
        memcpy(name + 3 + SSE_NAME_MAX + over, "\n", 2);
        assert_int_equal(feed(&r, name, &e), -over);
        sse_reader_fini(&r);
    }
}

static void torture(void **state)
{
    (void)state;
    const char *text =
        "id: 1\nevent: long-name-of-an-event\ndata: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n\n";
    bool failed = true;
    long runs = 0;

    for (; failed; runs++) {
        struct sse_reader r;
        struct err e = {0};
        int complete = 0;
        sse_reader_init(&r);
        mem_fail_after(runs);
        for (const char *at = text; *at && complete == 0; at++) {
            size_t used;
            complete = sse_reader_feed(&r, slice_of(at, 1), &used, &e);
        }
        failed = mem_allocations() > runs;
        mem_fail_after(-1);
        assert_int_equal(complete, failed ? -1 : 1);
        if (failed)
            assert_string_equal(e.code, "base.memory");
        sse_reader_fini(&r);
    }
    assert_true(runs > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(events), cmocka_unit_test(ids_and_retry),
                                       cmocka_unit_test(limits), cmocka_unit_test(torture)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
