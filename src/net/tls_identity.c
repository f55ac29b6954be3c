/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_identity.h"
#include "base/memory.h"
#include "crypto/shortage.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdatomic.h>

struct tls_identity {
    atomic_uint references;
    uint64_t generation;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;   /* own certificate first; may be empty */
    STACK_OF(X509) * anchors; /* may be empty */
};

int tls_err(struct err *e, const char *code, const char *what)
{
    unsigned long first = ERR_get_error();
    const char *reason = first ? ERR_reason_error_string(first) : NULL;

    ERR_clear_error();
    if (reason)
        return err_set(e, ERR_SYSTEM, code, NULL, "%s: %s", what, reason);
    return err_set(e, ERR_SYSTEM, code, NULL, "%s", what);
}

static BIO *bio_of(struct slice text, struct err *e)
{
    BIO *bio = text.len <= INT_MAX ? BIO_new_mem_buf(text.data, (int)text.len) : NULL;

    if (!bio)
        err_memory(e);
    return bio;
}

/* All certificates of a PEM text, in their order. */
static int read_certificates(STACK_OF(X509) * list, struct slice pem, const char *code,
                             struct err *e)
{
    BIO *bio;
    int result = -1;

    if (pem.len == 0)
        return 0;
    bio = bio_of(pem, e);
    if (!bio)
        return -1;
    for (;;) {
        X509 *one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!one)
            break;
        if (sk_X509_push(list, one) <= 0) {
            X509_free(one);
            err_memory(e);
            goto out;
        }
    }
    unsigned long last = ERR_peek_last_error();
    if (sk_X509_num(list) == 0 || ERR_GET_LIB(last) != ERR_LIB_PEM ||
        ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
        tls_err(e, code, "a certificate cannot be read");
        goto out;
    }
    result = 0;
out:
    ERR_clear_error();
    BIO_free(bio);
    return result;
}

/* Encrypted keys are not asked about on a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static int take_key(struct tls_identity *t, const struct tls_identity_config *config, struct err *e)
{
    if (config->key_pem.len) {
        BIO *bio = bio_of(config->key_pem, e);
        if (!bio)
            return -1;
        t->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        BIO_free(bio);
        if (!t->key)
            return tls_err(e, "net.tls-key", "the private key cannot be read");
    } else if (config->key) {
        if (EVP_PKEY_up_ref(config->key) != 1)
            return tls_err(e, "net.tls-key", "the private key cannot be used");
        t->key = config->key;
    }
    if (sk_X509_num(t->chain) == 0)
        return 0;
    if (!t->key)
        return err_set(e, ERR_USAGE, "net.tls-key", NULL,
                       "there is a certificate, but no private key");
    if (X509_check_private_key(sk_X509_value(t->chain, 0), t->key) != 1)
        return tls_err(e, "net.tls-key", "the private key does not belong to the certificate");
    return 0;
}

int tls_identity_new(struct tls_identity **identity, const struct tls_identity_config *config,
                     struct err *e)
{
    struct tls_identity *t = mem_new(1, sizeof(*t));

    *identity = NULL;
    if (!t)
        return err_memory(e);
    ERR_clear_error();
    atomic_init(&t->references, 1);
    t->generation = config->generation;
    t->chain = sk_X509_new_null();
    t->anchors = sk_X509_new_null();
    if (!t->chain || !t->anchors) {
        err_memory(e);
        goto fail;
    }
    if (read_certificates(t->chain, config->chain_pem, "net.tls-certificate", e) != 0 ||
        read_certificates(t->anchors, config->anchors_pem, "net.tls-anchors", e) != 0 ||
        take_key(t, config, e) != 0)
        goto fail;
    for (int i = 0; i < sk_X509_num(t->anchors); i++)
        if (!crypto_anchor_prepare(sk_X509_value(t->anchors, i))) {
            tls_err(e, "net.tls-anchors", "a trust anchor cannot be used");
            goto fail;
        }
    *identity = t;
    return 0;
fail:
    tls_identity_free(t);
    return -1;
}

struct tls_identity *tls_identity_ref(struct tls_identity *identity)
{
    if (identity)
        atomic_fetch_add(&identity->references, 1);
    return identity;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (!identity || atomic_fetch_sub(&identity->references, 1) != 1)
        return;
    EVP_PKEY_free(identity->key);
    sk_X509_pop_free(identity->chain, X509_free);
    sk_X509_pop_free(identity->anchors, X509_free);
    mem_free(identity);
}

uint64_t tls_identity_generation(const struct tls_identity *identity)
{
    return identity->generation;
}

bool tls_identity_has_certificate(const struct tls_identity *identity)
{
    return sk_X509_num(identity->chain) > 0;
}

static int apply_anchors(const struct tls_identity *identity, SSL_CTX *context)
{
    /* a store of its own: OpenSSL 3.0 takes a write lock on look-ups */
    X509_STORE *store = X509_STORE_new();
    int fine = store != NULL;

    for (int i = 0; fine && i < sk_X509_num(identity->anchors); i++)
        fine = X509_STORE_add_cert(store, sk_X509_value(identity->anchors, i)) == 1;
    /* an anchor is believed as it is, be it self-signed or not */
    fine = fine && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
    if (fine)
        SSL_CTX_set_cert_store(context, store); /* takes it over */
    else
        X509_STORE_free(store);
    return fine;
}

int tls_identity_apply(const struct tls_identity *identity, SSL_CTX *context, struct err *e)
{
    ERR_clear_error();
    if (tls_identity_has_certificate(identity)) {
        if (SSL_CTX_use_certificate(context, sk_X509_value(identity->chain, 0)) != 1)
            return tls_err(e, "net.tls-certificate", "the certificate cannot be used");
        if (SSL_CTX_use_PrivateKey(context, identity->key) != 1)
            return tls_err(e, "net.tls-key", "the private key cannot be used");
        for (int i = 1; i < sk_X509_num(identity->chain); i++)
            if (SSL_CTX_add1_chain_cert(context, sk_X509_value(identity->chain, i)) != 1)
                return tls_err(e, "net.tls-certificate", "the chain cannot be used");
    }
    if (!apply_anchors(identity, context))
        return tls_err(e, "net.tls-anchors", "the trust anchors cannot be used");
    return 0;
}

int tls_identity_offer_anchors(const struct tls_identity *identity, SSL_CTX *context, struct err *e)
{
    for (int i = 0; i < sk_X509_num(identity->anchors); i++)
        if (SSL_CTX_add_client_CA(context, sk_X509_value(identity->anchors, i)) != 1)
            return tls_err(e, "net.tls-anchors", "the trust anchors cannot be used");
    return 0;
}
