/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make a disclosure share. */
#ifndef EVIDENCE_DISCLOSING_H
#define EVIDENCE_DISCLOSING_H

#include "base/json.h"
#include "crypto/merkle.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/tree.h"
#include "evidence/disclose.h"

struct disclosing {
    const struct evidence_disclose_options *options;
    struct evidence_disclosed *disclosed;
    struct evidence_trees trees;
    struct arena arena;
    struct buf json;
    struct json_writer w;
    bool *matched; /* of each pattern */
};

/* A tree in memory, whose leaves are salted from a seed: 64 bytes a leaf. */
struct disclosing_tree {
    struct merkle_table *table;
    uint8_t seed[EVIDENCE_SEED];
    uint64_t count;
};
/* hashes: one behind the other. "disclose.tree": the root is not the one of tree.json. */
int disclosing_tree_init(struct disclosing_tree *t, const uint8_t seed[EVIDENCE_SEED],
                         uint8_t (*hashes)[MERKLE_HASH], size_t count, const uint8_t root[32],
                         struct err *e) MUST_CHECK;
void disclosing_tree_fini(struct disclosing_tree *t);
/* "number", "proof", "salt" of one leaf, as members. */
int disclosing_proof(const struct disclosing_tree *t, uint64_t number, struct json_writer *w,
                     struct err *e) MUST_CHECK;

/* Members "chunks", "files" and "records" of disclosure.json, with what they show written. */
int disclosing_chunks(struct disclosing *d, struct err *e) MUST_CHECK;
int disclosing_files(struct disclosing *d, struct err *e) MUST_CHECK;
int disclosing_records(struct disclosing *d, struct err *e) MUST_CHECK;

/*
 * Where a disclosure is made, beside its place: part (4096 bytes) is its folder, in which nothing
 * is left of one that was broken off. ERR_CONFLICT "disclose.exists". disclosing_end moves it to
 * its place, on the disk when it returns; disclosing_sweep takes it away.
 */
int disclosing_begin(const char *target, char part[4096], struct err *e) MUST_CHECK;
int disclosing_end(const char *part, struct err *e) MUST_CHECK;
int disclosing_sweep(const char *part, struct err *e) MUST_CHECK;

/* Path of a file of the bundle or the target, in the arena. */
char *disclosing_path(struct disclosing *d, const char *folder, const char *name,
                      struct err *e) MUST_CHECK;

#endif
