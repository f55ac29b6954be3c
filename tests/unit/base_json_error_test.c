/* SPDX-License-Identifier: Apache-2.0 */
/* Every refusal names its code, its clause, line and column, the pointer, and what would be right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"

struct refusal {
    const char *text;
    const char *code;
    const char *clause;
    const char *where;
    const char *says; /* part of the text */
    const char *hint; /* part of the hint, or NULL */
};

#define S2 "RFC 8259 section 2"
#define S3 "RFC 8259 section 3"
#define S4 "RFC 8259 section 4"
#define S5 "RFC 8259 section 5"
#define S6 "RFC 8259 section 6"
#define S7 "RFC 8259 section 7"
#define U8 "RFC 8259 section 8.1; RFC 3629"
#define SYNTAX "json.syntax"

static const struct refusal refusals[] = {
    {"", SYNTAX, S2, "line 1 column 1", "is empty", NULL},
    {" \n ", SYNTAX, S2, "line 2 column 2", "is empty", NULL},
    {"\xEF\xBB\xBF{}", SYNTAX, "RFC 8259 section 8.1", "line 1 column 1", "byte order mark",
     "without a byte order mark"},
    {"\xFF\xFE{", "json.utf8", "RFC 8259 section 8.1", "line 1 column 1", "UTF-16", "UTF-8"},
    {"{} x", SYNTAX, S2, "line 1 column 4", "end of the text behind its one value, found 'x'",
     NULL},
    {"1 2", SYNTAX, S2, "line 1 column 3", "found '2'", NULL},
    {"{\"a\": 1,\n \"b\" 2}", SYNTAX, S4, "line 2 column 6 (/b)",
     "expected ':' after the name \"b\", found '2'", NULL},
    {"{\"a\": {\"title\": \"x\"\n \"b\": 2}}", SYNTAX, S4, "line 2 column 2 (/a)",
     "expected ',' or '}' after the value of \"title\", found '\"'",
     "the object was opened at line 1 column 7"},
    {"{\"a\": 1,}", SYNTAX, S4, "line 1 column 9", "after ',', found '}'", "remove the comma"},
    {"{a: 1}", SYNTAX, S4, "line 1 column 2", "in double quotes or '}', found 'a'",
     "names of members in double quotes"},
    {"{\"a\": 1, 'b': 2}", SYNTAX, S4, "line 1 column 10", "found '''", "double quotes"},
    {"{", SYNTAX, S4, "line 1 column 2", "found the end of the text", NULL},
    {"{\"a\":1,", SYNTAX, S4, "line 1 column 8", "found the end of the text", NULL},
    {"{\"a\"", SYNTAX, S4, "line 1 column 5 (/a)", "found the end", NULL},
    {"{\"a\":", SYNTAX, S3, "line 1 column 6 (/a)", "expected a value, found the end", NULL},
    {"{\"a\":[1,[2,{\"b\":tru}]]}", SYNTAX, S3, "line 1 column 17 (/a/1/1/b)",
     "expected a value, found 't'", NULL},
    {"[1,\n2,\n3\n", SYNTAX, S5, "line 4 column 1", "after element 2, found the end",
     "the array was opened at line 1 column 1"},
    {"[1 2]", SYNTAX, S5, "line 1 column 4", "expected ',' or ']' after element 0, found '2'",
     NULL},
    {"[1,]", SYNTAX, S3, "line 1 column 4 (/1)", "found ']'", "remove the comma"},
    {"[1}", SYNTAX, S5, "line 1 column 3", "found '}'", NULL},
    {"[,1]", SYNTAX, S3, "line 1 column 2 (/0)", "found ','", NULL},
    {"[1, // one\n2]", SYNTAX, S3, "line 1 column 5 (/1)", "found '/'", "comment"},
    {"[NaN]", SYNTAX, S3, "line 1 column 2 (/0)", "found 'N'", "no such number"},
    {"[-Infinity]", SYNTAX, S6, "line 1 column 3 (/0)", "digit must follow the minus", NULL},
    {"[True]", SYNTAX, S3, "line 1 column 2 (/0)", "found 'T'", "lower case"},
    {"[None]", SYNTAX, S3, "line 1 column 2 (/0)", "found 'N'", "null"},
    {"[+1]", SYNTAX, S3, "line 1 column 2 (/0)", "found '+'", "without a sign"},
    {"[.5]", SYNTAX, S3, "line 1 column 2 (/0)", "found '.'", "zero before"},
    {"['x']", SYNTAX, S3, "line 1 column 2 (/0)", "found '''", "double quotes"},
    {"[01]", SYNTAX, S6, "line 1 column 2 (/0)", "no leading zeros", NULL},
    {"[-]", SYNTAX, S6, "line 1 column 3 (/0)", "must follow the minus sign", NULL},
    {"[1.]", SYNTAX, S6, "line 1 column 4 (/0)", "follow the decimal point", NULL},
    {"[1e+]", SYNTAX, S6, "line 1 column 5 (/0)", "exponent", NULL},
    {"[1, 2x]", SYNTAX, S5, "line 1 column 6", "after element 1, found 'x'", NULL},
    {"\"abc", SYNTAX, S7, "line 1 column 5", "the string that began at line 1 column 1", NULL},
    {"\"abc\\", SYNTAX, S7, "line 1 column 6", "ends inside the string", NULL},
    {"[\"ab\ncd\"]", SYNTAX, S7, "line 1 column 5 (/0)", "control character 0x0A", "write \\n"},
    {"[\"ab\\\ncd\"]", SYNTAX, S7, "line 1 column 6 (/0)", "control character 0x0A", "write \\n"},
    {"[\"\x01\"]", SYNTAX, S7, "line 1 column 3 (/0)", "0x01", "\\u0001"},
    {"[\"\\x\"]", SYNTAX, S7, "line 1 column 3 (/0)", "no escape with 'x'", "\\\\"},
    {"[\"C:\\Users\"]", SYNTAX, S7, "line 1 column 5 (/0)", "no escape with 'U'", "\\\\"},
    {"[\"\\u12G4\"]", SYNTAX, S7, "line 1 column 3 (/0)", "four hexadecimal digits", NULL},
    {"[\"\\u12\"]", SYNTAX, S7, "line 1 column 3 (/0)", "four hexadecimal digits", NULL},
    {"[\"a\\uD800b\"]", "json.surrogate", "RFC 8259 section 8.2", "line 1 column 4 (/0)",
     "\\uD800 is half", NULL},
    {"[\"\\uD800\\uD800\"]", "json.surrogate", "RFC 8259 section 8.2", "line 1 column 3 (/0)",
     "half of a surrogate", NULL},
    {"[\"\\uDC00\\uD800\"]", "json.surrogate", "RFC 8259 section 8.2", "line 1 column 3 (/0)",
     "half of a surrogate", NULL},
    {"{\"\\ud800\":1}", "json.surrogate", "RFC 8259 section 8.2", "line 1 column 3",
     "half of a surrogate", NULL},
    {"[\"\xC0\xAF\"]", "json.utf8", U8, "line 1 column 3 (/0)", "byte 0xC0", NULL},
    {"[\"\xED\xA0\x80\"]", "json.utf8", U8, "line 1 column 3 (/0)", "surrogates have no place",
     NULL},
    {"[\"\xF4\x90\x80\x80\"]", "json.utf8", U8, "line 1 column 3 (/0)", "0xF4", NULL},
    {"[\"\xE2\x82\"]", "json.utf8", U8, "line 1 column 3 (/0)", "0xE2", NULL},
    {"[\"a\\\xFF\"]", "json.utf8", U8, "line 1 column 5 (/0)", "0xFF", NULL},
    {"{\"\xFF\":1}", "json.utf8", U8, "line 1 column 3", "0xFF", NULL},
    {"[\xC2\xA0]", SYNTAX, S3, "line 1 column 2 (/0)", "the byte 0xC2", NULL},
    {"{\"a\":1,\n\"b\":2,\n  \"a\":3}", "json.duplicate-name", S4, "line 3 column 3 (/a)",
     "the name \"a\" stands twice", NULL},
    {"{\"x\":[{\"a\":1,\"\\u0061\":2}]}", "json.duplicate-name", S4, "line 1 column 14 (/x/0/a)",
     "the name \"a\" stands twice", NULL},
    {"{\"\":1,\"\":2}", "json.duplicate-name", S4, "line 1 column 7 (/)", "the name \"\" stands",
     NULL},
    {"{\"a/b~c\":[0,\x80]}", SYNTAX, S3, "line 1 column 13 (/a~1b~0c/1)", "0x80", NULL},
    /* nothing that a terminal would obey gets out */
    {"{\"\\u001b[2J\\u009b\":[}", SYNTAX, S3, "line 1 column 21 (/?[2J?/0)", "found '}'", NULL},
    {"{\"\\u001b\":1,\"\\u001b\":1}", "json.duplicate-name", S4, "line 1 column 13 (/?)",
     "the name \"?\" stands", NULL},
};

