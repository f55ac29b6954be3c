/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas of extensions come from strangers: what they ask for is bounded, and what is not known
 * for that is never called right (test 6.1.60.2). */
#include "../support/csaf_rule.h"

#include <stdlib.h>
#include <time.h>

#define ID "https://x.example/s_1.0.0.json"

/* content: the schema of the extension's content; defs: members of "$defs". */
static struct csaf_extensions *extension(const char *content, const char *defs)
{
    struct csaf_extensions *x = csaf_extensions_new();
    struct err e = {0};
    struct buf text;

    assert_non_null(x);
    buf_init(&text);
    buf_printf(&text,
               "{\"$schema\":\"https://docs.oasis-open.org/csaf/csaf/v2.1/schema/"
               "extension-metaschema.json\",\"$id\":\"" ID "\",\"title\":\"t\",\"description\":"
               "\"d\",\"type\":\"object\",\"required\":[],\"additionalProperties\":false,"
               "\"properties\":{\"$schema\":{\"const\":\"" ID "\"},\"category\":{},\"critical\":{},"
               "\"content\":%s},\"$defs\":{%s}}",
               content, defs);
    int result = csaf_extensions_add(x, buf_slice(&text), &e);
    if (result < 0)
        print_message("%s (%s)\n", e.text, e.where);
    assert_int_equal(result, 0);
    buf_fini(&text);
    return x;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Runs 6.1.60.2 on a document with these contents in an extension each. */
static void run(const struct csaf_extensions *x, const char *const *contents, size_t count,
                struct csaf_result *r)
{
    const char *const tests[] = {"6.1.60.2", NULL};
    struct err e = {0};
    struct buf text;
    struct csaf_validator *v =
        csaf_validator_new(&(struct csaf_validator_options){.tests = tests, .extensions = x}, &e);

    assert_non_null(v);
    buf_init(&text);
    buf_puts(&text, "{\"document\":{\"csaf_version\":\"2.1\"},\"x_extensions\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(&text,
                   "%s{\"$schema\":\"" ID
                   "\",\"category\":\"a\",\"critical\":false,\"content\":%s}",
                   i ? "," : "", contents[i]);
    buf_puts(&text, "]}");
    double from = seconds();
    assert_int_equal(csaf_validate(v, buf_slice(&text), r, &e), 0);
    if (!getenv("ASAN_OPTIONS") && !getenv("VALGRIND"))
        assert_true(seconds() - from < 60);
    assert_int_equal(r->test_count, 1);
    buf_fini(&text);
    csaf_validator_free(v);
}

static void content_is_compared(void **state)
{
    (void)state;
    struct csaf_extensions *x = extension("{\"type\":\"string\",\"pattern\":\"^a+$\"}", "");
    struct csaf_result r;

    run(x, (const char *const[]){"\"aaa\"", "\"a\""}, 2, &r);
    assert_true(r.tests[0].passed);
    csaf_result_free(&r);
    run(x, (const char *const[]){"\"aaa\"", "\"b\""}, 2, &r);
    assert_false(r.tests[0].passed);
    assert_null(r.tests[0].not_run);
    assert_string_equal(r.tests[0].findings.at[0].pointer, "/x_extensions/1/content");
    csaf_result_free(&r);
    csaf_extensions_free(x);
}

/* each part asks for the next one twice: two to the fortieth comparisons */
static void choices_without_end(void **state)
{
    (void)state;
    struct buf defs;
    struct csaf_result r;

    buf_init(&defs);
    for (int i = 0; i < 40; i++)
        buf_printf(&defs,
                   "\"d%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},",
                   i, i + 1, i + 1);
    buf_puts(&defs, "\"d40\":{\"type\":\"null\"}");
    struct csaf_extensions *x = extension("{\"$ref\":\"#/$defs/d0\"}", buf_text(&defs));
    run(x, (const char *const[]){"1", "2"}, 2, &r);
    assert_false(r.tests[0].passed);
    assert_non_null(r.tests[0].not_run);
    assert_non_null(strstr(r.tests[0].findings.at[0].text, "work"));
    csaf_result_free(&r);
    csaf_extensions_free(x);
    buf_fini(&defs);
}

/* a pattern whose steps grow exponentially with the text, on many texts */
static void patterns_without_end(void **state)
{
    (void)state;
    enum { TEXTS = 3000 };
    struct csaf_extensions *x = extension(
        "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"^(a|a|b?)+$\"}}", "");
    struct csaf_result r;
    struct buf content;

    buf_init(&content);
    for (int i = 0; i < TEXTS; i++)
        buf_printf(&content, "%s\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", i ? "," : "[");
    buf_puts(&content, "]");
    run(x, (const char *const[]){buf_text(&content)}, 1, &r);
    assert_false(r.tests[0].passed); /* those that were too involved are said, the others unknown */
    assert_true(r.tests[0].findings.count < TEXTS);
    csaf_result_free(&r);
    csaf_extensions_free(x);
    buf_fini(&content);
}

static void circles(void **state)
{
    (void)state;
    struct csaf_extensions *x =
        extension("{\"$ref\":\"#/$defs/a\"}", "\"a\":{\"$ref\":\"#/$defs/b\"},"
                                              "\"b\":{\"allOf\":[{\"$ref\":\"#/$defs/a\"}]}");
    struct csaf_result r;

    run(x, (const char *const[]){"1"}, 1, &r);
    assert_false(r.tests[0].passed);
    assert_non_null(r.tests[0].not_run);
    csaf_result_free(&r);
    csaf_extensions_free(x);
}

/* what is wrong stays wrong beside what is not known */
static void wrong_beside_unknown(void **state)
{
    (void)state;
    struct csaf_extensions *x =
        extension("{\"if\":{\"type\":\"string\"},\"then\":{\"maxLength\":1},"
                  "\"else\":{\"$ref\":\"#/$defs/a\"}}",
                  "\"a\":{\"$ref\":\"#/$defs/b\"},\"b\":{\"$ref\":\"#/$defs/a\"}");
    struct csaf_result r;

    run(x, (const char *const[]){"1", "\"long\""}, 2, &r);
    assert_false(r.tests[0].passed);
    assert_null(r.tests[0].not_run);
    assert_false(r.valid);
    csaf_result_free(&r);
    csaf_extensions_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_compared),  cmocka_unit_test(choices_without_end),
        cmocka_unit_test(patterns_without_end), cmocka_unit_test(circles),
        cmocka_unit_test(wrong_beside_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
