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

static const struct cli_option match_options[] = {
    {"inventory", "FILE…", "nameplate, CycloneDX, SPDX, dpkg status, or .csv of many", 0, true},
    {"advisories", "PATH…", "CSAF, OSV, CVE or VEX files, or folders of them", 0, true},
    {"all", NULL, "also what an advisory says nothing of", 0, false},
    {"explain", NULL, "with the chain of reasons", 0, false},
    {"unmatched", NULL, "also products that no inventory has, and what is near", 0, false},
    {"alias", "KIND:A=B", "vendor or product: two names that mean the same", 0, true},
    {"min-confidence", "N", "identities below do not count; 1 to 100", 0, false},
    {"json", NULL, "for programs: JSON instead of lines for people", 0, false},
};

static const struct cli_verb match_verb = {
    .summary = "which advisories concern an inventory, without a server",
    .text = "Exit code: 0 nothing is affected or unknown, 1 something is, or a file was refused.\n",
    .examples = "  tocsin match --inventory device.cdx.json --advisories ~/csaf\n"
                "  tocsin match --inventory plant.csv --advisories a.json --explain\n",
    .options = match_options,
    .option_count = ARRAY_LEN(match_options),
    .raw = cli_match};

const struct cli_group cli_match_group = {.name = "match",
                                          .topic = "Without a centre",
                                          .summary = "match inventories and advisories, no server",
                                          .verbs = &match_verb,
                                          .verb_count = 1};

static const struct cli_option witness_options[] = {
    {"key", "FILE", "its private key (Ed25519, PEM); its verifier key lies beside it, FILE.vkey", 0,
     false},
    {"state", "DIR", "the last head of each journal; made when it is not there. Never lose it", 0,
     false},
    {"listen", "HOST:PORT", "where it is asked, such as 127.0.0.1:8470", 0, false},
    {"log", "VKEY|FILE", "verifier key of a journal, or a file that holds one", 0, true},
    {"name", "NAME", "keygen: its name, such as witness.example.org/1; no spaces, no '+'", 0,
     false},
};

static const struct cli_verb witness_verb = {
    .summary = "cosign the journals of centres, or (keygen) make a key for that",
    .operands = "[keygen]",
    .text =
        "Cosigns the checkpoints of journals, each only when it continues the one before: what\n"
        "it has cosigned, nobody can rewrite unseen. Run it on a machine that whoever runs the\n"
        "centre does not run. Speaks C2SP tlog-witness over plain HTTP (POST /add-checkpoint,\n"
        "and GET /HASH/checkpoint for monitors): put a TLS proxy in front where it is reached\n"
        "from outside; its answers are signed in any case.\n"
        "keygen prints the verifier key. The centre names it in a section of its tocsin.conf,\n"
        "witness NAME { vkey = \"...\"; url = \"http://...\" }, on lines of their own, and\n"
        "tocsin status says there how far each witness has seen.\n",
    .examples = "  tocsin witness keygen --name witness.example.org/1 --key witness.key\n"
                "  tocsin witness --key witness.key --state state --listen 127.0.0.1:8470 \\\n"
                "      --log journal.vkey\n",
    .options = witness_options,
    .option_count = ARRAY_LEN(witness_options),
    .raw = cli_witness};

const struct cli_group cli_witness_group = {.name = "witness",
                                            .topic = "Without a centre",
                                            .summary = "cosign the journals of centres",
                                            .verbs = &witness_verb,
                                            .verb_count = 1};
