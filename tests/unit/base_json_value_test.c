/* SPDX-License-Identifier: Apache-2.0 */
/* What a parsed document answers: types, children, names, places, pointers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/json.h"

#include <pthread.h>

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct err e = {0};

    if (json_parse(&doc, slice_str(text), NULL, &e) != 0)
        fail_msg("%s: %s (%s)", text, e.text, e.where);
    return doc;
}

static void types_and_strings(void **state)
{
    struct json_doc *doc =
        parse("[null,false,true,-1.50,\"a\\u0000\\ud83d\\ude00\\n\\/\",\"\",[],{}]");
    const struct json_value *root = json_root(doc);
    const enum json_type types[] = {JSON_NULL,   JSON_FALSE,  JSON_TRUE,  JSON_NUMBER,
                                    JSON_STRING, JSON_STRING, JSON_ARRAY, JSON_OBJECT};
    size_t i = 0;

    (void)state;
    assert_int_equal(json_count(root), 8);
    json_each(item, root)
    {
        assert_int_equal(json_type(item), types[i]);
        assert_true(json_is(item, types[i]));
        assert_ptr_equal(item, json_at(root, i));
        assert_int_equal(json_is_bool(item), i == 1 || i == 2);
        i++;
    }
    assert_int_equal(i, 8);
    assert_true(slice_is(json_number(json_at(root, 3)), "-1.50"));
    assert_true(slice_equal(json_string(json_at(root, 4)), slice_of("a\0\xF0\x9F\x98\x80\n/", 8)));
    assert_int_equal(json_string(json_at(root, 5)).len, 0);
    assert_non_null(json_string(json_at(root, 5)).data);
    assert_null(json_string(json_at(root, 3)).data);
    assert_int_equal(json_number(json_at(root, 4)).len, 0);
    assert_int_equal(json_count(json_at(root, 6)), 0);
    assert_null(json_first(json_at(root, 6)));
    assert_null(json_first(json_at(root, 7)));
    assert_null(json_get(json_at(root, 7), ""));
    assert_null(json_at(root, 8));
    assert_null(json_at(json_at(root, 7), 0));
    json_doc_free(doc);
}

/* A value that is not there answers everything, so that callers may chain. */
static void nothing_answers_as_said(void **state)
{
    struct json_doc *doc = parse("1");
    int64_t number;
    double real;

    (void)state;
    assert_int_equal(json_type(NULL), JSON_NULL);
    assert_false(json_is(NULL, JSON_NULL));
    assert_null(json_string(NULL).data);
    assert_null(json_number(NULL).data);
    assert_false(json_int64(NULL, &number));
    assert_false(json_double(NULL, &real));
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_get(NULL, "a"));
    assert_null(json_get_slice(NULL, slice_str("a")));
    assert_null(json_at(NULL, 0));
    assert_null(json_get_string(NULL, "a").data);
    assert_null(json_first(NULL));
    assert_null(json_next(NULL));
    assert_null(json_next(json_root(doc)));
    assert_null(json_name(NULL).data);
    assert_null(json_name(json_root(doc)).data);
    assert_null(json_root(NULL));
    assert_int_equal(json_count(json_root(doc)), 0);
    assert_null(json_text(doc, NULL).data);
    json_doc_free(doc);
    json_doc_free(NULL);
}

static void members_are_found(void **state)
{
    struct json_doc *doc = parse("{\"a\":1,\"b\":{\"c\":\"d\"},\"\":[2],\"e\\u0000\":3}");
    const struct json_value *root = json_root(doc);
    const char *const names[] = {"a", "b", ""};
    size_t i = 0;

    (void)state;
    assert_true(slice_is(json_number(json_get(root, "a")), "1"));
    assert_true(slice_is(json_get_string(json_get(root, "b"), "c"), "d"));
    assert_int_equal(json_count(json_get(root, "")), 1);
    assert_null(json_get(root, "c"));
    assert_null(json_get(root, "aa"));
    assert_null(json_get(root, "e"));
    assert_non_null(json_get_slice(root, slice_of("e\0", 2)));
    assert_null(json_get(json_get(root, "a"), "a"));
    json_each(member, root)
    {
        if (i < 3)
            assert_true(slice_is(json_name(member), names[i]));
        i++;
    }
    assert_int_equal(i, 4);
    json_doc_free(doc);
}

