/* SPDX-License-Identifier: Apache-2.0 */
/* Integrity over time (acceptance row 48): every bundle is checked again, and what came of it is
 * recorded; and when each is due. */
#ifndef EVIDENCE_RECHECK_H
#define EVIDENCE_RECHECK_H

#include "evidence/custody/doing.h"

struct evidence_due {
    const char *bundle; /* path */
    int64_t checked_at; /* 0: never */
    int64_t due_at;
    bool overdue;
    bool checked, sound; /* just now */
    const char *why;     /* not sound: what is wrong */
};

struct evidence_due_list {
    struct evidence_due *list;
    size_t count, room;
    struct arena arena;
};

/*
 * days: how long a check is good for. doing NULL: nothing is checked, the list alone is made.
 * overdue_only: what is not due is not checked.
 */
int evidence_recheck(const char *folder, unsigned days, bool overdue_only,
                     struct evidence_doing *doing, const struct clock *clock,
                     struct evidence_due_list *due, struct err *e) MUST_CHECK;
void evidence_due_list_fini(struct evidence_due_list *due);

/* Checks a bundle and records it: kind "verified". Used by `verify` too. */
int evidence_recheck_one(const char *bundle, struct evidence_doing *doing, unsigned days,
                         bool *sound, struct buf *why, struct err *e) MUST_CHECK;

#endif
