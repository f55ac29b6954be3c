/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case/handover.h"

#include <stdio.h>

static int run(const struct cli_args *args)
{
    const struct evidence_giving giving = {.to = cli_value(args, "to"),
                                           .to_organisation = cli_value(args, "to-organisation"),
                                           .packaging = cli_value(args, "packaging"),
                                           .seal_number = cli_value(args, "seal-number"),
                                           .carrier = cli_value(args, "carrier"),
                                           .tracking = cli_value(args, "tracking")};
    const char *folder = args->operands[0];
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    char id[40] = "";
    int result = evidence_told_init(&said, args, &e);
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = evidence_handover_give(folder, &giving, &doing, id, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    evidence_tell_step(args, folder, "handover-given", &told);
    if (!cli_flag(args, "json")) {
        printf("handover %s", id);
        say_around(stdout, " is open until ", giving.to,
                   " signs: tocsin evidence receive, where it arrives\n");
    }
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"to", "NAME", "who is to receive it", 0, false},
    {"to-organisation", "NAME", "for whom", 0, false},
    {"packaging", "TEXT", "bag, box, anti-static, Faraday", 0, false},
    {"seal-number", "TEXT", "number of the seal, or \"none\" with the reason", 0, false},
    {"carrier", "TEXT", "courier, or \"in person\"", 0, false},
    {"tracking", "TEXT", "number of the consignment", 0, false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_give_verb = {
    .name = "give",
    .operands = "FOLDER",
    .summary = "hand an exhibit or a bundle over: the giver's half",
    .text = "Everything is hashed first; what is not sound is not handed over. The folder, with\n"
            "its log, is what travels, by whatever way; no network is needed.\n",
    .examples =
        "  tocsin evidence give case-7/exhibits/EX-1 --to 'C. Lang' --packaging 'bag 12' \\\n"
        "      --seal-number A-4711 --carrier 'in person' --reason examination\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