/* Below, at and over the size from which containers have an index. */
static void large_containers_answer_alike(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 70; count++) {
        struct buf text;
        char name[32];
        buf_init(&text);
        buf_puts(&text, "{\"o\":{");
        for (unsigned i = 0; i < count; i++)
            buf_printf(&text, "%s\"n%u\":{\"x\":%u}", i ? "," : "", i, i);
        buf_puts(&text, "},\"a\":[");
        for (unsigned i = 0; i < count; i++)
            buf_printf(&text, "%s[%u,[]]", i ? "," : "", i);
        buf_puts(&text, "],\"s\":[");
        for (unsigned i = 0; i < count; i++)
            buf_printf(&text, "%s\"%u\"", i ? "," : "", i);
        buf_puts(&text, "]}");
        struct json_doc *doc = parse(buf_text(&text));
        const struct json_value *object = json_get(json_root(doc), "o");
        const struct json_value *array = json_get(json_root(doc), "a");
        const struct json_value *strings = json_get(json_root(doc), "s");
        assert_int_equal(json_count(object), count);
        for (unsigned i = 0; i < count; i++) {
            int64_t number = -1;
            snprintf(name, sizeof(name), "n%u", i);
            assert_true(json_int64(json_get(json_get(object, name), "x"), &number));
            assert_int_equal(number, i);
            assert_true(json_int64(json_at(json_at(array, i), 0), &number));
            assert_int_equal(number, i);
            snprintf(name, sizeof(name), "%u", i);
            assert_true(slice_is(json_string(json_at(strings, i)), name));
        }
        assert_null(json_get(object, "n"));
        assert_null(json_get(object, "n99"));
        assert_null(json_at(array, count));
        assert_null(json_at(strings, count));
        json_doc_free(doc);
        buf_fini(&text);
    }
}

static void check_places(const struct json_doc *doc, const struct json_value *v, struct slice whole)
{
    struct buf pointer;
    size_t line;
    size_t column;
    size_t wanted_line = 1;
    size_t wanted_column = 1;
    size_t offset = json_offset(doc, v);
    struct slice text = json_text(doc, v);
    struct json_doc *alone = NULL;
    struct err e = {0};

    json_place(doc, v, &line, &column);
    for (size_t i = 0; i < offset; i++) {
        wanted_column = whole.data[i] == '\n' ? 1 : wanted_column + 1;
        wanted_line += whole.data[i] == '\n';
    }
    assert_int_equal(line, wanted_line);
    assert_int_equal(column, wanted_column);
    assert_ptr_equal(text.data, whole.data + offset);
    assert_int_equal(json_parse(&alone, text, NULL, &e), 0);
    assert_int_equal(json_type(json_root(alone)), json_type(v));
    assert_int_equal(json_count(json_root(alone)), json_count(v));
    json_doc_free(alone);
    buf_init(&pointer);
    json_pointer(doc, v, &pointer);
    assert_ptr_equal(json_resolve(doc, buf_slice(&pointer)), v);
    buf_fini(&pointer);
    json_each(item, v) check_places(doc, item, whole);
}

static void every_value_knows_its_place(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text);
    buf_puts(&text, " {\n \"a/b\" : [ 1 , \"x\\n\" ,\r\n{ \"~\":null , \"\" : { } } ],\n\"l\":[");
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "%s{\"k\":[%d\n,[]]}", i ? "," : "", i);
    buf_puts(&text, "], \"o\":{");
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "%s\"m~/%d\": [true]", i ? "," : "", i);
    buf_puts(&text, "}}\n");
    struct json_doc *doc = parse(buf_text(&text));
    check_places(doc, json_root(doc), buf_slice(&text));
    json_doc_free(doc);
    buf_fini(&text);
}

/* Long enough for the table of lines: short lines, empty ones, and some longer than a step of it.
 */
