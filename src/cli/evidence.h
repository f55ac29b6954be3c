/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence: digital evidence, with or without a centre; a file a verb. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "cli/options.h"

extern const struct cli_verb evidence_acquire_verb, evidence_identity_verb, evidence_verify_verb;

/* Cases and custody. */
extern const struct cli_verb evidence_case_verb, evidence_custody_verb, evidence_exhibit_verb;
extern const struct cli_verb evidence_copy_verb, evidence_give_verb, evidence_handovers_verb,
    evidence_receipt_verb, evidence_receive_verb, evidence_recheck_verb;
/* Steps that are said and signed (evidence_steps.c). */
extern const struct cli_verb evidence_note_verb, evidence_correct_verb, evidence_attach_verb,
    evidence_arrive_verb, evidence_collect_verb, evidence_package_verb, evidence_store_verb,
    evidence_move_verb, evidence_hold_verb, evidence_lift_verb, evidence_dispose_verb,
    evidence_return_verb, evidence_deviate_verb, evidence_pull_verb, evidence_rekey_verb,
    evidence_withdraw_verb, evidence_crosscheck_verb;
int evidence_step_run(const struct cli_args *args);

#endif