static void refusals_name_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct json_doc *doc = NULL;
        struct err e = {0};
        if (json_parse(&doc, slice_str(r->text), NULL, &e) != -1)
            fail_msg("%s: accepted", r->text);
        assert_null(doc);
        if (strcmp(e.code, r->code) != 0 || strcmp(e.clause, r->clause) != 0 ||
            strcmp(e.where, r->where) != 0 || !strstr(e.text, r->says) ||
            (r->hint && !strstr(e.hint, r->hint)) || e.kind != ERR_INPUT)
            fail_msg("%s: got %s | %s | %s | %s | %s", r->text, e.code, e.clause, e.where, e.text,
                     e.hint);
    }
}

/* Every pair of \u escapes around the edges of the surrogates: a pair, two characters, or refused.
 */
static void escapes_at_the_edges_of_surrogates(void **state)
{
    static const unsigned edges[] = {0,      0x41,   0xD7FF, 0xD800, 0xDBFF,
                                     0xDC00, 0xDFFF, 0xE000, 0xFFFF};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        for (size_t j = 0; j < ARRAY_LEN(edges); j++) {
            unsigned a = edges[i];
            unsigned b = edges[j];
            bool high = a >= 0xD800 && a <= 0xDBFF;
            bool low = b >= 0xDC00 && b <= 0xDFFF;
            bool lone =
                high ? !low : low || (a >= 0xDC00 && a <= 0xDFFF) || (b >= 0xD800 && b <= 0xDBFF);
            struct json_doc *doc = NULL;
            struct err e = {0};
            char text[32];
            snprintf(text, sizeof(text), "\"\\u%04x\\u%04X\"", a, b);
            if (json_parse(&doc, slice_str(text), NULL, &e) != (lone ? -1 : 0))
                fail_msg("%s", text);
            if (lone)
                assert_string_equal(e.code, "json.surrogate");
            else
                assert_int_equal(utf8_check(json_string(json_root(doc))),
                                 json_string(json_root(doc)).len);
            if (high && low)
                assert_int_equal(json_string(json_root(doc)).len, 4);
            json_doc_free(doc);
        }
    }
}

