/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The official cases of package-url/vers-spec and the range data of univers, in place: versions are
 * compared, ranges parsed, validated, asked, and made from what ecosystems write. Where we do not
 * do as a case says, it stands in the table of exceptions with the reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "product/native.h"

#include <dirent.h>
#include <stdlib.h>

/* Where a case is wrong, and why we do not do as it says. */
static const char unique[] = "core specification: each version can occur only once in a range";
static const char alternation[] = "core specification: '>' and '<' take turns";
static const char redundant[] = "core specification: '=' cannot be followed by '<'";
static const char partial[] = "node-semver: 1.0 and 1.x stand for all that begins so, <=1.0 for "
                              "<1.1.0-0, >=1.x for >=1.0.0";
static const char sorted[] = "core specification: sorted by version";
static const char dated[] = "neither three numbers nor a date as Composer writes it";

static const struct exception {
    const char *input;
    const char *why;
} exceptions[] = {
    {"", "how to parse: the constraints are not empty"},
    {"<0.33.1||>0.33.1 <0.34.1", unique},
    {"1.5.0+, 1.4.1+", unique},
    {"<= 1.0", partial},
    {"<=1.0", partial},
    {"<=3.3", partial},
    {"<=2.1 >=1.1", partial},
    {"2.1 || 2.6", partial},
    {">= 1.x", partial},
    {">= 2.2.x", partial},
    {">= 0.2.0 <= 0.9.6 || ~0.8.0-pre", unique},
    {"2.0.x || 2.1.x", unique},
    {"^2.0.18 || ^3.0.16 || ^3.1.6 || ^4.0.8 || ^5.0.0-beta.5", unique},
    {">= 5.2.1 <= 6.0.0 || >=6.0.0 <= 6.0.2", unique},
    {"<2.0.18 || <3.0.16 || <3.1.6 || <4.0.8 || <5.0.0-beta.5", alternation},
    {">=5.0.3 >=4.2.1", alternation},
    {"<2.0.1 || <1.1.7", alternation},
    {"<=1.0.2||<2.3.10", alternation},
    {"vers:pypi/>0.0.0|>=0.0.1|0.0.2|<0.0.3|0.0.4|<0.0.5|>=0.0.6", alternation},
    {"vers:pypi/>0.0.0|>=0.0.1|>=0.0.1|0.0.2|0.0.3|0.0.4|<0.0.5|<=0.0.6|!=0.7|8.0|>12|<15.3",
     unique},
    {"vers:pypi/>0.0.0|>=0.0.1|0.0.2|0.0.3|0.0.4|<0.0.5|>=0.0.6|!=0.8", alternation},
    {"<1.3||>=1.3.0,<=1.3.12||>=1.4.0,<=1.4.5||>=1.5.0,<=1.5.0||>=1.6.0,<=1.6.2", unique},
    {"<1.6.12||>1.6.12 <2.0.8", unique},
    {"<v0.33.1||>v0.33.1 <v0.34.1", unique},
    {">=1.9.0 <2.0.3||>2.0.3 <2.1.0", unique},
    {"<2.2.1 || 2.1.3", redundant},
    {"<2.8.1||>=3.0.0a1,<3.0.0RC4", sorted},
    {"<2.8.30||>=2.8.4,<18.10.8||>=19.0.0,<19.04.5||>=19.04.6,<19.10.2", alternation},
    {"<2020-09-14", dated},
    {"=2016-10-31", dated},
    {"=1.5.6d", dated},
    {"<2.0.12.1||>=2.0.13.0alpha,<2.0.13.2||>=2.0.14.0alpha,<2.0.15",
     "Composer: 2.0.13.0alpha is four numbers and a stability"},
};

struct tally {
    size_t passed, excepted, failed;
};

static bool used[ARRAY_LEN(exceptions)];

static enum product_order order_of(const struct product_scheme *scheme, struct slice a,
                                   struct slice b)
{
    enum product_order order = product_version_compare(scheme, a, b);
    enum product_order back = product_version_compare(scheme, b, a);
    assert_int_equal(order, order == PRODUCT_NO_ORDER ? back : -(int)back);
    /* the keys say the same */
    struct product_version_key x, y;
    struct buf key[2];
    struct err e = {0};
    buf_init(&key[0]);
    buf_init(&key[1]);
    if (scheme->valid(a) && scheme->valid(b)) {
        assert_int_equal(product_version_key(scheme, a, &key[0], &x, &e), 0);
        assert_int_equal(product_version_key(scheme, b, &key[1], &y, &e), 0);
        int bytes = slice_compare(buf_slice(&key[0]), buf_slice(&key[1]));
        if (!x.doubtful && !y.doubtful && order != PRODUCT_NO_ORDER)
            assert_int_equal((bytes > 0) - (bytes < 0), order);
    }
    buf_fini(&key[0]);
    buf_fini(&key[1]);
    return order;
}

