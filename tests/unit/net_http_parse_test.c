/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "net/http_chars.h"
#include "net/http_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES(text) slice_of(text, sizeof(text) - 1)
#define GET "GET /a HTTP/1.1\r\n"
#define HOST "Host: x\r\n"
#define POST "POST /a HTTP/1.1\r\n" HOST
#define CHUNKED "Transfer-Encoding: chunked\r\n"

struct row {
    const char *name;
    const char *code; /* NULL: accepted, with its body */
    struct slice bytes;
    int status;
};

#define GOOD(name, text)                                                                           \
    {                                                                                              \
        name, NULL, {(const uint8_t *)(text), sizeof(text) - 1}, 0                                 \
    }
#define BAD(name, status, code, text)                                                              \
    {                                                                                              \
        name, code, {(const uint8_t *)(text), sizeof(text) - 1}, status                            \
    }

/* issue "net.": refuse what two parsers could read differently */
static const struct row rows[] = {
    GOOD("plain GET", GET HOST "\r\n"),
    GOOD("an empty line before", "\r\n" GET HOST "\r\n"),
    GOOD("host with port", GET "Host: example.org:8443\r\n\r\n"),
    GOOD("IPv6 host", GET "Host: [::1]:8443\r\n\r\n"),
    GOOD("white space around a value", GET HOST "X: \t a b \t\r\n\r\n"),
    GOOD("empty value", GET HOST "X:\r\n\r\n"),
    GOOD("obs-text", GET HOST "X: \xff\x80\r\n\r\n"),
    GOOD("absolute form", "GET http://x/a HTTP/1.1\r\n" HOST "\r\n"),
    GOOD("absolute form, other case", "GET HTTPS://X:8/a?b HTTP/1.1\r\nHost: x:8\r\n\r\n"),
    GOOD("asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    GOOD("query", "GET /a?b=c&d=%20+/? HTTP/1.1\r\n" HOST "\r\n"),
    GOOD("folder", "GET /a/ HTTP/1.1\r\n" HOST "\r\n"),
    GOOD("dots in names", "GET /..a/...;x/.b HTTP/1.1\r\n" HOST "\r\n"),
    GOOD("length 0", POST "Content-Length: 0\r\n\r\n"),
    GOOD("length", POST "Content-Length: 3\r\n\r\nabc"),
    GOOD("two Accepts", GET HOST "Accept: a/b\r\nAccept: c/d\r\n\r\n"),
    GOOD("chunked", POST CHUNKED "\r\n3\r\nabc\r\n0\r\n\r\n"),
    GOOD("chunked, other case", POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"),
    GOOD("chunk extension", POST CHUNKED "\r\n3;a=\"b\"\r\nabc\r\n00\r\n\r\n"),
    GOOD("trailer", POST CHUNKED "\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n"),
    GOOD("own method", "PROPFIND /a HTTP/1.1\r\n" HOST "\r\n"),

    BAD("no Host", 400, "http.host", GET "\r\n"),
    BAD("two Hosts", 400, "http.host", GET HOST "Host: y\r\n\r\n"),
    BAD("two equal Hosts", 400, "http.host", GET HOST HOST "\r\n"),
    BAD("empty Host", 400, "http.host", GET "Host:\r\n\r\n"),
    BAD("Host with a path", 400, "http.host", GET "Host: x/y\r\n\r\n"),
    BAD("Host with a user", 400, "http.host", GET "Host: u@x\r\n\r\n"),
    BAD("Host list", 400, "http.host", GET "Host: x y\r\n\r\n"),
    BAD("Host with a bad port", 400, "http.host", GET "Host: x:99999\r\n\r\n"),
    BAD("Host with an empty port", 400, "http.host", GET "Host: x:\r\n\r\n"),
    BAD("Host with an open bracket", 400, "http.host", GET "Host: [::1\r\n\r\n"),
    BAD("Host other than target", 400, "http.host", "GET http://y/a HTTP/1.1\r\n" HOST "\r\n"),

    BAD("length and coding", 400, "http.length-and-coding",
        POST "Content-Length: 4\r\n" CHUNKED "\r\n0\r\n\r\n"),
    BAD("coding and length", 400, "http.length-and-coding",
        POST CHUNKED "Content-Length: 4\r\n\r\n0\r\n\r\n"),
    BAD("two lengths", 400, "http.content-length",
        POST "Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc"),
    BAD("two equal lengths", 400, "http.content-length",
        POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    BAD("length list", 400, "http.content-length", POST "Content-Length: 3, 3\r\n\r\nabc"),
    BAD("length +3", 400, "http.content-length", POST "Content-Length: +3\r\n\r\nabc"),
    BAD("length -3", 400, "http.content-length", POST "Content-Length: -3\r\n\r\nabc"),
    BAD("length 0x3", 400, "http.content-length", POST "Content-Length: 0x3\r\n\r\nabc"),
    BAD("length 03", 400, "http.content-length", POST "Content-Length: 03\r\n\r\nabc"),
    BAD("length 3a", 400, "http.content-length", POST "Content-Length: 3a\r\n\r\nabc"),
    BAD("length 3 4", 400, "http.content-length", POST "Content-Length: 3 4\r\n\r\nabc"),
    BAD("length empty", 400, "http.content-length", POST "Content-Length:\r\n\r\n"),
    BAD("length of 19 digits", 400, "http.content-length",
        POST "Content-Length: 1000000000000000000\r\n\r\n"),
    BAD("gzip, chunked", 501, "http.transfer-coding",
        POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    BAD("gzip", 501, "http.transfer-coding", POST "Transfer-Encoding: gzip\r\n\r\n"),
    BAD("identity", 501, "http.transfer-coding", POST "Transfer-Encoding: identity\r\n\r\n"),
    BAD("xchunked", 501, "http.transfer-coding", POST "Transfer-Encoding: xchunked\r\n\r\n"),
    BAD("chunked twice", 400, "http.transfer-coding",
        POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    BAD("two codings", 400, "http.transfer-coding", POST CHUNKED CHUNKED "\r\n0\r\n\r\n"),
    BAD("coding empty", 400, "http.transfer-coding", POST "Transfer-Encoding:\r\n\r\n"),
    BAD("coding with vertical tab", 400, "http.control",
        POST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n"),
    BAD("quoted chunked", 400, "http.transfer-coding",
        POST "Transfer-Encoding: \"chunked\"\r\n\r\n"),

    BAD("bare LF everywhere", 400, "http.bare-lf", "GET /a HTTP/1.1\nHost: x\n\n"),
    BAD("bare LF in the fields", 400, "http.bare-lf", GET "Host: x\n\r\n"),
    BAD("bare LF at the end", 400, "http.bare-lf", GET HOST "\n"),
    BAD("bare CR in a value", 400, "http.bare-cr", GET HOST "X: a\rb\r\n\r\n"),
    BAD("CR CR LF", 400, "http.bare-cr", GET "Host: x\r\r\n\r\n"),
    BAD("CR in the request line", 400, "http.bare-cr", "GET /a\rb HTTP/1.1\r\n" HOST "\r\n"),
    BAD("NUL in a value", 400, "http.control", GET HOST "X: a\0b\r\n\r\n"),
    BAD("NUL in a name", 400, "http.field-name", GET HOST "X\0: b\r\n\r\n"),
    BAD("NUL in the request line", 400, "http.control", "GET /\0 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("DEL in a value", 400, "http.control", GET HOST "X: a\x7f\r\n\r\n"),
    BAD("space before the colon", 400, "http.field-name", GET "Host : x\r\n\r\n"),
    BAD("tab before the colon", 400, "http.field-name", GET HOST "X\t: x\r\n\r\n"),
    BAD("no name", 400, "http.field-name", GET HOST ": x\r\n\r\n"),
    BAD("no colon", 400, "http.field-name", GET HOST "abc\r\n\r\n"),
    BAD("name no token", 400, "http.field-name", GET HOST "a(b): x\r\n\r\n"),
    BAD("folded", 400, "http.folded", GET HOST "X: a\r\n b\r\n\r\n"),
    BAD("folded by tab", 400, "http.folded", GET HOST "X: a\r\n\tb\r\n\r\n"),
    BAD("space before the first field", 400, "http.folded", GET " Host: x\r\n\r\n"),
    BAD("two Authorizations", 400, "http.doubled-field",
        GET HOST "Authorization: Basic YQ==\r\nauthorization: Basic Yg==\r\n\r\n"),
    BAD("two Origins", 400, "http.doubled-field", GET HOST "Origin: a\r\nOrigin: a\r\n\r\n"),

    BAD("two spaces", 400, "http.target", "GET  /a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("space in the target", 400, "http.target", "GET /a b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("tab as separator", 400, "http.start-line", "GET\t/a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("space before the method", 400, "http.method", " GET /a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("method no token", 400, "http.method", "G@T /a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("long method", 400, "http.method", "GGGGGGGGGGGGGGGGGGGGG /a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("two empty lines", 400, "http.start-line", "\r\n\r\n" GET HOST "\r\n"),
    BAD("no version", 400, "http.start-line", "GET /a\r\n" HOST "\r\n"),
    BAD("version in lower case", 400, "http.start-line", "GET /a http/1.1\r\n" HOST "\r\n"),
    BAD("version with junk", 400, "http.start-line", "GET /a HTTP/1.1x\r\n" HOST "\r\n"),
    BAD("version with two digits", 400, "http.start-line", "GET /a HTTP/1.10\r\n" HOST "\r\n"),
    BAD("HTTP/1.0", 505, "http.version", "GET /a HTTP/1.0\r\n" HOST "\r\n"),
    BAD("HTTP/1.2", 505, "http.version", "GET /a HTTP/1.2\r\n" HOST "\r\n"),
    BAD("HTTP/2.0", 505, "http.version", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    BAD("CONNECT", 501, "http.method", "CONNECT x:443 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("TLS to a plain door", 400, "http.bare-lf", "\x16\x03\x01\x02\x00\x01\x00\x01\n"),

    BAD("asterisk for GET", 400, "http.target", "GET * HTTP/1.1\r\n" HOST "\r\n"),
    BAD("fragment", 400, "http.target", "GET /a#b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("fragment in the query", 400, "http.target", "GET /a?b#c HTTP/1.1\r\n" HOST "\r\n"),
    BAD("no slash", 400, "http.target", "GET a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("authority only", 400, "http.target", "GET http://x HTTP/1.1\r\n" HOST "\r\n"),
    BAD("other scheme", 400, "http.target", "GET ftp://x/a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("user in the target", 400, "http.target", "GET http://u@x/a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("dot segment", 400, "http.target", "GET /./a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("dot dot segment", 400, "http.target", "GET /a/../b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("dot dot at the end", 400, "http.target", "GET /a/.. HTTP/1.1\r\n" HOST "\r\n"),
    BAD("encoded dot dot", 400, "http.target", "GET /a/%2E%2e/b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("half-encoded dot dot", 400, "http.target", "GET /a/.%2e HTTP/1.1\r\n" HOST "\r\n"),
    BAD("empty segment", 400, "http.target", "GET //a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("encoded slash", 400, "http.target", "GET /a%2fb HTTP/1.1\r\n" HOST "\r\n"),
    BAD("encoded backslash", 400, "http.target", "GET /a%5Cb HTTP/1.1\r\n" HOST "\r\n"),
    BAD("backslash", 400, "http.target", "GET /a\\b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("encoded NUL", 400, "http.target", "GET /a%00 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("broken encoding", 400, "http.target", "GET /a%2 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("broken encoding in the query", 400, "http.target", "GET /a?%zz HTTP/1.1\r\n" HOST "\r\n"),
    BAD("raw UTF-8", 400, "http.target", "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("quote in the target", 400, "http.target", "GET /\" HTTP/1.1\r\n" HOST "\r\n"),

    BAD("expects more", 417, "http.expect", POST "Expect: 200-ok\r\n\r\n"),
    BAD("expects twice", 417, "http.expect",
        POST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"),

    BAD("chunk size 0x3", 400, "http.chunk", POST CHUNKED "\r\n0x3\r\nabc\r\n0\r\n\r\n"),
    BAD("chunk size +3", 400, "http.chunk", POST CHUNKED "\r\n+3\r\nabc\r\n0\r\n\r\n"),
    BAD("chunk size missing", 400, "http.chunk", POST CHUNKED "\r\n\r\nabc\r\n0\r\n\r\n"),
    BAD("chunk size with space", 400, "http.chunk", POST CHUNKED "\r\n3 \r\nabc\r\n0\r\n\r\n"),
    BAD("space before chunk size", 400, "http.chunk", POST CHUNKED "\r\n 3\r\nabc\r\n0\r\n\r\n"),
    BAD("chunk size too long", 400, "http.chunk", POST CHUNKED "\r\n0000000000000003\r\nabc\r\n"),
    BAD("bare LF behind a size", 400, "http.chunk", POST CHUNKED "\r\n3\nabc\r\n0\r\n\r\n"),
    BAD("bare CR behind a size", 400, "http.chunk", POST CHUNKED "\r\n3\rabc\r\n0\r\n\r\n"),
    BAD("LF in an extension", 400, "http.chunk", POST CHUNKED "\r\n3;a\nabc\r\n0\r\n\r\n"),
    BAD("chunk longer than its size", 400, "http.chunk", POST CHUNKED "\r\n3\r\nabcd\r\n0\r\n\r\n"),
    BAD("bare LF behind a chunk", 400, "http.chunk", POST CHUNKED "\r\n3\r\nabc\n0\r\n\r\n"),
    BAD("trailer folded", 400, "http.trailer", POST CHUNKED "\r\n0\r\n X: a\r\n\r\n"),
    BAD("trailer without colon", 400, "http.trailer",
        POST CHUNKED "\r\n0\r\nGET / HTTP/1.1\r\n\r\n"),
    BAD("trailer with bare LF", 400, "http.trailer", POST CHUNKED "\r\n0\r\nX: a\n\r\n"),
    BAD("bare LF at the end of chunks", 400, "http.trailer", POST CHUNKED "\r\n0\r\n\n"),
};

struct outcome {
    enum http_step step;
    int status;
    struct err e;
    size_t used;
    struct buf body;
};

/* Feeds in pieces of `piece` bytes (0: all at once), head and body. */
static void read_all(struct http_head *h, struct slice in, size_t piece, struct outcome *o)
{
    struct http_body body;
    size_t used = 0;
    bool in_body = false;

    err_clear(&o->e);
    o->used = 0;
    buf_reset(&o->body);
    o->step = HTTP_MORE;
    while (o->used < in.len) {
        size_t len = piece && piece < in.len - o->used ? piece : in.len - o->used;
        struct slice part = slice_of(in.data + o->used, len);
        struct slice data = {0};
        o->step = in_body ? http_body_feed(&body, part, &used, &data, &o->e)
                          : http_head_feed(h, part, &used, &o->e);
        o->used += used;
        assert_true(used <= len);
        if (o->step == HTTP_REFUSED)
            break;
        if (o->step == HTTP_DATA)
            buf_put_slice(&o->body, data);
        if (o->step == HTTP_DONE && in_body)
            break;
        if (o->step == HTTP_DONE) {
            http_body_init(&body, h);
            in_body = true;
        }
        if (in_body && o->used == in.len) {
            /* a last look, without bytes: is it complete? */
            o->step = http_body_feed(&body, slice_of(NULL, 0), &used, &data, &o->e);
            break;
        }
    }
    o->status = in_body && o->step == HTTP_REFUSED ? 400 : h->status;
}

static void requests_table(void **state)
{
    (void)state;
    struct http_head h;
    struct outcome o = {0};
    http_head_init(&h, false);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        for (size_t piece = 0; piece < 4; piece++) {
            http_head_reset(&h);
            read_all(&h, row->bytes, piece, &o);
            if (!row->code && o.step != HTTP_DONE)
                fail_msg("%s (pieces of %zu): step %d, %s", row->name, piece, o.step, o.e.text);
            if (!row->code)
                assert_int_equal(o.used, row->bytes.len);
            if (row->code && (o.step != HTTP_REFUSED || strcmp(o.e.code, row->code) != 0 ||
                              o.status != row->status))
                fail_msg("%s (pieces of %zu): step %d, status %d, code '%s'", row->name, piece,
                         o.step, o.status, o.e.code);
            if (row->code)
                assert_true(o.e.text[0] && o.e.clause[0]);
        }
    }
    buf_fini(&o.body);
    http_head_fini(&h);
}

static void reads_what_was_said(void **state)
{
    (void)state;
    struct http_head h;
    struct outcome o = {0};
    http_head_init(&h, false);

    read_all(&h,
             BYTES("POST /v1/x?q=%61 HTTP/1.1\r\nHost: h:1\r\nconnection: foo , Close\r\n"
                   "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\nA: 1\r\na: 2\r\n\r\n"
                   "3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\nrest"),
             0, &o);
    assert_int_equal(o.step, HTTP_DONE);
    assert_true(slice_is(http_head_run(&h, h.method), "POST"));
    assert_true(slice_is(http_head_run(&h, h.path), "/v1/x"));
    assert_true(h.has_query && slice_is(http_head_run(&h, h.query), "q=%61"));
    assert_true(slice_is(http_head_run(&h, h.host), "h:1"));
    assert_false(h.keep_alive);
    assert_true(h.expect_continue);
    assert_int_equal(h.framing, HTTP_CHUNKED);
    assert_true(slice_is(http_head_find(&h, "a"), "1"));
    assert_int_equal(http_head_count(&h, "A"), 2);
    assert_null(http_head_find(&h, "b").data);
    assert_true(http_head_has_token(&h, "Connection", "FOO"));
    assert_false(http_head_has_token(&h, "Connection", "fo"));
    assert_string_equal(buf_text(&o.body), "abcde");
    assert_string_equal((const char *)"rest", "rest");
    buf_fini(&o.body);
    http_head_fini(&h);
}

/* What follows a message is not touched: pipelined requests are read one by one. */
static void pipelined(void **state)
{
    (void)state;
    struct slice in = BYTES(GET HOST "\r\n" POST "Content-Length: 2\r\n\r\nhi" GET HOST "\r\n");
    struct http_head h;
    struct outcome o = {0};
    const char *methods[] = {"GET", "POST", "GET"};
    http_head_init(&h, false);

    for (size_t i = 0; i < 3; i++) {
        http_head_reset(&h);
        read_all(&h, in, 0, &o);
        assert_int_equal(o.step, HTTP_DONE);
        assert_true(slice_is(http_head_run(&h, h.method), methods[i]));
        in = slice_of(in.data + o.used, in.len - o.used);
    }
    assert_int_equal(in.len, 0);
    buf_fini(&o.body);
    http_head_fini(&h);
}

static void expect_refusal(struct http_head *h, const struct buf *b, int status, const char *code)
{
    struct outcome o = {0};

    http_head_reset(h);
    read_all(h, buf_slice(b), 1000, &o);
    if (code) {
        assert_int_equal(o.step, HTTP_REFUSED);
        assert_string_equal(o.e.code, code);
        assert_int_equal(o.status, status);
    } else {
        assert_int_equal(o.step, HTTP_DONE);
    }
    buf_fini(&o.body);
}

static void repeat(struct buf *b, int byte, size_t count)
{
    uint8_t *run = buf_extend(b, count);

    assert_non_null(run);
    memset(run, byte, count);
}

/* Each limit, exactly at it and one over it. */
static void limits(void **state)
{
    (void)state;
    struct http_head h;
    struct buf b;
    http_head_init(&h, false);
    buf_init(&b);

    for (size_t over = 0; over < 2; over++) {
        buf_reset(&b);
        buf_puts(&b, "GET /");
        repeat(&b, 'a', HTTP_TARGET_MAX - 1 + over);
        buf_puts(&b, " HTTP/1.1\r\n" HOST "\r\n");
        expect_refusal(&h, &b, 414, over ? "http.target-length" : NULL);

        buf_reset(&b);
        buf_puts(&b, GET HOST "X: ");
        repeat(&b, 'a', HTTP_HEAD_MAX - strlen(HOST) - strlen("X: \r\n") + over);
        buf_puts(&b, "\r\n\r\n");
        expect_refusal(&h, &b, 431, over ? "http.head-length" : NULL);

        buf_reset(&b);
        buf_puts(&b, GET HOST);
        for (size_t i = 1; i < HTTP_FIELDS_MAX + over; i++)
            buf_puts(&b, "X: a\r\n");
        buf_puts(&b, "\r\n");
        expect_refusal(&h, &b, 431, over ? "http.fields" : NULL);

        buf_reset(&b);
        buf_puts(&b, "GET ");
        for (size_t i = 0; i < HTTP_SEGMENTS_MAX + over; i++)
            buf_puts(&b, "/a");
        buf_puts(&b, " HTTP/1.1\r\n" HOST "\r\n");
        expect_refusal(&h, &b, 400, over ? "http.target" : NULL);

        buf_reset(&b);
        buf_puts(&b, POST CHUNKED "\r\n1;");
        repeat(&b, 'a', HTTP_CHUNK_LINE_MAX + over);
        buf_puts(&b, "\r\na\r\n0\r\n\r\n");
        expect_refusal(&h, &b, 400, over ? "http.chunk" : NULL);

        buf_reset(&b);
        buf_puts(&b, POST CHUNKED "\r\n");
        for (size_t i = 0; i < HTTP_CHUNK_EXTENSIONS_MAX / 128 + over; i++) {
            buf_puts(&b, "1;");
            repeat(&b, 'a', 128);
            buf_puts(&b, "\r\na\r\n");
        }
        buf_puts(&b, "0\r\n\r\n");
        expect_refusal(&h, &b, 400, over ? "http.chunk" : NULL);

        buf_reset(&b);
        buf_puts(&b, POST CHUNKED "\r\n0\r\nX: ");
        repeat(&b, 'a', HTTP_TRAILER_MAX - strlen("X: \r\n\r\n") + over);
        buf_puts(&b, "\r\n\r\n");
        expect_refusal(&h, &b, 400, over ? "http.trailer" : NULL);

        buf_reset(&b);
        buf_puts(&b, POST CHUNKED "\r\n0\r\n");
        for (size_t i = 0; i < HTTP_TRAILER_FIELDS_MAX + over; i++)
            buf_puts(&b, "X: a\r\n");
        buf_puts(&b, "\r\n");
        expect_refusal(&h, &b, 400, over ? "http.trailer" : NULL);
    }
    /* an endless head is refused when it passes the limit, not when it ends */
    buf_reset(&b);
    buf_puts(&b, GET HOST "X: ");
    repeat(&b, 'a', 1 << 20);
    expect_refusal(&h, &b, 431, "http.head-length");
    buf_reset(&b);
    repeat(&b, 'a', 1 << 20);
    expect_refusal(&h, &b, 414, "http.target-length");
    assert_true(h.bytes.room <= 64 * 1024);
    buf_fini(&b);
    http_head_fini(&h);
}

static void http10_where_allowed(void **state)
{
    (void)state;
    struct http_head h;
    struct outcome o = {0};
    http_head_init(&h, false);
    h.allow_http10 = true;

    read_all(&h, BYTES("POST /a HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab"),
             0, &o);
    assert_int_equal(o.step, HTTP_DONE);
    assert_true(h.http10);
    assert_false(h.keep_alive);
    http_head_reset(&h);
    read_all(&h, BYTES("POST /a HTTP/1.0\r\n" CHUNKED "\r\n0\r\n\r\n"), 0, &o);
    assert_int_equal(o.step, HTTP_REFUSED);
    assert_string_equal(o.e.code, "http.transfer-coding");
    buf_fini(&o.body);
    http_head_fini(&h);
}

#define OK200 "HTTP/1.1 200 OK\r\n"

static void responses_table(void **state)
{
    (void)state;
    static const struct row table[] = {
        GOOD("length", OK200 "Content-Length: 2\r\n\r\nab"),
        GOOD("chunked", OK200 CHUNKED "\r\n1\r\na\r\n0\r\n\r\n"),
        GOOD("empty reason", "HTTP/1.1 204 \r\n\r\n"),
        GOOD("not modified", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"),
        GOOD("interim", "HTTP/1.1 100 Continue\r\n\r\n"),
        BAD("no length", 400, "http.no-length", OK200 "\r\n"),
        BAD("two lengths", 400, "http.content-length",
            OK200 "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
        BAD("length and coding", 400, "http.length-and-coding",
            OK200 "Content-Length: 1\r\n" CHUNKED "\r\n0\r\n\r\n"),
        BAD("HTTP/1.0", 505, "http.version", "HTTP/1.0 200 OK\r\n\r\n"),
        BAD("no space behind the code", 400, "http.start-line", "HTTP/1.1 200\r\n\r\n"),
        BAD("code of two digits", 400, "http.start-line", "HTTP/1.1 20 OKAY\r\n\r\n"),
        BAD("code 600", 400, "http.start-line", "HTTP/1.1 600 No\r\n\r\n"),
        BAD("code 099", 400, "http.start-line", "HTTP/1.1 099 No\r\n\r\n"),
        BAD("control byte in the reason", 400, "http.start-line", "HTTP/1.1 200 O\x01\r\n\r\n"),
        BAD("empty line first", 400, "http.start-line", "\r\nHTTP/1.1 200 OK\r\n\r\n"),
        BAD("another protocol", 400, "http.start-line", "SSH-2.0-OpenSSH_9.2 and more\r\n"),
        BAD("two Locations", 400, "http.doubled-field",
            "HTTP/1.1 303 S\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"),
    };
    struct http_head h;
    struct outcome o = {0};
    http_head_init(&h, true);

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        for (size_t piece = 0; piece < 3; piece++) {
            http_head_reset(&h);
            read_all(&h, table[i].bytes, piece, &o);
            if (o.step != (table[i].code ? HTTP_REFUSED : HTTP_DONE) ||
                (table[i].code && strcmp(table[i].code, o.e.code) != 0))
                fail_msg("%s: step %d, code '%s'", table[i].name, o.step, o.e.code);
        }
    }
    http_head_reset(&h);
    h.to_head = true;
    read_all(&h, BYTES(OK200 "Content-Length: 20\r\n\r\n"), 0, &o);
    assert_int_equal(o.step, HTTP_DONE);
    assert_int_equal(h.framing, HTTP_NO_BODY);
    buf_fini(&o.body);
    http_head_fini(&h);
}

static void decoding(void **state)
{
    (void)state;
    struct buf out;
    struct err e = {0};
    buf_init(&out);

    assert_int_equal(http_decode(BYTES("a%20b+c%C3%A4"), false, &out, &e), 0);
    assert_string_equal(buf_text(&out), "a b+c\xc3\xa4");
    buf_reset(&out);
    assert_int_equal(http_decode(BYTES("a+b%2B"), true, &out, &e), 0);
    assert_string_equal(buf_text(&out), "a b+");
    static const char *const bad[] = {"%0a", "%7f",          "%c3",       "%c0%80", "%ed%a0%80",
                                      "%ff", "%f4%90%80%80", "%e0%80%80", "%2",     "%",
                                      "%zz", "%f0%80%80%80", "%a0"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        buf_reset(&out);
        if (http_decode(slice_str(bad[i]), false, &out, &e) == 0)
            fail_msg("%s was decoded", bad[i]);
        assert_string_equal(e.code, "http.target");
    }
    static const char *const fine[] = {"%f4%8f%bf%bf", "%ed%9f%bf", "%f0%90%80%80", "%e0%a0%80"};
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        err_clear(&e);
        buf_reset(&out);
        assert_int_equal(http_decode(slice_str(fine[i]), false, &out, &e), 0);
    }
    buf_fini(&out);
}

static void query_parameters(void **state)
{
    (void)state;
    struct slice query = BYTES("a=1&b&c=x%20y&%64=4&e=%ff&&f=1&f=2&g=a=b");
    struct buf out;
    struct err e = {0};
    static const struct {
        const char *name, *value;
        int result;
    } cases[] = {{"a", "1", 1}, {"b", "", 1},  {"c", "x y", 1}, {"d", "4", 1},
                 {"e", "", -1}, {"f", "", -1}, {"g", "a=b", 1}, {"h", "", 0}};
    buf_init(&out);

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        err_clear(&e);
        buf_reset(&out);
        assert_int_equal(http_query_find(query, cases[i].name, &out, &e), cases[i].result);
        if (cases[i].result == 1)
            assert_string_equal(buf_text(&out), cases[i].value);
    }
    buf_fini(&out);
}

/* The table of byte classes against the grammars, written out a second way. */
static void char_classes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool sub = c && strchr("!$&'()*+,;=", c);
        bool unreserved = alnum || (c && strchr("-._~", c));
        unsigned want = 0;
        want |= alnum || (c && strchr("!#$%&'*+-.^_`|~", c)) ? HTTP_CHAR_TOKEN : 0U;
        want |= (c >= 32 && c != 127) || c == 9 ? HTTP_CHAR_VALUE : 0U;
        want |= unreserved || sub || (c && strchr(":@/", c)) ? HTTP_CHAR_PATH : 0U;
        want |= unreserved || sub || (c && strchr(":@/?", c)) ? HTTP_CHAR_QUERY : 0U;
        want |= (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
                    ? HTTP_CHAR_HEX
                    : 0U;
        want |= unreserved || sub || (c && strchr(":[]", c)) ? HTTP_CHAR_HOST : 0U;
        if (http_char_classes[c] != want)
            fail_msg("byte %d: %u, should be %u", c, http_char_classes[c], want);
    }
}

/* Every allocation fails once: an error or a proper result, never a crash or a leak. */
static void torture(void **state)
{
    (void)state;
    struct slice in =
        BYTES("GET /a?b=%20 HTTP/1.1\r\nHost: x\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
              "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n\r\n");
    long runs = 0;

    for (bool failed = true; failed; runs++) {
        struct http_head h;
        struct err e = {0};
        struct buf out;
        size_t used;
        http_head_init(&h, false);
        buf_init(&out);
        mem_fail_after(runs);
        enum http_step step = http_head_feed(&h, in, &used, &e);
        int found =
            step == HTTP_DONE ? http_query_find(http_head_run(&h, h.query), "b", &out, &e) : -1;
        failed = mem_allocations() > runs;
        mem_fail_after(-1);
        assert_int_equal(found, failed ? -1 : 1);
        if (failed)
            assert_string_equal(e.code, "base.memory");
        buf_fini(&out);
        http_head_fini(&h);
    }
    assert_true(runs > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(char_classes),
        cmocka_unit_test(requests_table),
        cmocka_unit_test(reads_what_was_said),
        cmocka_unit_test(pipelined),
        cmocka_unit_test(limits),
        cmocka_unit_test(http10_where_allowed),
        cmocka_unit_test(responses_table),
        cmocka_unit_test(decoding),
        cmocka_unit_test(query_parameters),
        cmocka_unit_test(torture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
