/* SPDX-License-Identifier: Apache-2.0 */
/* 27037 row 34: texts that are hashed side by side have the hashes that OpenSSL computes. */
#include "crypto/sha256_each.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TEXTS = 40, ROOM = 400000 };

static uint8_t data[ROOM];

static unsigned random_below(unsigned most)
{
    static unsigned seed = 7;
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % most;
}

static void check(const struct slice *texts, size_t count)
{
    uint8_t got[TEXTS + 1][SHA256_LEN], wanted[SHA256_LEN];
    memset(got, 0xee, sizeof got);
    assert_int_equal(sha256_each(texts, count, got), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(sha256(texts[i], wanted), 0);
        assert_memory_equal(got[i], wanted, SHA256_LEN);
    }
    for (size_t i = 0; i < SHA256_LEN; i++) /* nothing is written behind the last */
        assert_int_equal(got[count][i], 0xee);
}

/* Each number of texts and each length around the ends of blocks, anywhere in memory. */
static void one_length(void **state)
{
    struct slice texts[TEXTS];
    (void)state;
    for (size_t len = 0; len < 200; len++)
        for (size_t count = 0; count <= 17; count++) {
            for (size_t i = 0; i < count; i++)
                texts[i] = slice_of(data + random_below(ROOM - 200), len);
            check(texts, count);
        }
}

static void long_ones(void **state)
{
    struct slice texts[TEXTS];
    (void)state;
    for (size_t len = 65535; len <= 65537; len++) {
        for (size_t i = 0; i < SHA256_EACH; i++)
            texts[i] = slice_of(data + random_below(ROOM - 65537), len);
        check(texts, SHA256_EACH);
    }
}

/* Runs of one length and single ones in between, empty ones with no address. */
static void many_lengths(void **state)
{
    struct slice texts[TEXTS];
    (void)state;
    for (int turn = 0; turn < 500; turn++) {
        size_t len = 0;
        for (size_t i = 0; i < TEXTS; i++) {
            if (random_below(6) == 0)
                len = random_below(3) == 0 ? 0 : random_below(700);
            texts[i] = len ? slice_of(data + random_below(ROOM - 700), len) : slice_of(NULL, 0);
        }
        check(texts, TEXTS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_length), cmocka_unit_test(long_ones),
                                       cmocka_unit_test(many_lengths)};
    for (size_t i = 0; i < ROOM; i++)
        data[i] = (uint8_t)random_below(256);
    printf("side by side: %s\n", sha256_each_gains() ? "yes" : "not on this processor");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
