/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin asset: registered devices and systems. */
#include "cli/asset.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"
#include "cli/show.h"

static int register_one(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/assets", .id = "asset"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "label", args->operand_count ? args->operands[0] : NULL);
    change_text(&body, "organisation", cli_value(args, "organisation"));
    change_text(&body, "owner", cli_value(args, "owner"));
    change_text(&body, "way", cli_value(args, "way"));
    change_text(&body, "location", cli_value(args, "location"));
    change_text(&body, "criticality", cli_value(args, "criticality"));
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {
        {"asset", "ASSET", 0},
        {"label", "LABEL", LIST_CUT | LIST_SPARSE | LIST_SORTED},
        {"vendor", "VENDOR", LIST_CUT | LIST_SPARSE | LIST_SPARE},
        {"model", "MODEL", LIST_CUT | LIST_SPARSE},
        {"version", "VERSION", LIST_CUT | LIST_SPARSE},
        {"state", "STATE", LIST_SPARE},
        {"way", "WAY", LIST_SPARE},
        {"condition", "CONDITION", 0},
        {"heard_at", "HEARD", LIST_SPARSE | LIST_SPARE},
        {"open", "OPEN", LIST_RIGHT | LIST_SPARSE},
        {"criticality", "CRITICALITY", LIST_SPARSE | LIST_SPARE},
        {"location", "LOCATION", LIST_CUT | LIST_SPARSE | LIST_SPARE},
        {"acknowledged", "ACKNOWLEDGED", LIST_RIGHT | LIST_SPARE},
        {"owner", "OWNER", LIST_SPARSE | LIST_SPARE},
        {"organisation", "ORGANISATION", LIST_SPARE},
        {"exercise", "EXERCISE", LIST_SPARSE}};
    struct buf target;

    buf_init(&target);
    buf_puts(&target, "/v1/assets");
    api_put_query(&target, "organisation", cli_value(args, "organisation"));
    api_put_query(&target, "condition", cli_value(args, "condition"));
    api_put_query(&target, "criticality", cli_value(args, "criticality"));
    const struct list_of of = {.target = buf_text(&target),
                               .name = "assets",
                               .nothing = "no assets",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};
    int result = list_all(args, &of);
    buf_fini(&target);
    return result;
}

