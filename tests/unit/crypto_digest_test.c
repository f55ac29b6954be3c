/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against the examples of FIPS 180-4 and RFC 4231. */
#include "crypto/digest.h"
#include "base/encoding.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_hex(const uint8_t *digest, size_t len, const char *expected)
{
    char text[2 * SHA512_LEN + 1];

    hex_format(digest, len, text);
    assert_string_equal(text, expected);
}

static void known_answers(void **state)
{
    uint8_t out[SHA512_LEN];

    (void)state;
    assert_int_equal(sha256(slice_str("abc"), out), 0);
    assert_hex(out, SHA256_LEN, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(sha256(slice_of(NULL, 0), out), 0);
    assert_hex(out, SHA256_LEN, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(sha384(slice_str("abc"), out), 0);
    assert_hex(out, SHA384_LEN,
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
               "8086072ba1e7cc2358baeca134c825a7");
    assert_int_equal(sha512(slice_str("abc"), out), 0);
    assert_hex(out, SHA512_LEN,
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    assert_int_equal(hmac_sha256(slice_str("Jefe"), slice_str("what do ya want for nothing?"), out),
                     0);
    assert_hex(out, SHA256_LEN, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    /* an empty key is a key of its own, not the key of the call before */
    assert_int_equal(hmac_sha256(slice_of(NULL, 0), slice_of(NULL, 0), out), 0);
    assert_hex(out, SHA256_LEN, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void parts_equal_whole(void **state)
{
    struct slice parts[] = {slice_str("a"), slice_of(NULL, 0), slice_str("bc")};
    struct sha256_context c;
    uint8_t whole[SHA256_LEN], out[SHA256_LEN];

    (void)state;
    assert_int_equal(sha256(slice_str("abc"), whole), 0);
    assert_int_equal(sha256_slices(parts, 3, out), 0);
    assert_memory_equal(out, whole, SHA256_LEN);
    assert_int_equal(sha256_init(&c), 0);
    for (int round = 0; round < 3; round++) { /* ready again after each */
        assert_int_equal(sha256_update(&c, slice_str("ab")), 0);
        assert_int_equal(sha256_update(&c, slice_str("c")), 0);
        assert_int_equal(sha256_final(&c, out), 0);
        assert_memory_equal(out, whole, SHA256_LEN);
    }
    assert_int_equal(sha256_update(&c, slice_str("forgotten")), 0);
    assert_int_equal(sha256_reset(&c), 0);
    assert_int_equal(sha256_update(&c, slice_str("abc")), 0);
    assert_int_equal(sha256_final(&c, out), 0);
    assert_memory_equal(out, whole, SHA256_LEN);
    sha256_fini(&c);
    assert_int_equal(sha256_update(&c, slice_str("x")), -1);
}

static void *digest_many(void *result)
{
    uint8_t out[SHA256_LEN];
    uint8_t expected[SHA256_LEN];

    if (sha256(slice_str("thread"), expected) != 0)
        return NULL;
    for (int i = 0; i < 2000; i++)
        if (sha256(slice_str("thread"), out) != 0 || memcmp(out, expected, SHA256_LEN) != 0)
            return NULL;
    return result;
}

static void threads_do_not_mix(void **state)
{
    pthread_t threads[4];
    void *result;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, digest_many, threads), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, threads);
    }
}

static void constant_time(void **state)
{
    (void)state;
    assert_true(constant_time_equal(slice_str("same"), slice_str("same")));
    assert_false(constant_time_equal(slice_str("same"), slice_str("sane")));
    assert_false(constant_time_equal(slice_str("same"), slice_str("sam")));
    assert_true(constant_time_equal(slice_of(NULL, 0), slice_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(parts_equal_whole),
        cmocka_unit_test(threads_do_not_mix),
        cmocka_unit_test(constant_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
