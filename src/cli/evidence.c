/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence.h"
#include "base/compiler.h"
#include "cli/groups.h"

static const struct cli_verb *const verbs[] = {
#define HEADING(name, text)
#define VERB(name) &evidence_##name##_verb,
#include "cli/evidence_verbs.def"
#undef VERB
#undef HEADING
};

static const struct cli_heading headings[] = {
#define HEADING(name, text) {&evidence_##name##_verb, text},
#define VERB(name)
#include "cli/evidence_verbs.def"
#undef VERB
#undef HEADING
};

const struct cli_group cli_evidence_group = {
    .name = "evidence",
    .topic = "Without a centre",
    .summary = "acquire, keep and hand over digital evidence",
    .parts = verbs,
    .verb_count = ARRAY_LEN(verbs),
    .headings = headings,
    .heading_count = ARRAY_LEN(headings),
};
