/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's reading side: for the doors, proofs, followers. Works on any connection, of any
 * thread, and sees what was committed when its transaction (or statement) began; proofs spanning
 * several statements stay right without one, because what they read never changes.
 */
#ifndef JOURNAL_READ_H
#define JOURNAL_READ_H

#include "crypto/merkle.h"
#include "crypto/note.h"
#include "journal/act.h"
#include "journal/proof.h"
#include "store/db.h"

struct journal_head {
    uint64_t size;
    int64_t last_at;
    char origin[NOTE_NAME_MAX + 1]; /* "" before the log was opened */
    char vkey[NOTE_VKEY_MAX];
};

int journal_head(struct db *db, struct journal_head *head, struct err *e) MUST_CHECK;

/*
 * Reads tiles on demand and keeps those read last; make one a request. Proofs for any size up to
 * the committed one. ERR_USAGE "journal.range" beyond.
 */
struct journal_reader;
struct journal_reader *journal_reader_new(struct db *db, struct err *e) MUST_CHECK;
void journal_reader_free(struct journal_reader *reader);
uint64_t journal_reader_size(const struct journal_reader *reader);
struct merkle_source journal_reader_source(struct journal_reader *reader);

int journal_root_at(struct journal_reader *reader, uint64_t size, uint8_t root[MERKLE_HASH],
                    struct err *e) MUST_CHECK;
int journal_prove_inclusion(struct journal_reader *reader, uint64_t index, uint64_t size,
                            uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n,
                            struct err *e) MUST_CHECK;
int journal_prove_consistency(struct journal_reader *reader, uint64_t from, uint64_t to,
                              uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n,
                              struct err *e) MUST_CHECK;
/*
 * The bytes of a tile or entry bundle (C2SP tlog-tiles); ERR_NOT_FOUND "journal.tile" for what the
 * tree does not have (yet), and for a level over 7.
 */
int journal_tile(struct journal_reader *reader, const struct tile_path *path, struct buf *out,
                 struct err *e) MUST_CHECK;

/* One act. body is empty (data NULL) when it was forgotten. Slices live until the callback returns.
 */
struct journal_row {
    uint64_t index;
    const char *id;
    int64_t at;
    const char *type;
    const char *organisation; /* NULL: of no one */
    struct slice body;
    struct slice salt;
    const uint8_t *commitment;
};
/* 0: go on, 1: stop, -1: failed with e set. The callback must not run statements on db that change
 * the act table. */
typedef int journal_row_fn(void *context, const struct journal_row *row, struct err *e);

/* Rows from index on, at most limit; *next (may be NULL) is where to go on. Rows seen, or -1. */
int64_t journal_read(struct db *db, uint64_t from, uint64_t limit, journal_row_fn *fn,
                     void *context, uint64_t *next, struct err *e) MUST_CHECK;
/* 1 found and called, 0 none, -1. */
int journal_find(struct db *db, const char *id, journal_row_fn *fn, void *context,
                 struct err *e) MUST_CHECK;
int journal_find_index(struct db *db, uint64_t index, journal_row_fn *fn, void *context,
                       struct err *e) MUST_CHECK;

/*
 * Checkpoints as notes with all cosignatures that are stored. 1 and *size with the note appended,
 * 0 none, -1. `latest`: the newest of all; `cosigned`: the newest with at least `quorum` of these
 * witnesses; `at_or_after`: the first whose size is at least that.
 */
int journal_checkpoint_latest(struct db *db, struct buf *note, uint64_t *size,
                              struct err *e) MUST_CHECK;
int journal_checkpoint_cosigned(struct db *db, const struct note_key *witnesses, size_t count,
                                size_t quorum, struct buf *note, uint64_t *size,
                                struct err *e) MUST_CHECK;
int journal_checkpoint_at_or_after(struct db *db, uint64_t from, struct buf *note, uint64_t *size,
                                   struct err *e) MUST_CHECK;

/*
 * Appends the tlog-proof text of an act against a stored checkpoint that covers it (the newest).
 * ERR_NOT_FOUND "journal.act"; ERR_UNAVAILABLE "journal.no-checkpoint" when none covers it yet;
 * ERR_NOT_FOUND "journal.forgotten" when its body was deleted.
 */
int journal_prove_act(struct db *db, uint64_t index, struct buf *out, struct err *e) MUST_CHECK;

/*
 * Rollback detection: the last head that somebody outside of the database knows (the signer, a
 * witness) against the tree here. ERR_CONFLICT "journal.rolled-back" when the database is shorter,
 * "journal.forked" when its root at that size is another; the text names both heads.
 */
int journal_check_known_head(struct db *db, uint64_t known_size,
                             const uint8_t known_root[MERKLE_HASH], const char *known_by,
                             struct err *e) MUST_CHECK;

struct journal_verified {
    uint64_t size;
    uint64_t forgotten;   /* acts without body */
    uint64_t checkpoints; /* whose root and signature were recomputed */
    uint64_t cosignatures;
    uint8_t root[MERKLE_HASH];
};
/*
 * Recomputes everything: commitments from salts and bodies, canonical form and order of acts, all
 * tiles, all checkpoints with their signatures. Stops at the first difference and names it:
 * ERR_VERIFY "journal.act", "journal.order", "journal.gap", "journal.tile", "journal.head",
 * "journal.checkpoint", "journal.cosignature". progress may be NULL.
 */
int journal_verify(struct db *db, void (*progress)(void *context, uint64_t done, uint64_t all),
                   void *context, struct journal_verified *result, struct err *e) MUST_CHECK;

#endif
