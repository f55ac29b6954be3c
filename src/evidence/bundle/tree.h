/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the hash trees of a bundle, so that parts of it can be shown without the rest
 * (docs/formats-evidence.md section 8). RFC 9162 section 2.1 over salted leaves: the leaf of
 * something is SHA-256(0x00 ‖ salt ‖ SHA-256 of it). Each leaf has a salt of its own, so the hashes
 * of neighbours that a proof has in it cannot be compared with those of guessed contents. Salts
 * come from a seed of 32 random bytes that stays in the bundle: salt of leaf i is
 * SHA-256(seed ‖ i in 8 bytes, big-endian).
 */
#ifndef EVIDENCE_TREE_H
#define EVIDENCE_TREE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { EVIDENCE_SEED = 32, EVIDENCE_SALT = 32 };

#define EVIDENCE_TREE_FILE "tree.json"            /* beside data/ */
#define EVIDENCE_TREE_SEED "data/files.seed"      /* of the tree over the lines of the manifest */
#define EVIDENCE_RECORDS_SEED "data/records.seed" /* of that over the lines of data/files.jsonl */

struct evidence_tree {
    uint64_t count; /* of leaves */
    uint8_t root[32];
};

/* These two return 0, or -1 when the digest cannot be computed (digest_failed sets the error). */
int evidence_leaf_salt(const uint8_t seed[EVIDENCE_SEED], uint64_t number,
                       uint8_t salt[EVIDENCE_SALT]) MUST_CHECK;
/* hash: SHA-256 of what the leaf stands for. */
int evidence_leaf(const uint8_t salt[EVIDENCE_SALT], const uint8_t hash[32],
                  uint8_t leaf[32]) MUST_CHECK;

struct evidence_image;
/* Over the chunks of an image, by the hashes in its table. */
int evidence_tree_of_image(const struct evidence_image *image, struct evidence_tree *tree,
                           struct err *e) MUST_CHECK;
/* Appends the leaf of one line, without its end, to a tree of which the right edge is kept. */
struct merkle_frontier;
int evidence_tree_append_hash(struct merkle_frontier *f, const uint8_t seed[EVIDENCE_SEED],
                              const uint8_t hash[32]) MUST_CHECK;
int evidence_tree_append(struct merkle_frontier *f, const uint8_t seed[EVIDENCE_SEED],
                         struct slice line) MUST_CHECK;
/* Over the lines of a text, each without its line end. */
int evidence_tree_of_lines(struct slice text, const uint8_t seed[EVIDENCE_SEED],
                           struct evidence_tree *tree, struct err *e) MUST_CHECK;

/* tree.json: what trees a bundle has. */
struct evidence_trees {
    bool has_image;
    uint64_t image_bytes;
    uint32_t chunk_bytes;
    uint8_t image_root[32];
    struct evidence_tree files;
    bool has_records;
    struct evidence_tree records; /* over the lines of data/files.jsonl (section 10.2) */
};

struct buf;
void evidence_trees_write(const struct evidence_trees *trees, struct buf *out);
/* ERR_INPUT "evidence.tree": not that format, or numbers that cannot be. */
int evidence_trees_read(struct evidence_trees *trees, struct slice text, struct err *e) MUST_CHECK;

#endif