static int owner(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/assets/owner", .done = "done"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "asset", args->operands[0]);
    change_text(&body, "owner", strcmp(args->operands[1], "none") == 0 ? "" : args->operands[1]);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int describe(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/assets/describe", .done = "done"};
    struct change_body body;
    struct err e = {0};

    if (!cli_value(args, "location") && !cli_value(args, "criticality")) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--location or --criticality is missing");
        err_hint(&e, "an empty one (\"\") is forgotten");
        return say_fail(args, &e);
    }
    change_begin(&body);
    change_text(&body, "asset", args->operands[0]);
    change_text(&body, "location", cli_value(args, "location"));
    change_text(&body, "criticality", cli_value(args, "criticality"));
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int history(const struct cli_args *args)
{
    static const struct list_column columns[] = {{"act", "ACT", LIST_RIGHT},
                                                 {"at", "AT", 0},
                                                 {"what", "WHAT", 0},
                                                 {"id", "ADVISORY", LIST_SPARSE},
                                                 {"n", "NOTICE", LIST_RIGHT | LIST_SPARSE},
                                                 {"outcome", "OUTCOME", LIST_SPARSE},
                                                 {"state", "STATE", LIST_SPARSE},
                                                 {"via", "VIA", LIST_SPARSE},
                                                 {"reason", "REASON", LIST_CUT | LIST_SPARSE},
                                                 {"class", "CLASS", LIST_CUT | LIST_SPARSE}};
    struct buf target;

    buf_init(&target);
    buf_puts(&target, "/v1/assets/");
    api_put_segment(&target, args->operands[0]);
    buf_puts(&target, "/history");
    const struct list_of of = {.target = buf_text(&target),
                               .name = "events",
                               .nothing = "nothing happened",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};
    int result = list_all(args, &of);
    buf_fini(&target);
    return result;
}

static int remove_one(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/assets/remove",
                                 .done = "removed; its certificates are revoked"};
    struct change_body body;
    struct err e = {0};

    if (!cli_value(args, "reason")) {
        err_set(&e, ERR_USAGE, "cli.operands", NULL, "--reason is missing");
        err_hint(&e, "it stands in the journal: an asset never goes without one");
        return say_fail(args, &e);
    }
    change_begin(&body);
    change_text(&body, "asset", args->operands[0]);
    change_text(&body, "reason", cli_value(args, "reason"));
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

/* ---- show ---- */

static int show(const struct cli_args *args)
{
    struct buf target;

    buf_init(&target);
    buf_puts(&target, "/v1/assets/");
    api_put_segment(&target, args->operands[0]);
    return show_one(args, &target, asset_say);
}

#define ORGANISATION(text)                                                                         \
    {                                                                                              \
        "organisation", "ORG", text, 0, false                                                      \
    }

#define PLACE                                                                                      \
    {"location", "TEXT", "where it stands; never in the journal", 0, false},                       \
    {                                                                                              \
        "criticality", "WORD", "low, medium, high or critical", 0, false                           \
    }

static const struct cli_option register_options[] = {
    ORGANISATION("whose asset (else your own organisation's)"),
    {"owner", "CONTACT", "the person who is told", 0, false},
    {"way", "WAY", "online, offline (by bundles) or none (no agent); online when not given", 0,
     false},
    PLACE,
    CHANGE_QUIET,
};
static const struct cli_option describe_options[] = {PLACE};
static const struct cli_option list_options[] = {
    ORGANISATION("of this organisation alone"),
    {"condition", "WORD", "only these: connected, heard, stale, never, removed", 0, false},
    {"criticality", "WORD", "only these: low, medium, high, critical", 0, false},
};
static const struct cli_option import_options[] = {
    ORGANISATION("whose assets (else your own organisation's)")};
static const struct cli_option remove_options[] = {
    {"reason", "TEXT", "stands in the journal", 0, false}};

static const struct cli_verb verbs[] = {
    {.name = "register",
     .operands = "[LABEL]",
     .summary = "make an asset known, before its agent enrols",
     .examples = "  tocsin asset register \"pump 7\" --owner per_0h2j…\n"
                 "  tocsin asset register \"plc in hall 2\" --way offline --quiet\n",
     .options = register_options,
     .option_count = ARRAY_LEN(register_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 0,
     .most = 1,
     .run = register_one},
    {.name = "list",
     .summary = "all assets, and their condition",
     .text = "Connected: its stream is open. Heard: something came from it lately. Stale: nothing\n"
             "for longer than the configuration says (assets stale-after). Open: advisories that\n"
             "ask something of it, of which nobody has said that it is done.\n",
     .examples = "  tocsin asset list --organisation org_0h2j… --json\n",
     .options = list_options,
     .option_count = ARRAY_LEN(list_options),
     .uses = CLI_LIST,
     .run = list},
    {.name = "show",
     .operands = "ASSET",
     .summary = "one asset: what it is, what concerns it",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = show},
    {.name = "advisories",
     .operands = "ASSET",
     .summary = "what advisories say of an asset, and what became of it",
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = asset_advisories},
    {.name = "components",
     .operands = "ASSET",
     .summary = "what an asset runs, as its inventory says",
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = asset_components},
    {.name = "import",
     .operands = "FILE.csv",
     .summary = "assets without an agent, from a table",
     .text =
         "The first line names the columns; docs/formats-inventory.md lists them. An asset whose\n"
         "label is known is brought up to date. A bad line is refused with its number, and\n"
         "stops no other; the exit code is 1 when one was. A table of millions of lines goes in\n"
         "pieces; after an interruption run the same command again: what is in already is\n"
         "passed over.\n",
     .examples = "  tocsin asset import plant.csv --organisation org_0h2j…\n",
     .options = import_options,
     .option_count = ARRAY_LEN(import_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = asset_import},
    {.name = "owner",
     .operands = "ASSET CONTACT|none",
     .summary = "who is told about an asset",
     .examples = "  tocsin asset owner ast_0h2j… per_7k3m…\n",
     .uses = CLI_CENTRE,
     .least = 2,
     .most = 2,
     .run = owner},
    {.name = "describe",
     .operands = "ASSET",
     .summary = "where an asset stands, and how much hangs on it",
     .text = "What is not given stays; an empty value is forgotten.\n",
     .examples = "  tocsin asset describe ast_0h2j… --location \"hall 2\" --criticality high\n",
     .options = describe_options,
     .option_count = ARRAY_LEN(describe_options),
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = describe},
    {.name = "match",
     .operands = "ASSET…",
     .summary = "match an asset anew with all advisories, and tell it what it does not know yet",
     .uses = CLI_CENTRE,
     .least = 1,
     .most = CLI_ANY_NUMBER,
     .run = asset_match},
    {.name = "history",
     .operands = "ASSET",
     .summary = "what happened to an asset, act by act",
     .uses = CLI_LIST,
     .least = 1,
     .most = 1,
     .run = history},
    {.name = "remove",
     .operands = "ASSET",
     .summary = "an asset is no more; its certificates end",
     .examples = "  tocsin asset remove ast_0h2j… --reason \"scrapped in March\"\n",
     .options = remove_options,
     .option_count = ARRAY_LEN(remove_options),
     .uses = CLI_CENTRE,
     .least = 1,
     .most = 1,
     .run = remove_one},
};

const struct cli_group cli_asset_group = {.name = "asset",
                                          .topic = "Assets",
                                          .summary = "registered devices and systems",
                                          .verbs = verbs,
                                          .verb_count = ARRAY_LEN(verbs)};
