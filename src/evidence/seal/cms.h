/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: signatures of persons. A detached CMS SignedData (RFC 5652) beside the file that
 * it signs, so that `openssl cms -verify` checks it; the certificates are in it, and are all named
 * by what is signed (RFC 5035; CAdES-BES).
 */
#ifndef EVIDENCE_CMS_H
#define EVIDENCE_CMS_H

#include "base/buf.h"

#include <stdint.h>

struct evidence_signer; /* a person's key and certificate chain */

/*
 * chain_pem: the certificate of this key, then each one's issuer. password_file: its first line
 * opens the key; NULL: the key is not encrypted. "evidence.signer" (the two do not fit, the order
 * is another), "crypto.key-passphrase", …
 */
struct evidence_signer *evidence_signer_open(const char *key_pem, const char *chain_pem,
                                             const char *password_file, struct err *e) MUST_CHECK;
void evidence_signer_close(struct evidence_signer *signer);
/* The subject of the certificate: "C=AT, O=Example, CN=A. Meyer" (crypto/name.h). */
const char *evidence_signer_name(const struct evidence_signer *signer);
/* Appends the chain as PEM, the signer's own first. */
int evidence_signer_chain(const struct evidence_signer *signer, struct buf *pem,
                          struct err *e) MUST_CHECK;

/*
 * Appends the DER of a signature over content: SHA-256 (P-384: SHA-384, Ed25519: SHA-512, as RFC
 * 5753 and RFC 8419 want), signing-time by this machine's clock, signing-certificate-v2.
 * "evidence.signer-validity" when the certificate is not valid now.
 */
int evidence_cms_sign(const struct evidence_signer *signer, struct slice content, struct buf *der,
                      struct err *e) MUST_CHECK;

struct evidence_signature {
    char subject[256];
    uint8_t certificate_sha256[32];
    int64_t signed_at;  /* microseconds; what the signer's clock said, which proves nothing */
    bool chain_checked; /* it leads to one of the roots */
};

/*
 * roots_pem: file of certificates that vouch for signers, at the time signed_at; NULL: the
 * signature is checked and its certificate named, but who vouches for it is not (chain_checked
 * false). ERR_VERIFY: it is not the signature of this content, or nobody among the roots vouches
 * for it. Of a signature that is taken no byte could be another one: certificates that the
 * signature does not name, unsigned attributes and the like are refused
 * ("evidence.signature-form").
 */
int evidence_cms_verify(struct slice content, struct slice der, const char *roots_pem,
                        struct evidence_signature *out, struct err *e) MUST_CHECK;
/* The same, with roots at another time, which a time-stamp shows; 0: signed_at. */
int evidence_cms_verify_at(struct slice content, struct slice der, const char *roots_pem,
                           int64_t at, struct evidence_signature *out, struct err *e) MUST_CHECK;
/* The certificates of a signature as PEM, in their order. */
int evidence_cms_chain(struct slice der, struct buf *pem, struct err *e) MUST_CHECK;

#endif
