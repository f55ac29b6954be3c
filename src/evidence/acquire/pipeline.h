/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of a source on their way: one thread reads them, several prepare them (hash, compress) in
 * any order, and each stage takes all of them in their order, on a thread of its own. As many
 * blocks are under way as the ring has places, so memory does not depend on the source's size.
 */
#ifndef EVIDENCE_PIPELINE_H
#define EVIDENCE_PIPELINE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum evidence_piece_kind {
    EVIDENCE_PIECE_DEFLATED,
    EVIDENCE_PIECE_STORED,
    EVIDENCE_PIECE_PLAIN /* the data as they are */
};

struct evidence_block {
    uint64_t number; /* from 0 */
    uint64_t offset; /* in the source */
    uint8_t *data;   /* aligned to 4096 bytes */
    size_t len;
    bool bad;  /* some of it could not be read and is filled */
    bool zero; /* nothing but zeros; known before prepare where the feed brings data */
    /* made by prepare, or by a feed that brings what is stored: */
    uint8_t hash[32]; /* SHA-256 of data */
    uint8_t *piece;   /* what is stored for it */
    size_t piece_len, piece_room;
    enum evidence_piece_kind piece_kind;
    bool failed; /* it could not be made, and the workshop goes on without it */
};

struct evidence_feed {
    /* Fills data (room bytes) and len, offset, bad, zero. 1: a block, 0: there is no more, -1. */
    int (*next)(void *context, struct evidence_block *block, size_t room, struct err *e);
    void *context;
};

enum { EVIDENCE_AT_ONCE = 8 };

struct evidence_workshop {
    /* Each worker's own; NULL with e set. Both may be NULL together. */
    void *(*worker_new)(void *context, struct err *e);
    void (*worker_free)(void *worker);
    int (*prepare)(void *context, void *worker, struct evidence_block *block, struct err *e);
    /* Instead, where several are sooner done together: neighbours, EVIDENCE_AT_ONCE of them as long
     * as there are enough places and blocks. May be NULL. */
    int (*prepare_all)(void *context, void *worker, struct evidence_block *const *blocks,
                       size_t count, struct err *e);
    void *context;
    size_t piece_room; /* bytes that a piece needs at most */
};

/* What is done to each block in order, beside prepare or behind it, and may write into it: the
 * hashes that need all that came before. Prepared stages wait for it. */
struct evidence_line {
    int (*run)(void *context, struct evidence_block *block, struct err *e); /* NULL: none */
    void *context;
    bool prepared; /* waits for prepare */
};

struct evidence_stage {
    /* 0, or -1: everything ends. */
    int (*take)(void *context, const struct evidence_block *block, struct err *e);
    void *context;
    bool prepared; /* waits for prepare; else it goes beside it */
};

struct evidence_pipeline {
    struct evidence_feed feed;
    struct evidence_workshop workshop;
    struct evidence_line line;
    const struct evidence_stage *stages;
    size_t stage_count; /* 1 to 8 */
    size_t block_bytes; /* room for data */
    unsigned workers;   /* 0: one a processor */
    size_t blocks;      /* places of the ring; 0: 46 at most */
    /* Asked about ten times a second with what all stages have taken; false: stop. May be NULL. */
    bool (*watch)(void *context, uint64_t bytes);
    void *watch_context;
};

/*
 * Runs until the feed has no more and all stages have taken everything. 0; 1: watch stopped it, and
 * stages have taken the blocks up to some block and none behind it; -1: the first failure.
 */
int evidence_pipeline_run(const struct evidence_pipeline *p, struct err *e) MUST_CHECK;

#endif
