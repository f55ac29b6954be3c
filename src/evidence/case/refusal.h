/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a refusal of what arrived with a log that does not hold together (or with none).
 * It stands in no log: the record is the receipt, names the log as it was found, and vouches for
 * nothing in it.
 */
#ifndef EVIDENCE_REFUSAL_H
#define EVIDENCE_REFUSAL_H

#include "evidence/case/handover.h"

/* The list of the log's files, as sha256sum writes and checks it, beside receipt.json. */
#define EVIDENCE_REFUSAL_LIST "custody.sha256"

/* receiving->receipt is the folder. state: of the log, with its problems. */
int evidence_refusal_write(const char *holder, const struct evidence_receiving *receiving,
                           const struct evidence_custody_state *state, struct evidence_doing *doing,
                           struct evidence_received *received, struct err *e) MUST_CHECK;

#endif
