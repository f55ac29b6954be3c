/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk that only says whether a document has the shape, and the walk that says what is wrong,
 * never differ: on advisories of which each value in turn is replaced by something else.
 */
#include "base/file.h"
#include "base/json_schema.h"
#include "csaf/facts/schema_tables.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static int count_fault(void *context, const struct json_schema_fault *fault)
{
    (void)fault;
    ++*(size_t *)context;
    return 0;
}

struct counts {
    size_t valid, wrong;
};

/* A checker with a limit of work walks in full only. */
static void compare_walks(struct json_schema_checker *quick, struct json_schema_checker *full,
                          const struct json_value *root, struct counts *counts)
{
    bool by_quick, by_full;
    size_t quick_faults = 0, full_faults = 0;
    struct err e = {0};

    assert_int_equal(
        json_schema_check(quick, root, NULL, false, count_fault, &quick_faults, &by_quick, &e), 0);
    assert_int_equal(
        json_schema_check(full, root, NULL, false, count_fault, &full_faults, &by_full, &e), 0);
    assert_int_equal(by_quick, by_full);
    assert_int_equal(quick_faults, full_faults);
    counts->valid += by_full;
    counts->wrong += !by_full;
}

static void try_all(const char *path, const struct json_schema_set *set, struct counts *counts)
{
    static const char *const others[] = {"null",    "\"\"",          "[]",       "{}", "1",
                                         "\"x y\"", "[\"a\",\"a\"]", "{\"q\":1}"};
    struct buf text, changed;
    struct json_doc *doc, *other;
    struct err e = {0};
    uint64_t work = UINT64_MAX;
    struct json_schema_checker *quick = json_schema_checker_new(set, &e);
    struct json_schema_checker *full = json_schema_checker_new(set, &e);

    assert_true(quick && full);
    json_schema_checker_limit(full, &work);
    buf_init(&text);
    buf_init(&changed);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    compare_walks(quick, full, json_root(doc), counts);
    for (size_t i = 0; i < json_order_count(doc); i++) {
        const struct json_value *v = json_root(doc) + i;
        struct slice old = json_text(doc, v);
        size_t before = (size_t)(old.data - text.data);
        for (size_t k = 0; k < ARRAY_LEN(others); k++) {
            buf_reset(&changed);
            buf_put(&changed, text.data, before);
            buf_puts(&changed, others[k]);
            buf_put(&changed, text.data + before + old.len, text.len - before - old.len);
            if (json_parse(&other, buf_slice(&changed), NULL, &e) != 0)
                continue; /* it was a name */
            compare_walks(quick, full, json_root(other), counts);
            json_doc_free(other);
        }
    }
    json_doc_free(doc);
    buf_fini(&text);
    buf_fini(&changed);
    json_schema_checker_free(quick);
    json_schema_checker_free(full);
}

static void both_walks_agree(void **state)
{
    struct counts counts = {0};

    (void)state;
    try_all("tests/fuzz/corpus/csaf_view/full_2_0.json", &csaf_schema_2_0, &counts);
    try_all("tests/fuzz/corpus/csaf_view/full_2_1.json", &csaf_schema_2_1, &counts);
    print_message("%zu documents with the shape, %zu without\n", counts.valid, counts.wrong);
    assert_true(counts.valid > 100 && counts.wrong > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_walks_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
