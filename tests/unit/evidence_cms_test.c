/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of persons; OpenSSL's CMS is the other side. */
#include "evidence/seal/cms.h"
#include "../support/authority.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/pem.h"
#include "crypto/signed_data.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define DAY INT64_C(86400000000)

static char folder[] = "/tmp/evidence_cms_XXXXXX";
static const char content[] = "{\"format\":\"x\"}\n";

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const struct buf *text)
{
    struct err e = {0};
    assert_int_equal(file_write(in_folder(name), buf_slice(text), 0600, &e), 0);
}

static void put_chain(const char *name, const struct identity *const *list, size_t count)
{
    struct buf pem;
    buf_init(&pem);
    for (size_t i = 0; i < count; i++)
        pem_put(&pem, "CERTIFICATE", buf_slice(&list[i]->certificate));
    put(name, &pem);
    buf_fini(&pem);
}

static void put_key(const char *name, const struct key *key, const char *password)
{
    struct err e = {0};
    struct buf pem;
    struct slice secret = slice_str(password);
    buf_init(&pem);
    assert_int_equal(key_to_pem(key, password ? &secret : NULL, &pem, &e), 0);
    put(name, &pem);
    buf_fini(&pem);
}

struct people {
    struct identity root, ca, person;
};

static void make(struct people *p, enum key_kind kind, int64_t begin, int days)
{
    struct err e = {0};
    int64_t now = clock_now(&clock_system);
    identity_make(&p->root, IDENTITY_ROOT, "Root", key_generate(KEY_P256, &e), NULL, now - DAY, 30);
    identity_make(&p->ca, IDENTITY_CA, "Laboratory CA", key_generate(KEY_P256, &e), &p->root,
                  now - DAY, 30);
    identity_make(&p->person, IDENTITY_DEVICE, "A. Meyer", key_generate(kind, &e), &p->ca, begin,
                  days);
    put_chain("chain.pem", (const struct identity *[]){&p->person, &p->ca}, 2);
    put_chain("root.pem", (const struct identity *[]){&p->root}, 1);
    put_key("key.pem", p->person.key, NULL);
}

static void drop(struct people *p)
{
    identity_fini(&p->root);
    identity_fini(&p->ca);
    identity_fini(&p->person);
}

static void sign(struct buf *der)
{
    struct err e = {0};
    struct evidence_signer *signer =
        evidence_signer_open(in_folder("key.pem"), in_folder("chain.pem"), NULL, &e);
    assert_non_null(signer);
    assert_string_equal(evidence_signer_name(signer), "CN=A. Meyer");
    assert_int_equal(evidence_cms_sign(signer, slice_str(content), der, &e), 0);
    evidence_signer_close(signer);
}

/* What openssl cms -verify -cades does. */
static int theirs(const struct buf *der, const struct identity *root)
{
    const unsigned char *at = der->data, *root_at = root->certificate.data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der->len);
    X509 *anchor = d2i_X509(NULL, &root_at, (long)root->certificate.len);
    X509_STORE *store = X509_STORE_new();
    BIO *data = BIO_new_mem_buf(content, -1);
    assert_non_null(cms);
    X509_STORE_add_cert(store, anchor);
    X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
    int result = CMS_verify(cms, NULL, store, data, NULL, CMS_BINARY | CMS_DETACHED);
    if (result != 1)
        ERR_print_errors_fp(stderr);
    BIO_free(data);
    X509_STORE_free(store);
    X509_free(anchor);
    CMS_ContentInfo_free(cms);
    return result;
}

static void each_kind_of_key(void **state)
{
    static const enum key_kind kinds[] = {KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct people p;
        struct err e = {0};
        struct buf der;
        struct evidence_signature found;
        uint8_t hash[32];
        int64_t now = clock_now(&clock_system);
        make(&p, kinds[i], now - DAY, 10);
        buf_init(&der);
        sign(&der);
        assert_int_equal(evidence_cms_verify(slice_str(content), buf_slice(&der),
                                             in_folder("root.pem"), &found, &e),
                         0);
        assert_true(found.chain_checked);
        assert_string_equal(found.subject, "CN=A. Meyer");
        assert_true(llabs(found.signed_at - now) < 60000000);
        assert_int_equal(certificate_fingerprint(buf_slice(&p.person.certificate), hash, &e), 0);
        assert_memory_equal(hash, found.certificate_sha256, sizeof hash);
        assert_int_equal(evidence_cms_verify(slice_str(content), buf_slice(&der), NULL, &found, &e),
                         0);
        assert_false(found.chain_checked);
        if (kinds[i] != KEY_ED25519) /* OpenSSL 3.0 has no RFC 8419 */
            assert_int_equal(theirs(&der, &p.root), 1);
        buf_fini(&der);
        drop(&p);
    }
}

