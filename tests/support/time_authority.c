/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time-stamping authority for tests that says any time it is told: decades pass in a second.
 *
 *   time_authority root FOLDER FROM UNTIL                      makes root.pem, root.key
 *   time_authority new FOLDER NAME FROM UNTIL [rsa1024] [any]  makes NAME.pem, NAME.key; any: its
 *                                                              purpose is not critical
 *   time_authority reply FOLDER NAME TIME QUERY RESPONSE       answers a TimeStampReq
 *   time_authority list FOLDER FROM UNTIL OUT [NAME TIME REASON]  a revocation list
 *
 * Times are seconds since 1970.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail(#condition);                                                                      \
    } while (0)

static void fail(const char *what)
{
    fprintf(stderr, "time_authority: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static FILE *file(const char *folder, const char *name, const char *suffix, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    FILE *f = fopen(path, mode);
    if (!f)
        fail(path);
    return f;
}

/* A sanitizer need not look for leaks in what ends at once. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    NEED(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static X509 *certificate(const char *name, EVP_PKEY *key, const char *from, const char *until)
{
    X509 *x = X509_new();
    static unsigned long serial = 100;
    NEED(X509_set_version(x, 2) == 1);
    for (const char *c = name; *c; c++)
        serial = serial * 31 + (unsigned char)*c;
    NEED(ASN1_INTEGER_set(X509_get_serialNumber(x), (long)(serial & 0x7fffffff)) == 1);
    NEED(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                    (const unsigned char *)name, -1, -1, 0) == 1);
    NEED(ASN1_TIME_adj(X509_getm_notBefore(x), (time_t)atoll(from), 0, 0));
    NEED(ASN1_TIME_adj(X509_getm_notAfter(x), (time_t)atoll(until), 0, 0));
    NEED(X509_set_pubkey(x, key) == 1);
    return x;
}

static void save(const char *folder, const char *name, X509 *x, EVP_PKEY *key)
{
    FILE *f = file(folder, name, ".pem", "w");
    NEED(PEM_write_X509(f, x) == 1);
    fclose(f);
    f = file(folder, name, ".key", "w");
    NEED(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(f);
}

static X509 *load(const char *folder, const char *name, EVP_PKEY **key)
{
    FILE *f = file(folder, name, ".pem", "r");
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    f = file(folder, name, ".key", "r");
    *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    NEED(x && *key);
    return x;
}

static void root(char **a)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    X509 *x = certificate("Root of time", key, a[1], a[2]);
    NEED(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
    extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
    extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(x, x, NID_subject_key_identifier, "hash");
    NEED(X509_sign(x, key, EVP_sha384()) > 0);
    save(a[0], "root", x, key);
}

static void new (char **a, int count)
{
    EVP_PKEY *root_key, *key;
    X509 *issuer = load(a[0], "root", &root_key);
    bool small = count > 4 && strcmp(a[4], "rsa1024") == 0;
    bool any = count > 4 && strcmp(a[count - 1], "any") == 0;
    key = small ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
    X509 *x = certificate(a[1], key, a[2], a[3]);
    NEED(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
    extend(x, issuer, NID_key_usage, "critical,digitalSignature");
    extend(x, issuer, NID_ext_key_usage, any ? "timeStamping" : "critical,timeStamping");
    extend(x, issuer, NID_subject_key_identifier, "hash");
    extend(x, issuer, NID_authority_key_identifier, "keyid");
    NEED(X509_sign(x, root_key, EVP_sha384()) > 0);
    save(a[0], a[1], x, key);
}

static ASN1_INTEGER *serial_of(TS_RESP_CTX *context, void *data)
{
    ASN1_INTEGER *n = ASN1_INTEGER_new();
    (void)context;
    NEED(n && ASN1_INTEGER_set_int64(n, *(int64_t *)data) == 1);
    return n;
}

static int time_of(TS_RESP_CTX *context, void *data, long *seconds, long *micro)
{
    (void)context;
    *seconds = (long)*(int64_t *)data;
    *micro = 0;
    return 1;
}

static void reply(char **a)
{
    EVP_PKEY *key, *root_key;
    X509 *x = load(a[0], a[1], &key), *issuer = load(a[0], "root", &root_key);
    int64_t at = atoll(a[2]);
    TS_RESP_CTX *context = TS_RESP_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    NEED(sk_X509_push(chain, issuer) > 0);
    NEED(TS_RESP_CTX_set_signer_cert(context, x) == 1);
    NEED(TS_RESP_CTX_set_signer_key(context, key) == 1);
    NEED(TS_RESP_CTX_set_signer_digest(context, EVP_sha256()) == 1);
    NEED(TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256()) == 1);
    NEED(TS_RESP_CTX_set_certs(context, chain) == 1);
    NEED(TS_RESP_CTX_set_def_policy(context, OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1)) == 1);
    NEED(TS_RESP_CTX_add_md(context, EVP_sha256()) == 1);
    NEED(TS_RESP_CTX_add_md(context, EVP_sha384()) == 1);
    NEED(TS_RESP_CTX_add_md(context, EVP_sha512()) == 1);
    NEED(TS_RESP_CTX_add_md(context, EVP_sha1()) == 1);
    TS_RESP_CTX_set_serial_cb(context, serial_of, &at);
    TS_RESP_CTX_set_time_cb(context, time_of, &at);
    BIO *in = BIO_new_file(a[3], "rb");
    NEED(in);
    TS_RESP *answer = TS_RESP_create_response(context, in);
    NEED(answer);
    BIO *out = BIO_new_file(a[4], "wb");
    NEED(out && i2d_TS_RESP_bio(out, answer) == 1);
    BIO_free_all(out);
    BIO_free_all(in);
}

static void revoke(X509_CRL *list, char **a, const char *folder)
{
    EVP_PKEY *key;
    X509 *x = load(folder, a[0], &key);
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *at = ASN1_TIME_adj(NULL, (time_t)atoll(a[1]), 0, 0);
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
    NEED(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(x)) == 1);
    NEED(X509_REVOKED_set_revocationDate(entry, at) == 1);
    NEED(ASN1_ENUMERATED_set(reason, atoi(a[2])) == 1);
    NEED(atoi(a[2]) < 0 || X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1);
    NEED(X509_CRL_add0_revoked(list, entry) == 1);
}

static void list(char **a, int count)
{
    EVP_PKEY *key;
    X509 *issuer = load(a[0], "root", &key);
    X509_CRL *crl = X509_CRL_new();
    NEED(X509_CRL_set_version(crl, 1) == 1);
    NEED(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1);
    NEED(X509_CRL_set1_lastUpdate(crl, ASN1_TIME_adj(NULL, (time_t)atoll(a[1]), 0, 0)) == 1);
    NEED(X509_CRL_set1_nextUpdate(crl, ASN1_TIME_adj(NULL, (time_t)atoll(a[2]), 0, 0)) == 1);
    if (count > 4)
        revoke(crl, a + 4, a[0]);
    NEED(X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, key, EVP_sha384()) > 0);
    BIO *out = BIO_new_file(a[3], "wb");
    NEED(out && i2d_X509_CRL_bio(out, crl) == 1);
    BIO_free_all(out);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "root") == 0 && argc == 5)
        root(argv + 2);
    else if (strcmp(what, "new") == 0 && argc >= 6)
        new (argv + 2, argc - 2);
    else if (strcmp(what, "reply") == 0 && argc == 7)
        reply(argv + 2);
    else if (strcmp(what, "list") == 0 && (argc == 6 || argc == 9))
        list(argv + 2, argc - 2);
    else
        return 2;
    return 0;
}
