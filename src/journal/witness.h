/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness (C2SP tlog-witness): for each log it keeps the newest head that it cosigned, and
 * cosigns a newer one only when that continues it. The decision is pure; the state lives in a
 * folder with one file a log, replaced and synced before the cosignature leaves.
 */
#ifndef JOURNAL_WITNESS_H
#define JOURNAL_WITNESS_H

#include "base/clock.h"
#include "crypto/merkle.h"
#include "crypto/note.h"

enum {
    WITNESS_REQUEST_MAX = 128 << 10,
    WITNESS_PROOF_MAX = 63, /* lines, tlog-witness "add-checkpoint" */
};

/* The body of an add-checkpoint request; slices of the input. */
struct witness_request {
    uint64_t old_size;
    uint8_t proof[WITNESS_PROOF_MAX][MERKLE_HASH];
    size_t proof_count;
    struct slice note_text; /* the whole checkpoint note */
    struct note note;
    struct checkpoint checkpoint;
};

/* ERR_INPUT "witness.syntax" with the line. */
int witness_request_parse(struct witness_request *request, struct slice body,
                          struct err *e) MUST_CHECK;
/* Appends one: what a centre sends. note: the whole checkpoint. */
void witness_request_put(struct buf *b, uint64_t old_size, const uint8_t (*proof)[MERKLE_HASH],
                         size_t n, struct slice note);

/* What the witness knows of one log. */
struct witness_head {
    uint64_t size; /* 0: nothing cosigned yet */
    uint8_t root[MERKLE_HASH];
};

/* Status of the answer as the specification numbers it. */
enum witness_verdict {
    WITNESS_COSIGN = 200,
    WITNESS_BAD_REQUEST = 400,
    WITNESS_UNSIGNED = 403,
    WITNESS_UNKNOWN_LOG = 404,
    WITNESS_CONFLICT = 409, /* old size is not the head's: the answer is the head's size */
    WITNESS_INCONSISTENT = 422,
    WITNESS_FAILED = 500, /* memory or OpenSSL; e says which */
};

/*
 * Whether a request may be cosigned, given the log's key (NULL: unknown origin) and the last head.
 * Anything but WITNESS_COSIGN sets e with "witness.…" and why.
 */
enum witness_verdict witness_decide(const struct witness_request *request,
                                    const struct note_key *log, const struct witness_head *head,
                                    struct err *e) MUST_CHECK;

/*
 * A witness with its key, its logs and its folder. Thread-safe; several processes on one folder are
 * kept apart by a lock on it.
 */
struct witness;

/* logs are copied. clock for the cosignatures' time; must outlive it. A centre that witnesses
 * another one with a key inside its signer gives its own `sign`. */
struct witness_options {
    const char *folder;
    struct note_key key; /* type NOTE_COSIGNATURE */
    /* Appends the Ed25519 signature over message. */
    int (*sign)(void *context, struct slice message, struct buf *signature, struct err *e);
    void *context;
    const struct note_key *logs; /* type NOTE_ED25519; the name is the origin */
    size_t log_count;
    const struct clock *clock;
};

int witness_new(struct witness **witness, const struct witness_options *options,
                struct err *e) MUST_CHECK;
void witness_free(struct witness *witness);

/*
 * Handles an add-checkpoint request: decides, keeps the new head durably, then cosigns. *verdict
 * and, appended to answer, the body of the answer: cosignature line(s), the head's size (409), or
 * one line that says what was wrong. -1 only when the witness itself failed (disk, key): answer
 * 500, nothing was cosigned.
 */
int witness_handle(struct witness *witness, struct slice body, enum witness_verdict *verdict,
                   struct buf *answer, struct err *e) MUST_CHECK;

/* The newest checkpoint that was cosigned for an origin, with the log's signature and ours, by the
 * hexadecimal SHA-256 of the origin ("monitor retrieval"). 1 appended, 0 none, -1. */
int witness_latest(struct witness *witness, struct slice origin_hash, struct buf *note,
                   struct err *e) MUST_CHECK;

#endif