/* The place of a fault deep in a large document is found, and a long pointer is shortened. */
static void long_pointers_keep_their_end(void **state)
{
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf text;

    (void)state;
    buf_init(&text);
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "{\"gerät-%d\":", i);
    buf_puts(&text, "?");
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), -1);
    assert_non_null(strstr(e.where, "(..."));
    assert_non_null(strstr(e.where, "/gerät-58/gerät-59)"));
    assert_true(strlen(e.where) < sizeof(e.where) - 1);
    buf_fini(&text);
}

static void a_duplicate_in_a_large_object_is_found(void **state)
{
    (void)state;
    for (unsigned count = 2; count < 200; count++) {
        unsigned second = count / 2;
        struct json_doc *doc = NULL;
        struct err e = {0};
        struct buf text;
        char where[64];
        buf_init(&text);
        buf_puts(&text, "{\n");
        for (unsigned i = 0; i < count; i++)
            buf_printf(&text, "%s\"n%u\":[%u,{}]", i ? ",\n" : "", i == second ? 0 : i, i);
        buf_puts(&text, "}");
        assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), -1);
        assert_string_equal(e.code, "json.duplicate-name");
        snprintf(where, sizeof(where), "line %u column 1 (/n0)", second + 2);
        assert_string_equal(e.where, where);
        buf_fini(&text);
    }
}

