/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin why: the chain of reasons between an advisory and an asset. */
#include "cli/api.h"
#include "base/output.h"
#include "cli/groups.h"
#include "cli/list.h"
#include "cli/say.h"
#include "cli/statement.h"
#include "cli/show.h"

static void say_nearest(const struct json_value *nearest)
{
    int64_t confidence = 0;
    struct buf text;

    if (!nearest) {
        puts("\nNothing in the advisory comes near what this asset says that it is.");
        return;
    }
    puts("\nThe nearest candidate, which did not count");
    buf_init(&text);
    if (json_get_string(nearest, "label").len) {
        buf_puts(&text, "product \"");
        buf_put_slice(&text, json_get_string(nearest, "label"));
        buf_puts(&text, "\" at ");
        buf_put_slice(&text, json_get_string(nearest, "pointer"));
        buf_puts(&text, " (line ");
        list_put_value(&text, json_get(nearest, "line"));
        buf_puts(&text, "):");
    }
    buf_putc(&text, ' ');
    buf_put_slice(&text, json_get_string(nearest, "text"));
    if (json_int64(json_get(nearest, "confidence"), &confidence) && confidence > 0)
        buf_printf(&text, " (confidence %lld of 100)", (long long)confidence);
    say_wrapped(stdout, output_slice(stdout, &text), 2);
    buf_fini(&text);
}

static void say_told(const struct json_value *told)
{
    puts("\nWhat the asset was told");
    if (json_count(told) == 0)
        puts("  nothing about this advisory");
    json_each(notice, told)
    {
        bool acknowledged = json_is(json_get(notice, "acknowledged"), JSON_TRUE);
        fputs("  notice ", stdout);
        say_text(stdout, json_number(json_get(notice, "n")));
        fputs(": version ", stdout);
        say_text(stdout, json_get_string(notice, "version"));
        fputs(", ", stdout);
        say_styled(stdout, acknowledged ? SAY_GOOD : SAY_DOUBT,
                   slice_str(acknowledged ? "acknowledged" : "not acknowledged"));
        fputs(" (", stdout);
        say_text(stdout, json_get_string(notice, "publication"));
        fputs(")\n", stdout);
    }
}

static void say_why(const struct json_value *why)
{
    const struct json_value *advisory = json_get(why, "advisory");
    const struct json_value *statements = json_get(why, "statements");
    struct slice status = json_get_string(why, "status");

    say_field("Asset", json_get_string(why, "asset"));
    say_field("Class", json_get_string(why, "class"));
    say_field("Advisory", json_get_string(advisory, "id"));
    say_field("Version", json_get_string(advisory, "version"));
    say_field("Title", json_get_string(advisory, "title"));
    fputs("Answer:            ", stdout);
    say_styled(stdout, say_style_of(status), statement_words(status));
    fputc('\n', stdout);
    json_each(statement, statements)
    {
        fputc('\n', stdout);
        statement_say(statement, 0, STATEMENT_FULL);
    }
    if (json_count(statements) == 0 || json_get(why, "nearest"))
        say_nearest(json_get(why, "nearest"));
    say_told(json_get(why, "told"));
}

static int run(const struct cli_args *args)
{
    struct buf target;

    buf_init(&target);
    buf_puts(&target, "/v1/assets/");
    api_put_segment(&target, args->operands[0]);
    buf_puts(&target, "/why");
    api_put_query(&target, "advisory", args->operands[1]);
    return show_one(args, &target, say_why);
}

static const struct cli_verb verbs[] = {
    {.operands = "ASSET ADVISORY",
     .summary = "the chain of reasons: what matched, by which rule, how surely",
     .text =
         "ADVISORY is its tracking id, or adv_… where several publishers use the same one. What\n"
         "is not affected is explained too: the nearest candidate, and the step that failed.\n",
     .examples = "  tocsin why ast_0h2j… EX-2026-001\n"
                 "  tocsin why ast_0h2j… EX-2026-001 --json | jq .statements[0].reasons\n",
     .uses = CLI_CENTRE | CLI_JSON,
     .least = 2,
     .most = 2,
     .run = run},
};

const struct cli_group cli_why_group = {.name = "why",
                                        .topic = "Advisories",
                                        .summary = "why an advisory concerns an asset, or does not",
                                        .verbs = verbs,
                                        .verb_count = ARRAY_LEN(verbs)};
