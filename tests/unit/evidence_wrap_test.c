/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of a wrapped bundle's archive: names of every length, sizes to the last, each byte. */
#include "evidence/wrap/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    (void)state;
    for (size_t len = 1; len < 300; len++)
        for (size_t slash = 0; slash < len; slash += 1 + len / 7) {
            struct wrap_member m = {.bytes = len, .mode = 0400}, got;
            uint8_t block[WRAP_BLOCK];
            struct err e = {0};
            char name[400];
            memset(name, 'n', len);
            name[len] = 0;
            if (slash && slash + 1 < len)
                name[slash] = '/';
            snprintf(m.name, sizeof m.name, "%s", name);
            bool is_cut = len >= sizeof m.name, parted = slash && slash + 1 < len;
            bool fits = len <= 100 || (parted && slash <= 155 && len - slash - 1 <= 100);
            if (is_cut)
                continue;
            assert_int_equal(wrap_header_write(&m, block, &e), fits ? 0 : -1);
            if (!fits)
                continue;
            assert_int_equal(wrap_header_read(block, &got, &e), 1);
            assert_string_equal(got.name, name);
            assert_int_equal(got.bytes, len);
            assert_int_equal(got.mode, 0400);
        }
}

static void test_sizes(void **state)
{
    static const uint64_t sizes[] = {0, 1, 511, 077777777777, 0100000000000, 1ull << 40, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct wrap_member m = {.name = "b/data/x", .bytes = sizes[i], .mtime = 1795352235}, got;
        uint8_t block[WRAP_BLOCK];
        struct err e = {0};
        assert_int_equal(wrap_header_write(&m, block, &e), 0);
        assert_int_equal(wrap_header_read(block, &got, &e), 1);
        assert_true(got.bytes == sizes[i] && got.mtime == m.mtime);
        for (size_t at = 0; at < WRAP_BLOCK; at++) { /* one byte of it changed */
            struct err why = {0};
            block[at] ^= 1;
            int found = wrap_header_read(block, &got, &why);
            /* behind the digits of the sum stands a space or a NUL, and nobody asks which */
            assert_true(found == -1 || (at >= 148 && at < 156));
            block[at] ^= 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
