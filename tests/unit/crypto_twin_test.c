/* SPDX-License-Identifier: Apache-2.0 */
/* 27037 row 34: the hashes that are taken on the way are those that OpenSSL computes. */
#include "crypto/twin.h"

#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { ROOM = 300000 };

static uint8_t data[ROOM];

static void fill(unsigned seed)
{
    for (size_t i = 0; i < ROOM; i++) {
        seed = seed * 1103515245u + 12345u;
        data[i] = (uint8_t)(seed >> 16);
    }
}

/* The next piece; zeros in the way that is made for them. */
static int update(struct sha256_twin *t, struct slice piece, uint8_t *own)
{
    static const uint8_t zeros[ROOM];
    return memcmp(piece.data, zeros, piece.len) == 0 ? sha256_twin_zeros(t, piece.len, own)
                                                     : sha256_twin_update(t, piece, own);
}

/* A text of pieces, each length as told; both hashes against OpenSSL's. */
static void pieces(const size_t *lengths, size_t count, bool extensions)
{
    struct sha256_twin t;
    uint8_t got[SHA256_LEN], wanted[SHA256_LEN];
    size_t at = 0;
    assert_int_equal(sha256_twin_init(&t), 0);
    if (!extensions)
        sha256_twin_without_extensions(&t);
    for (size_t i = 0; i < count; i++) {
        struct slice piece = slice_of(data + at, lengths[i]);
        assert_true(at + lengths[i] <= ROOM);
        assert_int_equal(update(&t, piece, got), 0);
        assert_int_equal(sha256(piece, wanted), 0);
        assert_memory_equal(got, wanted, SHA256_LEN);
        at += lengths[i];
    }
    assert_int_equal(sha256_twin_final(&t, got), 0);
    assert_int_equal(sha256(slice_of(data, at), wanted), 0);
    assert_memory_equal(got, wanted, SHA256_LEN);
    sha256_twin_fini(&t);
}

static void all_lengths(void **state)
{
    (void)state;
    fill(1);
    for (int extensions = 0; extensions < 2; extensions++)
        for (size_t len = 0; len < 300; len++)
            pieces(&len, 1, extensions);
}

static void texts_of_pieces(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        size_t lengths[8];
        fill(round);
        if (round % 5 == 0)
            memset(data + 64, 0, ROOM - 64);
        for (size_t i = 0; i < 8; i++) /* whole blocks, and lengths between them */
            lengths[i] = round % 2 ? (size_t)(data[i] * 64u) : (size_t)(data[i] * data[i + 20] / 3);
        pieces(lengths, 8, round % 4 < 3);
    }
}

static void without_pieces(void **state)
{
    struct sha256_twin t;
    uint8_t got[SHA256_LEN], wanted[SHA256_LEN];
    (void)state;
    fill(7);
    assert_int_equal(sha256_twin_init(&t), 0);
    for (size_t at = 0, len = 1; at + len <= ROOM; at += len, len = len * 3 + 1) {
        assert_int_equal(sha256_twin_update(&t, slice_of(data + at, len), len % 2 ? NULL : got), 0);
        struct sha256_twin copy = t;
        assert_int_equal(t.fast ? sha256_twin_final(&copy, got) : 0, 0);
        assert_int_equal(sha256(slice_of(data, at + len), wanted), 0);
        if (t.fast)
            assert_memory_equal(got, wanted, SHA256_LEN);
    }
    sha256_twin_fini(&t);
}

static void check_others(const struct sha256_twin *t, size_t len)
{
    uint8_t md5[MD5_LEN], sha1[SHA1_LEN], wanted[EVP_MAX_MD_SIZE];
    sha256_twin_others(t, md5, sha1);
    assert_int_equal(EVP_Digest(data, len, wanted, NULL, EVP_md5(), NULL), 1);
    assert_memory_equal(md5, wanted, MD5_LEN);
    assert_int_equal(EVP_Digest(data, len, wanted, NULL, EVP_sha1(), NULL), 1);
    assert_memory_equal(sha1, wanted, SHA1_LEN);
}

/* MD5 and SHA-1 on the way, with pieces and without, at every length up to some blocks and then at
 * lengths that fit no block. */
static void with_others(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 600; round++) {
        struct sha256_twin t;
        uint8_t got[SHA256_LEN], wanted[SHA256_LEN];
        size_t at = 0, step = round < 300 ? round + 1 : (size_t)round * 13 / 64 * 64;
        fill(round);
        if (round % 7 == 0)
            memset(data + 128, 0, 200000);
        assert_int_equal(sha256_twin_init(&t), 0);
        if (!sha256_twin_with_others(&t)) {
            sha256_twin_fini(&t);
            skip();
        }
        check_others(&t, 0);
        for (unsigned part = 0; part < 4 && at + step <= ROOM; part++, at += step) {
            struct slice piece = slice_of(data + at, step);
            bool alone = (round + part) % 3 == 0;
            assert_int_equal(update(&t, piece, alone ? NULL : got), 0);
            assert_int_equal(sha256(piece, wanted), 0);
            if (!alone)
                assert_memory_equal(got, wanted, SHA256_LEN);
            check_others(&t, at + step);
        }
        assert_int_equal(sha256_twin_final(&t, got), 0);
        assert_int_equal(sha256(slice_of(data, at), wanted), 0);
        assert_memory_equal(got, wanted, SHA256_LEN);
        sha256_twin_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_lengths),
        cmocka_unit_test(texts_of_pieces),
        cmocka_unit_test(without_pieces),
        cmocka_unit_test(with_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
