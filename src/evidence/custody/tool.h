/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: with what a step was done (ISO/IEC 27037 section 5.3: auditability). */
#ifndef EVIDENCE_TOOL_H
#define EVIDENCE_TOOL_H

#include "base/json.h"

/* Member "tool": name, version, SHA-256 of the program that runs, and its command line. */
int evidence_tool_part(struct json_writer *w, const char *const *command, struct err *e) MUST_CHECK;

#endif
