/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads: reads, proofs, parsing, verifying. Each has a database connection for reading. */
#ifndef CENTRE_WORKERS_H
#define CENTRE_WORKERS_H

#include "base/err.h"
#include "base/slice.h"

struct centre;
struct db;
struct workers;

struct worker {
    struct centre *centre;
    struct db *db; /* for reading; never NULL while a job runs */
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
