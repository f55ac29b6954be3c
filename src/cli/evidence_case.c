/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case.h"

#include <stdio.h>
#include <string.h>

enum { LINKS = 32 };

static int run(const struct cli_args *args)
{
    const char *links[LINKS + 1] = {0};
    struct evidence_appended told = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    const char *folder = args->operands[1];
    bool change = strcmp(args->operands[0], "change") == 0;
    if (!change && strcmp(args->operands[0], "new") != 0) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "tocsin evidence case new|change FOLDER");
        return say_fail(args, &e);
    }
    for (size_t i = 0; i < LINKS && cli_value_at(args, "link", i); i++)
        links[i] = cli_value_at(args, "link", i);
    int result = evidence_told_init(&said, args, &e);
    const struct evidence_case_wish wish = {.id = cli_value(args, "id"),
                                            .title = cli_value(args, "title"),
                                            .person_in_charge = cli_value(args, "person-in-charge"),
                                            .organisation = cli_value(args, "organisation"),
                                            .contact = cli_value(args, "contact"),
                                            .authority = said.said.authority,
                                            .links = links};
    if (result == 0)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = change ? evidence_case_change(folder, &wish, &doing, &told, &e)
                        : evidence_case_open(folder, &wish, &doing, &told, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    if (told.number)
        evidence_tell_step(args, folder, change ? "case-changed" : "case-opened", &told);
    else
        fputs("tocsin: its record was there already; case.json is what it says now\n", stderr);
    return say_end(args, 0);
}

static const struct cli_option options[] = {
    {"id", "ID", "the case's identifier (default: the folder's name)", 0, false},
    {"title", "TEXT", "what it is about", 0, false},
    {"person-in-charge", "NAME", "who answers for it", 0, false},
    {"organisation", "NAME", "whose case it is", 0, false},
    {"contact", "TEXT", "how the person in charge is reached", 0, false},
    {"link", "KIND:ID", "incident, vulnerability, asset or device it belongs to", 0, true},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_case_verb = {
    .name = "case",
    .operands = "new|change FOLDER",
    .summary = "open a case, or say what is another now",
    .text =
        "A case has a person in charge and an authority; it is not opened without. Steps in it\n"
        "are done by its authority, if they name no other; one that is over, or does not cover\n"
        "an exhibit, is warned of, and the warning stands in the record.\n"
        "`change` takes what is said anew (links are added); the rest stays.\n",
    .examples = "  tocsin evidence case new case-7 --person-in-charge 'B. Huber' \\\n"
                "      --authority 'warrant 7 Gs 12/26' --authority-covers 'EX-*' \\\n"
                "      --authority-expires 2026-12-31 --reason 'incident 2026-31' \\\n"
                "      --place 'office 3.14' --identity ~/meyer\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