static bool run_order(const struct json_value *input, const struct json_value *expected)
{
    const struct product_scheme *scheme =
        product_scheme_find(json_get_string(input, "input_scheme"));
    const struct json_value *versions = json_get(input, "versions");
    if (scheme == &product_scheme_exact)
        return false;
    if (json_is_bool(expected))
        return (order_of(scheme, json_string(json_at(versions, 0)),
                         json_string(json_at(versions, 1))) == PRODUCT_EQUAL) ==
               json_is(expected, JSON_TRUE);
    /* sorted: each is not later than the next; all are there (a version may be normalised) */
    for (size_t i = 1; i < json_count(expected); i++) {
        enum product_order order = order_of(scheme, json_string(json_at(expected, i - 1)),
                                            json_string(json_at(expected, i)));
        if (order != PRODUCT_LESS && order != PRODUCT_EQUAL)
            return false;
    }
    for (size_t i = 0; i < json_count(versions); i++) {
        bool found = false;
        for (size_t k = 0; k < json_count(expected); k++)
            found = found || order_of(scheme, json_string(json_at(versions, i)),
                                      json_string(json_at(expected, k))) == PRODUCT_EQUAL;
        if (!found)
            return false;
    }
    return json_count(versions) == json_count(expected);
}

static bool run_parse(struct arena *a, struct slice text, const struct json_value *expected)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    struct product_vers v;
    struct err e = {0};
    bool parsed = product_vers_parse(a, text, &v, &e) == 0;
    if (!json_is(expected, JSON_OBJECT))
        return !parsed && e.kind == ERR_INPUT;
    const struct json_value *list = json_get(expected, "version_constraints");
    if (!parsed || !slice_equal(v.type, json_get_string(expected, "scheme")) ||
        v.count != json_count(list))
        return false;
    for (size_t i = 0; i < v.count; i++)
        if (!slice_is(json_string(json_at(json_at(list, i), 0)),
                      signs[v.constraints[i].comparator]) ||
            !slice_equal(json_string(json_at(json_at(list, i), 1)), v.constraints[i].version))
            return false;
    return true;
}

/* "required": canonical text comes through the strict reader and back; "recommended": any does. */
static bool run_validate(struct arena *a, struct slice text, struct slice expected, bool required)
{
    struct product_vers v;
    struct err e = {0};
    struct buf out;
    buf_init(&out);
    int result =
        required ? product_vers_parse(a, text, &v, &e) : product_vers_read(a, text, &v, &e);
    bool good = result == 0 && product_vers_write(&v, &out, &e) == 0 &&
                slice_equal(buf_slice(&out), expected);
    buf_fini(&out);
    return good;
}

static bool run_containment(struct arena *a, const struct json_value *input, bool expected)
{
    struct product_vers read, v;
    struct err e = {0};
    if (product_vers_read(a, json_get_string(input, "vers"), &read, &e) != 0 ||
        product_vers_simplify(a, &read, &v, &e) != 0)
        return false;
    return product_vers_contains(&v, json_get_string(input, "version")) ==
           (expected ? PRODUCT_VERS_IN : PRODUCT_VERS_OUT);
}

static bool run_native(struct arena *a, struct slice type, struct slice native,
                       struct slice expected)
{
    struct product_vers v;
    struct err e = {0};
    struct buf out;
    buf_init(&out);
    int result = product_native_read(a, type, native, &v, &e);
    bool good = result == 0 && product_vers_write(&v, &out, &e) == 0 &&
                slice_equal(buf_slice(&out), expected);
    buf_fini(&out);
    return good;
}

static bool run(const struct json_value *t)
{
    struct arena a;
    arena_init(&a, 0);
    const struct json_value *input = json_get(t, "input"), *output = json_get(t, "expected_output");
    struct slice type = json_get_string(t, "test_type");
    bool good = false;
    if (slice_is(type, "comparison") || slice_is(type, "equality"))
        good = run_order(input, output);
    else if (slice_is(type, "parse"))
        good = run_parse(&a, json_string(input), output);
    else if (slice_is(type, "validate"))
        good = run_validate(&a, json_string(input), json_string(output),
                            slice_is(json_get_string(t, "test_group"), "required"));
    else if (slice_is(type, "roundtrip"))
        good = run_validate(&a, json_get_string(input, "vers"), json_string(output), false);
    else if (slice_is(type, "containment"))
        good = run_containment(&a, input, json_is(output, JSON_TRUE));
    else if (slice_is(type, "from_native"))
        good = run_native(&a, json_get_string(input, "scheme"),
                          json_get_string(input, "native_range"), json_string(output));
    arena_fini(&a);
    return good;
}

