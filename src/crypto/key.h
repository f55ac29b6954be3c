/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public and private keys. A key is immutable and counted by references: share it between threads
 * freely. Signatures by kind:
 *   KEY_P256     ECDSA with SHA-256, DER Ecdsa-Sig-Value (RFC 5480, RFC 5758)
 *   KEY_P384     ECDSA with SHA-384, DER
 *   KEY_ED25519  Ed25519 pure, 64 bytes (RFC 8032)
 *   KEY_RSA      RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017); made with 3,072 bits, read from 2,048
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "base/buf.h"

struct evp_pkey_st;
struct key;

enum key_kind { KEY_NONE, KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA };

enum {
    ED25519_PUBLIC_LEN = 32,
    P256_POINT_LEN = 65, /* uncompressed, SEC 1 section 2.3.3 */
    ED25519_SIGNATURE_LEN = 64,
    KEY_SIGNATURE_MAX = 1024, /* no signature of any kind is longer */
    KEY_PEM_MAX = 65536,      /* no key file is longer */
};

/* A new private key, or NULL with "crypto.key". */
struct key *key_generate(enum key_kind kind, struct err *e) MUST_CHECK;

struct key *key_ref(struct key *key);
void key_free(struct key *key);

enum key_kind key_kind(const struct key *key);
/* "P-256", "P-384", "Ed25519", "RSA". */
const char *key_kind_name(enum key_kind kind);
/* The kind with that name, in any case; KEY_NONE when there is none. */
enum key_kind key_kind_parse(struct slice name);
bool key_is_private(const struct key *key);
/* The same public key. */
bool key_same(const struct key *a, const struct key *b);

/*
 * SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), strict DER. P-256 and P-384 as uncompressed
 * points on the named curve, checked to lie on it; Ed25519; RSA of 2,048 to 8,192 bits
 * with an odd exponent of at least 65,537. Anything else is "crypto.key-unsupported" or
 * "crypto.key-weak".
 */
struct key *key_from_spki(struct slice spki, struct err *e) MUST_CHECK;
/* Appends the DER. */
int key_to_spki(const struct key *key, struct buf *spki, struct err *e) MUST_CHECK;
/* SHA-256 of the SubjectPublicKeyInfo. */
int key_fingerprint(const struct key *key, uint8_t out[32], struct err *e) MUST_CHECK;

/* The 32 bytes of RFC 8032; -1 when the key is not Ed25519. */
struct key *key_from_ed25519(const uint8_t public_key[ED25519_PUBLIC_LEN],
                             struct err *e) MUST_CHECK;
int key_to_ed25519(const struct key *key, uint8_t public_key[ED25519_PUBLIC_LEN],
                   struct err *e) MUST_CHECK;

/*
 * The public key of a point. *key is NULL, or was made here before and is held by nobody else: then
 * it becomes the key of this point, which spares whoever verifies for many signers a new object
 * each. On failure *key is NULL: "crypto.key-weak" when the point is not on the curve.
 */
int key_set_p256(struct key **key, const uint8_t point[P256_POINT_LEN], struct err *e) MUST_CHECK;
/* false when the key is not P-256. */
bool key_to_p256(const struct key *key, uint8_t point[P256_POINT_LEN]);

/*
 * PEM of a private key: PKCS#8, encrypted (PBES2 with scrypt N = 2^14, r = 8, p = 1 and
 * AES-256-CBC) when passphrase is not NULL, else in clear. Reading takes both; an encrypted key
 * without passphrase, or with a wrong one, is ERR_DENIED "crypto.key-passphrase". Key files hold
 * one key and at most KEY_PEM_MAX bytes. Write them with mode 0600.
 */
int key_to_pem(const struct key *key, const struct slice *passphrase, struct buf *pem,
               struct err *e) MUST_CHECK;
struct key *key_from_pem(struct slice pem, const struct slice *passphrase,
                         struct err *e) MUST_CHECK;
/* "-----BEGIN PUBLIC KEY-----". */
int key_public_to_pem(const struct key *key, struct buf *pem, struct err *e) MUST_CHECK;
struct key *key_public_from_pem(struct slice pem, struct err *e) MUST_CHECK;

/* Appends the signature over message. "crypto.sign" when it cannot. */
int key_sign(const struct key *key, struct slice message, struct buf *signature,
             struct err *e) MUST_CHECK;
/* 0: the signature holds. Else -1 with ERR_VERIFY "crypto.signature". */
int key_verify(const struct key *key, struct slice message, struct slice signature,
               struct err *e) MUST_CHECK;

/* OpenSSL's own object, borrowed: for TLS. */
struct evp_pkey_st *key_evp(const struct key *key);

/*
 * Signature algorithms by AlgorithmIdentifier (RFC 5758, 8410, 4055): what certificates, CRLs and
 * requests of others may carry. SHA-1 and MD5 are not among them.
 */
enum signature_algorithm {
    SIGNATURE_UNKNOWN,
    SIGNATURE_ECDSA_SHA256,
    SIGNATURE_ECDSA_SHA384,
    SIGNATURE_ECDSA_SHA512,
    SIGNATURE_ED25519,
    SIGNATURE_RSA_SHA256,
    SIGNATURE_RSA_SHA384,
    SIGNATURE_RSA_SHA512,
};

/* What key_sign of that kind of key makes. */
enum signature_algorithm key_signature_algorithm(enum key_kind kind);
/* The algorithm that a whole DER AlgorithmIdentifier names; its parameters must be as specified. */
enum signature_algorithm signature_algorithm_parse(struct slice der);
/* The whole DER AlgorithmIdentifier; empty for SIGNATURE_UNKNOWN. */
struct slice signature_algorithm_der(enum signature_algorithm algorithm);
/* As key_verify, with the algorithm that a certificate or request names. */
int key_verify_with(const struct key *key, enum signature_algorithm algorithm, struct slice message,
                    struct slice signature, struct err *e) MUST_CHECK;

#endif
