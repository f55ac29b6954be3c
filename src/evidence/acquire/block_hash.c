/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/block_hash.h"
#include "crypto/sha256_each.h"

#include <string.h>

int evidence_block_hash(const struct evidence_block *block, struct sha256_twin *image,
                        uint8_t *piece, struct err *e)
{
    int result = block->zero ? sha256_twin_zeros(image, block->len, piece)
                             : sha256_twin_update(image, slice_of(block->data, block->len), piece);
    return result == 0 ? 0 : digest_failed(e);
}

int evidence_blocks_hash(struct evidence_block *const *blocks, size_t count, struct err *e)
{
    struct slice texts[EVIDENCE_AT_ONCE];
    struct evidence_block *of[EVIDENCE_AT_ONCE];
    uint8_t hashes[EVIDENCE_AT_ONCE][SHA256_LEN];
    size_t n = 0;
    for (size_t i = 0; i < count && n < EVIDENCE_AT_ONCE; i++) {
        if (blocks[i]->zero || blocks[i]->failed)
            continue;
        texts[n] = slice_of(blocks[i]->data, blocks[i]->len);
        of[n++] = blocks[i];
    }
    if (n > 0 && sha256_each(texts, n, hashes) != 0)
        return digest_failed(e);
    for (size_t i = 0; i < n; i++)
        memcpy(of[i]->hash, hashes[i], SHA256_LEN);
    return 0;
}
