/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one end of TLS is and whom it believes, as an immutable, reference-counted snapshot: own
 * certificate chain and key, trust anchors, and the generation of trust they belong to. A door
 * swaps its snapshot at run time; sessions of another generation never resume.
 */
#ifndef NET_TLS_IDENTITY_H
#define NET_TLS_IDENTITY_H

#include "base/err.h"
#include "base/slice.h"

#include <openssl/types.h>

struct tls_identity_config {
    struct slice chain_pem;   /* own certificate first, then intermediates; empty: none */
    struct slice key_pem;     /* unencrypted PEM; empty: see key */
    EVP_PKEY *key;            /* used when key_pem is empty (its own reference is taken) */
    struct slice anchors_pem; /* trust anchors: certificates; empty: nobody is believed */
    uint64_t generation;      /* of trust; a new one kills resumption */
};

struct tls_identity;

/*
 * 0 and *identity with one reference, or -1 with "net.tls-certificate", "net.tls-key",
 * "net.tls-anchors" or memory. The key must fit the first certificate.
 */
int tls_identity_new(struct tls_identity **identity, const struct tls_identity_config *config,
                     struct err *e) MUST_CHECK;
struct tls_identity *tls_identity_ref(struct tls_identity *identity);
void tls_identity_free(struct tls_identity *identity); /* drops one reference */

uint64_t tls_identity_generation(const struct tls_identity *identity);
bool tls_identity_has_certificate(const struct tls_identity *identity);

/* Puts certificate, key and anchors into a context. 0, or -1 with "net.tls-…". */
int tls_identity_apply(const struct tls_identity *identity, SSL_CTX *context,
                       struct err *e) MUST_CHECK;

/* Tells clients the names of the anchors that their certificates should chain to. */
int tls_identity_offer_anchors(const struct tls_identity *identity, SSL_CTX *context,
                               struct err *e) MUST_CHECK;

/* The oldest entry of OpenSSL's error queue as text into *e (always -1); empties the queue. */
int tls_err(struct err *e, const char *code, const char *what);

#endif
