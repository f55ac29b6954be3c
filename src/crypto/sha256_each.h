/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) of many texts, each by itself. Where the processor has AVX-512, eight texts
 * of one length go side by side, a word of each in one register, which is 1.6 times as fast as
 * with the SHA extensions one behind the other; elsewhere OpenSSL takes them in turn.
 */
#ifndef CRYPTO_SHA256_EACH_H
#define CRYPTO_SHA256_EACH_H

#include "crypto/digest.h"

enum { SHA256_EACH = 8 }; /* texts that go side by side */

/* Whether this processor gains by having several at a time. */
bool sha256_each_gains(void);

/*
 * out[i] gets the SHA-256 of texts[i]. Neighbours of one length are what is fast. 0, or -1 as
 * sha256.
 */
int sha256_each(const struct slice *texts, size_t count, uint8_t (*out)[SHA256_LEN]) MUST_CHECK;

#endif
