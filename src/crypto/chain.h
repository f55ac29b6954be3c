/* SPDX-License-Identifier: Apache-2.0 */
/* Certification path validation (RFC 5280 section 6), done by OpenSSL with our parameters. */
#ifndef CRYPTO_CHAIN_H
#define CRYPTO_CHAIN_H

#include "crypto/certificate.h"

struct chain_verifier;

/*
 * A verifier over some trust anchors (DER). Build it once and use it for many chains, but by one
 * thread at a time: OpenSSL 3.0 locks a store on every look-up. NULL with "chain.anchor".
 */
struct chain_verifier *chain_verifier_new(const struct slice *anchors, size_t count,
                                          struct err *e) MUST_CHECK;
void chain_verifier_free(struct chain_verifier *verifier);

/*
 * 0 when leaf chains over the intermediates to an anchor, every certificate of the path is valid at
 * `time` (microseconds), signed with SHA-256 or better, at most 8 long, and the leaf's extended key
 * usages allow all of `purposes` (PURPOSE_…; 0: any use). Self-signed certificates among the
 * intermediates are passed over. Revocation is not looked at. Else -1, ERR_VERIFY with
 * "chain.expired", "chain.not-yet-valid", "chain.untrusted", "chain.purpose", "chain.signature",
 * "chain.weak", or "chain.refused", naming the certificate.
 */
int chain_verify(struct chain_verifier *verifier, struct slice leaf,
                 const struct slice *intermediates, size_t count, int64_t time, uint32_t purposes,
                 struct err *e) MUST_CHECK;

/* The same for a single use. */
int certificate_verify_chain(struct slice leaf, const struct slice *intermediates,
                             size_t intermediate_count, const struct slice *anchors,
                             size_t anchor_count, int64_t time, uint32_t purposes,
                             struct err *e) MUST_CHECK;

#endif