static void places_in_a_long_text(void **state)
{
    enum { VALUES = 9000 };
    static struct {
        size_t line;
        size_t column;
    } wanted[VALUES];
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf text;
    size_t line = 1;
    size_t start = 0;
    size_t i = 0;

    (void)state;
    buf_init(&text);
    buf_putc(&text, '[');
    for (; i < VALUES; i++) {
        if (i)
            buf_putc(&text, ',');
        for (size_t feeds = i % 1000 < 300 ? 0 : i % 3; feeds > 0; feeds--) {
            buf_putc(&text, '\n');
            line++;
            start = text.len;
        }
        wanted[i].line = line;
        wanted[i].column = text.len - start + 1;
        buf_printf(&text, "\"value %zu of a long text\"", i);
    }
    buf_putc(&text, ']');
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    i = 0;
    json_each(item, json_root(doc))
    {
        size_t got_line;
        size_t got_column;
        json_place(doc, item, &got_line, &got_column);
        assert_int_equal(got_line, wanted[i].line);
        assert_int_equal(got_column, wanted[i].column);
        i++;
    }
    json_doc_free(doc);
    buf_fini(&text);
}

struct reader_thread {
    pthread_t id;
    const struct json_doc *doc;
    size_t sum;
};

static void *sum_places(void *context)
{
    struct reader_thread *t = context;

    json_each(item, json_root(t->doc))
    {
        size_t line;
        size_t column;
        json_place(t->doc, item, &line, &column);
        t->sum += line * 31 + column + json_get_string(item, "id").len;
    }
    return NULL;
}

/* A parsed document may be read by several threads, also what it works out only when asked. */
static void threads_may_share_a_document(void **state)
{
    struct reader_thread threads[4] = {0};
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf text;

    (void)state;
    buf_init(&text);
    for (int i = 0; i < 3000; i++)
        buf_printf(&text, "%s{\"id\":\"%d\"}", i ? ",\n" : "[", i);
    buf_putc(&text, ']');
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        threads[i].doc = doc;
        assert_int_equal(pthread_create(&threads[i].id, NULL, sum_places, &threads[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i].id, NULL);
        assert_int_equal(threads[i].sum, threads[0].sum);
    }
    assert_true(threads[0].sum > 3000);
    json_doc_free(doc);
    buf_fini(&text);
}

/* The document and pointers of RFC 6901 section 5, and what resolves to nothing. */
static void pointers_resolve(void **state)
{
    static const char text[] = "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
                               "\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}";
    static const char *const numbered[] = {"/",     "/a~1b", "/c%d", "/e^f", "/g|h",
                                           "/i\\j", "/k\"l", "/ ",   "/m~0n"};
    static const char *const nothing[] = {
        "foo",      "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/",           "/bar",
        "/foo/0/x", "/m~n",   "/m~2n",  "/m~",     "/foo/1a", "/foo/99999999999"};
    struct json_doc *doc = parse(text);
    struct err e = {0};

    (void)state;
    assert_ptr_equal(json_resolve(doc, slice_str("")), json_root(doc));
    assert_ptr_equal(json_resolve(doc, slice_str("/foo")), json_get(json_root(doc), "foo"));
    assert_true(slice_is(json_string(json_resolve(doc, slice_str("/foo/0"))), "bar"));
    for (size_t i = 0; i < ARRAY_LEN(numbered); i++) {
        int64_t number = -1;
        assert_true(json_int64(json_resolve(doc, slice_str(numbered[i])), &number));
        assert_int_equal(number, i);
    }
    for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
        if (json_resolve(doc, slice_str(nothing[i])))
            fail_msg("%s resolves", nothing[i]);
    err_set(&e, ERR_INPUT, "test", NULL, "test");
    assert_int_equal(json_err_where(doc, json_resolve(doc, slice_str("/foo/1")), &e), -1);
    assert_string_equal(e.where, "line 1 column 15 (/foo/1)");
    json_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_strings),
        cmocka_unit_test(nothing_answers_as_said),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(large_containers_answer_alike),
        cmocka_unit_test(every_value_knows_its_place),
        cmocka_unit_test(places_in_a_long_text),
        cmocka_unit_test(threads_may_share_a_document),
        cmocka_unit_test(pointers_resolve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
