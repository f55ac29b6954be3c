/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: compression functions over whole blocks of 64 bytes, with the SHA extensions of
 * x86. SHA-256 is a chain of instructions that each wait for the one before, and so are MD5 and
 * SHA-1: in one loop they fill each other's waiting, and several cost what the slowest costs.
 */
#ifndef CRYPTO_TWIN_BLOCKS_H
#define CRYPTO_TWIN_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TWIN_BLOCK = 64 };

/* MD5 (RFC 1321) and SHA-1 (FIPS 180-4). */
struct md5_sha1 {
    uint32_t md5[4], sha1[5];
};

/* Whether this processor has what the functions below need; they may not be called else. */
bool twin_blocks_usable(void);

/* SHA-256: one state; two, with one message schedule; two with MD5 and SHA-1. */
void twin_blocks_one(uint32_t state[8], const uint8_t *data, size_t count);
void twin_blocks_two(uint32_t first[8], uint32_t second[8], const uint8_t *data, size_t count);
void twin_blocks_four(uint32_t first[8], uint32_t second[8], struct md5_sha1 *others,
                      const uint8_t *data, size_t count);

#endif
