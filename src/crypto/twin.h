/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two SHA-256 (FIPS 180-4) over the same bytes at the price of one: that of a long text from its
 * beginning, and that of each piece of it by itself. Where the processor has the SHA extensions,
 * both states take the rounds of a block together, with one message schedule: a single state leaves
 * the unit idle half of the time, waiting for itself. Elsewhere OpenSSL computes one after the
 * other.
 */
#ifndef CRYPTO_TWIN_H
#define CRYPTO_TWIN_H

#include "crypto/digest.h"

struct sha256_twin {
    uint32_t state[8]; /* of the long text */
    uint64_t bytes;
    uint8_t rest[64];          /* its last bytes that are no whole block */
    uint8_t zeros[SHA256_LEN]; /* the hash of so many zeros, once it has been taken */
    size_t zeros_of;
    struct sha256_context plain; /* instead, without the extensions */
    bool fast;
};

/* 0, or -1 when OpenSSL is needed and unusable (digest_failed sets the error). */
int sha256_twin_init(struct sha256_twin *t) MUST_CHECK;
void sha256_twin_fini(struct sha256_twin *t);
/* The long text goes on with data; piece (may be NULL) gets the SHA-256 of data alone. */
int sha256_twin_update(struct sha256_twin *t, struct slice data,
                       uint8_t piece[SHA256_LEN]) MUST_CHECK;
/* Of all data so far; nothing may follow. */
int sha256_twin_final(struct sha256_twin *t, uint8_t out[SHA256_LEN]) MUST_CHECK;

/* For tests: never the extensions. */
void sha256_twin_without_extensions(struct sha256_twin *t);

#endif
