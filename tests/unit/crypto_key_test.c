/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of every kind: made, written, read back, signing and verifying; and what is refused. */
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "base/encoding.h"
#include "base/memory.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const enum key_kind kinds[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA};

static void sign_and_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct err e = {0};
        struct key *key = key_generate(kinds[i], &e);
        struct key *other = key_generate(kinds[i], &e);
        struct buf spki, signature;
        buf_init(&spki);
        buf_init(&signature);
        assert_non_null(key);
        assert_int_equal(key_kind(key), kinds[i]);
        assert_true(key_is_private(key));
        assert_int_equal(key_to_spki(key, &spki, &e), 0);
        struct key *public = key_from_spki(buf_slice(&spki), &e);
        assert_non_null(public);
        assert_false(key_is_private(public));
        assert_true(key_same(key, public));
        assert_false(key_same(key, other));
        assert_int_equal(key_sign(key, slice_str("message"), &signature, &e), 0);
        assert_true(signature.len <= KEY_SIGNATURE_MAX);
        assert_int_equal(key_verify(public, slice_str("message"), buf_slice(&signature), &e), 0);
        assert_int_equal(key_verify(public, slice_str("messagf"), buf_slice(&signature), &e), -1);
        assert_string_equal(e.code, "crypto.signature");
        assert_int_equal(e.kind, ERR_VERIFY);
        err_clear(&e);
        assert_int_equal(key_verify(other, slice_str("message"), buf_slice(&signature), &e), -1);
        err_clear(&e);
        for (size_t bit = 0; bit < signature.len * 8; bit += 7) { /* no bit is free */
            signature.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
            assert_int_equal(key_verify(public, slice_str("message"), buf_slice(&signature), &e),
                             -1);
            err_clear(&e);
            signature.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        }
        assert_int_equal(key_verify(public, slice_str("message"),
                                    slice_of(signature.data, signature.len - 1), &e),
                         -1);
        err_clear(&e);
        assert_int_equal(key_sign(public, slice_str("message"), &signature, &e), -1);
        key_free(key);
        key_free(other);
        key_free(public);
        buf_fini(&spki);
        buf_fini(&signature);
    }
}

/* OpenSSL's own decoder gives the same SubjectPublicKeyInfo as our slices. */
static void spki_is_openssls(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct err e = {0};
        struct key *key = key_generate(kinds[i], &e);
        struct buf spki;
        unsigned char *theirs = NULL;
        buf_init(&spki);
        assert_int_equal(key_to_spki(key, &spki, &e), 0);
        const unsigned char *at = spki.data;
        EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki.len);
        assert_non_null(pkey);
        int len = i2d_PUBKEY(pkey, &theirs);
        assert_int_equal(len, spki.len);
        assert_memory_equal(theirs, spki.data, spki.len);
        struct key *ours = key_from_spki(buf_slice(&spki), &e);
        assert_int_equal(EVP_PKEY_eq(pkey, key_evp(ours)), 1);
        OPENSSL_free(theirs);
        EVP_PKEY_free(pkey);
        key_free(key);
        key_free(ours);
        buf_fini(&spki);
    }
}

static void pem_round_trip(void **state)
{
    struct slice passphrase = slice_str("correct horse");
    struct slice wrong = slice_str("wrong horse");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct err e = {0};
        struct key *key = key_generate(kinds[i], &e);
        struct buf plain, sealed, public;
        buf_init(&plain);
        buf_init(&sealed);
        buf_init(&public);
        assert_int_equal(key_to_pem(key, NULL, &plain, &e), 0);
        assert_int_equal(key_to_pem(key, &passphrase, &sealed, &e), 0);
        assert_int_equal(key_public_to_pem(key, &public, &e), 0);
        struct key *a = key_from_pem(buf_slice(&plain), NULL, &e);
        struct key *b = key_from_pem(buf_slice(&sealed), &passphrase, &e);
        struct key *c = key_public_from_pem(buf_slice(&public), &e);
        assert_non_null(a);
        assert_non_null(b);
        assert_non_null(c);
        assert_true(key_same(a, key) && key_same(b, key) && key_same(c, key));
        assert_true(key_is_private(a) && key_is_private(b) && !key_is_private(c));
        key_free(a);
        key_free(b);
        key_free(c);
        assert_null(key_from_pem(buf_slice(&sealed), &wrong, &e));
        assert_string_equal(e.code, "crypto.key-passphrase");
        assert_int_equal(e.kind, ERR_DENIED);
        err_clear(&e);
        assert_null(key_from_pem(buf_slice(&sealed), NULL, &e));
        assert_string_equal(e.code, "crypto.key-passphrase");
        err_clear(&e);
        assert_null(key_from_pem(buf_slice(&public), NULL, &e));
        assert_null(memmem(sealed.data, sealed.len, "BEGIN PRIVATE", 13));
        key_free(key);
        buf_fini(&plain);
        buf_fini(&sealed);
        buf_fini(&public);
    }
}

