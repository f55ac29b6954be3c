/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, certs-only messages, PEM and names; OpenSSL is the other side. */
#include "crypto/csr.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"
#include "base/memory.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *const hosts[] = {"centre.example", "c2.example"};
static const struct csr_wish wish = {
    .subject = {.country = "AT",
                .organisation = "Exämple",
                .organisational_unit = "device",
                .common_name = "ast_1",
                .serial_number = "A-17/3"},
    .dns_names = hosts,
    .dns_count = 2,
    .challenge_password = "secret",
};

static void requests(void **state)
{
    static const enum key_kind kinds[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct err e = {0};
        struct key *key = key_generate(kinds[i], &e);
        struct key *found = NULL;
        struct csr csr;
        struct buf der;
        char text[NAME_TEXT];
        buf_init(&der);
        assert_int_equal(csr_build(key, &wish, &der, &e), 0);
        assert_int_equal(csr_parse(&csr, buf_slice(&der), &e), 0);
        assert_int_equal(csr_check_possession(&csr, &found, &e), 0);
        assert_true(key_same(key, found));
        assert_true(slice_is(csr.common_name, "ast_1"));
        assert_true(slice_is(csr.challenge_password, "secret"));
        assert_true(csr.alt_names.len > 0);
        assert_false(csr.asks_ca);
        name_text(csr.subject, text);
        assert_string_equal(text, "C=AT, O=Exämple, OU=device, serialNumber=A-17/3, CN=ast_1");

        const unsigned char *at = der.data; /* OpenSSL agrees */
        X509_REQ *theirs = d2i_X509_REQ(NULL, &at, (long)der.len);
        assert_non_null(theirs);
        EVP_PKEY *pkey = X509_REQ_get_pubkey(theirs);
        assert_int_equal(X509_REQ_verify(theirs, pkey), 1);
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(theirs);
        assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
        EVP_PKEY_free(pkey);
        X509_REQ_free(theirs);

        for (size_t byte = 0; byte < der.len; byte += 3) { /* row 30: possession is proven */
            der.data[byte] ^= 0x40;
            err_clear(&e);
            assert_false(csr_parse(&csr, buf_slice(&der), &e) == 0 &&
                         csr_check_possession(&csr, NULL, &e) == 0);
            der.data[byte] ^= 0x40;
        }
        key_free(found);
        key_free(key);
        buf_fini(&der);
    }
}

static void foreign_key_in_a_request(void **state)
{
    struct err e = {0};
    struct key *mine = key_generate(KEY_P256, &e);
    struct key *victim = key_generate(KEY_P256, &e);
    struct buf der, spki;
    struct csr csr;

    (void)state;
    buf_init(&der);
    buf_init(&spki);
    assert_int_equal(csr_build(mine, &wish, &der, &e), 0);
    assert_int_equal(csr_parse(&csr, buf_slice(&der), &e), 0);
    assert_int_equal(key_to_spki(victim, &spki, &e), 0);
    memcpy(der.data + (csr.spki.data - der.data), spki.data, spki.len);
    assert_int_equal(csr_parse(&csr, buf_slice(&der), &e), 0);
    assert_int_equal(csr_check_possession(&csr, NULL, &e), -1);
    assert_string_equal(e.code, "csr.possession");
    buf_fini(&der);
    buf_fini(&spki);
    key_free(mine);
    key_free(victim);
}

static void names(void **state)
{
    struct err e = {0};
    struct buf der;
    char text[NAME_TEXT];
    char long_part[66];

    (void)state;
    memset(long_part, 'x', sizeof(long_part) - 1);
    long_part[sizeof(long_part) - 1] = '\0';
    const struct name_parts bad[] = {{.common_name = long_part},
                                     {.common_name = "a\nb"},
                                     {.country = "AUT"},
                                     {.country = "A_"},
                                     {.serial_number = "#1"},
                                     {.organisation = "\xff"},
                                     {.organisational_unit = "a\x7f"}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        buf_init(&der);
        err_clear(&e);
        assert_int_equal(name_build(&bad[i], &der, &e), -1);
        assert_string_equal(e.code, "name.part");
        buf_fini(&der);
    }
    buf_init(&der);
    err_clear(&e);
    assert_int_equal(name_build(&(struct name_parts){.common_name = "a, b=c\\"}, &der, &e), 0);
    name_text(buf_slice(&der), text);
    assert_string_equal(text, "CN=a\\, b\\=c\\\\");
    buf_reset(&der);
    assert_int_equal(name_build(&(struct name_parts){0}, &der, &e), 0);
    name_text(buf_slice(&der), text);
    assert_string_equal(text, "");
    assert_int_equal(name_common_name(buf_slice(&der)).len, 0);
    name_text(slice_str("no DER"), text);
    assert_string_equal(text, "");
    buf_fini(&der);
}

