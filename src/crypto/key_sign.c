/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_internal.h"
#include "crypto/digest.h"

#include <openssl/rsa.h>

/* AlgorithmIdentifiers in DER: ECDSA and Ed25519 without parameters, RSA with NULL. */
static const uint8_t der_ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t der_ecdsa_sha384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const uint8_t der_ecdsa_sha512[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
static const uint8_t der_ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t der_rsa_sha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
static const uint8_t der_rsa_sha384[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00};
static const uint8_t der_rsa_sha512[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x0d, 0x05, 0x00};

#define IDENTIFIER(bytes)                                                                          \
    {                                                                                              \
        .data = (bytes), .len = sizeof(bytes)                                                      \
    }
static const struct slice identifiers[] = {
    [SIGNATURE_UNKNOWN] = {0},
    [SIGNATURE_ECDSA_SHA256] = IDENTIFIER(der_ecdsa_sha256),
    [SIGNATURE_ECDSA_SHA384] = IDENTIFIER(der_ecdsa_sha384),
    [SIGNATURE_ECDSA_SHA512] = IDENTIFIER(der_ecdsa_sha512),
    [SIGNATURE_ED25519] = IDENTIFIER(der_ed25519),
    [SIGNATURE_RSA_SHA256] = IDENTIFIER(der_rsa_sha256),
    [SIGNATURE_RSA_SHA384] = IDENTIFIER(der_rsa_sha384),
    [SIGNATURE_RSA_SHA512] = IDENTIFIER(der_rsa_sha512),
};

enum signature_algorithm key_signature_algorithm(enum key_kind kind)
{
    switch (kind) {
    case KEY_P256: return SIGNATURE_ECDSA_SHA256;
    case KEY_P384: return SIGNATURE_ECDSA_SHA384;
    case KEY_ED25519: return SIGNATURE_ED25519;
    case KEY_RSA: return SIGNATURE_RSA_SHA256;
    case KEY_NONE: break;
    }
    return SIGNATURE_UNKNOWN;
}

enum signature_algorithm signature_algorithm_parse(struct slice der)
{
    for (unsigned i = SIGNATURE_ECDSA_SHA256; i < ARRAY_LEN(identifiers); i++)
        if (slice_equal(der, identifiers[i]))
            return (enum signature_algorithm)i;
    return SIGNATURE_UNKNOWN;
}

struct slice signature_algorithm_der(enum signature_algorithm algorithm)
{
    return identifiers[algorithm];
}

static bool is_rsa(enum signature_algorithm algorithm)
{
    return algorithm == SIGNATURE_RSA_SHA256 || algorithm == SIGNATURE_RSA_SHA384 ||
           algorithm == SIGNATURE_RSA_SHA512;
}

static bool fits_kind(enum signature_algorithm algorithm, enum key_kind kind)
{
    if (algorithm == SIGNATURE_ED25519)
        return kind == KEY_ED25519;
    if (is_rsa(algorithm))
        return kind == KEY_RSA;
    return algorithm != SIGNATURE_UNKNOWN && (kind == KEY_P256 || kind == KEY_P384);
}

static const char *rsa_digest_name(enum signature_algorithm algorithm)
{
    return algorithm == SIGNATURE_RSA_SHA512   ? "SHA512"
           : algorithm == SIGNATURE_RSA_SHA384 ? "SHA384"
                                               : "SHA256";
}

/* The message's digest by the algorithm; *len 0 for those that take the message itself. */
static int digest_for(enum signature_algorithm algorithm, struct slice message,
                      uint8_t out[SHA512_LEN], size_t *len)
{
    switch (algorithm) {
    case SIGNATURE_ECDSA_SHA256:
    case SIGNATURE_RSA_SHA256: *len = SHA256_LEN; return sha256(message, out);
    case SIGNATURE_ECDSA_SHA384:
    case SIGNATURE_RSA_SHA384: *len = SHA384_LEN; return sha384(message, out);
    case SIGNATURE_ECDSA_SHA512:
    case SIGNATURE_RSA_SHA512: *len = SHA512_LEN; return sha512(message, out);
    case SIGNATURE_ED25519:
    case SIGNATURE_UNKNOWN: break;
    }
    *len = 0;
    return 0;
}

static bool set_rsa(EVP_PKEY_CTX *context, enum signature_algorithm algorithm)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context,
                                         EVP_get_digestbyname(rsa_digest_name(algorithm))) == 1;
}

