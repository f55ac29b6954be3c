/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what those share who compute SHA-256 block by block themselves. FIPS 180-4.
 */
#ifndef CRYPTO_SHA256_WORDS_H
#define CRYPTO_SHA256_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA_BLOCK = 64 };

extern const uint32_t sha256_initial[8];    /* section 5.3.3 */
extern const uint32_t sha256_constants[64]; /* section 4.2.2; aligned to 16 bytes */

/*
 * The last block or two of a text of so many bytes, of which rest is what no whole block holds:
 * section 5.1.1, and with big_endian false RFC 1321 section 3.1. How many.
 */
size_t sha_pad(const uint8_t *rest, uint64_t bytes, bool big_endian, uint8_t last[2 * SHA_BLOCK]);

#endif
