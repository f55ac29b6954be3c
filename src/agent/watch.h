/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device as a witness of the journal: each checkpoint that it is shown must be signed by the
 * journal's key and continue the last one that it kept. Pure: where the proof comes from is the
 * caller's business.
 */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include "agent/state.h"
#include "agent/trust.h"

enum watch_step {
    WATCH_REFUSED = -1, /* not a checkpoint of this journal: not even worth an alarm */
    WATCH_KNOWN,        /* the very one that is kept */
    WATCH_FIRST,        /* none is kept: take it (watch_keep) */
    WATCH_PROVE,        /* ask for a proof between `from` and `to`, then watch_prove */
    WATCH_FORKED        /* same size, another root: an alarm, *e says so */
};

struct watch {
    uint64_t size; /* of the checkpoint seen */
    uint8_t root[32];
    uint64_t from, to; /* of the proof that is needed */
    bool older;        /* the one seen is older than the one kept */
    struct slice note; /* borrowed from the caller */
};

/* Reads a signed note and compares. *e is set with WATCH_REFUSED ("checkpoint.…", "note.…") and
 * WATCH_FORKED ("agent.journal-forked"). */
enum watch_step watch_see(struct watch *w, struct slice note, const struct trust *trust,
                          const struct state *state, struct err *e) MUST_CHECK;

enum { WATCH_ANSWER_MAX = 16 * 1024 };
/*
 * Checks the centre's answer to /log/consistency?from=&to= (docs/formats.md 2.3). 0: consistent;
 * -1 with ERR_VERIFY "agent.journal-forked": it is not, an alarm; -1 with another kind: the answer
 * is none, and says nothing about the journal.
 */
int watch_prove(const struct watch *w, const struct state *state, struct slice answer,
                struct err *e) MUST_CHECK;

/* Puts the checkpoint seen in the place of the kept one, unless it is older. */
int watch_keep(const struct watch *w, struct state *state, struct err *e) MUST_CHECK;

/*
 * Writes both notes and the answer, as far as there is one, into HOME/evidence, named by the time:
 * never over an earlier one.
 */
int watch_evidence(const struct watch *w, const struct state *state, struct slice answer,
                   const char *home, int64_t now, struct err *e) MUST_CHECK;

#endif
