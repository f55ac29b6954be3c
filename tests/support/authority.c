/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include "base/encoding.h"
#include "base/file.h"
#include "crypto/digest.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    CHECK(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static X509 *decode(const struct identity *identity)
{
    const unsigned char *at = identity->certificate.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)identity->certificate.len);

    CHECK(certificate);
    return certificate;
}

static void set_time(ASN1_TIME *field, int64_t time)
{
    CHECK(ASN1_TIME_set(field, (time_t)(time / 1000000)));
}

void identity_make(struct identity *identity, enum identity_kind kind, const char *name,
                   struct key *key, const struct identity *issuer, int64_t begin, int days)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_NAME_new();
    uint8_t serial[SHA256_LEN];
    unsigned char *der = NULL;
    bool is_ca = kind == IDENTITY_ROOT || kind == IDENTITY_CA;

    CHECK(certificate && subject && key);
    *identity = (struct identity){.key = key, .issuer = issuer};
    buf_init(&identity->certificate);
    /* The same name has the same serial number, in every run. */
    CHECK(sha256(slice_str(name), serial) == 0);
    serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40);
    BIGNUM *number = BN_bin2bn(serial, 16, NULL);
    CHECK(number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)));
    BN_free(number);
    CHECK(X509_set_version(certificate, X509_VERSION_3));
    CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                     -1, 0));
    CHECK(X509_set_subject_name(certificate, subject));
    X509 *issuing = issuer ? decode(issuer) : NULL;
    CHECK(X509_set_issuer_name(certificate, issuing ? X509_get_subject_name(issuing) : subject));
    set_time(X509_getm_notBefore(certificate), begin);
    set_time(X509_getm_notAfter(certificate), begin + (int64_t)days * INT64_C(86400000000));
    CHECK(X509_set_pubkey(certificate, key_evp(key)));
    extend(certificate, issuing ? issuing : certificate, NID_subject_key_identifier, "hash");
    if (issuing)
        extend(certificate, issuing, NID_authority_key_identifier, "keyid:always");
    extend(certificate, certificate, NID_basic_constraints,
           is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(certificate, certificate, NID_key_usage,
           is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (!is_ca)
        extend(certificate, certificate, NID_ext_key_usage,
               kind == IDENTITY_PUBLISHER ? "1.3.6.1.5.5.7.3.36" : "clientAuth");
    CHECK(X509_sign(certificate, key_evp(issuer ? issuer->key : key), EVP_sha256()));
    int len = i2d_X509(certificate, &der);
    CHECK(len > 0);
    buf_put(&identity->certificate, der, (size_t)len);
    CHECK(!identity->certificate.failed);
    OPENSSL_free(der);
    X509_NAME_free(subject);
    X509_free(certificate);
    X509_free(issuing);
}

void identity_fini(struct identity *identity)
{
    key_free(identity->key);
    buf_fini(&identity->certificate);
    identity->key = NULL;
}

void identity_serial(const struct identity *identity, char out[64])
{
    struct certificate certificate;
    struct err e = {0};

    CHECK(certificate_parse(&certificate, buf_slice(&identity->certificate), &e) == 0);
    CHECK(certificate.serial.len < 32);
    hex_format(certificate.serial.data, certificate.serial.len, out);
}

void authority_crl(const struct identity *ca, const struct identity *const *revoked, size_t count,
                   int64_t at, struct buf *der)
{
    X509_CRL *crl = X509_CRL_new();
    X509 *issuer = decode(ca);
    ASN1_TIME *time = ASN1_TIME_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    unsigned char *bytes = NULL;

    CHECK(crl && time && number && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
    CHECK(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)));
    set_time(time, at);
    CHECK(X509_CRL_set1_lastUpdate(crl, time));
    for (size_t i = 0; i < count; i++) {
        X509_REVOKED *entry = X509_REVOKED_new();
        X509 *certificate = decode(revoked[i]);
        CHECK(entry && X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate)));
        CHECK(X509_REVOKED_set_revocationDate(entry, time) && X509_CRL_add0_revoked(crl, entry));
        X509_free(certificate);
    }
    set_time(time, at + INT64_C(604800000000));
    CHECK(X509_CRL_set1_nextUpdate(crl, time));
    CHECK(ASN1_INTEGER_set(number, 7) &&
          X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    CHECK(extension && X509_CRL_add_ext(crl, extension, -1));
    X509_EXTENSION_free(extension);
    CHECK(X509_CRL_sort(crl) && X509_CRL_sign(crl, key_evp(ca->key), EVP_sha256()));
    int len = i2d_X509_CRL(crl, &bytes);
    CHECK(len > 0);
    buf_put(der, bytes, (size_t)len);
    OPENSSL_free(bytes);
    ASN1_TIME_free(time);
    ASN1_INTEGER_free(number);
    X509_free(issuer);
    X509_CRL_free(crl);
}

struct key *key_in_folder(const char *folder, const char *name, enum key_kind kind)
{
    char path[512];
    struct err e = {0};
    struct buf pem;
    struct key *key;

    if (!folder) {
        key = key_generate(kind, &e);
        CHECK(key);
        return key;
    }
    buf_init(&pem);
    snprintf(path, sizeof path, "%s/%s.key", folder, name);
    if (file_kind(path) == 1) {
        CHECK(file_read(path, KEY_PEM_MAX, &pem, &e) == 0);
        key = key_from_pem(buf_slice(&pem), NULL, &e);
        CHECK(key && key_kind(key) == kind);
    } else {
        key = key_generate(kind, &e);
        CHECK(key && key_to_pem(key, NULL, &pem, &e) == 0);
        CHECK(file_make_folder(folder, 0700, &e) == 0 &&
              file_write(path, buf_slice(&pem), 0600, &e) == 0);
    }
    buf_fini(&pem);
    return key;
}