static bool sign_digest(const struct key *key, enum signature_algorithm algorithm,
                        struct slice digest, uint8_t *out, size_t *len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    bool done = context && EVP_PKEY_sign_init(context) == 1 &&
                (!is_rsa(algorithm) || set_rsa(context, algorithm)) &&
                EVP_PKEY_sign(context, out, len, digest.data, digest.len) == 1;

    EVP_PKEY_CTX_free(context);
    return done;
}

static bool sign_pure(const struct key *key, struct slice message, uint8_t *out, size_t *len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->evp) == 1 &&
                EVP_DigestSign(context, out, len, message.data, message.len) == 1;

    EVP_MD_CTX_free(context);
    return done;
}

int key_sign(const struct key *key, struct slice message, struct buf *signature, struct err *e)
{
    enum signature_algorithm algorithm = key_signature_algorithm(key->kind);
    uint8_t digest[SHA512_LEN];
    uint8_t out[KEY_SIGNATURE_MAX];
    size_t digest_len = 0;
    size_t len = sizeof(out);

    if (!key->is_private)
        return err_set(e, ERR_USAGE, "crypto.sign", NULL, "a public key cannot sign");
    if (digest_for(algorithm, message, digest, &digest_len) != 0)
        return digest_failed(e);
    bool done = algorithm == SIGNATURE_ED25519
                    ? sign_pure(key, message, out, &len)
                    : sign_digest(key, algorithm, slice_of(digest, digest_len), out, &len);
    if (!done)
        return crypto_err_openssl(e, "crypto.sign", "the signature cannot be made");
    buf_put(signature, out, len);
    return buf_check(signature, e);
}

static int verify_digest(const struct key *key, enum signature_algorithm algorithm,
                         struct slice digest, struct slice signature)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    int verdict = -1;

    if (context && EVP_PKEY_verify_init(context) == 1 &&
        (!is_rsa(algorithm) || set_rsa(context, algorithm)))
        verdict =
            EVP_PKEY_verify(context, signature.data, signature.len, digest.data, digest.len) == 1;
    EVP_PKEY_CTX_free(context);
    return verdict;
}

static int verify_pure(const struct key *key, struct slice message, struct slice signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int verdict = -1;

    if (context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->evp) == 1)
        verdict = EVP_DigestVerify(context, signature.data, signature.len, message.data,
                                   message.len) == 1;
    EVP_MD_CTX_free(context);
    return verdict;
}

int key_verify_with(const struct key *key, enum signature_algorithm algorithm, struct slice message,
                    struct slice signature, struct err *e)
{
    uint8_t digest[SHA512_LEN];
    size_t digest_len = 0;

    if (algorithm == SIGNATURE_UNKNOWN)
        return err_set(e, ERR_VERIFY, "crypto.signature-algorithm", "RFC 5758, RFC 8410, RFC 4055",
                       "a signature algorithm that is not taken");
    if (!fits_kind(algorithm, key->kind))
        return err_set(e, ERR_VERIFY, "crypto.signature-algorithm", NULL,
                       "the signature algorithm is not one of a key of the kind %s",
                       key_kind_name(key->kind));
    if (signature.len == 0 || signature.len > KEY_SIGNATURE_MAX)
        return err_set(e, ERR_VERIFY, "crypto.signature", NULL, "a signature of %zu bytes",
                       signature.len);
    if (digest_for(algorithm, message, digest, &digest_len) != 0)
        return digest_failed(e);
    int verdict = algorithm == SIGNATURE_ED25519
                      ? verify_pure(key, message, signature)
                      : verify_digest(key, algorithm, slice_of(digest, digest_len), signature);
    if (verdict < 0)
        return crypto_err_openssl(e, "crypto.verify", "the signature cannot be checked");
    bool is_short = crypto_short_of_memory();
    if (verdict == 0 && is_short)
        return err_memory(e);
    if (verdict == 0)
        return err_set(e, ERR_VERIFY, "crypto.signature", NULL, "the signature does not hold");
    return 0;
}

int key_verify(const struct key *key, struct slice message, struct slice signature, struct err *e)
{
    return key_verify_with(key, key_signature_algorithm(key->kind), message, signature, e);
}
