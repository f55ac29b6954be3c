/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks tocsin-prose about words and sentences. May be shared by threads: processes are started as
 * they are needed, at most one a thread that asks and PROSE_PROCESSES; what was answered once is
 * remembered. A process that does not answer in time, or ends, costs the question it was asked.
 */
#ifndef PROSE_CLIENT_H
#define PROSE_CLIENT_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/slice.h"
#include "prose/frame.h"

enum { PROSE_PROCESSES = 8 };

struct prose;

struct prose_options {
    const char *program; /* NULL: $TOCSIN_PROSE, else where the installation put it */
    unsigned processes;  /* at a time; 0: one */
    unsigned timeout_ms; /* of one question; 0: 10,000 */
};

/* Starts nothing yet. NULL: no memory. */
struct prose *prose_new(const struct prose_options *options, struct err *e) MUST_CHECK;
void prose_free(struct prose *p);

/*
 * One question. What is too long (PROSE_TEXT_MOST) or cannot be answered in time is
 * PROSE_UNDECIDED; when there is no program, PROSE_NO_CHECKER. -1: no memory.
 */
int prose_ask(struct prose *p, enum prose_operation operation, struct slice language,
              struct slice text, struct prose_answer *answer, struct err *e) MUST_CHECK;

#endif
