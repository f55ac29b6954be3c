/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests (FIPS 180-4) and HMAC (RFC 2104) over OpenSSL. Algorithms are fetched once for the whole
 * process, and each thread keeps its own context, so that a short message costs little more than
 * its compression function. All functions are thread-safe.
 *
 * They return 0, or -1 when memory is short or OpenSSL is unusable (digest_failed sets the error).
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/err.h"
#include "base/slice.h"

struct evp_md_ctx_st;
struct evp_md_st;

enum { SHA256_LEN = 32, SHA384_LEN = 48, SHA512_LEN = 64 };

int sha256(struct slice data, uint8_t out[SHA256_LEN]) MUST_CHECK;
/* The digest of all parts one behind the other. */
int sha256_slices(const struct slice *parts, size_t count, uint8_t out[SHA256_LEN]) MUST_CHECK;
int sha384(struct slice data, uint8_t out[SHA384_LEN]) MUST_CHECK;
int sha512(struct slice data, uint8_t out[SHA512_LEN]) MUST_CHECK;
int hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_LEN]) MUST_CHECK;

/*
 * A digest over data that comes in pieces. After _init, and again after each _final, the context is
 * empty and ready; _fini releases it. _update after a failure fails again.
 */
struct sha256_context {
    struct evp_md_ctx_st *evp;
};

int sha256_init(struct sha256_context *c) MUST_CHECK;
int sha256_update(struct sha256_context *c, struct slice data) MUST_CHECK;
int sha256_final(struct sha256_context *c, uint8_t out[SHA256_LEN]) MUST_CHECK;
/* Forgets what was given so far. */
int sha256_reset(struct sha256_context *c) MUST_CHECK;
void sha256_fini(struct sha256_context *c);

/* The same with SHA-512; ready once: _init before each. */
struct sha512_context {
    struct evp_md_ctx_st *evp;
};

int sha512_init(struct sha512_context *c) MUST_CHECK;
int sha512_update(struct sha512_context *c, struct slice data) MUST_CHECK;
int sha512_final(struct sha512_context *c, uint8_t out[SHA512_LEN]) MUST_CHECK;
void sha512_fini(struct sha512_context *c);

/* ERR_SYSTEM, code "crypto.digest", for a caller whose digest returned -1. Returns -1. */
int digest_failed(struct err *e);

/* The process's one SHA-256, for calls into OpenSSL that want an EVP_MD; NULL when unusable. */
const struct evp_md_st *digest_sha256(void);

/* Equality in a time that depends on the lengths alone; for secrets and their hashes. */
bool constant_time_equal(struct slice a, struct slice b);

/* Overwrites secret bytes in a way the compiler does not remove. */
void secret_wipe(void *data, size_t len);

#endif
