/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin approval: commands that need the consent of others, by their hash. */
#include "base/file.h"
#include "base/output.h"
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

static int answer(const struct cli_args *args, const struct change_of *of)
{
    struct change_body body;

    change_begin(&body);
    change_text(&body, "approval", args->operands[0]);
    int result = change_send(args, of, &body);
    change_fini(&body);
    return result;
}

static int give(const struct cli_args *args)
{
    return answer(args, &(struct change_of){.target = "/v1/approvals/give", .id = "given"});
}

static int refuse(const struct cli_args *args)
{
    return answer(args, &(struct change_of){.target = "/v1/approvals/refuse", .id = "approval"});
}

static int64_t number_of(const struct json_value *value, const char *name)
{
    int64_t number = 0;

    (void)json_int64(json_get(value, name), &number);
    return number;
}

static void say_shown(const struct json_value *approval)
{
    struct buf args;

    buf_init(&args);
    list_put_value(&args, json_get(approval, "args"));
    say_field("Command", json_get_string(approval, "type"));
    say_field("Arguments", output_slice(stdout, &args));
    say_field("Hash", json_get_string(approval, "command"));
    say_field("State", json_get_string(approval, "state"));
    say_field_number("Needed", number_of(approval, "needed"));
    say_field_number("Given", number_of(approval, "given"));
    json_each(giver, json_get(approval, "given_by"))
    {
        say_field("  by", json_get_string(giver, "operator"));
    }
    say_field("Asked by", json_get_string(approval, "asked_by"));
    say_field("Asked", json_get_string(approval, "asked"));
    say_field("Expires", json_get_string(approval, "expires"));
    buf_fini(&args);
}

static int show(const struct cli_args *args)
{
    struct api_answer answer;
    struct api *api = NULL;
    struct err e = {0};
    struct buf target;
    int result;

    buf_init(&target);
    api_answer_init(&answer);
    buf_puts(&target, "/v1/approvals/");
    api_put_segment(&target, args->operands[0]);
    if (buf_check(&target, &e) != 0 || api_open(args, &api, &e) != 0 ||
        api_get(api, buf_text(&target), &answer, &e) != 0) {
        result = say_fail(args, &e);
    } else {
        (cli_flag(args, "json") ? say_json : say_shown)(answer.root);
        result = say_end(args, 0);
    }
    api_answer_fini(&answer);
    api_close(api);
    buf_fini(&target);
    return result;
}

static const struct cli_option ask_options[] = {
    {"needed", "N", "how many others must consent (the command's own number at least)", 0, false},
    {"hours", "N", "how long it may be given and used; 72 when not said", 0, false},
    CHANGE_QUIET,
};

static const struct cli_verb verbs[] = {
    {.name = "list", .summary = "what waits for consent", .uses = CLI_LIST, .run = list},
    {.name = "show",
     .operands = "APPROVAL",
     .summary = "what exactly was asked for, and who has consented",
     .examples = "  tocsin approval show apr_0h2j…\n",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = show},
    {.name = "ask",
     .operands = "COMMAND ARGUMENTS",
     .summary = "ask others to consent to one command",
     .text =
         "ARGUMENTS is the command's JSON object, or a file that holds it. What is approved is\n"
         "this command with these very arguments, once; not one byte of them may differ. When\n"
         "enough others have consented, whoever asked carries it out as usual. Which commands\n"
         "need that stands in tocsin.conf, section approval; one that is refused for want of it\n"
         "prints the line to ask with.\n",
     .examples = "  tocsin approval ask operator.close '{\"operator\":\"opr_0h2j…\"}'\n"
                 "  tocsin approval ask advisory.publish \\\n"
                 "      '{\"advisory\":\"EX-2026-001\",\"revision\":\"rev_0h2j…\"}' --needed 2\n",
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
    {.name = "refuse",
     .operands = "APPROVAL",
     .summary = "end it: it can be neither given nor used any more",
     .examples = "  tocsin approval refuse apr_0h2j…\n",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 1,
     .most = 1,
     .run = refuse},
};

const struct cli_group cli_approval_group = {.name = "approval",
                                             .topic = "People and organisations",
                                             .summary = "commands that need the consent of others",
                                             .verbs = verbs,
                                             .verb_count = ARRAY_LEN(verbs)};