/* What a case asks about: its text, its range, or the list of its versions. */
static struct slice subject(const struct json_doc *doc, const struct json_value *t)
{
    const struct json_value *input = json_get(t, "input");
    const char *const names[] = {"native_range", "vers"};
    if (json_is(input, JSON_STRING))
        return json_string(input);
    for (size_t i = 0; i < 2; i++)
        if (json_get(input, names[i]))
            return json_get_string(input, names[i]);
    return json_text(doc, json_get(input, "versions"));
}

/*
 * univers reads versions of Composer and Go through its semantic versions: a fourth number becomes
 * what stands behind '+', which no order looks at ("<=6.3.4+0" for "<=6.3.4.0"). For Composer
 * the case must hold but for that; Go has no modules with four numbers, and says so.
 */
static bool coerced(const struct json_value *t)
{
    struct slice type = json_get_string(json_get(t, "input"), "scheme");
    struct slice native = json_get_string(json_get(t, "input"), "native_range");
    struct slice expected = json_get_string(t, "expected_output");
    char *text = NULL;
    if (!expected.len || !memchr(expected.data, '+', expected.len))
        return false;
    struct arena a;
    struct product_vers v;
    struct err e = {0};
    bool good = false;
    arena_init(&a, 0);
    if (slice_is(type, "golang"))
        good = product_native_read(&a, type, native, &v, &e) != 0 &&
               strcmp(e.code, "native.syntax") == 0;
    else if ((text = arena_copy(&a, expected.data, expected.len)) != NULL) {
        for (size_t i = 0; i < expected.len; i++)
            text[i] = text[i] == '+' ? '.' : text[i];
        good = run_native(&a, type, native, slice_of(text, expected.len));
    }
    arena_fini(&a);
    return good;
}

static bool excepted(const char *path, struct slice text, const struct json_value *t)
{
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (slice_is(text, exceptions[i].input)) {
            used[i] = true;
            return true;
        }
    if (strstr(path, "gitlab/") && coerced(t))
        return true;
    print_message("%s: %.*s\n", path, SLICE_ARG(text));
    return false;
}

static void run_file(const char *path, struct tally *all)
{
    struct buf text;
    struct err e = {0};
    struct json_doc *doc;
    size_t passed = 0, excused = 0, count = 0;
    buf_init(&text);
    assert_int_equal(file_read(path, 1 << 24, &text, &e), 0);
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    const struct json_value *root = json_root(doc);
    json_each(t, json_is(root, JSON_ARRAY) ? root : json_get(root, "tests"))
    {
        count++;
        if (run(t))
            passed++;
        else if (excepted(path, subject(doc, t), t))
            excused++;
    }
    print_message("%s: %zu of %zu, %zu excepted\n", path, passed, count, excused);
    all->passed += passed;
    all->excepted += excused;
    all->failed += count - passed - excused;
    json_doc_free(doc);
    buf_fini(&text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void run_folder(const char *folder, struct tally *all)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char path[512];
        size_t len = strlen(names[i]->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (len > 5 && strcmp(names[i]->d_name + len - 5, ".json") == 0)
            run_file(path, all);
        free(names[i]);
    }
    free(names);
}

static void official_cases(void **state)
{
    (void)state;
    struct tally all = {0};
    if (!file_kind("../shared/data/vers-spec")) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    run_folder("../shared/data/vers-spec/tests", &all);
    print_message("measured: vers-spec: %zu of %zu cases, %zu excepted\n", all.passed,
                  all.passed + all.excepted + all.failed, all.excepted);
    assert_int_equal(all.failed, 0);
    assert_int_equal(all.passed, 2683);
    assert_int_equal(all.excepted, 18);
}

static void univers_cases(void **state)
{
    (void)state;
    struct tally all = {0};
    if (!file_kind("../shared/data/univers")) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    run_folder("../shared/data/univers/tests/data/schema", &all);
    run_folder("../shared/data/univers/tests/data/schema/range", &all);
    run_folder("../shared/data/univers/tests/data/schema/range/gitlab", &all);
    /* an exception that none needs has no place here */
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        if (!used[i])
            print_message("no longer an exception: %s\n", exceptions[i].input);
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
        assert_true(used[i]);
    print_message("measured: univers: %zu of %zu cases, %zu excepted\n", all.passed,
                  all.passed + all.excepted + all.failed, all.excepted);
    assert_int_equal(all.failed, 0);
    assert_in_range(all.passed, 7700, 8100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(official_cases),
        cmocka_unit_test(univers_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
