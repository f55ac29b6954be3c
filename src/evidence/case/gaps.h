/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows of the acceptance list for ISO/IEC 27037 a case does not meet yet, and what to do next
 * for each. Rows that are about the program itself say so.
 */
#ifndef EVIDENCE_GAPS_H
#define EVIDENCE_GAPS_H

#include "base/clock.h"
#include "evidence/custody.h"

enum evidence_row_state {
    EVIDENCE_ROW_MET,
    EVIDENCE_ROW_GAP,
    EVIDENCE_ROW_NONE,   /* there is nothing in the case that it is about */
    EVIDENCE_ROW_PROGRAM /* it is about the program, not about a case */
};

struct evidence_row_result {
    unsigned row;
    const char *what, *next;
    enum evidence_row_state state;
    const char *const *where; /* holders that do not meet it */
    size_t where_count, looked_at;
};

enum { EVIDENCE_ROWS = 60 };

struct evidence_gaps {
    struct evidence_row_result rows[EVIDENCE_ROWS];
    size_t gaps;
    struct arena arena;
};

/* folder: a case, an exhibit or a bundle. clock NULL: the system's. */
int evidence_gaps(const char *folder, const struct clock *clock, struct evidence_gaps *gaps,
                  struct err *e) MUST_CHECK;
void evidence_gaps_fini(struct evidence_gaps *gaps);

#endif
