/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "csaf/facts/cwe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data/cwe"

static int version(const char *name)
{
    int found = csaf_cwe_version_find(slice_str(name));
    assert_true(found >= 0);
    return found;
}

/* The next field of a line, which is cut there. */
static char *field(char **at)
{
    char *start = *at, *end = start + strcspn(start, "\t\n");
    *at = *end ? end + 1 : end;
    *end = 0;
    return start;
}

/* every row of the data in all its versions, and no weakness where the data has none */
static void names_of_all_versions(void **state)
{
    (void)state;
    enum { NUMBERS = 2000, VERSIONS = 64 };
    FILE *f = fopen(DATA "/cwe.tsv", "r");
    if (!f) {
        print_message("skipped: no %s\n", DATA "/cwe.tsv");
        skip();
    }
    bool(*there)[VERSIONS] = calloc(NUMBERS, sizeof *there);
    char line[1024];
    size_t rows = 0, checks = 0;
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        char *at = line;
        int number = csaf_cwe_number(slice_str(field(&at)));
        int first = version(field(&at)), last = version(field(&at));
        const char *status = field(&at), *usage = field(&at), *name = field(&at);
        assert_in_range(number, 1, NUMBERS - 1);
        rows++;
        for (int v = first; v <= last; v++, checks++) {
            struct csaf_cwe cwe;
            there[number][v] = true;
            assert_true(csaf_cwe_find(number, v, &cwe));
            assert_string_equal(cwe.name, name);
            assert_int_equal(cwe.number, number);
            assert_int_equal(cwe.deprecated, strcmp(status, "Deprecated") == 0);
            assert_string_equal(csaf_cwe_usage_name(cwe.usage), *usage == '-' ? "" : usage);
            assert_true(csaf_cwe_is_named(number, slice_str(name), &cwe));
            int from, to;
            csaf_cwe_span(number, v, &from, &to);
            assert_true(from <= first && to >= last);
        }
    }
    fclose(f);
    for (int n = 0; n < NUMBERS; n++)
        for (int v = 0; v <= csaf_cwe_version_newest(); v++) {
            struct csaf_cwe cwe;
            if (!there[n][v])
                assert_false(csaf_cwe_find(n, v, &cwe));
        }
    free(there);
    print_message("CWE: %zu rows hold in %zu pairs of weakness and version\n", rows, checks);
    assert_int_equal(rows, 2540);
}

static void the_specification_s_examples(void **state)
{
    (void)state;
    struct csaf_cwe cwe;
    assert_true(csaf_cwe_find(79, version("4.13"), &cwe)); /* 6.1.11 */
    assert_string_equal(cwe.name, "Improper Neutralization of Input During Web Page Generation "
                                  "('Cross-site Scripting')");
    assert_true(csaf_cwe_find(596, version("4.13"), &cwe)); /* 6.2.23 */
    assert_true(cwe.deprecated);
    assert_string_equal(cwe.name, "DEPRECATED: Incorrect Semantic Object Comparison");
    assert_true(csaf_cwe_find(20, version("4.13"), &cwe)); /* 6.2.25 */
    assert_int_equal(cwe.usage, CSAF_CWE_DISCOURAGED);
    assert_true(csaf_cwe_find(1023, version("4.13"), &cwe)); /* 6.2.26 */
    assert_int_equal(cwe.usage, CSAF_CWE_ALLOWED_WITH_REVIEW);
    assert_false(csaf_cwe_find(1000, version("4.13"), &cwe)); /* a view */
    assert_false(csaf_cwe_find(16, version("4.13"), &cwe));   /* a category */
    assert_true(csaf_cwe_is_named(79, slice_str("Improper"), &cwe) == false);
    assert_int_equal(cwe.number, 79); /* what the newest version says */
    assert_false(csaf_cwe_is_named(999999, slice_str("x"), &cwe));
    assert_null(cwe.name);
}

static int64_t at(const char *text)
{
    int64_t time;
    struct err e = {0};
    assert_int_equal(time_parse(slice_str(text), &time, &e), 0);
    return time;
}

