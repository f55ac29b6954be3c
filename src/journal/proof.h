/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs as text: C2SP tlog-proof for one act, the JSON of consistency proofs (docs/formats.md
 * section 2.3), and the paths of C2SP tlog-tiles. Pure.
 */
#ifndef JOURNAL_PROOF_H
#define JOURNAL_PROOF_H

#include "crypto/merkle.h"
#include "crypto/note.h"
#include "journal/act.h"

enum { JOURNAL_PROOF_TEXT_MAX = 256 << 10 };

/* Appends the tlog-proof of an act: extra is base64 of salt ‖ body; checkpoint is the whole note.
 */
void journal_proof_put(struct buf *b, uint64_t index, const uint8_t (*proof)[MERKLE_HASH], size_t n,
                       const uint8_t salt[ACT_SALT], struct slice body, struct slice checkpoint);

struct journal_proof {
    uint64_t index;
    uint8_t hashes[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t count;
    struct buf extra; /* empty: none */
    struct slice note;
};

/* note is a slice of text. ERR_INPUT "proof.syntax" with the line. */
int journal_proof_parse(struct journal_proof *proof, struct slice text, struct err *e) MUST_CHECK;
void journal_proof_fini(struct journal_proof *proof);

/*
 * Whether the act in `extra` stands at the index of a tree whose checkpoint `log` signed.
 * witnesses: at least `quorum` of them must have cosigned ("proof.not-witnessed"); quorum 0: none
 * asked. *act is the act's bytes (of proof->extra) when it is not NULL.
 */
int journal_proof_verify(const struct journal_proof *proof, const struct note_key *log,
                         const struct note_key *witnesses, size_t witness_count, size_t quorum,
                         struct slice *act, struct err *e) MUST_CHECK;

/* {"from","hashes","to"}, canonical. */
void journal_consistency_put(struct buf *b, uint64_t from, uint64_t to,
                             const uint8_t (*proof)[MERKLE_HASH], size_t n);
struct journal_consistency {
    uint64_t from, to;
    uint8_t hashes[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t count;
};
/* From text, or from parsed JSON. ERR_INPUT "consistency.syntax". */
int journal_consistency_parse(struct journal_consistency *c, struct slice text,
                              struct err *e) MUST_CHECK;
int journal_consistency_read(struct journal_consistency *c, const struct json_value *value,
                             struct err *e) MUST_CHECK;

/* Hashes as a JSON array of base64 strings: written, and read (at most MERKLE_PROOF_MAX). */
void journal_hashes_write(struct json_writer *w, const uint8_t (*hashes)[MERKLE_HASH], size_t n);
int journal_hashes_read(const struct json_value *array,
                        uint8_t hashes[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n,
                        struct err *e) MUST_CHECK;

/* A resource of tlog-tiles below the log's prefix: "tile/L/N[.p/W]" or "tile/entries/N[.p/W]". */
struct tile_path {
    bool entries;
    unsigned level; /* of the tile, 0 to 7 (a tree of 2^63 leaves has no higher); 0 for entries */
    uint64_t n;
    unsigned width; /* 1 to 256; 256: a full one */
};
enum { TILE_WIDTH = 256, TILE_LEVELS = 8, TILE_PATH_TEXT = 64 };
/* false: no such path (a canonical one: "x001/234", no zero too many). */
bool tile_path_parse(struct tile_path *path, struct slice text);
void tile_path_format(const struct tile_path *path, char text[TILE_PATH_TEXT]);
/* Whether a tree of that size has this tile; for a full or the tree's own partial one. */
bool tile_path_exists(const struct tile_path *path, uint64_t size);

#endif
