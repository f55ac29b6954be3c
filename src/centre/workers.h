/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads: reads, proofs, parsing, verifying. Each has a database connection for reading. */
#ifndef CENTRE_WORKERS_H
#define CENTRE_WORKERS_H

#include "base/err.h"
#include "base/slice.h"

struct centre;
struct db;
struct key;
struct workers;

enum { WORKER_ROOTS = 8 };

/* A root of the journal at a size that is committed: it never changes. */
struct worker_root {
    uint64_t size;
    uint8_t root[32];
};

struct worker {
    struct centre *centre;
    struct db *db; /* for reading; never NULL while a job runs */
    /* The roots asked for last: a whole fleet names the same few checkpoints. */
    struct worker_root roots[WORKER_ROOTS];
    unsigned root_count;
    unsigned root_next;
    struct key *signer; /* of the last message: its place is used for the next */
};

typedef void worker_fn(struct worker *worker, void *context);

int workers_new(struct workers **workers, struct centre *centre, unsigned threads,
                struct err *e) MUST_CHECK;
/*
 * Runs fn(worker, context) on some worker. false: too many wait (or the centre stops): it was not
 * taken, and the caller answers 503.
 */
bool workers_post(struct workers *workers, worker_fn *fn, void *context) MUST_CHECK;
/* The same for small jobs that must not be lost: goes in front of the limit. */
bool workers_post_always(struct workers *workers, worker_fn *fn, void *context) MUST_CHECK;
/* Finishes what waits, then ends the threads. */
void workers_stop(struct workers *workers);
void workers_free(struct workers *workers);
uint64_t workers_waiting(struct workers *workers);

#endif
