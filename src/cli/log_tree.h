/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal's tree, recomputed from what its public door shows (C2SP tlog-tiles): every entry is
 * hashed, every tile compared, up to the root. Where the bytes come from is the caller's business.
 */
#ifndef CLI_LOG_TREE_H
#define CLI_LOG_TREE_H

#include "base/buf.h"
#include "crypto/merkle.h"

struct log_tree {
    /* Appends the resource at a path below the log's prefix, as in "tile/0/x001/234". */
    int (*fetch)(void *context, const char *path, struct buf *out, struct err *e);
    void (*progress)(void *context, uint64_t done); /* NULL: none */
    void *context;
    uint64_t size;      /* of the tree: what its checkpoint says */
    uint64_t kept_size; /* of an earlier head, at most size */
};

/*
 * 0 with the tree's root, and the root that it had at kept_size. -1: what fetch said; ERR_VERIFY
 * "log.tile" (a tile of a wrong length, or with a hash that its entries do not give) or
 * "log.entry", with the resource.
 */
int log_tree_root(const struct log_tree *tree, uint8_t root[MERKLE_HASH],
                  uint8_t kept_root[MERKLE_HASH], struct err *e) MUST_CHECK;

#endif
