/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"
#include "base/compiler.h"
#include "cli/groups.h"

/* In the order in which a case needs them. */
/* clang-format off: one a line */
static const struct cli_verb *const verbs[] = {
    &evidence_identity_verb, &evidence_case_verb,       &evidence_exhibit_verb,
    &evidence_arrive_verb,   &evidence_collect_verb,    &evidence_acquire_verb,
    &evidence_verify_verb,   &evidence_custody_verb,    &evidence_note_verb,
    &evidence_correct_verb,  &evidence_attach_verb,     &evidence_package_verb,
    &evidence_store_verb,    &evidence_move_verb,       &evidence_give_verb,
    &evidence_receive_verb,  &evidence_receipt_verb,    &evidence_handovers_verb,
    &evidence_withdraw_verb, &evidence_copy_verb,       &evidence_pull_verb,
    &evidence_deviate_verb,  &evidence_crosscheck_verb, &evidence_rekey_verb,
    &evidence_hold_verb,     &evidence_lift_verb,       &evidence_dispose_verb,
    &evidence_return_verb,   &evidence_recheck_verb,
};
/* clang-format on */

const struct cli_group cli_evidence_group = {
    .name = "evidence",
    .topic = "Without a centre",
    .summary = "acquire, keep and hand over digital evidence",
    .parts = verbs,
    .verb_count = ARRAY_LEN(verbs),
};
