/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence: digital evidence, with or without a centre; a file a verb. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "base/json.h"
#include "cli/options.h"

/* Logs of custody about something that is shown, for people. */
void say_evidence(const struct json_value *evidence);

/* One a line: others add theirs. */
extern const struct cli_verb evidence_acquire_verb;
extern const struct cli_verb evidence_identity_verb;
extern const struct cli_verb evidence_verify_verb;
extern const struct cli_verb evidence_register_verb;
extern const struct cli_verb evidence_registered_verb;

#endif
