/* SPDX-License-Identifier: Apache-2.0 */
/* docs/formats.md section 7.2; the expected value was computed with Python's hmac. */
#include "base/memory.h"
#include "centre/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char secret[] = "0123456789abcdef";
static const char body[] = "{\"a\":1}";

static void test_known_answer(void **state)
{
    char signature[WEBHOOK_SIGNATURE_TEXT];
    struct err e = {0};

    (void)state;
    assert_int_equal(
        webhook_sign(slice_str(secret), "dlv_1", 1763757596, slice_str(body), signature, &e), 0);
    assert_string_equal(signature,
                        "t=1763757596,v1="
                        "75372dd57a1a26840aeb1b312a3b34d1ba7126c2fffe8cf7347c3710fd54f429");
}

/* Each part is covered, and none can be moved into another. */
static void test_parts_are_covered(void **state)
{
    static const struct {
        const char *secret, *id;
        int64_t time;
        const char *body;
    } parts[] = {
        {"0123456789abcdef", "dlv_1", 1, "x"},    {"0123456789abcdeg", "dlv_1", 1, "x"},
        {"0123456789abcdef", "dlv_2", 1, "x"},    {"0123456789abcdef", "dlv_1", 2, "x"},
        {"0123456789abcdef", "dlv_1", 1, "y"},    {"0123456789abcdef", "dlv_1", 1, "\nx"},
        {"0123456789abcdef", "dlv_1\n1", 1, "x"}, {"0123456789abcdef", "dlv_1", 1, ""},
    };
    char signatures[ARRAY_LEN(parts)][WEBHOOK_SIGNATURE_TEXT];
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        assert_int_equal(webhook_sign(slice_str(parts[i].secret), parts[i].id, parts[i].time,
                                      slice_str(parts[i].body), signatures[i], &e),
                         0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(strstr(signatures[i], "v1="), strstr(signatures[j], "v1="));
    }
}

static void test_short_secret_and_no_memory(void **state)
{
    char signature[WEBHOOK_SIGNATURE_TEXT];
    struct err e = {0};

    (void)state;
    assert_int_equal(webhook_sign(slice_of(secret, 15), "dlv_1", 1, slice_str(body), signature, &e),
                     -1);
    assert_string_equal(e.code, "webhook.secret");
    err_clear(&e);
    mem_fail_after(0);
    assert_int_equal(webhook_sign(slice_str(secret), "dlv_1", 1, slice_str(body), signature, &e),
                     -1);
    mem_fail_after(-1);
    assert_int_equal(e.kind, ERR_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answer),
        cmocka_unit_test(test_parts_are_covered),
        cmocka_unit_test(test_short_secret_and_no_memory),
    };
    return cmocka_run_group_tests_name("centre_webhook", tests, NULL, NULL);
}
