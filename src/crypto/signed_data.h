/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS SignedData (RFC 5652 section 5) of one signer with signed attributes: what signs a record,
 * and what a time-stamp is (RFC 3161). Strict DER, by our own reader: no byte of what is taken can
 * be another one, so that a changed byte is either a fault, or an attribute or certificate that the
 * signature no longer covers.
 *
 * Digests by key (RFC 5753, RFC 8419): SHA-256 for P-256 and RSA, SHA-384 for P-384, SHA-512 for
 * Ed25519.
 */
#ifndef CRYPTO_SIGNED_DATA_H
#define CRYPTO_SIGNED_DATA_H

#include "crypto/certificate.h"

enum { SIGNED_DATA_MAX = 1 << 20, SIGNED_DATA_CERTIFICATES = 32, SIGNED_DIGEST_MAX = 64 };

enum signed_digest { SIGNED_SHA256 = 1, SIGNED_SHA384, SIGNED_SHA512 };

/* The digest of an AlgorithmIdentifier (whole DER), parameters absent or NULL; 0: not one of ours.
 */
enum signed_digest signed_digest_parse(struct slice algorithm);
/* Appends the AlgorithmIdentifier, parameters absent. */
void signed_digest_put(enum signed_digest digest, struct buf *der);
/* Bytes of the digest. */
size_t signed_digest_len(enum signed_digest digest);
int signed_digest_of(enum signed_digest digest, struct slice data,
                     uint8_t out[SIGNED_DIGEST_MAX]) MUST_CHECK;

/* Slices of the input, which must outlive it. */
struct signed_data {
    struct slice raw;
    struct slice content_type; /* contents of the OID */
    bool detached;
    struct slice content; /* when it is not detached */
    struct slice certificates[SIGNED_DATA_CERTIFICATES];
    size_t certificate_count;
    bool has_revocation;          /* lists or OCSP answers are embedded, which nothing here reads */
    bool has_unsigned_attributes; /* likewise */
    struct slice issuer, serial;  /* which certificate signed; or */
    struct slice key_id;          /* subject key identifier */
    enum signed_digest digest;
    struct slice attributes; /* contents of SignedAttributes */
    enum signature_algorithm algorithm;
    struct slice signature;
};

/* ERR_INPUT "der.syntax", "signed-data.…". Says nothing about the signature. */
int signed_data_parse(struct signed_data *s, struct slice der, struct err *e) MUST_CHECK;

struct signed_data_signer {
    struct slice certificate; /* whole; of the message, or of `more` */
    int64_t signed_at;        /* microseconds: what the signer says, which proves nothing */
    bool has_time;
    bool named_by_sha1; /* the signing certificate is named by the old attribute (RFC 2634) */
    bool all_named;     /* each certificate of the message is named by a signed attribute */
};

/*
 * Does the signature hold for content (the message's own, when it is not detached)? The signer's
 * certificate is looked for in the message, then in more; who vouches for it is another question.
 * -1, ERR_VERIFY: "signed-data.digest" (other content), "signed-data.signature",
 * "signed-data.certificate" (not there, or not the one that the signature names),
 * "signed-data.attributes", "signed-data.algorithm".
 */
int signed_data_check(const struct signed_data *s, struct slice content, const struct slice *more,
                      size_t more_count, struct signed_data_signer *signer,
                      struct err *e) MUST_CHECK;

/*
 * Appends a detached message over content, id-data, with content-type, message-digest, signing-time
 * and signing-certificate-v2 (RFC 5035; CAdES-BES), which names all certificates; the first is the
 * signer's and of this key.
 */
int signed_data_build(const struct key *key, const struct slice *certificates, size_t count,
                      int64_t at, struct slice content, struct buf *der, struct err *e) MUST_CHECK;

#endif