static int parse_with(const char *text, size_t bytes, size_t depth, size_t values, struct err *e)
{
    const struct json_limits limits = {.bytes = bytes, .depth = depth, .values = values};
    struct json_doc *doc = NULL;

    err_clear(e);
    int result = json_parse(&doc, slice_str(text), &limits, e);
    json_doc_free(doc);
    return result;
}

static void limits_hold_at_the_edge(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(parse_with("[1,2]", 5, 1, 3, &e), 0);
    assert_int_equal(parse_with("[1,2]", 4, 1, 3, &e), -1);
    assert_string_equal(e.code, "json.size");
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_int_equal(parse_with("[1,2]", 5, 1, 2, &e), -1);
    assert_string_equal(e.code, "json.size");
    assert_string_equal(e.where, "line 1 column 4 (/1)");
    /* the last value that is accepted may still be wrong */
    assert_int_equal(parse_with("[1,?]", 5, 1, 3, &e), -1);
    assert_string_equal(e.code, "json.syntax");
    assert_int_equal(parse_with("[1,2]", 5, 0, 3, &e), -1);
    assert_string_equal(e.code, "json.depth");
    assert_int_equal(parse_with("{\"a\":[{}]}", 99, 3, 9, &e), 0);
    assert_int_equal(parse_with("{\"a\":[{}]}", 99, 2, 9, &e), -1);
    assert_string_equal(e.code, "json.depth");
    assert_string_equal(e.clause, "RFC 8259 section 9");
    assert_string_equal(e.where, "line 1 column 7 (/a/0)");
    assert_int_equal(e.kind, ERR_LIMIT);
}

/* 64 levels by default; and never more than 1,024, whatever is asked for. */
static void depth_is_bounded(void **state)
{
    static char text[2000001];
    struct err e;

    (void)state;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    assert_int_equal(
        parse_with(text, json_limits_default.bytes, json_limits_default.depth, 100, &e), 0);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(
        parse_with(text, json_limits_default.bytes, json_limits_default.depth, 100, &e), -1);
    assert_string_equal(e.code, "json.depth");
    memset(text, '[', 1000000);
    memset(text + 1000000, ']', 1000000);
    assert_int_equal(parse_with(text, SIZE_MAX, SIZE_MAX, SIZE_MAX, &e), -1);
    assert_string_equal(e.code, "json.depth");
    assert_non_null(strstr(e.text, "1024"));
    memset(text, '[', 1024);
    memset(text + 1024, ']', 1024);
    text[2048] = '\0';
    assert_int_equal(parse_with(text, SIZE_MAX, SIZE_MAX, SIZE_MAX, &e), 0);
}

static void the_default_limits_are_crossed(void **state)
{
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf text;

    (void)state;
    buf_init(&text);
    buf_puts(&text, "[0");
    for (size_t i = 1; i < json_limits_default.values; i++)
        buf_puts(&text, ",0");
    buf_puts(&text, "]"); /* as many elements, and the array */
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), -1);
    assert_string_equal(e.code, "json.size");
    buf_reset(&text);
    buf_puts(&text, "\"");
    while (text.len < json_limits_default.bytes)
        buf_puts(&text, "x");
    buf_puts(&text, "\"");
    err_clear(&e);
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), -1);
    assert_string_equal(e.code, "json.size");
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_name_the_place),
        cmocka_unit_test(escapes_at_the_edges_of_surrogates),
        cmocka_unit_test(long_pointers_keep_their_end),
        cmocka_unit_test(a_duplicate_in_a_large_object_is_found),
        cmocka_unit_test(limits_hold_at_the_edge),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(the_default_limits_are_crossed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
