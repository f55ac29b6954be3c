/* SPDX-License-Identifier: Apache-2.0 */
/* The tree over the chunks of an image; apart, as a program that has no images needs no ISA-L. */
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/tree.h"

int evidence_tree_of_image(const struct evidence_image *image, struct evidence_tree *tree,
                           struct err *e)
{
    struct merkle_frontier f = {0};
    const uint8_t *seed = evidence_image_head(image)->seed;
    for (uint64_t i = 0; i < evidence_image_chunks(image); i++) {
        struct evidence_chunk record;
        if (evidence_image_record(image, i, &record, e) != 0)
            return -1;
        if (evidence_tree_append_hash(&f, seed, record.hash) != 0)
            return digest_failed(e);
    }
    tree->count = f.size;
    return merkle_frontier_root(&f, tree->root) == 0 ? 0 : digest_failed(e);
}
