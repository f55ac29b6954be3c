/* SPDX-License-Identifier: Apache-2.0 */
/* A second opinion: every value of real documents, ours beside jansson's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "../jansson.h"
#include "base/file.h"
#include "base/json.h"

#include <ftw.h>

static struct jansson theirs;
static size_t files;
static size_t values;

static void compare(const char *path, const struct json_value *a, const struct jansson_value *b);

static void compare_numbers(const char *path, const struct json_value *a,
                            const struct jansson_value *b)
{
    int64_t integer = 0;
    double real = 0;

    if (b->type == JANSSON_INTEGER) {
        if (!json_int64(a, &integer) || integer != theirs.integer(b))
            fail_msg("%s: %.*s is %lld to jansson", path, SLICE_ARG(json_number(a)),
                     theirs.integer(b));
    } else if (!json_double(a, &real) || memcmp(&real, &(double){theirs.real(b)}, 8) != 0) {
        fail_msg("%s: %.*s is %a to jansson", path, SLICE_ARG(json_number(a)), theirs.real(b));
    }
}

static void compare_members(const char *path, const struct json_value *a,
                            const struct jansson_value *b)
{
    assert_int_equal(json_count(a), theirs.object_size(b));
    json_each(member, a)
    {
        char name[4096];
        struct slice n = json_name(member);
        if (memchr(n.data, 0, n.len)) /* jansson takes C strings only */
            continue;
        assert_true(n.len < sizeof(name));
        snprintf(name, sizeof(name), "%.*s", SLICE_ARG(n));
        const struct jansson_value *other = theirs.object_get(b, name);
        if (!other)
            fail_msg("%s: jansson has no member %s", path, name);
        compare(path, member, other);
    }
}

static void compare(const char *path, const struct json_value *a, const struct jansson_value *b)
{
    static const enum json_type types[] = {JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER,
                                           JSON_NUMBER, JSON_TRUE,  JSON_FALSE,  JSON_NULL};
    size_t i = 0;

    if (types[b->type] != json_type(a))
        fail_msg("%s: type %d, jansson's %d", path, json_type(a), b->type);
    values++;
    switch (json_type(a)) {
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE: break;
    case JSON_NUMBER: compare_numbers(path, a, b); break;
    case JSON_STRING:
        if (!slice_equal(json_string(a), slice_of(theirs.string(b), theirs.string_length(b))))
            fail_msg("%s: strings differ: %.*s", path, SLICE_ARG(json_string(a)));
        break;
    case JSON_ARRAY:
        assert_int_equal(json_count(a), theirs.array_size(b));
        json_each(item, a) compare(path, item, theirs.array_get(b, i++));
        break;
    case JSON_OBJECT: compare_members(path, a, b); break;
    }
}

static void compare_text(const char *path, struct slice text)
{
    struct jansson_error why;
    struct json_doc *ours = NULL;
    struct err e = {0};
    struct jansson_value *other =
        theirs.load((const char *)text.data, text.len,
                    JANSSON_REJECT_DUPLICATES | JANSSON_DECODE_ANY | JANSSON_ALLOW_NUL, &why);

    if (json_parse(&ours, text, &json_limits_advisory, &e) != 0) {
        if (other)
            fail_msg("%s: only jansson takes it; ours: %s (%s)", path, e.text, e.where);
    } else if (!other) {
        /* two limits of jansson's: reals out of range, and a NUL in a name */
        if (!strstr(why.text, "real number overflow") && !strstr(why.text, "too big") &&
            !strstr(why.text, "NUL byte in object key"))
            fail_msg("%s: only ours takes it; jansson: %s line %d", path, why.text, why.line);
    } else {
        compare(path, json_root(ours), other);
    }
    jansson_release(&theirs, other);
    json_doc_free(ours);
    files++;
}

static int take_file(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    size_t len = strlen(path);
    struct err e = {0};
    struct buf text;

    (void)s;
    /* of the test suite what is valid: jansson takes some of the rest, such as a NUL at the end */
    if (strstr(path, "test_parsing/") && strncmp(path + walk->base, "y_", 2) != 0)
        return 0;
    if (type != FTW_F || len < 5 || strcmp(path + len - 5, ".json") != 0)
        return 0;
    buf_init(&text);
    assert_int_equal(file_read(path, json_limits_advisory.bytes, &text, &e), 0);
    compare_text(path, buf_slice(&text));
    buf_fini(&text);
    return 0;
}

static void compare_folder(const char *folder, size_t least)
{
    if (!file_kind("../shared/data")) {
        print_message("skipped: no ../shared/data\n");
        skip();
        return;
    }
    files = values = 0;
    assert_int_equal(nftw(folder, take_file, 16, FTW_PHYS), 0);
    print_message("%s: %zu files, %zu values\n", folder, files, values);
    assert_true(files >= least);
    assert_true(values > files);
}

static int load_jansson(void **state)
{
    (void)state;
    return jansson_open(&theirs) ? 0 : -1;
}

static void small_texts_agree(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "\"\"",
        "0",
        "-0",
        "-0.0",
        "1e5",
        "[1,2.5,-3E-2,\"\\u00e9\\n\",true,false,null]",
        "{\"a\":{\"b\":[{}]},\"\":\"\\ud83d\\ude00\"}",
        "9223372036854775807",
        "0.1",
        "1e308",
        "123456789.123456789",
        "[\"a\\u0000b\"]",
        "{\"a\":1,\"a\":2}",
        "[1,]",
        "nul",
        "\"\\ud800\"",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        compare_text(texts[i], slice_str(texts[i]));
}

static void the_test_suite_agrees(void **state)
{
    (void)state;
    compare_folder("../shared/data/json-test-suite/test_parsing", 95);
}

static void advisories_agree(void **state)
{
    (void)state;
    compare_folder("../shared/data/cisa-csaf", 389);
}

static void inventories_agree(void **state)
{
    (void)state;
    compare_folder("../shared/data/cyclonedx-bom-examples", 56);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_texts_agree),
        cmocka_unit_test(the_test_suite_agrees),
        cmocka_unit_test(advisories_agree),
        cmocka_unit_test(inventories_agree),
    };
    return cmocka_run_group_tests(tests, load_jansson, NULL);
}
