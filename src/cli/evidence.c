/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"
#include "base/compiler.h"
#include "cli/groups.h"

static const struct cli_verb *const verbs[] = {
#define VERB(name) &evidence_##name##_verb,
#include "cli/evidence_verbs.def"
#undef VERB
};

const struct cli_group cli_evidence_group = {
    .name = "evidence",
    .topic = "Without a centre",
    .summary = "acquire, keep and hand over digital evidence",
    .parts = verbs,
    .verb_count = ARRAY_LEN(verbs),
};
