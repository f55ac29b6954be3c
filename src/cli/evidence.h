/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence: digital evidence, with or without a centre; a file a verb. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "cli/options.h"

extern const struct cli_verb evidence_acquire_verb, evidence_identity_verb, evidence_verify_verb;
extern const struct cli_verb evidence_repeat_verb, evidence_case_export_verb, evidence_report_verb,
    evidence_selftest_verb;

#endif
