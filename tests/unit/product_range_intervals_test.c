/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "product/range.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#define S(text)                                                                                    \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

/* In each case the answers are those for 1.0, 1.5, 2.0, 3.5 and 9 of the scheme "semver". */
static const struct {
    const char *what;
    struct product_interval intervals[3];
    size_t count;
    bool closed;
    enum product_grade grade;
    enum product_range_kind kind;
    enum product_in in[5];
} cases[] = {
    {"introduced 1.0, fixed 2.0",
     {{.low = S("1.0"), .high = S("2.0"), .high_open = true}},
     1,
     true,
     PRODUCT_EXACT,
     PRODUCT_RANGE_BOUNDED,
     {PRODUCT_IN, PRODUCT_IN, PRODUCT_OUT, PRODUCT_OUT, PRODUCT_OUT}},
    {"introduced 0, last affected 1.5; introduced 3",
     {{.low = S("0"), .high = S("1.5")}, {.low = S("3")}},
     2,
     true,
     PRODUCT_EXACT,
     PRODUCT_RANGE_BOUNDED,
     {PRODUCT_IN, PRODUCT_IN, PRODUCT_OUT, PRODUCT_IN, PRODUCT_IN}},
    {"no bound at all",
     {{.low_open = false}},
     1,
     true,
     PRODUCT_EXACT,
     PRODUCT_RANGE_ALL,
     {PRODUCT_IN, PRODUCT_IN, PRODUCT_IN, PRODUCT_IN, PRODUCT_IN}},
    {"a list of versions excludes nothing",
     {{.low = S("1.5"), .high = S("1.5")}, {.low = S("9"), .high = S("9")}},
     2,
     false,
     PRODUCT_EXACT,
     PRODUCT_RANGE_LIST,
     {PRODUCT_SILENT, PRODUCT_IN, PRODUCT_SILENT, PRODUCT_SILENT, PRODUCT_IN}},
    {"an interval that ends before it begins leaves the rest open",
     {{.low = S("1.0"), .high = S("1.2")}, {.low = S("3"), .high = S("2")}},
     2,
     true,
     PRODUCT_REDUCED,
     PRODUCT_RANGE_BOUNDED,
     {PRODUCT_IN, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE}},
    {"from a version up to itself, itself excluded",
     {{.low = S("3"), .high = S("3.0"), .high_open = true}},
     1,
     true,
     PRODUCT_OBSCURE,
     PRODUCT_RANGE_OPAQUE,
     {PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE}},
    {"a commit is no version",
     {{.low = S("bd3bf45b"), .high = S("2.0"), .high_open = true}},
     1,
     true,
     PRODUCT_OBSCURE,
     PRODUCT_RANGE_OPAQUE,
     {PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE}},
    {"nothing",
     {{.low_open = false}},
     0,
     true,
     PRODUCT_OBSCURE,
     PRODUCT_RANGE_OPAQUE,
     {PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE, PRODUCT_MAYBE}},
};

static void intervals_answer(void **state)
{
    (void)state;
    static const char *const probes[] = {"1.0.0", "1.5.0", "2.0.0", "3.5.0", "9.0.0"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        struct err e = {0};
        struct product_range r;
        arena_init(&a, 0);
        assert_int_equal(product_range_of_intervals(&a, product_scheme_find(slice_str("semver")),
                                                    "osv", cases[i].intervals, cases[i].count,
                                                    cases[i].closed, &r, &e),
                         0);
        if (r.grade != cases[i].grade || r.kind != cases[i].kind)
            print_message("%s: grade %d, kind %d\n", cases[i].what, r.grade, r.kind);
        assert_int_equal(r.grade, cases[i].grade);
        assert_int_equal(r.kind, cases[i].kind);
        assert_int_equal(r.grade == PRODUCT_EXACT, r.why == NULL);
        for (size_t k = 0; k < ARRAY_LEN(probes); k++) {
            const char *reason = NULL;
            enum product_in in = product_range_contains(&r, slice_str(probes[k]), &reason);
            if (in != cases[i].in[k])
                print_message("%s: %s is %d\n", cases[i].what, probes[k], in);
            assert_int_equal(in, cases[i].in[k]);
            assert_non_null(reason);
        }
        arena_fini(&a);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct arena a;
    struct err e = {0};
    struct product_range r;
    arena_init(&a, 0);
    mem_fail_after(0);
    int result = product_range_of_intervals(&a, &product_scheme_generic, "cpe", cases[0].intervals,
                                            1, true, &r, &e);
    mem_fail_after(-1);
    assert_int_equal(result, -1);
    assert_int_equal(e.kind, ERR_MEMORY);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_answer),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
