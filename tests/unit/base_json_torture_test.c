/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out at every place in turn: nothing crashes, nothing leaks (ASan looks), the error
 * says so, and in the end everything succeeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"

static struct buf sample;

/* Escapes, an indexed object, an indexed array, and enough values for the tape to grow. */
static int make_sample(void **state)
{
    (void)state;
    buf_init(&sample);
    buf_puts(&sample, "{\"text\":\"a\\u00e9\\n\",\"list\":[");
    for (int i = 0; i < 100; i++)
        buf_printf(&sample, "%s[%d]", i ? "," : "", i);
    buf_puts(&sample, "],\"names\":{");
    for (int i = 0; i < 100; i++)
        buf_printf(&sample, "%s\"n\\u002d%d\":{\"b\":1,\"a\":[]}", i ? "," : "", 99 - i);
    buf_puts(&sample, "}}");
    return sample.failed;
}

static int free_sample(void **state)
{
    (void)state;
    buf_fini(&sample);
    return 0;
}

static int read_canonicalise_write(struct slice text, struct err *e)
{
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct buf out;
    int result = -1;

    buf_init(&out);
    if (json_parse(&doc, text, NULL, e) != 0)
        goto out;
    if (json_canonical(json_root(doc), &out, e) != 0)
        goto out;
    if (json_check_canonical(buf_slice(&out), e) != 0)
        goto out;
    buf_reset(&out);
    json_write_init(&w, &out, 2);
    json_write_value(&w, json_root(doc));
    if (buf_check(&out, e) != 0)
        goto out;
    buf_reset(&out);
    json_pointer(doc, json_resolve(doc, slice_str("/names/n-3/a")), &out);
    if (buf_check(&out, e) != 0)
        goto out;
    result = slice_is(buf_slice(&out), "/names/n-3/a") ? 0 : -1;
out:
    buf_fini(&out);
    json_doc_free(doc);
    return result;
}

/* Only giving back what was not needed may fail unseen. */
static void every_allocation_may_fail(void **state)
{
    long k = 0;
    long tolerated = 0;

    (void)state;
    for (bool complete = false; !complete; k++) {
        struct err e = {0};
        mem_fail_after(k);
        int result = read_canonicalise_write(buf_slice(&sample), &e);
        complete = mem_allocations() <= k;
        mem_fail_after(-1);
        if (result == 0) {
            assert_false(err_is_set(&e));
            tolerated += !complete;
            continue;
        }
        assert_false(complete);
        assert_int_equal(e.kind, ERR_MEMORY);
        assert_string_equal(e.code, "base.memory");
    }
    assert_true(k > 20);
    assert_true(tolerated <= 2);
}

/* A syntax error stays the one that is reported, even without memory for its pointer. */
static void errors_survive_without_memory(void **state)
{
    static const char text[] = "{\"a\":{\"b\":[1,2,{\"c\":tru}]}}";
    long k = 0;

    (void)state;
    for (bool complete = false; !complete; k++) {
        struct json_doc *doc = NULL;
        struct err e = {0};
        mem_fail_after(k);
        assert_int_equal(json_parse(&doc, slice_str(text), NULL, &e), -1);
        complete = mem_allocations() <= k;
        mem_fail_after(-1);
        if (strcmp(e.code, "base.memory") == 0)
            continue;
        assert_string_equal(e.code, "json.syntax");
        assert_non_null(strstr(e.where, "line 1 column 21"));
        if (complete)
            assert_string_equal(e.where, "line 1 column 21 (/a/b/2/c)");
    }
    assert_true(k > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(errors_survive_without_memory),
    };
    return cmocka_run_group_tests(tests, make_sample, free_sample);
}
