/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tocsin-evidence: what is taken from a running machine, as a program without libraries, for a
 * responder's own stick (RFC 3227 section 2.2: do not trust what the machine has).
 */
#include "base/compiler.h"
#include "cli/dispatch.h"
#include "cli/evidence.h"
#include "cli/groups.h"
#include "cli/say.h"

#include <openssl/crypto.h>

static const struct cli_verb *const verbs[] = {&evidence_live_verb, &evidence_files_verb};

const struct cli_group cli_evidence_group = {
    .name = "evidence",
    .topic = "Without a centre",
    .summary = "take what a running machine has",
    .parts = verbs,
    .verb_count = ARRAY_LEN(verbs),
};

static const struct cli_group *const groups[] = {&cli_evidence_group};

int main(int argc, char **argv)
{
    static const struct cli_table table = {groups, ARRAY_LEN(groups)};
    /* the machine's openssl.cnf could name modules to load */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    say_setup();
    return say_ended(cli_dispatch(&table, argc, argv));
}