/* 27099 row 14: points off their curve, small RSA, small-order Ed25519, other forms. */
static void weak_keys_are_refused(void **state)
{
    struct err e = {0};
    struct buf spki;
    struct key *key = key_generate(KEY_P256, &e);
    char pem[] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

    (void)state;
    buf_init(&spki);
    assert_int_equal(key_to_spki(key, &spki, &e), 0);
    spki.data[spki.len - 1] ^= 1; /* no longer on the curve */
    assert_null(key_from_spki(buf_slice(&spki), &e));
    assert_string_equal(e.code, "crypto.key-weak");
    err_clear(&e);
    spki.data[spki.len - 65] = 0x06; /* hybrid form */
    assert_null(key_from_spki(buf_slice(&spki), &e));
    assert_string_equal(e.code, "crypto.key-unsupported");
    err_clear(&e);
    key_free(key);
    buf_fini(&spki);

    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(small, &der);
    assert_true(len > 0);
    assert_null(key_from_spki(slice_of(der, (size_t)len), &e));
    assert_string_equal(e.code, "crypto.key-weak");
    err_clear(&e);
    OPENSSL_free(der);
    EVP_PKEY_free(small);

    uint8_t one[ED25519_PUBLIC_LEN] = {1};
    assert_null(key_from_ed25519(one, &e));
    assert_string_equal(e.code, "crypto.key-weak");
    err_clear(&e);
    one[31] = 0x80;
    assert_null(key_from_ed25519(one, &e));
    err_clear(&e);
    EVP_PKEY *k1 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
    der = NULL;
    len = i2d_PUBKEY(k1, &der);
    assert_null(key_from_spki(slice_of(der, (size_t)len), &e));
    assert_string_equal(e.code, "crypto.key-unsupported");
    err_clear(&e);
    OPENSSL_free(der);
    EVP_PKEY_free(k1);
    assert_null(key_public_from_pem(slice_str(pem), &e));
    assert_true(err_is_set(&e));
}

static void algorithms_must_fit(void **state)
{
    struct err e = {0};
    struct key *curve = key_generate(KEY_P256, &e);
    struct key *edwards = key_generate(KEY_ED25519, &e);
    struct buf signature;

    (void)state;
    buf_init(&signature);
    assert_int_equal(key_sign(curve, slice_str("m"), &signature, &e), 0);
    assert_int_equal(
        key_verify_with(curve, SIGNATURE_ECDSA_SHA384, slice_str("m"), buf_slice(&signature), &e),
        -1);
    err_clear(&e);
    assert_int_equal(
        key_verify_with(curve, SIGNATURE_RSA_SHA256, slice_str("m"), buf_slice(&signature), &e),
        -1);
    assert_string_equal(e.code, "crypto.signature-algorithm");
    err_clear(&e);
    assert_int_equal(
        key_verify_with(edwards, SIGNATURE_UNKNOWN, slice_str("m"), buf_slice(&signature), &e), -1);
    err_clear(&e);
    for (unsigned a = SIGNATURE_ECDSA_SHA256; a <= SIGNATURE_RSA_SHA512; a++)
        assert_int_equal(signature_algorithm_parse(signature_algorithm_der(a)), a);
    assert_int_equal(signature_algorithm_parse(slice_str("x")), SIGNATURE_UNKNOWN);
    assert_int_equal(key_kind_parse(slice_str("p-256")), KEY_P256);
    assert_int_equal(key_kind_parse(slice_str("DSA")), KEY_NONE);
    key_free(key_ref(curve));
    key_free(curve);
    key_free(edwards);
    key_free(NULL);
    buf_fini(&signature);
}

/* Every allocation fails once: an error each time, and nothing leaks. */
static void torture(void **state)
{
    struct err e = {0};
    struct key *key = key_generate(KEY_P256, &e);
    struct slice passphrase = slice_str("x");
    bool done = false;

    (void)state;
    for (long k = 0; !done; k++) {
        struct buf spki, pem, signature;
        struct key *public = NULL, *again = NULL;
        buf_init(&spki);
        buf_init(&pem);
        buf_init(&signature);
        err_clear(&e);
        mem_fail_after(k);
        done = key_to_spki(key, &spki, &e) == 0 &&
               (public = key_from_spki(buf_slice(&spki), &e)) != NULL &&
               key_to_pem(key, &passphrase, &pem, &e) == 0 &&
               (again = key_from_pem(buf_slice(&pem), &passphrase, &e)) != NULL &&
               key_sign(again, slice_str("m"), &signature, &e) == 0 &&
               key_verify(public, slice_str("m"), buf_slice(&signature), &e) == 0;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        key_free(public);
        key_free(again);
        buf_fini(&spki);
        buf_fini_secret(&pem);
        buf_fini(&signature);
        assert_true(k < 200);
    }
    key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign_and_verify),     cmocka_unit_test(spki_is_openssls),
        cmocka_unit_test(pem_round_trip),      cmocka_unit_test(weak_keys_are_refused),
        cmocka_unit_test(algorithms_must_fit), cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
