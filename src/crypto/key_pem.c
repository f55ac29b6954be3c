/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_internal.h"
#include "crypto/digest.h"
#include "crypto/pem.h"
#include "base/clock.h"

#include <limits.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

/* 16 MiB and some 50 ms a guess: the most that OpenSSL's own limit for scrypt in PKCS#8 allows. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 1, SCRYPT_SALT = 16 };

static int put_der(struct buf *pem, const char *label, uint8_t *der, int len, struct err *e)
{
    if (len <= 0)
        return crypto_err_openssl(e, "crypto.key", "the key cannot be written");
    pem_put(pem, label, slice_of(der, (size_t)len));
    OPENSSL_clear_free(der, (size_t)len);
    return buf_check(pem, e);
}

static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *plain, struct slice passphrase)
{
    uint8_t salt[SCRYPT_SALT];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    X509_SIG *sealed = NULL;

    if (cipher && passphrase.len <= INT_MAX &&
        random_system.fill(random_system.context, salt, sizeof(salt)) == 0) {
        X509_ALGOR *scheme =
            PKCS5_pbe2_set_scrypt(cipher, salt, sizeof(salt), NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
        sealed = scheme ? PKCS8_set0_pbe((const char *)passphrase.data, (int)passphrase.len, plain,
                                         scheme)
                        : NULL;
        if (!sealed)
            X509_ALGOR_free(scheme);
    }
    EVP_CIPHER_free(cipher);
    return sealed;
}

int key_to_pem(const struct key *key, const struct slice *passphrase, struct buf *pem,
               struct err *e)
{
    uint8_t *der = NULL;
    int result = -1;

    if (!key->is_private)
        return err_set(e, ERR_USAGE, "crypto.key", NULL, "there is no private key to write");
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key->evp);
    if (!plain)
        return crypto_err_openssl(e, "crypto.key", "the key cannot be written");
    if (!passphrase) {
        int len = i2d_PKCS8_PRIV_KEY_INFO(plain, &der);
        result = put_der(pem, "PRIVATE KEY", der, len, e);
    } else {
        X509_SIG *sealed = encrypt(plain, *passphrase);
        int len = sealed ? i2d_X509_SIG(sealed, &der) : -1;
        result = put_der(pem, "ENCRYPTED PRIVATE KEY", der, len, e);
        X509_SIG_free(sealed);
    }
    PKCS8_PRIV_KEY_INFO_free(plain);
    return result;
}

static struct key *from_sealed(struct slice der, const struct slice *passphrase, struct err *e)
{
    const uint8_t *at = der.data;

    if (!passphrase || passphrase->len > INT_MAX) {
        err_set(e, ERR_DENIED, "crypto.key-passphrase", NULL,
                "the key is encrypted, and no passphrase was given");
        return NULL;
    }
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)der.len);
    if (!sealed) {
        if (crypto_short_of_memory())
            err_memory(e);
        err_set(e, ERR_INPUT, "crypto.key", "RFC 5958 section 3", "not an encrypted private key");
        return NULL;
    }
    PKCS8_PRIV_KEY_INFO *plain =
        PKCS8_decrypt(sealed, (const char *)passphrase->data, (int)passphrase->len);
    X509_SIG_free(sealed);
    EVP_PKEY *evp = plain ? EVP_PKCS82PKEY(plain) : NULL;
    PKCS8_PRIV_KEY_INFO_free(plain);
    if (!evp) {
        if (crypto_short_of_memory())
            err_memory(e);
        err_set(e, ERR_DENIED, "crypto.key-passphrase", NULL,
                "the key does not open with this passphrase");
        return NULL;
    }
    return key_take_evp(evp, true, slice_of(NULL, 0), e);
}

static struct key *from_plain(struct slice der, struct err *e)
{
    const uint8_t *at = der.data;
    EVP_PKEY *evp = d2i_AutoPrivateKey(NULL, &at, (long)der.len);

    if (!evp) {
        if (crypto_short_of_memory())
            err_memory(e);
        err_set(e, ERR_INPUT, "crypto.key", "RFC 5958 section 2", "not a private key");
        return NULL;
    }
    return key_take_evp(evp, true, slice_of(NULL, 0), e);
}

struct key *key_from_pem(struct slice pem, const struct slice *passphrase, struct err *e)
{
    static const char *const plain_labels[] = {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"};
    struct slice rest = pem;
    struct key *key = NULL;
    struct buf der;

    if (pem.len > KEY_PEM_MAX) {
        err_set(e, ERR_LIMIT, "crypto.key", NULL, "a key file of over %d bytes", KEY_PEM_MAX);
        return NULL;
    }
    buf_init(&der);
    int found = pem_next(&rest, "ENCRYPTED PRIVATE KEY", &der, e);
    if (found == 1)
        key = from_sealed(buf_slice(&der), passphrase, e);
    for (size_t i = 0; i < ARRAY_LEN(plain_labels) && found == 0; i++) {
        rest = pem;
        found = pem_next(&rest, plain_labels[i], &der, e);
        if (found == 1)
            key = from_plain(buf_slice(&der), e);
    }
    if (found == 0)
        err_set(e, ERR_INPUT, "crypto.key", "RFC 7468 section 10", "there is no private key in it");
    buf_fini_secret(&der);
    return key;
}

int key_public_to_pem(const struct key *key, struct buf *pem, struct err *e)
{
    pem_put(pem, "PUBLIC KEY", buf_slice(&key->spki));
    return buf_check(pem, e);
}

struct key *key_public_from_pem(struct slice pem, struct err *e)
{
    struct slice rest = pem;
    struct key *key = NULL;
    struct buf der;

    buf_init(&der);
    int found = pem_next(&rest, "PUBLIC KEY", &der, e);
    if (found == 1)
        key = key_from_spki(buf_slice(&der), e);
    if (found == 0)
        err_set(e, ERR_INPUT, "crypto.key", "RFC 7468 section 13", "there is no public key in it");
    buf_fini(&der);
    return key;
}
