/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin alias: names that mean the same vendor or product. */
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"

static int add(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/aliases",
                                 .done = "taught; what was matched before is matched anew by "
                                         "itself. Who is concerned now is told when it is "
                                         "published again"};
    struct change_body body;
    struct err e = {0};

    if (!cli_value(args, "reason")) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--reason is missing");
        err_hint(&e, "it is shown to whoever asks why a device was told");
        return say_fail(args, &e);
    }
    change_begin(&body);
    change_text(&body, "kind", args->operands[0]);
    change_text(&body, "from", args->operands[1]);
    change_text(&body, "to", args->operands[2]);
    change_text(&body, "reason", cli_value(args, "reason"));
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"kind", "KIND", 0},
                                                 {"from", "FROM", LIST_CUT},
                                                 {"to", "TO", LIST_CUT},
                                                 {"reason", "REASON", LIST_CUT}};
    const struct list_of of = {.target = "/v1/aliases",
                               .name = "aliases",
                               .nothing = "no aliases",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};

    return list_all(args, &of);
}

static const struct cli_option add_options[] = {
    {"reason", "TEXT", "why they are the same; tocsin why shows it", 0, false},
};

static const struct cli_verb verbs[] = {
    {.name = "add",
     .operands = "vendor|product FROM TO",
     .summary = "teach that two names mean the same",
     .examples =
         "  tocsin alias add vendor \"Hirschmann\" \"Belden\" --reason \"bought in 2007\"\n"
         "  tocsin alias add product \"S7 1500\" \"SIMATIC S7-1500\" --reason \"short form\"\n",
     .options = add_options,
     .option_count = ARRAY_LEN(add_options),
     .uses = CLI_CENTRE,
     .least = 3,
     .most = 3,
     .run = add},
    {.name = "list", .summary = "what was taught", .uses = CLI_LIST, .run = list},
};

const struct cli_group cli_alias_group = {.name = "alias",
                                          .topic = "Assets",
                                          .summary = "names that mean the same",
                                          .verbs = verbs,
                                          .verb_count = ARRAY_LEN(verbs)};