/* 27037 row 50: one changed byte, any byte, and the signature is none */
static void each_byte(void **state)
{
    struct people p;
    struct buf der;
    struct evidence_signature found;
    struct err e = {0};
    (void)state;
    make(&p, KEY_P256, clock_now(&clock_system) - DAY, 10);
    buf_init(&der);
    sign(&der);
    for (size_t i = 0; i < der.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            der.data[i] ^= (uint8_t)(1U << bit);
            if (evidence_cms_verify(slice_str(content), buf_slice(&der), NULL, &found, &e) == 0)
                fail_msg("byte %zu, bit %u may be another", i, bit);
            err_clear(&e);
            der.data[i] ^= (uint8_t)(1U << bit);
        }
    for (size_t len = 0; len < der.len; len++) {
        assert_int_equal(
            evidence_cms_verify(slice_str(content), slice_of(der.data, len), NULL, &found, &e), -1);
        err_clear(&e);
    }
    buf_putc(&der, 0);
    assert_int_equal(evidence_cms_verify(slice_str(content), buf_slice(&der), NULL, &found, &e),
                     -1);
    buf_fini(&der);
    drop(&p);
}

static void refused(const char *text, const struct buf *der, const char *roots, const char *code)
{
    struct evidence_signature found;
    struct err e = {0};
    assert_int_equal(evidence_cms_verify(slice_str(text), buf_slice(der), roots, &found, &e), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.kind, ERR_VERIFY);
}

static void who_vouches(void **state)
{
    struct people p, other;
    struct buf der;
    (void)state;
    make(&other, KEY_P256, clock_now(&clock_system) - DAY, 10);
    put_chain("other.pem", (const struct identity *[]){&other.root}, 1);
    make(&p, KEY_P256, clock_now(&clock_system) - DAY, 10);
    buf_init(&der);
    sign(&der);
    refused("other content", &der, NULL, "signed-data.digest");
    refused(content, &der, in_folder("other.pem"), "chain.untrusted");
    buf_fini(&der);
    drop(&p);
    drop(&other);
}

static void cannot_sign(const char *key, const char *chain, const char *password, const char *code)
{
    struct err e = {0};
    struct buf der;
    buf_init(&der);
    struct evidence_signer *signer = evidence_signer_open(
        in_folder(key), in_folder(chain), password ? in_folder(password) : NULL, &e);
    if (signer)
        assert_int_equal(evidence_cms_sign(signer, slice_str(content), &der, &e), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(der.len, 0);
    evidence_signer_close(signer);
    buf_fini(&der);
}

static void keys_and_chains(void **state)
{
    struct people p;
    struct err e = {0};
    struct buf text;
    (void)state;
    make(&p, KEY_P256, clock_now(&clock_system) - 9 * DAY, 3);
    cannot_sign("key.pem", "chain.pem", NULL, "evidence.signer-validity");
    put_chain("order.pem", (const struct identity *[]){&p.person, &p.root, &p.ca}, 3);
    cannot_sign("key.pem", "order.pem", NULL, "evidence.signer");
    put_key("other.pem", p.ca.key, NULL);
    cannot_sign("other.pem", "chain.pem", NULL, "evidence.signer");
    cannot_sign("key.pem", "key.pem", NULL, "evidence.certificates");
    put_key("locked.pem", p.person.key, "a passphrase");
    buf_init(&text);
    buf_puts(&text, "a passphrase\nand more\n");
    put("password", &text);
    buf_reset(&text);
    buf_puts(&text, "another\n");
    put("wrong", &text);
    cannot_sign("locked.pem", "chain.pem", NULL, "crypto.key-passphrase");
    cannot_sign("locked.pem", "chain.pem", "wrong", "crypto.key-passphrase");
    struct evidence_signer *signer = evidence_signer_open(
        in_folder("locked.pem"), in_folder("chain.pem"), in_folder("password"), &e);
    assert_non_null(signer);
    evidence_signer_close(signer);
    buf_fini(&text);
    drop(&p);
}

/* Each allocation of ours fails once: an error, never another verdict. */
static void memory(void **state)
{
    struct people p;
    struct err e = {0};
    struct buf der;
    struct evidence_signature found;
    (void)state;
    make(&p, KEY_P256, clock_now(&clock_system) - DAY, 10);
    for (long k = 0;; k++) {
        buf_init(&der);
        mem_fail_after(k);
        struct evidence_signer *signer =
            evidence_signer_open(in_folder("key.pem"), in_folder("chain.pem"), NULL, &e);
        bool done = signer && evidence_cms_sign(signer, slice_str(content), &der, &e) == 0 &&
                    evidence_cms_verify(slice_str(content), buf_slice(&der), in_folder("root.pem"),
                                        &found, &e) == 0;
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        evidence_signer_close(signer);
        buf_fini(&der);
        if (!failed) {
            assert_true(done);
            assert_true(k > 20);
            break;
        }
        if (!done)
            assert_int_equal(e.kind, ERR_MEMORY);
        err_clear(&e);
    }
    drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_key), cmocka_unit_test(each_byte),
        cmocka_unit_test(who_vouches),      cmocka_unit_test(keys_and_chains),
        cmocka_unit_test(memory),
    };
    if (!mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0 || failed;
}
