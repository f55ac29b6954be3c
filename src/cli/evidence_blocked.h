/* SPDX-License-Identifier: Apache-2.0 */
/* The write blocker that a source is acquired through: was it tested, and what came of it? */
#ifndef CLI_EVIDENCE_BLOCKED_H
#define CLI_EVIDENCE_BLOCKED_H

#include "cli/options.h"
#include "evidence/acquire.h"

#define EVIDENCE_BLOCKED_OPTIONS                                                                   \
    {"write-blocker", "TEXT", "the write blocker before the source: make, model, serial number",   \
     0, false},                                                                                    \
        {"blocker-test", "FILE",                                                                   \
         "report of tocsin evidence blocker test (default: the last one that is kept with the "    \
         "identity)",                                                                              \
         0, false},                                                                                \
    {                                                                                              \
        "deviation", "REASON",                                                                     \
            "why it is acquired through a write blocker whose test says that it does not hold", 0, \
            false                                                                                  \
    }

struct evidence_blocked {
    const struct cli_args *args;
    struct evidence_blocker_kept kept;
    bool found;
    char said[400]; /* one sentence on it, for people and for the custody record; "": no blocker */
};

/* Fills the options; b stays until the acquisition is over, and ends with evidence_blocked_end. */
void evidence_blocked_begin(struct evidence_blocked *b, const struct cli_args *args,
                            struct evidence_acquire_options *o);
void evidence_blocked_end(struct evidence_blocked *b);

#endif
