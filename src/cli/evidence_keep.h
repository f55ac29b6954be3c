/* SPDX-License-Identifier: Apache-2.0 */
/* Custody of what a command acquires, when somebody says who does it: before and behind it. */
#ifndef CLI_EVIDENCE_KEEP_H
#define CLI_EVIDENCE_KEEP_H

#include "cli/evidence_said.h"
#include "evidence/acquire.h"
#include "evidence/case/acquired.h"

struct evidence_keep {
    bool asked; /* by --identity or $TOCSIN_IDENTITY */
    struct evidence_told told;
    struct evidence_doing doing;
    struct evidence_acquired_report report; /* method, source, scope, … are set by the command */
    char folder[4096];
};

/*
 * Zero it, set report, then call. *folder is moved into the exhibit's folder with --case; statement
 * gets what was said and what the person says of itself. Nothing is written. Fini in any case.
 */
int evidence_keep_begin(struct evidence_keep *keep, const struct cli_args *args,
                        const char **folder, struct evidence_statement *statement,
                        struct err *e) MUST_CHECK;
/* The bundle is closed. */
int evidence_keep_end(struct evidence_keep *keep, const char *folder, const char *verifiable,
                      struct err *e) MUST_CHECK;
void evidence_keep_fini(struct evidence_keep *keep);

#endif
