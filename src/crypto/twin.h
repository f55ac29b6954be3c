/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two SHA-256 (FIPS 180-4) over the same bytes at the price of one: that of a long text from its
 * beginning, and that of each piece of it by itself. Where the processor has the SHA extensions,
 * both states take the rounds of a block together, with one message schedule: a single state leaves
 * the unit idle half of the time, waiting for itself. Elsewhere OpenSSL computes one after the
 * other. MD5 and SHA-1 of the long text, which E01 asks for, can come with them: all four then cost
 * what MD5 costs alone.
 */
#ifndef CRYPTO_TWIN_H
#define CRYPTO_TWIN_H

#include "crypto/digest.h"
#include "crypto/twin_blocks.h"

enum { MD5_LEN = 16, SHA1_LEN = 20 };

struct sha256_twin {
    uint32_t state[8]; /* of the long text */
    uint64_t bytes;
    uint8_t rest[64];          /* its last bytes that are no whole block */
    uint8_t zeros[SHA256_LEN]; /* the hash of so many zeros, once it has been taken */
    size_t zeros_of;
    bool has_zeros;
    struct sha256_context plain; /* instead, without the extensions */
    bool fast;
    bool has_others;
    struct md5_sha1 others;
};

/* 0, or -1 when OpenSSL is needed and unusable (digest_failed sets the error). */
int sha256_twin_init(struct sha256_twin *t) MUST_CHECK;
void sha256_twin_fini(struct sha256_twin *t);
/* From the beginning: MD5 and SHA-1 of the long text as well. false: this processor has no
 * extensions, and others must take them. */
bool sha256_twin_with_others(struct sha256_twin *t) MUST_CHECK;
/* The long text goes on with data; piece (may be NULL) gets the SHA-256 of data alone. */
int sha256_twin_update(struct sha256_twin *t, struct slice data,
                       uint8_t piece[SHA256_LEN]) MUST_CHECK;
/* The same with len zeros; their own hash is taken once. */
int sha256_twin_zeros(struct sha256_twin *t, size_t len, uint8_t piece[SHA256_LEN]) MUST_CHECK;
/* Of all data so far; nothing may follow. */
int sha256_twin_final(struct sha256_twin *t, uint8_t out[SHA256_LEN]) MUST_CHECK;
/* The same, where _with_others said true; before or behind _final. */
void sha256_twin_others(const struct sha256_twin *t, uint8_t md5[MD5_LEN], uint8_t sha1[SHA1_LEN]);

/* Never the extensions: for tests, and where nothing but the long text is wanted. */
void sha256_twin_without_extensions(struct sha256_twin *t);

#endif
