/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: hashes of blocks in a pipeline. */
#ifndef EVIDENCE_BLOCK_HASH_H
#define EVIDENCE_BLOCK_HASH_H

#include "crypto/twin.h"
#include "evidence/acquire/pipeline.h"

/* Of a line's run: the image's hash goes on with a block, and piece (may be NULL) gets its own. */
int evidence_block_hash(const struct evidence_block *block, struct sha256_twin *image,
                        uint8_t *piece, struct err *e) MUST_CHECK;

/* Of prepare_all: the hash of each block that is not known to be zero or failed, side by side. */
int evidence_blocks_hash(struct evidence_block *const *blocks, size_t count,
                         struct err *e) MUST_CHECK;

#endif
