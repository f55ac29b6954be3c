/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of evidence records share. */
#ifndef CLI_EVIDENCE_RECORD_H
#define CLI_EVIDENCE_RECORD_H

#include "cli/options.h"
#include "evidence/record.h"

/* "2026-11-22T10:00:00Z", or a day, which is its end; fallback when the option was not given. */
int evidence_record_time(const struct cli_args *args, const char *name, int64_t fallback,
                         int64_t *time, struct err *e) MUST_CHECK;
/* --hash; NULL on failure. */
const struct evidence_hash *evidence_record_hash(const struct cli_args *args, const char *fallback,
                                                 struct err *e) MUST_CHECK;
int evidence_record_read(const char *path, struct buf *der, struct err *e) MUST_CHECK;

#endif
