/* SPDX-License-Identifier: Apache-2.0 */
/* Commands with a parser of their own. */
#include "cli/config.h"
#include "cli/groups.h"
#include "cli/match.h"
#include "cli/witness.h"

static const struct cli_verb config_verb = {
    .summary = "check or show the configuration", .operands = "check|show", .raw = cli_config};

const struct cli_group cli_config_group = {.name = "config",
                                           .topic = "The centre",
                                           .summary = "check or show the configuration",
                                           .verbs = &config_verb,
                                           .verb_count = 1};

static const struct cli_verb match_verb = {.summary = "inventories against advisories",
                                           .raw = cli_match};

const struct cli_group cli_match_group = {.name = "match",
                                          .topic = "Without a centre",
                                          .summary = "match inventories and advisories, no server",
                                          .verbs = &match_verb,
                                          .verb_count = 1};

static const struct cli_verb witness_verb = {
    .summary = "cosign journals", .operands = "[keygen]", .raw = cli_witness};

const struct cli_group cli_witness_group = {.name = "witness",
                                            .topic = "Without a centre",
                                            .summary = "cosign the journals of centres",
                                            .verbs = &witness_verb,
                                            .verb_count = 1};
