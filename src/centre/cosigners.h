/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Witnesses of the journal's checkpoints (C2SP tlog-witness). Each has a thread of its own, so that
 * one that hangs delays neither the others nor the checkpoints; one that fails is asked again by
 * itself, after waits that grow.
 *
 * Cosignatures of different checkpoints make no quorum. So all witnesses are asked about the same
 * one, and about a newer one only when its quorum is there or nobody who answers is still at it.
 */
#ifndef CENTRE_COSIGNERS_H
#define CENTRE_COSIGNERS_H

#include "centre/command.h"

struct cosigners;

enum {
    COSIGNER_RETRY_LEAST_MS = 1000,
    COSIGNER_RETRY_MOST_MS = 60000,
};

int cosigners_start(struct cosigners **cosigners, struct centre *centre, struct err *e) MUST_CHECK;
/* Interrupts what is under way and ends the threads. */
void cosigners_stop(struct cosigners *cosigners);

/* There is a newer checkpoint, and it is stored. */
void cosigners_offer(struct cosigners *cosigners, uint64_t size, struct slice note);

/* Size of the newest checkpoint that the quorum cosigned, or 0. */
uint64_t cosigners_witnessed(struct cosigners *cosigners);

struct cosigner_state {
    const char *name;      /* valid as long as the configuration */
    uint64_t size;         /* of the newest checkpoint that it cosigned since the centre started */
    int64_t at;            /* when; 0: not yet */
    int64_t failing_since; /* 0: it answers */
    unsigned failures;     /* in a row */
    char failure[200];     /* the last one; empty: none */
};
/* False behind the last one. */
bool cosigners_state(struct cosigners *cosigners, size_t index, struct cosigner_state *state);

extern const struct command_type command_cosignature_store;

#endif
