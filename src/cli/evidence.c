/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"
#include "base/compiler.h"
#include "cli/groups.h"

/* In the order in which a case needs them. */
static const struct cli_verb *const verbs[] = {
    &evidence_identity_verb,
    &evidence_acquire_verb,
    &evidence_verify_verb,
    &evidence_repeat_verb,
    &evidence_report_verb,
    &evidence_case_export_verb,
    &evidence_selftest_verb,
};

const struct cli_group cli_evidence_group = {
    .name = "evidence",
    .topic = "Without a centre",
    .summary = "acquire, keep and hand over digital evidence",
    .parts = verbs,
    .verb_count = ARRAY_LEN(verbs),
};
