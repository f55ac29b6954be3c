/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: where a log stands, taken from its records one after the other. */
#ifndef EVIDENCE_STATE_H
#define EVIDENCE_STATE_H

#include "evidence/custody/record.h"

struct evidence_folding {
    struct evidence_custody_state *state;
    struct evidence_handover *handovers; /* open ones; the state's arena */
    struct evidence_hold *holds;
    struct evidence_begun *begun;
    size_t handover_room, hold_room, begun_room;
};

void evidence_state_init(struct evidence_custody_state *state);

/* Takes a record up. ERR_MEMORY alone. */
int evidence_state_take(struct evidence_folding *f, const struct evidence_custody_record *record,
                        struct err *e) MUST_CHECK;

/*
 * May a record follow on this state? ERR_CONFLICT "custody.hold" (nothing on hold is disposed of or
 * returned), "custody.disposed" (words alone follow), "custody.handover" (no such open handover).
 */
int evidence_state_allows(const struct evidence_custody_state *state,
                          const struct evidence_custody_record *next, struct err *e) MUST_CHECK;

/* Who gave does not receive: ERR_CONFLICT "custody.handover". Said of every record that is read. */
int evidence_state_receives(const struct evidence_custody_state *state,
                            const struct evidence_custody_record *next, struct err *e) MUST_CHECK;

/* The log is not what was signed. */
int evidence_state_problem(struct evidence_custody_state *state, const char *what,
                           const char *where, const char *format, ...) PRINTF_LIKE(4, 5);

/* The log is, and a file that it names is not. */
int evidence_state_file_problem(struct evidence_custody_state *state, const char *what,
                                const char *where, const char *format, ...) PRINTF_LIKE(4, 5);

#endif
