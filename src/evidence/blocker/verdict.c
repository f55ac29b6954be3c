/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/blocker/verdict.h"

#include <stdio.h>

const char *evidence_blocker_verdict_name(enum evidence_blocker_verdict verdict)
{
    static const char *const names[] = {[EVIDENCE_BLOCKER_HOLDS] = "holds",
                                        [EVIDENCE_BLOCKER_DOES_NOT_HOLD] = "DOES NOT HOLD",
                                        [EVIDENCE_BLOCKER_NOT_SHOWN] = "not shown"};
    return names[verdict];
}

void blocker_counts_add(struct blocker_counts *n, enum blocker_outcome outcome,
                        enum blocker_effect effect, bool changes)
{
    bool asked = changes && (outcome == BLOCKER_REFUSED || outcome == BLOCKER_ACCEPTED);
    n->attempts++;
    n->not_possible += outcome == BLOCKER_NOT_POSSIBLE;
    n->kernel += outcome == BLOCKER_KERNEL;
    n->refused += outcome == BLOCKER_REFUSED;
    n->accepted += outcome == BLOCKER_ACCEPTED;
    n->changed += outcome == BLOCKER_CHANGED;
    n->asked += asked;
    n->writes += asked && effect == BLOCKER_WRITES;
}

enum evidence_blocker_verdict blocker_judge(const struct blocker_counts *c, char why[400])
{
    enum { WHY = 400 };
    if (c->looked && !c->as_prepared) {
        snprintf(why, WHY,
                 "without the blocker, the disk is not as it was prepared: something was written "
                 "to it through the blocker");
        return EVIDENCE_BLOCKER_DOES_NOT_HOLD;
    }
    if (c->changed || c->elsewhere) {
        snprintf(why, WHY, "%zu of %zu attempts changed what is read through the blocker%s%s",
                 c->changed, c->attempts, c->elsewhere ? ", and something changed elsewhere" : "",
                 c->looked ? "; the disk itself is as it was prepared: the blocker keeps what is "
                             "written to it, and gives that back instead of the disk's data"
                           : "");
        return EVIDENCE_BLOCKER_DOES_NOT_HOLD;
    }
    if (c->failed) {
        snprintf(why, WHY, "nothing was changed, and %zu other assertion%s not hold", c->failed,
                 c->failed == 1 ? " does" : "s do");
        return EVIDENCE_BLOCKER_DOES_NOT_HOLD;
    }
    if (!c->writes) {
        snprintf(why, WHY,
                 "no command that writes to this disk without the blocker reached the blocker: the "
                 "kernel refused all of them, or they cannot be sent here");
        return EVIDENCE_BLOCKER_NOT_SHOWN;
    }
    if (c->looked && !c->reached) {
        snprintf(why, WHY,
                 "without the blocker, the disk takes no writes any more: that it was not changed "
                 "shows nothing");
        return EVIDENCE_BLOCKER_NOT_SHOWN;
    }
    snprintf(why, WHY,
             "%zu attempts by commands that change this disk without the blocker, and nothing was "
             "changed%s",
             c->asked,
             c->looked ? "; the disk itself is as it was prepared"
                       : "; what the blocker keeps to write it later, a look at the disk without "
                         "it will show (tocsin evidence blocker check)");
    return EVIDENCE_BLOCKER_HOLDS;
}
