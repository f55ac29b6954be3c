/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message that only named receivers read: CMS AuthEnvelopedData (RFC 5083) in DER, its content
 * under AES-256-GCM (RFC 5084), the content's key for each receiver by RSAES-OAEP with SHA-256
 * (RFC 8017) or by ECDH with X9.63-KDF of SHA-256 and AES-256 key wrap (RFC 5753).
 * `openssl cms -decrypt -inform DER` reads it. All of a message is in memory: it is for parts of
 * bounded size.
 */
#ifndef CRYPTO_ENVELOPED_H
#define CRYPTO_ENVELOPED_H

#include "crypto/certificate.h"
#include "crypto/key.h"

enum { ENVELOPED_RECEIVERS = 100, ENVELOPED_MORE = 256 << 10 /* of the DER beyond the content */ };

struct enveloped_receivers;

/*
 * The certificates' keys: RSA from 2,048 bits, P-256, P-384. "enveloped.receiver": a key that
 * cannot be encrypted to (Ed25519), a certificate that is not valid at `now` (seconds since 1970),
 * or none. The list may go after that.
 */
struct enveloped_receivers *enveloped_receivers_new(const struct certificate_list *list,
                                                    int64_t now, struct err *e) MUST_CHECK;
void enveloped_receivers_free(struct enveloped_receivers *receivers);

/* Appends the DER to out. */
int enveloped_seal(const struct enveloped_receivers *receivers, struct slice content,
                   struct buf *out, struct err *e) MUST_CHECK;

/*
 * Appends the content to out, a secret buf or not, once all of it is authentic. certificate: the
 * DER of that of the key. "enveloped.form": it is no such message; "enveloped.receiver": it is for
 * others; "enveloped.changed" (ERR_VERIFY): it is for this key, and does not open: bytes of it were
 * changed, or another key was made for a certificate of the same name.
 */
int enveloped_open(const struct key *key, struct slice certificate, struct slice der,
                   struct buf *out, struct err *e) MUST_CHECK;

#endif
