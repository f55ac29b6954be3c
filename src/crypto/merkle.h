/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merkle trees with SHA-256 as in RFC 9162 section 2.1 (and RFC 6962): a leaf's hash is
 * SHA-256(0x00 ‖ data), a node's SHA-256(0x01 ‖ left ‖ right), the empty tree's SHA-256 of nothing.
 * Pure: no I/O, no allocation but in struct merkle_table.
 *
 * A proof is an array of hashes, nearest to the leaf first. No tree here has more than 2^63 leaves.
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "base/err.h"
#include "base/slice.h"

enum {
    MERKLE_HASH = 32,
    MERKLE_LEVELS = 64,
    MERKLE_PROOF_MAX = 64, /* no proof is longer */
};

/* These return 0, or -1 when the digest cannot be computed (digest_failed sets the error). */
int merkle_leaf(struct slice data, uint8_t out[MERKLE_HASH]) MUST_CHECK;
int merkle_node(const uint8_t left[MERKLE_HASH], const uint8_t right[MERKLE_HASH],
                uint8_t out[MERKLE_HASH]) MUST_CHECK;
int merkle_empty_root(uint8_t out[MERKLE_HASH]) MUST_CHECK;

/*
 * An append-only tree of which only the right edge is kept: for every bit that is set in size, the
 * root of that full subtree. Zeroed memory is the empty tree. May be copied.
 */
struct merkle_frontier {
    uint64_t size;
    uint8_t nodes[MERKLE_LEVELS][MERKLE_HASH];
};

int merkle_frontier_append(struct merkle_frontier *f, const uint8_t leaf[MERKLE_HASH]) MUST_CHECK;
int merkle_frontier_root(const struct merkle_frontier *f, uint8_t root[MERKLE_HASH]) MUST_CHECK;

/* As bytes: 8 bytes of size (big-endian), then the hashes of its set bits, highest first. */
enum { MERKLE_FRONTIER_MAX = 8 + MERKLE_LEVELS * MERKLE_HASH };
size_t merkle_frontier_write(const struct merkle_frontier *f, uint8_t out[MERKLE_FRONTIER_MAX]);
/* -1 with "merkle.frontier" when the length does not fit the size. */
int merkle_frontier_read(struct merkle_frontier *f, struct slice bytes, struct err *e) MUST_CHECK;

/*
 * RFC 9162 section 2.1.3.2. leaf: the leaf's hash. 0: it is leaf `index` of the tree of that size
 * and root. -1: ERR_VERIFY "merkle.inclusion".
 */
int merkle_verify_inclusion(uint64_t index, uint64_t size, const uint8_t root[MERKLE_HASH],
                            const uint8_t leaf[MERKLE_HASH], const uint8_t (*proof)[MERKLE_HASH],
                            size_t n, struct err *e) MUST_CHECK;

/*
 * RFC 9162 section 2.1.4.2. 0: the new tree begins with all of the old one. Equal sizes: the roots
 * must be equal and the proof empty; an old size of 0: the old root must be that of the empty tree
 * and the proof empty. -1: ERR_VERIFY "merkle.consistency".
 */
int merkle_verify_consistency(uint64_t old_size, const uint8_t old_root[MERKLE_HASH],
                              uint64_t new_size, const uint8_t new_root[MERKLE_HASH],
                              const uint8_t (*proof)[MERKLE_HASH], size_t n,
                              struct err *e) MUST_CHECK;

/*
 * Where the hashes of full subtrees come from: node(level, index) is the root over the leaves
 * [index × 2^level, (index + 1) × 2^level), all of which are there. 0, or -1 with the error set.
 */
struct merkle_source {
    int (*node)(void *context, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct err *e);
    void *context;
};

/* The root of the first `size` leaves. */
int merkle_source_root(const struct merkle_source *source, uint64_t size, uint8_t root[MERKLE_HASH],
                       struct err *e) MUST_CHECK;
/* RFC 9162 section 2.1.3.1. -1 with ERR_USAGE "merkle.range" when index ≥ size. */
int merkle_source_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
                            uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n,
                            struct err *e) MUST_CHECK;
/* RFC 9162 section 2.1.4.1. Empty when old_size is 0 or equal. "merkle.range" when it is larger. */
int merkle_source_consistency(const struct merkle_source *source, uint64_t old_size,
                              uint64_t new_size, uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH],
                              size_t *n, struct err *e) MUST_CHECK;

/*
 * A whole tree in memory (64 bytes a leaf), for many proofs over one array: publications, tests.
 * leaves are leaf hashes; they are copied.
 */
struct merkle_table;
struct merkle_table *merkle_table_new(const uint8_t (*leaves)[MERKLE_HASH], size_t count,
                                      struct err *e) MUST_CHECK;
void merkle_table_free(struct merkle_table *table);
/* Valid as long as the table. */
struct merkle_source merkle_table_source(const struct merkle_table *table);
size_t merkle_table_size(const struct merkle_table *table);

/* For single uses, over an array of leaf hashes. */
int merkle_tree_root(const uint8_t (*leaves)[MERKLE_HASH], size_t count, uint8_t root[MERKLE_HASH],
                     struct err *e) MUST_CHECK;
int merkle_inclusion_proof(const uint8_t (*leaves)[MERKLE_HASH], size_t count, size_t index,
                           uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n,
                           struct err *e) MUST_CHECK;
int merkle_consistency_proof(const uint8_t (*leaves)[MERKLE_HASH], size_t old_count,
                             size_t new_count, uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH],
                             size_t *n, struct err *e) MUST_CHECK;

#endif
