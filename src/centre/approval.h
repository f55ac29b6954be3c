/* SPDX-License-Identifier: Apache-2.0 */
/* Approval of commands by their hash (commands_approval.c). */
#ifndef CENTRE_APPROVAL_H
#define CENTRE_APPROVAL_H

#include "centre/command.h"
#include "centre/config.h"

/* SHA-256 of the canonical {"args","type"}, which is appended to content. */
int approval_content_hash(struct slice type, const struct json_value *args, struct buf *content,
                          uint8_t hash[32], struct err *e) MUST_CHECK;

/* How many others must consent: what the type and the configuration (which may be NULL) ask for. */
unsigned approvals_needed(const struct config *config, const struct command_type *type);

/*
 * For a command that needs consent (else nothing is done): finds an approval that the actor asked
 * for with these very arguments and that enough others have given, and uses it up. ERR_DENIED
 * "centre.approval". In the command's savepoint.
 */
int approval_use(struct command_run *run, struct err *e) MUST_CHECK;

#endif
