/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin approval: commands that need the consent of others, by their hash. */
#include "base/file.h"
#include "cli/change.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"

enum { ARGUMENTS_MAX = 60000 };

static int list(const struct cli_args *args)
{
    static const struct list_column columns[] = {
        {"approval", "APPROVAL", 0},      {"type", "COMMAND", LIST_SPARSE},
        {"command", "HASH", LIST_CUT},    {"given", "GIVEN", LIST_RIGHT | LIST_SPARSE},
        {"needed", "NEEDED", LIST_RIGHT}, {"asked_by", "ASKED BY", 0},
        {"expires", "EXPIRES", 0}};
    const struct list_of of = {.target = "/v1/approvals",
                               .name = "approvals",
                               .nothing = "nothing is waiting for approval",
                               .columns = columns,
                               .column_count = ARRAY_LEN(columns)};

    return list_all(args, &of);
}

static int ask_with(const struct cli_args *args, const struct json_value *arguments)
{
    const struct change_of of = {.target = "/v1/approvals", .id = "approval"};
    struct change_body body;
    struct err e = {0};
    int64_t needed;
    int64_t hours;

    if (cli_number(args, "needed", 1, 16, 0, &needed, &e) != 0 ||
        cli_number(args, "hours", 1, 24 * 31, 0, &hours, &e) != 0)
        return say_fail(args, &e);
    change_begin(&body);
    change_text(&body, "type", args->operands[0]);
    json_write_name(&body.json, "args");
    json_write_value(&body.json, arguments);
    if (needed > 0)
        json_member_int(&body.json, "needed", needed);
    if (hours > 0)
        json_member_int(&body.json, "hours", hours);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static int ask(const struct cli_args *args)
{
    const char *text = args->operands[1];
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf file;
    int result;

    buf_init(&file);
    bool from_file = text[0] != '{';
    if ((from_file && file_read(text, ARGUMENTS_MAX, &file, &e) != 0) ||
        json_parse(&doc, from_file ? buf_slice(&file) : slice_str(text), NULL, &e) != 0) {
        if (from_file)
            err_context(&e, "%s", text);
        result = say_fail(args, &e);
    } else {
        result = ask_with(args, json_root(doc));
    }
    json_doc_free(doc);
    buf_fini(&file);
    return result;
}

static int give(const struct cli_args *args)
{
    const struct change_of of = {.target = "/v1/approvals/give", .id = "given"};
    struct change_body body;

    change_begin(&body);
    change_text(&body, "approval", args->operands[0]);
    int result = change_send(args, &of, &body);
    change_fini(&body);
    return result;
}

static const struct cli_option ask_options[] = {
    {"needed", "N", "how many others must consent (the command's own number at least)", 0, false},
    {"hours", "N", "how long it may be given and used; 72 when not said", 0, false},
    CHANGE_QUIET,
};

static const struct cli_verb verbs[] = {
    {.name = "list", .summary = "what waits for consent", .uses = CLI_LIST, .run = list},
    {.name = "ask",
     .operands = "COMMAND ARGUMENTS",
     .summary = "ask others to consent to one command",
     .text =
         "ARGUMENTS is the command's JSON object, or a file that holds it. What is approved is\n"
         "this command with these very arguments, once; not one byte of them may differ.\n",
     .examples =
         "  tocsin approval ask advisory.publish '{\"advisory\":\"EX-2026-001\"}' --needed 2\n",
     .options = ask_options,
     .option_count = ARRAY_LEN(ask_options),
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 2,
     .most = 2,
     .run = ask},
    {.name = "give",
     .operands = "APPROVAL",
     .summary = "consent; nobody consents to what they asked for themselves",
     .examples = "  tocsin approval give apr_0h2j…\n",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = give},
};

const struct cli_group cli_approval_group = {.name = "approval",
                                             .topic = "People and organisations",
                                             .summary = "commands that need the consent of others",
                                             .verbs = verbs,
                                             .verb_count = ARRAY_LEN(verbs)};
