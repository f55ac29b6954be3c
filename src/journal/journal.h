/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's writing side. One struct journal belongs to the writer thread; everything happens
 * inside the caller's transaction, in which the change that an act records is written too:
 *
 *     db_begin;  journal_begin
 *       for each command: db_savepoint; mark = journal_mark; … journal_append …
 *                         good: db_release;   bad: db_rollback_to; journal_reset_to(mark)
 *     journal_flush;  db_commit
 *       committed: journal_committed;   failed (anywhere): db_rollback; journal_rolled_back
 *
 * The right edge of the tree is kept in memory: an append costs two digests and one INSERT; tiles
 * are written by journal_flush, once they are full.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "crypto/merkle.h"
#include "crypto/note.h"
#include "journal/act.h"
#include "store/db.h"

struct journal;

/* Loads the right edge. db: any connection outside of a transaction or in one. clock and random
 * must outlive the journal. */
int journal_open(struct journal **journal, struct db *db, const struct clock *clock,
                 const struct random *random, struct err *e) MUST_CHECK;
void journal_close(struct journal *journal);

/* Behind db_begin: sees whether another node has appended meanwhile, and then loads again. */
int journal_begin(struct journal *journal, struct db *db, struct err *e) MUST_CHECK;

/*
 * Opens the log: appends `log.opened` with origin and vkey, and makes them the log's own. Once for
 * an empty journal (previous_origin NULL), or after `restore --accept-loss`: the tree goes on under
 * a new origin, and the act says which one it was and from which size on acts were lost.
 * ERR_CONFLICT "journal.opened" when it is open already and there is no previous_origin.
 */
int journal_open_log(struct journal *journal, struct db *db, const struct note_key *key,
                     const char *previous_origin, uint64_t lost_from, struct err *e) MUST_CHECK;
/* The origin, "" before journal_open_log; and the vkey. */
const char *journal_origin(const struct journal *journal);
const struct note_key *journal_key(const struct journal *journal);

struct journal_entry {
    uint64_t index;
    int64_t at; /* as the act says it */
    char id[ID_TEXT];
};

/*
 * Appends an act: sets its id (when NULL), `at` (never before the act in front; then `clock` says
 * what the clock said), draws the salt, writes the row. entry may be NULL. A failure of the
 * database spoils the transaction or savepoint as the store says; memory follows by
 * journal_reset_to or journal_rolled_back.
 */
int journal_append(struct journal *journal, struct db *db, const struct act *act,
                   struct journal_entry *entry, struct err *e) MUST_CHECK;
/* For a caller that needs the id before the act is written. */
int journal_new_id(struct journal *journal, char id[ID_TEXT], struct err *e) MUST_CHECK;

struct journal_mark {
    uint64_t size;
    int64_t last_at;
};
struct journal_mark journal_mark(const struct journal *journal);
void journal_reset_to(struct journal *journal, struct journal_mark mark);

/* Writes full tiles and the head; once, just before db_commit, outside of savepoints. */
int journal_flush(struct journal *journal, struct db *db, struct err *e) MUST_CHECK;
void journal_committed(struct journal *journal);
void journal_rolled_back(struct journal *journal);

/* Acts appended so far, those of the running transaction included; and the committed ones. */
uint64_t journal_size(const struct journal *journal);
uint64_t journal_committed_size(const struct journal *journal);
/* Root of the committed tree: what a checkpoint signs. Costs some hundred digests. */
int journal_root(const struct journal *journal, uint64_t *size, uint8_t root[MERKLE_HASH],
                 struct err *e) MUST_CHECK;

/* ---- checkpoints: in any write transaction ------------------------------------------------ */

/*
 * Keeps a signed checkpoint. It must be signed by the log's key, name its origin, and have the root
 * of this tree at its size: else ERR_VERIFY "journal.checkpoint".
 */
int journal_checkpoint_store(struct db *db, struct slice note, int64_t now,
                             struct err *e) MUST_CHECK;
/*
 * Keeps a witness's cosignature line(s), as the witness answered them, for a stored checkpoint.
 * Those of other keys are passed over. Number of new ones, or -1 (a bad signature:
 * "note.signature"; no such checkpoint: ERR_NOT_FOUND).
 */
int journal_cosignature_store(struct db *db, uint64_t size, struct slice lines,
                              const struct note_key *witness, int64_t now,
                              struct err *e) MUST_CHECK;
/* Deletes checkpoints made before `before` that nobody cosigned, but never the newest. How many. */
int64_t journal_checkpoint_prune(struct db *db, int64_t before, struct err *e) MUST_CHECK;

/* ---- followers ---------------------------------------------------------------------------- */

/* Index of the act that the follower has not seen yet; 0 for a new one. */
int journal_follower_position(struct db *db, const char *name, uint64_t *next,
                              struct err *e) MUST_CHECK;
/* In the transaction that records the work. Never backwards: ERR_CONFLICT "journal.follower". */
int journal_follower_move(struct db *db, const char *name, uint64_t next, struct err *e) MUST_CHECK;

/* ---- retention ---------------------------------------------------------------------------- */

/*
 * Deletes an act's body and salt; its commitment stays in the tree, and all proofs of others hold.
 * 1: done, 0: it was gone already; ERR_NOT_FOUND "journal.act".
 */
int journal_forget(struct db *db, uint64_t index, struct err *e) MUST_CHECK;

#endif
