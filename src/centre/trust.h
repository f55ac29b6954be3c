/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices believe, as the centre states it: tocsin-trust/v1 (docs/formats.md section 5), and
 * the seal of the publication-signer under everything that the centre says in envelopes.
 */
#ifndef CENTRE_TRUST_H
#define CENTRE_TRUST_H

#include "crypto/envelope.h"

struct centre;
struct trust;

/* Added to the number of authorities: so that generations of a lost part never come again. */
#define TRUST_GENERATION_SETTING "trust-generation-base"

/* Loads anchors and the publication-signer's certificate; the statement itself is signed on first
 * use, because the signer may be locked. */
int trust_new(struct trust **trust, struct centre *centre, struct err *e) MUST_CHECK;
void trust_free(struct trust *trust);

/* Appends the envelope of a payload: publication, bundle, trust or pack. The signer signs. */
int trust_seal(struct trust *trust, struct slice payload, struct buf *envelope,
               struct err *e) MUST_CHECK;
/* The same as a signer for envelope_build; valid as long as the trust. */
struct envelope_signer trust_signer(struct trust *trust);

/* Appends the envelope of tocsin-trust/v1. ERR_UNAVAILABLE while the signer is locked. */
int trust_statement(struct trust *trust, struct buf *envelope, struct err *e) MUST_CHECK;

/* The anchors as PEM, for TLS doors; the chain of certificates under them, DER. */
struct slice trust_anchors_pem(const struct trust *trust);

/* The journal's key and the witnesses; quorum: how many must cosign. */
const struct note_key *trust_witnesses(const struct trust *trust, size_t *count, size_t *quorum);

#endif
