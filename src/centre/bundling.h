/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles carried on a stick, and the answers that come back (docs/formats.md section 6.1). */
#ifndef CENTRE_BUNDLING_H
#define CENTRE_BUNDLING_H

#include "centre/command.h"
#include "centre/workers.h"

/*
 * The archive: trust, every published advisory's newest published document, the aliases that they
 * need, the chains of the assets. assets: JSON array of ids; NULL: all of the organisation that are
 * not on line. *fd: a file without a name, open at its beginning, of *size bytes; for the caller to
 * close. The act bundle.exported is written before it returns.
 */
int bundle_export(struct worker *worker, const struct caller *caller, const char *organisation,
                  const struct json_value *assets, int *fd, uint64_t *size,
                  struct err *e) MUST_CHECK;

/*
 * Takes an answer file in: each envelope by itself, as if the device had come by. Writes
 * {"accepted":n,"refused":[{"index","code","text"}]}.
 */
int answers_accept(struct worker *worker, const struct caller *caller, struct slice file,
                   struct buf *report, struct err *e) MUST_CHECK;

extern const struct command_type command_bundle_export;
extern const struct command_type command_bundle_answer;

#endif
