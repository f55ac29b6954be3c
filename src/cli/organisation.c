/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin organisation: who owns assets and is spoken to. */
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"

static int add(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/organisations", .id = "organisation"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "name", args->operands[0]);
    if (cli_flag(args, "exercise"))
        json_member_bool(&body.json, "exercise", true);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"organisation", "ORGANISATION", 0},
                                                 {"name", "NAME", LIST_CUT},
                                                 {"state", "STATE", 0},
                                                 {"exercise", "EXERCISE", 0},
                                                 {"escalation", "ESCALATION", LIST_SPARSE},
                                                 {"created", "CREATED", 0}};
    const struct list_of of = {.target = "/v1/organisations",
                               .name = "organisations",
                               .nothing = "no organisations",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};

    return list_all(args, &of);
}

static int escalation(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/organisations/escalation", .done = "done"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "organisation", args->operands[0]);
    change_text(&body, "contact", strcmp(args->operands[1], "none") == 0 ? "" : args->operands[1]);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static const struct cli_option add_options[] = {
    {"exercise", NULL, "for exercises only: never mixes with what is live", 0, false},
    CHANGE_QUIET,
};

static const struct cli_verb verbs[] = {
    {.name = "add",
     .operands = "NAME",
     .summary = "take an organisation in",
     .examples = "  tocsin organisation add \"Acme Water Works\"\n"
                 "  ORG=$(tocsin organisation add --quiet \"Acme Water Works\")\n",
     .options = add_options,
     .option_count = ARRAY_LEN(add_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = add},
    {.name = "list",
     .summary = "all organisations",
     .examples = "  tocsin organisation list --json\n",
     .uses = CLI_LIST,
     .run = list},
    {.name = "escalation",
     .operands = "ORG CONTACT|none",
     .summary = "who is told when its owners stay silent",
     .text = "The configuration says after how long (publication escalate-after). The contact is\n"
             "one of the organisation's own people.\n",
     .examples = "  tocsin organisation escalation org_0h2j… per_7k3m…\n",
     .uses = CLI_CENTRE,
     .least = 2,
     .most = 2,
     .run = escalation},
};

const struct cli_group cli_organisation_group = {.name = "organisation",
                                                 .topic = "People and organisations",
                                                 .summary = "who owns assets and is spoken to",
                                                 .verbs = verbs,
                                                 .verb_count = ARRAY_LEN(verbs)};