static void versions_by_day(void **state)
{
    (void)state;
    static const struct {
        const char *time, *version;
    } cases[] = {
        {"2024-01-21T10:00:00.000Z", "4.13"}, /* 6.2.24 */
        {"2023-10-26T00:00:00Z", "4.13"},      {"2023-10-25T23:59:59Z", "4.12"},
        {"2023-10-26T01:00:00+02:00", "4.12"}, {"2017-11-08T12:00:00Z", "3.0"},
        {"2099-01-01T00:00:00Z", NULL},        {"2008-09-09T00:00:00Z", "1.0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int v = csaf_cwe_version_at(at(cases[i].time));
        if (cases[i].version)
            assert_string_equal(csaf_cwe_version_name(v), cases[i].version);
        else
            assert_int_equal(v, csaf_cwe_version_newest());
    }
    assert_int_equal(csaf_cwe_version_at(at("2008-09-08T23:00:00Z")), -1);
    assert_int_equal(csaf_cwe_version_find(slice_str("4.13.0")), -1);
    assert_int_equal(csaf_cwe_version_find(slice_str("")), -1);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        int number;
    } cases[] = {{"CWE-79", 79},      {"CWE-1", 1},    {"CWE-999999", 999999},
                 {"CWE-1000000", -1}, {"CWE-079", -1}, {"CWE-", -1},
                 {"cwe-79", -1},      {"CWE-7x", -1},  {"", -1}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(csaf_cwe_number(slice_str(cases[i].id)), cases[i].number);
}

static void newer_versions(void **state)
{
    (void)state;
    static const char *const newer[] = {"99.0", "4.99", "4.99.1", "5.0"};
    static const char *const others[] = {"1.0",  "4.13",  "4.9",       "4",    "",     "x",
                                         "99.x", "99.0.", "9999999.0", "4..1", "99.0 "};
    for (size_t i = 0; i < ARRAY_LEN(newer); i++)
        assert_true(csaf_cwe_version_is_newer(slice_str(newer[i])));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(csaf_cwe_version_is_newer(slice_str(others[i])));
    assert_false(
        csaf_cwe_version_is_newer(slice_str(csaf_cwe_version_name(csaf_cwe_version_newest()))));
}

static void nearest_names(void **state)
{
    (void)state;
    struct csaf_cwe cwe;
    int v = version("4.13");
    assert_true(csaf_cwe_nearest(slice_str("Improper Input Validatoin"), v, &cwe));
    assert_int_equal(cwe.number, 20);
    assert_true(csaf_cwe_nearest(slice_str("use after free"), v, &cwe));
    assert_int_equal(cwe.number, 416);
    assert_true(csaf_cwe_nearest(slice_str("Out-of-bounds Wrte"), v, &cwe));
    assert_int_equal(cwe.number, 787);
    assert_false(csaf_cwe_nearest(slice_str("zzzzzzzzzzzzzzzzzzzzzzzz"), v, &cwe));
    assert_false(csaf_cwe_nearest(slice_str(""), v, &cwe));
    static char longest[300];
    memset(longest, 'a', sizeof longest);
    assert_false(csaf_cwe_nearest(slice_of(longest, 300), v, &cwe));
    assert_false(csaf_cwe_nearest(slice_of(longest, 250), v, &cwe));
    /* each name is nearest to itself, whatever was cut off its end */
    for (int n = 1; n < 1500; n += 7) {
        struct csaf_cwe of;
        if (!csaf_cwe_find(n, v, &of) || of.deprecated)
            continue;
        assert_true(csaf_cwe_nearest(slice_str(of.name), v, &cwe));
        assert_string_equal(cwe.name, of.name);
        assert_true(csaf_cwe_nearest(slice_of(of.name, strlen(of.name) - 1), v, &cwe));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_all_versions), cmocka_unit_test(the_specification_s_examples),
        cmocka_unit_test(versions_by_day),       cmocka_unit_test(numbers),
        cmocka_unit_test(newer_versions),        cmocka_unit_test(nearest_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
