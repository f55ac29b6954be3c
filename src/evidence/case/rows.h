/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the 60 rows, each with what it looks at in a case and what to do where that is
 * missing. */
#ifndef EVIDENCE_ROWS_H
#define EVIDENCE_ROWS_H

#include "evidence/case/facts.h"

enum evidence_answer_of_row { ROW_NOT_CONCERNED, ROW_MET, ROW_NOT_MET };

enum evidence_row_scope {
    SCOPE_PROGRAM, /* nothing in a case decides it */
    SCOPE_LOG,     /* every holder */
    SCOPE_CASE,
    SCOPE_EXHIBIT, /* working copies aside */
    SCOPE_BUNDLE,
    SCOPE_MASTER /* bundles that are no working copies */
};

struct evidence_row {
    unsigned number;
    const char *what;
    enum evidence_row_scope scope;
    enum evidence_answer_of_row (*check)(const struct evidence_facts *f, int64_t now);
    const char *next;
};

/* index from 0: the row of number index + 1. */
const struct evidence_row *evidence_row_at(size_t index);

#endif
