/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: separators, indentation, escapes; canonical form (RFC 8785); and round trips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/json.h"

#include <math.h>

static struct json_doc *parse(struct slice text)
{
    struct json_doc *doc = NULL;
    struct err e = {0};

    if (json_parse(&doc, text, NULL, &e) != 0)
        fail_msg("%.*s: %s (%s)", SLICE_ARG(text), e.text, e.where);
    return doc;
}

static void write_sample(struct json_writer *w)
{
    json_write_object(w);
    json_member_string(w, "text", "a\"b\\c\n");
    json_member_string(w, "nothing", NULL);
    json_member_slice(w, "slice", slice_of("x\0y", 3));
    json_member_slice(w, "no slice", slice_of(NULL, 0));
    json_member_int(w, "least", INT64_MIN);
    json_member_bool(w, "yes", true);
    json_member_time(w, "time", 1772366400123456);
    json_member_hex(w, "hex", slice_of("\x01\xAB", 2));
    json_member_base64(w, "base64", slice_of("\xFF\xFE", 2));
    json_write_name(w, "list");
    json_write_array(w);
    json_write_null(w);
    json_write_double(w, 0.5);
    json_write_double(w, HUGE_VAL);
    json_write_raw(w, slice_str("{\"raw\":1}"));
    json_write_array(w);
    json_write_array_end(w);
    json_write_object(w);
    json_write_object_end(w);
    json_write_array_end(w);
    json_write_object_end(w);
}

static void separators_come_by_themselves(void **state)
{
    struct json_writer w;
    struct buf out;

    (void)state;
    buf_init(&out);
    json_write_init(&w, &out, 0);
    write_sample(&w);
    assert_string_equal(
        buf_text(&out),
        "{\"text\":\"a\\\"b\\\\c\\n\",\"nothing\":null,\"slice\":\"x\\u0000y\",\"no slice\":null,"
        "\"least\":-9223372036854775808,\"yes\":true,\"time\":\"2026-03-01T12:00:00.123456Z\","
        "\"hex\":\"01ab\",\"base64\":\"//4=\",\"list\":[null,0.5,null,{\"raw\":1},[],{}]}");
    buf_reset(&out);
    json_write_init(&w, &out, 2);
    json_write_object(&w);
    json_member_int(&w, "a", 1);
    json_write_name(&w, "b");
    json_write_array(&w);
    json_write_object(&w);
    json_member_int(&w, "c", 2);
    json_member_int(&w, "d", 3);
    json_write_object_end(&w);
    json_write_array(&w);
    json_write_array_end(&w);
    json_write_array_end(&w);
    json_write_object_end(&w);
    assert_string_equal(buf_text(&out), "{\n  \"a\": 1,\n  \"b\": [\n    {\n      \"c\": 2,\n"
                                        "      \"d\": 3\n    },\n    []\n  ]\n}");
    buf_fini(&out);
}

/* RFC 8785 section 3.2.2.2; what is not UTF-8 becomes U+FFFD, byte by byte. */
static void strings_are_escaped(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
        {"\x01\x0b\x1f\x7f/", "\"\\u0001\\u000b\\u001f\x7f/\""},
        {"\xE2\x82\xAC$\xF0\x9F\x98\x80", "\"\xE2\x82\xAC$\xF0\x9F\x98\x80\""},
        {"a\xFF"
         "b\xC3",
         "\"a\xEF\xBF\xBD"
         "b\xEF\xBF\xBD\""},
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"", "\"\""},
    };
    struct json_writer w;
    struct buf out;

    (void)state;
    buf_init(&out);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_reset(&out);
        json_write_init(&w, &out, 0);
        json_write_string(&w, cases[i].in);
        assert_string_equal(buf_text(&out), cases[i].out);
    }
    buf_fini(&out);
}

