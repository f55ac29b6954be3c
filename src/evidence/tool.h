/* SPDX-License-Identifier: Apache-2.0 */
/* This program as a tool of the examiner: which build did it (ISO/IEC 27041; 27037 row 40). */
#ifndef EVIDENCE_TOOL_H
#define EVIDENCE_TOOL_H

#include "base/err.h"
#include "base/json.h"
#include "crypto/digest.h"

/* The SHA-256 of the program's own file. *known false: a machine without /proc. */
int evidence_tool_sha256(uint8_t sha256[SHA256_LEN], bool *known, struct err *e) MUST_CHECK;

/*
 * Members name, version and sha256 (left out when it is not known: the record says nothing rather
 * than something), and the command line, which ends with NULL and may be NULL.
 */
int evidence_tool_members(struct json_writer *w, const char *const *command,
                          struct err *e) MUST_CHECK;
/* The same as member "tool" of a custody record, where hashes begin with "sha256:". */
int evidence_tool_part(struct json_writer *w, const char *const *command, struct err *e) MUST_CHECK;

#endif
