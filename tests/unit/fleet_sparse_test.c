/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "fleet/sparse.h"

#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 5000 };

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

/* Whether few or all are asked for, each number is what was written to it, and 0 before. */
static void numbers_stay_what_they_are(void **unused)
{
    (void)unused;
    for (uint32_t touched = 1; touched <= 4 * SIZE; touched *= 3) {
        static uint32_t model[SIZE];
        struct fleet_sparse s;
        memset(model, 0, sizeof model);
        fleet_sparse_init(&s, SIZE);
        for (uint32_t i = 0; i < touched; i++) {
            uint32_t key = draw(SIZE);
            uint32_t *at = fleet_sparse_at(&s, key);
            assert_non_null(at);
            assert_int_equal(*at, model[key]);
            *at = model[key] = draw(1000);
        }
        for (uint32_t key = 0; key < SIZE; key++) {
            uint32_t *at = fleet_sparse_at(&s, key);
            assert_non_null(at);
            assert_int_equal(*at, model[key]);
        }
        fleet_sparse_fini(&s);
    }
}

/* Without memory nothing is given out, and nothing that was there is lost. */
static void memory_runs_out(void **unused)
{
    (void)unused;
    for (long k = 0;; k++) {
        struct fleet_sparse s;
        uint32_t written = 0;
        fleet_sparse_init(&s, SIZE);
        mem_fail_after(k);
        for (; written < SIZE; written++) {
            uint32_t *at = fleet_sparse_at(&s, written);
            if (!at)
                break;
            *at = written + 1;
        }
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        for (uint32_t i = 0; i < written; i++) {
            const uint32_t *at = fleet_sparse_at(&s, i);
            assert_non_null(at);
            assert_int_equal(*at, i + 1);
        }
        fleet_sparse_fini(&s);
        assert_true(injected || written == SIZE);
        if (!injected)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_stay_what_they_are),
                                       cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
