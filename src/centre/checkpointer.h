/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock thread: signs checkpoints (at most one an interval, after the commit) and offers them
 * to the witnesses (cosigners.h) and to devices that listen, issues revocation lists when they are
 * due, finishes certificates whose issuance a crash cut in two, and forgets what is over.
 */
#ifndef CENTRE_CHECKPOINTER_H
#define CENTRE_CHECKPOINTER_H

#include "centre/command.h"

struct checkpointer;

int checkpointer_start(struct checkpointer **checkpointer, struct centre *centre,
                       struct err *e) MUST_CHECK;
/* Ends the thread; centre_stop was called before. */
void checkpointer_stop(struct checkpointer *checkpointer);

struct checkpointer_state {
    uint64_t signed_size;
    uint64_t witnessed_size; /* that the quorum cosigned */
    char failure[200];       /* the last one; empty: none */
};
void checkpointer_state(struct checkpointer *checkpointer, struct checkpointer_state *state);

struct cosigners *checkpointer_cosigners(struct checkpointer *checkpointer);

extern const struct command_type command_checkpoint_store;

#endif
