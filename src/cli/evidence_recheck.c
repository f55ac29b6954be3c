/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_said.h"
#include "cli/say.h"
#include "evidence/case/recheck.h"

#include <stdio.h>

enum { DAYS = 180, DAYS_MOST = 36500 };

static void tell_json(const struct evidence_due_list *due)
{
    struct json_writer w;
    struct buf line;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_write_name(&w, "bundles");
    json_write_array(&w);
    for (size_t i = 0; i < due->count; i++) {
        const struct evidence_due *d = &due->list[i];
        json_write_object(&w);
        json_member_string(&w, "bundle", d->bundle);
        if (d->checked_at)
            json_member_time(&w, "checked", d->checked_at);
        if (d->due_at)
            json_member_time(&w, "due", d->due_at);
        json_member_bool(&w, "overdue", d->overdue && !d->checked);
        json_member_bool(&w, "checked_now", d->checked);
        if (d->checked)
            json_member_bool(&w, "sound", d->sound);
        if (d->why)
            json_member_string(&w, "why", d->why);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell(const struct evidence_due_list *due)
{
    for (size_t i = 0; i < due->count; i++) {
        const struct evidence_due *d = &due->list[i];
        char at[TIME_TEXT];
        say_text(stdout, slice_str(d->bundle));
        fputs(": ", stdout);
        if (d->checked) {
            say_styled(stdout, d->sound ? SAY_GOOD : SAY_BAD,
                       slice_str(d->sound ? "sound" : "NOT SOUND"));
            fputs(d->why ? ": " : "", stdout);
            say_text(stdout, slice_str(d->why));
            putchar('\n');
            continue;
        }
        if (d->due_at)
            time_format(d->due_at, at);
        printf("%s%s%s\n", d->overdue ? "DUE" : "due", d->due_at ? " since or from " : ": ",
               d->due_at ? at : "it was never checked");
    }
    if (due->count == 0)
        puts("no bundles");
}

static int run(const struct cli_args *args)
{
    struct evidence_due_list due = {0};
    struct evidence_doing doing = {0};
    struct evidence_told said;
    struct err e = {0};
    int64_t days;
    bool list = cli_flag(args, "list"), bad = false;
    int result = evidence_told_init(&said, args, &e);
    if (result == 0 && !said.said.reason)
        said.said.reason = "periodic check of integrity";
    if (result == 0)
        result = cli_number(args, "days", 1, DAYS_MOST, DAYS, &days, &e);
    if (result == 0 && !list)
        result = evidence_doing_open(&doing, &said.said, &e);
    if (result == 0)
        result = evidence_recheck(args->operands[0], (unsigned)days, cli_flag(args, "due"),
                                  list ? NULL : &doing, NULL, &due, &e);
    evidence_doing_close(&doing);
    evidence_told_fini(&said);
    for (size_t i = 0; i < due.count; i++)
        bad |= due.list[i].checked ? !due.list[i].sound : due.list[i].overdue;
    if (result == 0 && cli_flag(args, "json"))
        tell_json(&due);
    else if (result == 0)
        tell(&due);
    evidence_due_list_fini(&due);
    if (result != 0)
        return say_end(args, say_fail(args, &e));
    return say_end(args, bad ? 1 : 0);
}

static const struct cli_option options[] = {
    {"days", "N", "how long a check is good for (default 180)", 0, false},
    {"due", NULL, "check what is due, and nothing else", 0, false},
    {"list", NULL, "check nothing: list what is due when", 0, false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_recheck_verb = {
    .name = "recheck",
    .operands = "CASE",
    .summary = "check every bundle again, and record what came of it",
    .text = "For a timer of the system (systemd, cron): --due checks what is due.\n"
            "Exit code: 0 all sound (--list: nothing is due), 1 not, 3 could not.\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
