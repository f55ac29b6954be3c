/* SPDX-License-Identifier: Apache-2.0 */
/* What `verify` leaves in a bundle's custody log. */
#ifndef CLI_EVIDENCE_VERIFY_RECORD_H
#define CLI_EVIDENCE_VERIFY_RECORD_H

#include "cli/options.h"
#include "evidence/custody.h"

/* What its log says was begun, and not what came of it; without a log: 0. */
int evidence_verify_begun(const char *folder, size_t *count, struct err *e) MUST_CHECK;

/* Before the check: how far the logs are, where its result is to be recorded. */
int evidence_verify_seen(const struct cli_args *args, const char *folder,
                         struct evidence_seen *seen, struct err *e) MUST_CHECK;

/*
 * With an identity, the verdict becomes a record "verified"; *record is its number, 0: none. A log
 * that does not hold together, and a bundle that is not complete, are not written to.
 */
int evidence_verify_record(const struct cli_args *args, const char *folder,
                           const struct evidence_verdict *verdict, const struct evidence_seen *seen,
                           uint64_t *record, struct err *e) MUST_CHECK;

#endif
