/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made with OpenSSL's own API, read by our slices; chains; and what is refused. */
#include "crypto/certificate.h"
#include "crypto/chain.h"
#include "crypto/der.h"
#include "crypto/name.h"
#include "base/memory.h"

#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { YEAR = 365 * 86400 };
static const int64_t now = 1800000000000000; /* 2027-01-15 */

struct made {
    EVP_PKEY *key;
    X509 *x;
    struct slice der;
};

static void add(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    CONF *nothing = NCONF_new(NULL);
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509V3_set_nconf(&context, nothing);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x, extension, -1), 1);
    X509_EXTENSION_free(extension);
    NCONF_free(nothing);
}

/* A certificate for name by issuer (NULL: itself), from `from` years to `to` years around now. */
static struct made make(const char *name, const struct made *issuer, bool ca, const char *usages,
                        int from, int to, const EVP_MD *md)
{
    struct made m = {.key = EVP_EC_gen("P-256"), .x = X509_new()};
    X509 *by = issuer ? issuer->x : m.x;
    static long serial = 0x7f00000000000001;
    unsigned char *der = NULL;

    X509_set_version(m.x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(m.x), serial++);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(m.x), "O", MBSTRING_UTF8,
                               (const unsigned char *)"Example", -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(m.x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(m.x, X509_get_subject_name(by));
    ASN1_TIME_set(X509_getm_notBefore(m.x), now / 1000000 + (time_t)from * YEAR);
    ASN1_TIME_set(X509_getm_notAfter(m.x), now / 1000000 + (time_t)to * YEAR);
    X509_set_pubkey(m.x, m.key);
    add(m.x, by, NID_basic_constraints, ca ? "critical,CA:TRUE,pathlen:1" : "CA:FALSE");
    add(m.x, by, NID_key_usage, ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    add(m.x, by, NID_subject_key_identifier, "hash");
    add(m.x, by, NID_authority_key_identifier, "keyid");
    if (usages)
        add(m.x, by, NID_ext_key_usage, usages);
    if (!ca) {
        add(m.x, by, NID_subject_alt_name,
            "DNS:pump.example,IP:192.0.2.7,email:a@example.org,URI:urn:x:y");
        add(m.x, by, NID_certificate_policies, "1.2.3.4,2.999.1");
    }
    assert_true(X509_sign(m.x, issuer ? issuer->key : m.key, md) > 0);
    int len = i2d_X509(m.x, &der);
    m.der = slice_of(der, (size_t)len);
    return m;
}

static void release(struct made *m)
{
    OPENSSL_free((void *)(uintptr_t)m->der.data);
    EVP_PKEY_free(m->key);
    X509_free(m->x);
}

static struct made root, issuing, leaf;

static int setup(void **state)
{
    (void)state;
    root = make("root", NULL, true, NULL, -5, 10, EVP_sha256());
    issuing = make("issuing", &root, true, NULL, -2, 5, EVP_sha256());
    leaf = make("pump 7", &issuing, false, "clientAuth", -1, 1, EVP_sha256());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    release(&root);
    release(&issuing);
    release(&leaf);
    return 0;
}

static void fields(void **state)
{
    struct certificate c, ca;
    struct err e = {0};
    struct slice rest, value, oid;
    char text[NAME_TEXT], oids[2][32];
    int kind, count = 0;

    (void)state;
    assert_int_equal(certificate_parse(&c, leaf.der, &e), 0);
    assert_int_equal(certificate_parse(&ca, issuing.der, &e), 0);
    assert_true(slice_equal(c.raw, leaf.der));
    assert_true(slice_is(c.common_name, "pump 7"));
    name_text(c.subject, text);
    assert_string_equal(text, "O=Example, CN=pump 7");
    assert_true(slice_equal(c.issuer, ca.subject));
    assert_int_equal(c.not_before, now - (int64_t)YEAR * 1000000);
    assert_int_equal(c.not_after, now + (int64_t)YEAR * 1000000);
    assert_int_equal(c.serial.len, 8);
    assert_false(c.is_ca);
    assert_int_equal(c.path_length, -1);
    assert_true(ca.is_ca);
    assert_int_equal(ca.path_length, 1);
    assert_int_equal(c.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(ca.key_usage, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    assert_true(c.has_purposes);
    assert_int_equal(c.purposes, PURPOSE_CLIENT);
    assert_false(c.unknown_critical);
    assert_int_equal(c.subject_key_id.len, 20);
    assert_true(slice_equal(c.authority_key_id, ca.subject_key_id));
    assert_int_equal(c.algorithm, SIGNATURE_ECDSA_SHA256);
    assert_true(slice_is(certificate_alt_name(&c, GENERAL_NAME_DNS), "pump.example"));
    assert_true(slice_is(certificate_alt_name(&c, GENERAL_NAME_EMAIL), "a@example.org"));
    assert_true(slice_is(certificate_alt_name(&c, GENERAL_NAME_URI), "urn:x:y"));
    assert_int_equal(certificate_alt_name(&c, GENERAL_NAME_IP).len, 4);
    for (rest = c.alt_names; general_name_next(&rest, &kind, &value) == 1;)
        count++;
    assert_int_equal(count, 4);
    count = 0;
    for (rest = c.policies; certificate_policy_next(&rest, &oid) == 1 && count < 2; count++)
        assert_true(der_oid_text(oid, oids[count], sizeof(oids[count])));
    assert_int_equal(count, 2);
    assert_string_equal(oids[0], "1.2.3.4");
    assert_string_equal(oids[1], "2.999.1");
    for (count = 0, rest = c.extensions;;) {
        bool critical;
        if (certificate_extension_next(&rest, &oid, &critical, &value) != 1)
            break;
        count++;
    }
    assert_int_equal(count, 7);
}

static void signatures(void **state)
{
    struct certificate c, ca;
    struct err e = {0};
    struct buf again;

    (void)state;
    assert_int_equal(certificate_parse(&c, leaf.der, &e), 0);
    assert_int_equal(certificate_parse(&ca, issuing.der, &e), 0);
    struct key *issuer = key_from_spki(ca.spki, &e);
    struct key *own = key_from_spki(c.spki, &e);
    assert_int_equal(certificate_check_signature(&c, issuer, &e), 0);
    assert_int_equal(certificate_check_signature(&c, own, &e), -1);
    assert_string_equal(e.code, "certificate.signature");
    buf_init(&again);
    certificate_assemble(c.tbs, c.algorithm, c.signature, &again);
    assert_true(slice_equal(buf_slice(&again), leaf.der));
    err_clear(&e);
    assert_int_equal(certificate_parse_tbs(&ca, c.tbs, &e), 0);
    assert_true(slice_equal(ca.spki, c.spki));
    buf_fini(&again);
    key_free(issuer);
    key_free(own);
}

static void chains(void **state)
{
    struct err e = {0};
    struct made old = make("old pump", &issuing, false, NULL, -1, 0, EVP_sha256());
    struct made future = make("new pump", &issuing, false, NULL, 1, 2, EVP_sha256());
    struct made weak = make("weak pump", &issuing, false, NULL, -1, 1, EVP_sha1());
    struct made stranger = make("root", NULL, true, NULL, -5, 10, EVP_sha256());
    struct made under_leaf = make("sub pump", &leaf, false, NULL, -1, 1, EVP_sha256());
    struct chain_verifier *v = chain_verifier_new(&root.der, 1, &e);
    const struct slice two[] = {issuing.der, leaf.der};

    (void)state;
    assert_non_null(v);
    for (int round = 0; round < 3; round++)
        assert_int_equal(chain_verify(v, leaf.der, &issuing.der, 1, now, PURPOSE_CLIENT, &e), 0);
    assert_int_equal(chain_verify(v, leaf.der, &issuing.der, 1, now, 0, &e), 0);

    static const struct {
        const struct made *leaf;
        int64_t years;
        uint32_t purposes;
        size_t others;
        const char *code;
    } bad[] = {
        {&leaf, 0, PURPOSE_SERVER, 1, "chain.purpose"},
        {&leaf, 3, 0, 1, "chain.expired"},
        {&leaf, -3, 0, 1, "chain.not-yet-valid"},
        {&leaf, 0, 0, 0, "chain.untrusted"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        assert_int_equal(chain_verify(v, bad[i].leaf->der, &issuing.der, bad[i].others,
                                      now + bad[i].years * YEAR * 1000000, bad[i].purposes, &e),
                         -1);
        assert_string_equal(e.code, bad[i].code);
        assert_int_equal(e.kind, ERR_VERIFY);
    }
    err_clear(&e);
    assert_int_equal(chain_verify(v, old.der, &issuing.der, 1, now + 1000000, 0, &e), -1);
    assert_string_equal(e.code, "chain.expired");
    assert_string_equal(e.where, "O=Example, CN=old pump");
    err_clear(&e);
    assert_int_equal(chain_verify(v, future.der, &issuing.der, 1, now, 0, &e), -1);
    assert_string_equal(e.code, "chain.not-yet-valid");
    err_clear(&e);
    assert_int_equal(chain_verify(v, weak.der, &issuing.der, 1, now, 0, &e), -1);
    assert_string_equal(e.code, "chain.weak");
    err_clear(&e);
    assert_int_equal(chain_verify(v, stranger.der, NULL, 0, now, 0, &e), -1);
    assert_string_equal(e.code, "chain.untrusted");
    err_clear(&e); /* a leaf is no CA */
    assert_int_equal(chain_verify(v, under_leaf.der, two, 2, now, 0, &e), -1);
    assert_int_equal(e.kind, ERR_VERIFY);
    err_clear(&e);
    assert_int_equal(chain_verify(v, slice_str("no"), NULL, 0, now, 0, &e), -1);
    err_clear(&e);
    struct slice garbage = slice_str("garbage");
    assert_null(chain_verifier_new(&garbage, 1, &e));
    assert_string_equal(e.code, "chain.anchor");
    chain_verifier_free(v);
    err_clear(&e); /* an intermediate may be the anchor */
    assert_int_equal(certificate_verify_chain(leaf.der, NULL, 0, &issuing.der, 1, now, 0, &e), 0);
    release(&old);
    release(&future);
    release(&weak);
    release(&stranger);
    release(&under_leaf);
}

/* Any one byte changed, cut or added: refused by the parser, or by the signature. */
static void every_byte_counts(void **state)
{
    struct certificate c, ca;
    struct err e = {0};
    uint8_t copy[4096];

    (void)state;
    assert_true(leaf.der.len < sizeof(copy));
    assert_int_equal(certificate_parse(&ca, issuing.der, &e), 0);
    struct key *issuer = key_from_spki(ca.spki, &e);
    for (size_t at = 0; at < leaf.der.len; at++) {
        memcpy(copy, leaf.der.data, leaf.der.len);
        copy[at] ^= 0x01;
        err_clear(&e);
        if (certificate_parse(&c, slice_of(copy, leaf.der.len), &e) == 0)
            assert_int_equal(certificate_check_signature(&c, issuer, &e), -1);
        err_clear(&e);
        assert_int_equal(certificate_parse(&c, slice_of(leaf.der.data, at), &e), -1);
    }
    memcpy(copy, leaf.der.data, leaf.der.len);
    copy[leaf.der.len] = 0;
    err_clear(&e);
    assert_int_equal(certificate_parse(&c, slice_of(copy, leaf.der.len + 1), &e), -1);
    key_free(issuer);
}

static void structure_is_checked(void **state)
{
    struct certificate c;
    struct err e = {0};
    struct made twice = make("twice", &issuing, false, "clientAuth", -1, 1, EVP_sha256());
    struct made first = make("v1", &issuing, false, NULL, -1, 1, EVP_sha256());
    struct made odd = make("odd", &issuing, false, NULL, -1, 1, EVP_sha256());
    unsigned char *der = NULL;

    (void)state;
    add(twice.x, issuing.x, NID_ext_key_usage, "serverAuth");
    X509_sign(twice.x, issuing.key, EVP_sha256());
    int len = i2d_X509(twice.x, &der);
    assert_int_equal(certificate_parse(&c, slice_of(der, (size_t)len), &e), -1);
    assert_string_equal(e.code, "certificate.extension-twice");
    OPENSSL_free(der);
    release(&twice);

    der = NULL;
    X509_set_version(first.x, 1);
    X509_sign(first.x, issuing.key, EVP_sha256());
    len = i2d_X509(first.x, &der);
    err_clear(&e);
    assert_int_equal(certificate_parse(&c, slice_of(der, (size_t)len), &e), -1);
    assert_string_equal(e.code, "certificate.version");
    OPENSSL_free(der);
    release(&first);

    der = NULL;
    ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4.5", 1);
    ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(data, (const unsigned char *)"\x05\x00", 2);
    X509_EXTENSION *unknown = X509_EXTENSION_create_by_OBJ(NULL, object, 1, data);
    X509_add_ext(odd.x, unknown, -1);
    X509_sign(odd.x, issuing.key, EVP_sha256());
    len = i2d_X509(odd.x, &der);
    err_clear(&e);
    assert_int_equal(certificate_parse(&c, slice_of(der, (size_t)len), &e), 0);
    assert_true(c.unknown_critical);
    X509_EXTENSION_free(unknown);
    ASN1_OCTET_STRING_free(data);
    ASN1_OBJECT_free(object);
    OPENSSL_free(der);
    release(&odd);
}

static void bundles(void **state)
{
    struct certificate_list list, again;
    struct err e = {0};
    struct buf pem;

    (void)state;
    certificate_list_init(&list);
    certificate_list_init(&again);
    buf_init(&pem);
    assert_int_equal(certificate_list_add(&list, root.der, &e), 0);
    assert_int_equal(certificate_list_add(&list, issuing.der, &e), 0);
    assert_int_equal(certificate_list_add(&list, leaf.der, &e), 0);
    buf_puts(&pem, "a comment\n");
    certificate_list_write_pem(&list, &pem);
    assert_int_equal(certificate_list_read_pem(&again, buf_slice(&pem), &e), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(slice_equal(list.items[i], again.items[i]));
    for (size_t i = again.count; i < CERTIFICATE_BUNDLE_MAX; i++)
        assert_int_equal(certificate_list_add(&again, slice_str("x"), &e), 0);
    assert_int_equal(certificate_list_add(&again, slice_str("x"), &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    certificate_list_fini(&again);
    err_clear(&e);
    assert_int_equal(
        certificate_list_read_pem(
            &again, slice_str("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
            &e),
        -1);
    assert_string_equal(e.where, "certificate 1 of the bundle: offset 2");
    certificate_list_fini(&again);
    /* torture */
    bool done = false;
    for (long k = 0; !done; k++) {
        err_clear(&e);
        mem_fail_after(k);
        done = certificate_list_read_pem(&again, buf_slice(&pem), &e) == 3;
        mem_fail_after(-1);
        assert_true(done != err_is_set(&e));
        certificate_list_fini(&again);
        assert_true(k < 1000);
    }
    certificate_list_fini(&list);
    buf_fini(&pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(signatures),
        cmocka_unit_test(chains),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(structure_is_checked),
        cmocka_unit_test(bundles),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