static void pem(void **state)
{
    struct err e = {0};
    struct buf text, der;
    uint8_t bytes[200];
    struct slice rest;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    buf_init(&text);
    buf_init(&der);
    buf_puts(&text, "about it\r\n");
    pem_put(&text, "A", slice_of(bytes, 100));
    pem_put(&text, "B", slice_of(bytes, 1));
    pem_put(&text, "A", slice_of(bytes, 200));
    rest = buf_slice(&text);
    assert_int_equal(pem_next(&rest, "A", &der, &e), 1);
    assert_int_equal(der.len, 100);
    assert_int_equal(pem_next(&rest, "A", &der, &e), 1);
    assert_true(slice_equal(buf_slice(&der), slice_of(bytes, 200)));
    assert_int_equal(pem_next(&rest, "A", &der, &e), 0);
    static const char *const bad[] = {
        "-----BEGIN A-----\nAAAA\n",
        "-----BEGIN A-----\nAA*A\n-----END A-----\n",
        "-----BEGIN A-----\nAAA\n-----END A-----\n",
        "-----BEGIN A-----\nAAAA\n-----END B-----\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        rest = slice_str(bad[i]);
        err_clear(&e);
        assert_int_equal(pem_next(&rest, "A", &der, &e), -1);
        assert_string_equal(e.code, "pem.syntax");
        assert_string_equal(e.where, "line 1");
    }
    buf_fini(&text);
    buf_fini(&der);
}

static struct slice self_signed(struct buf *der)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    unsigned char *out = NULL;

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 77);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 1000);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    int len = i2d_X509(x, &out);
    buf_put(der, out, (size_t)len);
    OPENSSL_free(out);
    X509_free(x);
    EVP_PKEY_free(key);
    return buf_slice(der);
}

/* RFC 7030 section 4.1.3 */
static void certs_only(void **state)
{
    struct err e = {0};
    struct buf a, b, message;
    struct certificate_list list;

    (void)state;
    buf_init(&a);
    buf_init(&b);
    buf_init(&message);
    const struct slice two[] = {self_signed(&a), self_signed(&b)};
    assert_int_equal(pkcs7_certificates_build(two, 2, &message, &e), 0);
    const unsigned char *at = message.data;
    PKCS7 *theirs = d2i_PKCS7(NULL, &at, (long)message.len);
    assert_non_null(theirs);
    assert_true(PKCS7_type_is_signed(theirs));
    assert_int_equal(sk_X509_num(theirs->d.sign->cert), 2);
    unsigned char *again = NULL;
    int len = i2d_PKCS7(theirs, &again);
    certificate_list_init(&list);
    assert_int_equal(pkcs7_certificates_parse(slice_of(again, (size_t)len), &list, &e), 0);
    assert_int_equal(list.count, 2);
    certificate_list_fini(&list);
    OPENSSL_free(again);
    PKCS7_free(theirs);
    assert_int_equal(pkcs7_certificates_parse(buf_slice(&message), &list, &e), 0);
    assert_int_equal(list.count, 2);
    assert_true(slice_equal(list.items[0], two[0]));
    assert_true(slice_equal(list.items[1], two[1]));
    certificate_list_fini(&list);
    for (size_t cut = 0; cut < message.len; cut += 5) {
        err_clear(&e);
        assert_int_equal(pkcs7_certificates_parse(slice_of(message.data, cut), &list, &e), -1);
        certificate_list_fini(&list);
    }
    assert_int_equal(pkcs7_certificates_build(two, 0, &message, &e), -1);
    bool done = false;
    for (long k = 0; !done; k++) {
        struct buf out;
        buf_init(&out);
        err_clear(&e);
        mem_fail_after(k);
        done = pkcs7_certificates_build(two, 2, &out, &e) == 0 &&
               pkcs7_certificates_parse(buf_slice(&out), &list, &e) == 0;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        certificate_list_fini(&list);
        buf_fini(&out);
        assert_true(k < 200);
    }
    buf_fini(&a);
    buf_fini(&b);
    buf_fini(&message);
}

static void torture_of_requests(void **state)
{
    struct err e = {0};
    struct key *key = key_generate(KEY_P256, &e);
    bool done = false;

    (void)state;
    for (long k = 0; !done; k++) {
        struct buf der;
        struct csr csr;
        struct key *found = NULL;
        buf_init(&der);
        err_clear(&e);
        mem_fail_after(k);
        done = csr_build(key, &wish, &der, &e) == 0 && csr_parse(&csr, buf_slice(&der), &e) == 0 &&
               csr_check_possession(&csr, &found, &e) == 0;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        key_free(found);
        buf_fini(&der);
        assert_true(k < 200);
    }
    key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),   cmocka_unit_test(foreign_key_in_a_request),
        cmocka_unit_test(names),      cmocka_unit_test(pem),
        cmocka_unit_test(certs_only), cmocka_unit_test(torture_of_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
