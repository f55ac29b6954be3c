/* SPDX-License-Identifier: Apache-2.0 */
#include "../support/view_check.h"
#include "base/file.h"
#include "csaf/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define CORPUS "tests/fuzz/corpus/csaf_view/"

static const char *const full[] = {CORPUS "full_2_0.json", CORPUS "full_2_1.json"};

static void read_file(const char *path, struct buf *text)
{
    struct err e = {0};
    buf_init(text);
    if (file_read(path, 1 << 24, text, &e) != 0)
        fail_msg("%s: %s", path, e.text);
}

/* Schema and mandatory tests, whose words quote the document, too. */
static struct csaf_validator *validator;

static void view_as(struct slice text, enum csaf_view_format format, size_t width, bool judged,
                    struct buf *out)
{
    struct err e = {0};
    struct csaf_reading *r;
    struct csaf_result verdict;
    struct csaf_view_options options = {
        .format = format, .width = width, .verdict = judged ? &verdict : NULL};
    buf_init(out);
    if (csaf_reading_open(&r, text, &e) != 0 || csaf_validate(validator, text, &verdict, &e) != 0 ||
        csaf_view(r, &options, out, &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
    csaf_result_free(&verdict);
    csaf_reading_free(r);
}

static void view(struct slice text, enum csaf_view_format format, size_t width, struct buf *out)
{
    view_as(text, format, width, true, out);
}

/* CSAF 2.1 section 2.4: who does not know an extension that is essential is told of it */
static void extensions_are_warned_of(void **state)
{
    static const struct {
        const char *version, *first, *second, *words;
    } cases[] = {
        {"2.1", "essential", "essential", "What 2 extensions say is crucial to understand"},
        {"2.1", "supplementary", "essential", "What 1 extension says is crucial to understand"},
        {"2.1", "significant", "supplementary", "What 1 extension says is highly relevant"},
        {"2.1", "supplementary", "supplementary", NULL},
        {"2.0", "essential", "essential", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf text, out;
        buf_init(&text);
        buf_printf(
            &text,
            "{\"document\":{\"csaf_version\":\"%s\",\"x_extensions\":[{\"$schema\":"
            "\"https://a.example/1.json\",\"category\":\"%s\",\"content\":{\"x_extensions\":"
            "[{\"category\":\"essential\"}]}}]},\"product_tree\":{\"branches\":[{\"product\":{"
            "\"product_id\":\"P\",\"x_extensions\":[{\"$schema\":\"https://a.example/2.json\","
            "\"category\":\"%s\"}]}}]}}",
            cases[i].version, cases[i].first, cases[i].second);
        view(buf_slice(&text), CSAF_VIEW_TEXT, 200, &out);
        bool told = strstr(buf_text(&out), "is not shown here: https://a.example/");
        assert_int_equal(told, cases[i].words != NULL);
        if (cases[i].words)
            assert_non_null(strstr(buf_text(&out), cases[i].words));
        buf_fini(&text);
        buf_fini(&out);
    }
}

/* --- nothing gets through --- */

struct swap {
    size_t wanted; /* which string is replaced */
    size_t count;
    const char *with;
};

/* The document with its n-th string replaced; numbers, names of members and all else as they are.
 */
static void write_swapped(struct json_writer *w, const struct json_value *v, struct swap *s)
{
    switch (json_type(v)) {
    case JSON_STRING:
        if (s->count++ == s->wanted)
            json_write_string(w, s->with);
        else
            json_write_slice(w, json_string(v));
        break;
    case JSON_ARRAY:
        json_write_array(w);
        json_each(one, v) write_swapped(w, one, s);
        json_write_array_end(w);
        break;
    case JSON_OBJECT:
        json_write_object(w);
        json_each(one, v)
        {
            json_write_name_slice(w, json_name(one));
            write_swapped(w, one, s);
        }
        json_write_object_end(w);
        break;
    default: json_write_value(w, v);
    }
}

static size_t swapped(const struct json_doc *json, size_t index, const char *with, struct buf *out)
{
    struct json_writer w;
    struct swap s = {.wanted = index, .with = with};
    buf_init(out);
    json_write_init(&w, out, 0);
    write_swapped(&w, json_root(json), &s);
    assert_false(out->failed);
    return s.count;
}

static const char *const payloads[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "JaVaScRiPt://a.example/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "https://a.example/\" onclick=\"alert(1)",
    "https://a.example/ >b",
    "</title></style></textarea><svg onload=alert(1)>",
    "&lt;script&gt;&#x3c;b&#x3e;",
    "\033[2J\033]0;owned\007\033]8;;https://a.example\007x",
    ("\xc2\x9b"
     "31m\xc2\x85\x7f"),
    "\xe2\x80\xaegpj.exe\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf",
    "[x](javascript:alert(1)) ![x](https://a.example/x.png)",
    "<https://a.example> <a@b.example>",
    "# h\n\n- x\n\n```\n<b>\n```\n\n    code\n> q\n1. x\n***\n---\n===\n|a|b|\n|-|-|\n",
    "`x` *x* **x** _x_ ~~x~~ \\<b\\> $x$ <!-- x --> [^1] [x]: https://a.example",
    "a\r\nSet-Cookie: b\ta",
};

/* Where the tags are the same as with a harmless word, no payload became markup. */
static void same_skeleton(struct slice html, const struct buf *expected, size_t string,
                          const char *payload)
{
    struct buf skeleton;
    buf_init(&skeleton);
    const char *wrong = view_check_html(html, &skeleton);
    if (wrong)
        fail_msg("string %zu, %s: %s", string, payload, wrong);
    if (!slice_equal(buf_slice(&skeleton), buf_slice(expected)))
        fail_msg("string %zu, %s: other tags than with a harmless word", string, payload);
    buf_fini(&skeleton);
}

static void one_payload(const struct json_doc *json, size_t string, const char *payload,
                        const struct buf *expected)
{
    struct buf document, out;
    swapped(json, string, payload, &document);
    for (int format = 0; format < 3; format++) {
        view(buf_slice(&document), (enum csaf_view_format)format, 0, &out);
        const char *wrong = view_check_characters(buf_slice(&out));
        if (!wrong && format == CSAF_VIEW_MARKDOWN)
            wrong = view_check_markdown(buf_slice(&out));
        if (!wrong && format == CSAF_VIEW_HTML)
            wrong = view_check_html(buf_slice(&out), NULL);
        if (wrong)
            fail_msg("string %zu, format %d, %s: %s", string, format, payload, wrong);
        buf_fini(&out);
    }
    /* how much is wrong with a document depends on its words: here that is left out */
    view_as(buf_slice(&document), CSAF_VIEW_HTML, 0, false, &out);
    same_skeleton(buf_slice(&out), expected, string, payload);
    buf_fini(&out);
    buf_fini(&document);
}

/* issue 3: untrusted text escaped; a payload in every string field of a full document, both
 * versions, all formats */
static void no_payload_gets_through(void **state)
{
    (void)state;
    for (size_t version = 0; version < 2; version++) {
        struct buf text, document, out, skeleton;
        struct json_doc *json;
        struct err e = {0};
        read_file(full[version], &text);
        assert_int_equal(json_parse(&json, buf_slice(&text), NULL, &e), 0);
        size_t strings = swapped(json, SIZE_MAX, "", &document);
        buf_fini(&document);
        assert_true(strings > 150);
        for (size_t i = 0; i < strings; i++) {
            swapped(json, i, "xyz", &document);
            view_as(buf_slice(&document), CSAF_VIEW_HTML, 0, false, &out);
            buf_init(&skeleton);
            assert_null(view_check_html(buf_slice(&out), &skeleton));
            for (size_t k = 0; k < ARRAY_LEN(payloads); k++)
                one_payload(json, i, payloads[k], &skeleton);
            buf_fini(&skeleton);
            buf_fini(&out);
            buf_fini(&document);
        }
        print_message("%zu strings of %s, %zu payloads each\n", strings, full[version],
                      ARRAY_LEN(payloads));
        json_doc_free(json);
        buf_fini(&text);
    }
}

/* the checks of this test see what they are to see */
static void the_checks_can_fail(void **state)
{
    (void)state;
    static const char head[] = "</style>";
    static const char *const bad[] = {"<script>", "<p onclick=\"x\">", "a \" b",
                                      "<span class=\"x y='\">",
                                      "<a rel=\"noopener noreferrer\" href=\"javascript:x\">"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct buf b;
        buf_init(&b);
        buf_puts(&b, head);
        buf_puts(&b, bad[i]);
        assert_non_null(view_check_html(buf_slice(&b), NULL));
        buf_fini(&b);
    }
    assert_non_null(view_check_characters(slice_str("a\033[0m")));
    assert_non_null(view_check_characters(slice_str("\xe2\x80\xae")));
    assert_non_null(view_check_markdown(slice_str("a <b>")));
    assert_non_null(view_check_markdown(slice_str("[x](<javascript:x>)")));
    assert_null(view_check_markdown(slice_str("> a\n[x](<https://a.example>)")));
}

/* --- what a reader finds --- */

static void has(const struct buf *out, const char *words)
{
    if (!memmem(out->data, out->len, words, strlen(words)))
        fail_msg("\"%s\" is not in:\n%s", words, buf_text(out));
}

static void has_not(const struct buf *out, const char *words)
{
    if (memmem(out->data, out->len, words, strlen(words)))
        fail_msg("\"%s\" is in:\n%s", words, buf_text(out));
}

static void a_reader_finds_what_matters(void **state)
{
    (void)state;
    struct buf text, out;
    read_file(full[1], &text);
    view(buf_slice(&text), CSAF_VIEW_TEXT, 200, &out);
    static const char *const wanted[] = {
        "TLP:CLEAR",
        "Drive controller stops",
        "CVSS 9.8 CRITICAL",
        "yes: dates of exploitation are known",
        "Nordlicht / Drives / DC-7",
        "a fix is there",
        "CVE-2026-10001",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "Attack vector network",
        "First known exploitation: 2026-02-01",
        "installed on Cabinet 9",
        "installed with Nordlicht / Drives / DC-7 / 4.3 installed on Cabinet 9",
        "Fix by the vendor",
        "2026-03-01",
        "https://nordlicht.example/fix",
        "Restart: machine",
        "Needs: a contract",
        "the component is not in the product",
        "CWE-20",
        "NLB-1",
        "psirt@nordlicht.example",
        "Revision history",
        "2026-03-02 10:00 UTC",
        "EPSS",
        "Exploitation Active",
        "Severity high",
        "It stops.\n\n  And does not start.",
        "Then restart",
        "all old ones",
        "Not known whether affected",
        "CC-BY-4.0",
        "pkg:generic/dc7@4.2",
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        has(&out, wanted[i]);
    has_not(&out, "not valid");
    buf_fini(&out);
    view(buf_slice(&text), CSAF_VIEW_HTML, 0, &out);
    has(&out,
        "<a class=\"bare\" rel=\"noopener noreferrer\" href=\"https://nordlicht.example/fix\">");
    has(&out, "Content-Security-Policy");
    has(&out, "@media print");
    has_not(&out, "<script");
    buf_fini(&out);
    buf_fini(&text);
}

/* the text stays in its width, but for words that are longer */
static void text_keeps_its_width(void **state)
{
    (void)state;
    struct buf text, out;
    read_file(full[0], &text);
    for (size_t width = 60; width <= 140; width += 20) {
        size_t start = 0;
        view(buf_slice(&text), CSAF_VIEW_TEXT, width, &out);
        for (size_t i = 0; i < out.len; i++) {
            size_t columns = 0, words = 0;
            if (out.data[i] != '\n')
                continue;
            for (size_t k = start; k < i; k++) {
                columns += (out.data[k] & 0xc0) != 0x80;
                words += out.data[k] == ' ' && k > start && out.data[k - 1] != ' ';
            }
            if (columns > width && words > 1)
                fail_msg("%zu columns, not %zu: %.*s", columns, width, (int)(i - start),
                         (const char *)out.data + start);
            start = i + 1;
        }
        buf_fini(&out);
    }
    buf_fini(&text);
}

static void what_is_not_valid_is_shown_and_said(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"document\":{}}", "{\"document\":{\"title\":1,\"tracking\":[]},\"vulnerabilities\":{}}",
        ("{\"document\":{\"csaf_version\":\"3\"},\"vulnerabilities\":[1,[],"
         "{\"remediations\":\"x\"}]}")};
    for (size_t i = 0; i < ARRAY_LEN(documents); i++)
        for (int format = 0; format < 3; format++) {
            struct buf out;
            view(slice_str(documents[i]), (enum csaf_view_format)format, 0, &out);
            has(&out, "This document is not valid.");
            buf_fini(&out);
        }
    struct csaf_reading *r;
    struct err e = {0};
    assert_int_equal(csaf_reading_open(&r, slice_str("[]"), &e), -1);
    assert_string_equal(e.code, "csaf.not-csaf");
}

/* --- cost --- */

static void put_products(struct buf *b, size_t count)
{
    buf_puts(
        b,
        "{\"document\":{\"csaf_version\":\"2.1\",\"title\":\"t\"},\"product_tree\":{\"branches\":"
        "[{\"category\":\"vendor\",\"name\":\"V\",\"branches\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(
            b,
            "%s{\"category\":\"product_version\",\"name\":\"%zu\",\"product\":{\"name\":\"n\","
            "\"product_id\":\"P%zu\"}}",
            i ? "," : "", i, i);
    buf_puts(b, "]}],\"product_groups\":[{\"group_id\":\"G\",\"product_ids\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(b, "%s\"P%zu\"", i ? "," : "", i);
    buf_puts(b, "]}]},\"vulnerabilities\":[{\"product_status\":{\"known_affected\":[\"P1\"]},"
                "\"remediations\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(b, "%s{\"category\":\"vendor_fix\",\"details\":\"d\",\"group_ids\":[\"G\"]}",
                   i ? "," : "");
    buf_puts(b, "]}]}");
}

/* a group of all products, named by as many remedies: what is written grows as the document does */
static void big_documents_cost_what_they_are(void **state)
{
    (void)state;
    size_t written[2], read[2];
    for (size_t i = 0; i < 2; i++) {
        struct buf document, out;
        buf_init(&document);
        put_products(&document, i ? 40000 : 4000);
        view(buf_slice(&document), CSAF_VIEW_HTML, 0, &out);
        written[i] = out.len;
        read[i] = document.len;
        buf_fini(&out);
        buf_fini(&document);
    }
    assert_true(written[1] < 12 * written[0]);
    assert_true(written[1] < 10 * read[1]);
}

static int set_up(void **state)
{
    struct err e = {0};
    (void)state;
    validator =
        csaf_validator_new(&(struct csaf_validator_options){.now = INT64_C(1780000000000000)}, &e);
    return validator ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    csaf_validator_free(validator);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(extensions_are_warned_of),
                                       cmocka_unit_test(no_payload_gets_through),
                                       cmocka_unit_test(the_checks_can_fail),
                                       cmocka_unit_test(a_reader_finds_what_matters),
                                       cmocka_unit_test(text_keeps_its_width),
                                       cmocka_unit_test(what_is_not_valid_is_shown_and_said),

                                       cmocka_unit_test(big_documents_cost_what_they_are)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
