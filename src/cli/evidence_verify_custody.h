/* SPDX-License-Identifier: Apache-2.0 */
/* What `verify` says of a bundle's custody log, and what it writes into it. */
#ifndef CLI_EVIDENCE_VERIFY_CUSTODY_H
#define CLI_EVIDENCE_VERIFY_CUSTODY_H

#include "base/json.h"
#include "cli/options.h"
#include "evidence/custody.h"

struct evidence_verify_custody {
    bool has_log, sound; /* without a log: sound */
    struct evidence_custody_state state;
    struct evidence_accessed accessed;
};

/* Looks at the log; with an identity, records the verdict. */
int evidence_verify_custody(const struct cli_args *args, const char *folder,
                            const struct evidence_verdict *verdict,
                            struct evidence_verify_custody *custody, struct err *e) MUST_CHECK;
/* Member "custody". */
void evidence_verify_custody_members(const struct evidence_verify_custody *custody,
                                     struct json_writer *w);
void evidence_verify_custody_tell(const struct evidence_verify_custody *custody);

#endif
