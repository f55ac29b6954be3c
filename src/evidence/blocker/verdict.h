/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a report lists, counted, and the verdict that follows from it. */
#ifndef EVIDENCE_BLOCKER_VERDICT_H
#define EVIDENCE_BLOCKER_VERDICT_H

#include "evidence/blocker/attempt.h"

/* Words of the report. */
#define BLOCKER_FORMAT "tocsin-evidence-blocker/v1"
#define BLOCKER_WORD_CHANGED "CHANGED"

struct blocker_counts {
    size_t attempts, not_possible, kernel, refused, accepted, changed;
    size_t asked;  /* refused or accepted, and each of these changes the disk without the blocker */
    size_t writes; /* of these, commands that write data */
    size_t failed; /* assertions that do not hold */
    bool elsewhere; /* something changed that no command was sent to */
    bool looked;    /* the disk was looked at afterwards, without the blocker: */
    bool as_prepared, reached;
};

/* One attempt more; changes: the command changes the disk when no blocker is there. */
void blocker_counts_add(struct blocker_counts *counts, enum blocker_outcome outcome,
                        enum blocker_effect effect, bool changes);

enum evidence_blocker_verdict blocker_judge(const struct blocker_counts *counts, char why[400]);

#endif