static void check_canonical(const char *text, const char *wanted)
{
    struct json_doc *doc = parse(slice_str(text));
    struct err e = {0};
    struct buf out;

    buf_init(&out);
    if (json_canonical(json_root(doc), &out, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    assert_string_equal(buf_text(&out), wanted);
    assert_int_equal(json_check_canonical(buf_slice(&out), &e), 0);
    if (strcmp(text, wanted) != 0) {
        assert_int_equal(json_check_canonical(slice_str(text), &e), -1);
        assert_string_equal(e.code, "json.not-canonical");
    }
    json_doc_free(doc);
    buf_fini(&out);
}

static void canonical_form_is_that_of_rfc_8785(void **state)
{
    (void)state;
    /* section 3.2.2, its sample */
    check_canonical("{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, "
                    "0.000000000000000000000000001],\n"
                    "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
                    "\"literals\": [null, true, false]}",
                    "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,"
                    "0.002,1e-27],\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    /* section 3.2.3: by UTF-16 units, so that an emoji (D83D DE00) sorts before U+FB33 */
    check_canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew\","
                    "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji\",\"\\u0080\":\"Control\","
                    "\"\\u00f6\":\"Latin\"}",
                    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
                    "\"\xC3\xB6\":\"Latin\",\"\xE2\x82\xAC\":\"Euro Sign\","
                    "\"\xF0\x9F\x98\x80\":\"Emoji\",\"\xEF\xAC\xB3\":\"Hebrew\"}");
    check_canonical("{\"\\uffff\":1,\"\\ue000\":2,\"\\ud800\\udc00\":3,\"\\udbff\\udfff\":4,"
                    "\"\\ud7ff\":5}",
                    "{\"\xED\x9F\xBF\":5,\"\xF0\x90\x80\x80\":3,\"\xF4\x8F\xBF\xBF\":4,"
                    "\"\xEE\x80\x80\":2,\"\xEF\xBF\xBF\":1}");
    check_canonical("{\"ab\":1,\"a\":2,\"\":3,\"b\":{\"y\":[],\"x\":{}}}",
                    "{\"\":3,\"a\":2,\"ab\":1,\"b\":{\"x\":{},\"y\":[]}}");
    check_canonical(" [ -0 , 0.0, 1.0, 1e2, -1E-2 ] ", "[0,0,1,100,-0.01]");
    check_canonical("9007199254740991", "9007199254740991");
    check_canonical("-9007199254740991", "-9007199254740991");
    check_canonical("1e21", "1e+21");
}

static void what_would_change_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *where;
    } cases[] = {
        {"[1,9007199254740992]", "line 1 column 4 (/1)"},
        {"[-9007199254740992]", "line 1 column 2 (/0)"},
        {"{\"a\":{\"b\":123456789012345678901234567890}}", "line 1 column 11 (/a/b)"},
        {"1e20", "line 1 column 1"}, /* would be written as an integer of 21 digits */
        {"9007199254740993.0", "line 1 column 1"},
        {"1e400", "line 1 column 1"},
        {"-1e400", "line 1 column 1"},
        {"1e-400", "line 1 column 1"}, /* would become zero */
    };
    struct err e = {0};
    struct buf out;

    (void)state;
    buf_init(&out);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = parse(slice_str(cases[i].text));
        err_clear(&e);
        assert_int_equal(json_canonical(json_root(doc), &out, &e), -1);
        assert_string_equal(e.code, "json.not-canonical");
        err_clear(&e);
        assert_int_equal(json_check_canonical(slice_str(cases[i].text), &e), -1);
        assert_string_equal(e.where, cases[i].where);
        json_doc_free(doc);
    }
    err_clear(&e);
    assert_int_equal(json_check_canonical(slice_str("{\"a\":1, \"b\":2}"), &e), -1);
    assert_string_equal(e.where, "line 1 column 8");
    err_clear(&e);
    assert_int_equal(json_check_canonical(slice_str("{\"a\":1}\n"), &e), -1);
    assert_string_equal(e.where, "line 1 column 8");
    err_clear(&e);
    assert_int_equal(json_check_canonical(slice_str("{\"a\":"), &e), -1);
    assert_string_equal(e.code, "json.syntax");
    err_clear(&e);
    assert_int_equal(json_canonical(NULL, &out, &e), -1);
    buf_fini(&out);
}

/* --- random documents --------------------------------------------------------------------------
 */

static uint64_t state_of_draw;

static unsigned draw(unsigned below)
{
    state_of_draw ^= state_of_draw << 13;
    state_of_draw ^= state_of_draw >> 7;
    state_of_draw ^= state_of_draw << 17;
    return (unsigned)(state_of_draw >> 11) % below;
}

static void draw_text(struct buf *text)
{
    static const char *const parts[] = {"a",
                                        "B",
                                        "\n",
                                        "\"",
                                        "\\",
                                        "/",
                                        "\xC3\xA9",
                                        "\xE2\x82\xAC",
                                        "\xF0\x9F\x98\x80",
                                        "\xEF\xBF\xBF",
                                        "\x01",
                                        "long text "};
    buf_reset(text);
    for (unsigned i = draw(12); i > 0; i--)
        buf_puts(text, parts[draw(ARRAY_LEN(parts))]);
}

