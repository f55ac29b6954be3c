/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence: digital evidence, with or without a centre; a file a verb. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "base/json.h"
#include "cli/options.h"

/* Logs of custody about something that is shown, for people. */
void say_evidence(const struct json_value *evidence);
int evidence_step_run(const struct cli_args *args); /* evidence_steps.c */

#define HEADING(name, text)
#define VERB(name) extern const struct cli_verb evidence_##name##_verb;
#include "cli/evidence_verbs.def"
#undef VERB
#undef HEADING

#endif
