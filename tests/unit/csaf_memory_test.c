/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation fails once, full preset, rich documents of both versions: no verdict, or the
 * right one to the letter; and the validator is as good as before.
 */
#include "../support/csaf_made_up.h"
#include "base/file.h"
#include "base/memory.h"
#include "csaf/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void result_text(const struct csaf_result *r, struct buf *out)
{
    struct json_writer w;

    buf_reset(out);
    json_write_init(&w, out, 0);
    csaf_result_json(r, "x", "full", &w);
    assert_false(out->failed);
}

static void fails_at_each(const char *name, size_t least)
{
    static const char *const presets[] = {"full", NULL};
    struct csaf_validator_options options = {
        .presets = presets, .now = INT64_C(1780000000000000), MADE_UP_OUTSIDE};
    struct err e = {0};
    struct csaf_result r;
    struct buf text, expected, said;
    char path[200];
    size_t voids = 0;

    snprintf(path, sizeof path, "tests/fuzz/corpus/csaf_validate/%s", name);
    buf_init(&text);
    buf_init(&expected);
    buf_init(&said);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    struct csaf_validator *v = csaf_validator_new(&options, &e);
    assert_non_null(v);
    assert_int_equal(csaf_validate(v, buf_slice(&text), &r, &e), 0);
    assert_true(r.version != 0);
    result_text(&r, &expected);
    csaf_result_free(&r);
    for (long k = 0;; k++) {
        mem_fail_after(k);
        int rc = csaf_validate(v, buf_slice(&text), &r, &e);
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        if (rc == 0) {
            result_text(&r, &said);
            if (!slice_equal(buf_slice(&said), buf_slice(&expected)))
                print_message("%s: allocation %ld\n", name, k);
            assert_string_equal(buf_text(&said), buf_text(&expected));
            csaf_result_free(&r);
        } else {
            assert_int_equal(e.kind, ERR_MEMORY);
            voids++;
            err_clear(&e);
        }
        if (!failed)
            break;
    }
    assert_true(voids >= least);
    csaf_validator_free(v);
    buf_fini(&text);
    buf_fini(&expected);
    buf_fini(&said);
}

static void document_of_2_0(void **state)
{
    (void)state;
    fails_at_each("v20.json", 100);
    fails_at_each("broken_2_0.json", 100);
}

static void document_of_2_1(void **state)
{
    (void)state;
    fails_at_each("v21.json", 100);
    fails_at_each("broken_2_1.json", 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(document_of_2_0),
        cmocka_unit_test(document_of_2_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