static void draw_number(struct json_writer *w)
{
    static const char *const odd[] = {"-0",     "0.10", "1E5", "1e-7", "12345678901234567890",
                                      "-1.5e+3"};

    switch (draw(4)) {
    case 0: json_write_raw(w, slice_str(odd[draw(ARRAY_LEN(odd))])); break;
    case 1: json_write_double(w, (double)draw(1000000) / 7.0); break;
    default: json_write_int(w, (int64_t)draw(2000000) - 1000000); break;
    }
}

static void draw_value(struct json_writer *w, unsigned depth)
{
    struct buf text;
    unsigned count = draw(20) == 0 ? draw(60) : draw(6);

    buf_init(&text);
    switch (depth >= 6 ? draw(5) : draw(9)) {
    case 0: json_write_null(w); break;
    case 1: json_write_bool(w, draw(2)); break;
    case 2:
    case 3: draw_number(w); break;
    case 4:
        draw_text(&text);
        json_write_slice(w, text.data ? buf_slice(&text) : slice_str(""));
        break;
    case 5:
    case 6:
        json_write_array(w);
        for (unsigned i = 0; i < count; i++)
            draw_value(w, depth + 1);
        json_write_array_end(w);
        break;
    default:
        json_write_object(w);
        for (unsigned i = 0; i < count; i++) {
            draw_text(&text);
            buf_printf(&text, "%u", (i * 7919U) % 64); /* no two alike */
            json_write_name_slice(w, buf_slice(&text));
            draw_value(w, depth + 1);
        }
        json_write_object_end(w);
    }
    buf_fini(&text);
}

static void assert_equal_values(const struct json_value *a, const struct json_value *b)
{
    assert_int_equal(json_type(a), json_type(b));
    assert_int_equal(json_count(a), json_count(b));
    assert_true(slice_equal(json_string(a), json_string(b)));
    assert_true(slice_equal(json_number(a), json_number(b)));
    assert_true(slice_equal(json_name(a), json_name(b)));
    const struct json_value *y = json_first(b);
    json_each(x, a)
    {
        assert_equal_values(x, y);
        if (json_is(a, JSON_OBJECT))
            assert_ptr_equal(json_get_slice(b, json_name(x)), y);
        y = json_next(y);
    }
    assert_null(y);
}

static void random_documents_survive(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 3000; i++) {
        struct json_writer w;
        struct buf first;
        struct buf second;
        struct buf canonical;
        struct err e = {0};
        state_of_draw = i * 0x9E3779B97F4A7C15U;
        buf_init(&first);
        buf_init(&second);
        buf_init(&canonical);
        json_write_init(&w, &first, draw(5));
        draw_value(&w, 0);
        struct json_doc *a = parse(buf_slice(&first));
        json_write_init(&w, &second, draw(5));
        json_write_value(&w, json_root(a));
        struct json_doc *b = parse(buf_slice(&second));
        assert_equal_values(json_root(a), json_root(b));
        if (json_canonical(json_root(a), &canonical, &e) == 0) {
            assert_int_equal(json_check_canonical(buf_slice(&canonical), &e), 0);
        } else { /* the one number that doubles do not hold */
            assert_string_equal(e.code, "json.not-canonical");
            assert_non_null(memmem(first.data, first.len, "12345678901234567890", 20));
        }
        json_doc_free(b);
        json_doc_free(a);
        buf_fini(&canonical);
        buf_fini(&second);
        buf_fini(&first);
    }
}

/* Enough members for the index and the merge sort, in a scrambled order. */
static void many_members_are_sorted(void **state)
{
    enum { COUNT = 5000, STEP = 3571 };
    struct buf text;
    struct buf wanted;

    (void)state;
    buf_init(&text);
    buf_init(&wanted);
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned n = i * STEP % COUNT;
        buf_printf(&text, "%s\"%05u\": %u", i ? ", " : "{", n, n);
        buf_printf(&wanted, "%s\"%05u\":%u", i ? "," : "{", i, i);
    }
    buf_puts(&text, "}");
    buf_puts(&wanted, "}");
    check_canonical(buf_text(&text), buf_text(&wanted));
    buf_fini(&wanted);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separators_come_by_themselves),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(canonical_form_is_that_of_rfc_8785),
        cmocka_unit_test(what_would_change_is_refused),
        cmocka_unit_test(random_documents_survive),
        cmocka_unit_test(many_members_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
