/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/live.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* On a terminal: the collector and what it is at. */
static bool watch(void *context, const char *collector, const char *at)
{
    bool *terminal = context;
    if (*terminal) {
        fprintf(stderr, "\r\033[K%s ", collector);
        say_text(stderr, slice_of(at, strnlen(at, 60)));
        fflush(stderr);
    }
    return !evidence_stop_asked();
}

static void plan_json(const struct evidence_live_plan *p)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_write_name(&w, "steps");
    json_write_array(&w);
    for (size_t i = 0; i < p->count; i++) {
        json_write_object(&w);
        json_member_string(&w, "name", p->steps[i].name);
        json_member_int(&w, "level", p->steps[i].level);
        json_member_string(&w, "what", p->steps[i].what);
        json_member_string(&w, "touches", p->steps[i].touches);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_name(&w, "left_out");
    json_write_array(&w);
    for (size_t i = 0; i < p->left_out_count; i++)
        json_write_string(&w, p->left_out[i]);
    json_write_array_end(&w);
    json_member_bool(&w, "needs_reason", p->deviates);
    json_member_int(&w, "memory_bytes", (int64_t)p->memory_bytes);
    json_member_int(&w, "temporary_bytes", (int64_t)p->temporary_bytes);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void show_plan(const struct evidence_live_plan *p)
{
    char size[16];
    printf("In this order (RFC 3227 section 2.1: the most volatile first):\n");
    for (size_t i = 0; i < p->count; i++) {
        printf("%3zu  %-15s ", i + 1, p->steps[i].name);
        say_wrapped(stdout, slice_str(p->steps[i].what), 0);
        printf("     %-15s changes: %s\n", "", p->steps[i].touches);
    }
    for (size_t i = 0; i < p->left_out_count; i++)
        printf("     left out: %s\n", p->left_out[i]);
    progress_size(p->memory_bytes, size);
    printf("Needs room for up to twice the machine's memory (%s), ", size);
    progress_size(p->temporary_bytes, size);
    printf("its temporary files (%s) and its logs.\n", size);
    if (p->deviates)
        printf("This is not the whole plan: it needs a --reason.\n");
}

static void tell_json(const struct evidence_live_options *o, const struct evidence_live_done *d)
{
    struct evidence_answer a;
    struct json_writer *w = &a.w;
    evidence_answer_begin(&a, o->folder, !d->stopped);
    json_member_int(w, "files", (int64_t)d->files);
    json_member_int(w, "bytes", (int64_t)d->bytes);
    json_write_name(w, "collectors");
    json_write_array(w);
    for (size_t i = 0; i < d->count; i++) {
        json_write_object(w);
        json_member_string(w, "name", d->results[i].name);
        json_member_string(w, "state", evidence_live_state_name(d->results[i].state));
        if (d->results[i].why[0])
            json_member_string(w, "why", d->results[i].why);
        json_member_int(w, "items", (int64_t)d->results[i].items);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_name(w, "warnings");
    json_write_array(w);
    for (size_t i = 0; i < d->warning_count; i++)
        json_write_string(w, d->warnings[i]);
    json_write_array_end(w);
    evidence_answer_end(&a);
}

static void tell(const struct evidence_live_options *o, const struct evidence_live_done *d)
{
    char size[16];
    for (size_t i = 0; i < d->count; i++) {
        const struct evidence_live_result *r = &d->results[i];
        printf("%-16s ", r->name);
        say_styled(stdout,
                   r->state == EVIDENCE_LIVE_DONE     ? SAY_GOOD
                   : r->state == EVIDENCE_LIVE_PARTLY ? SAY_DOUBT
                                                      : SAY_BAD,
                   slice_str(evidence_live_state_name(r->state)));
        printf(" (%" PRIu64 ")", r->items);
        if (r->why[0]) {
            fputs(": ", stdout);
            say_text(stdout, slice_str(r->why));
        }
        fputc('\n', stdout);
    }
    for (size_t i = 0; i < d->warning_count; i++) {
        say_styled(stdout, SAY_BAD, slice_str("WARNING: "));
        say_text(stdout, slice_str(d->warnings[i]));
        fputc('\n', stdout);
    }
    if (d->stopped) {
        say_around(stdout, "stopped; ", o->folder, " keeps what was taken, without a manifest\n");
        return;
    }
    progress_size(d->bytes, size);
    printf("%" PRIu64 " files, %s\n", d->files, size);
}

static const char **values_of(const struct cli_args *args, const char *name, size_t *count)
{
    *count = 0;
    while (cli_value_at(args, name, *count))
        ++*count;
    const char **values = mem_new(*count + 1, sizeof *values);
    for (size_t i = 0; values && i < *count; i++)
        values[i] = cli_value_at(args, name, i);
    return values;
}

static int take(const struct cli_args *args, const struct evidence_live_options *o,
                struct evidence_keeping *keeping)
{
    struct err e = {0};
    struct evidence_live_plan plan;
    struct evidence_live_done done;
    bool json = cli_flag(args, "json"), well = true;
    if (evidence_live_plan(o, &plan, &e) != 0)
        return say_fail(args, &e);
    if (cli_flag(args, "plan")) {
        if (json)
            plan_json(&plan);
        else
            show_plan(&plan);
        return say_end(args, 0);
    }
    if (!json)
        show_plan(&plan);
    fflush(stdout);
    evidence_stop_listen();
    int result = evidence_keep_check(keeping, o->folder, &e);
    if (result == 0)
        result = evidence_live(o, &done, &e);
    if (result == 0 && !done.stopped)
        result = evidence_keep_record(keeping, o->folder, &e);
    if (*(bool *)o->watch_context)
        fputs("\r\033[K", stderr);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : 3);
    }
    if (json)
        tell_json(o, &done);
    else
        tell(o, &done);
    for (size_t i = 0; i < done.count; i++)
        well = well && done.results[i].state == EVIDENCE_LIVE_DONE;
    return say_end(args, done.stopped ? 3 : well ? 0 : 1);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    int64_t deadline, most;
    bool terminal = isatty(STDERR_FILENO);
    struct evidence_live_options o = {.folder = args->operands[0],
                                      .statement = evidence_statement_of(args),
                                      .memory_image = cli_value(args, "memory-image"),
                                      .watch = watch,
                                      .watch_context = &terminal};
    if (cli_number(args, "deadline", 1, 3600, 20, &deadline, &e) != 0 ||
        cli_number(args, "file-most", 1, 1 << 24, 4096, &most, &e) != 0)
        return say_fail(args, &e);
    o.deadline_seconds = (unsigned)deadline;
    o.file_most = (uint64_t)most << 20;
    const char **only = values_of(args, "only", &o.only_count),
               **without = values_of(args, "without", &o.without_count),
               **order = values_of(args, "order", &o.order_count);
    o.only = only;
    o.without = without;
    o.order = order;
    int code;
    struct evidence_keeping keeping = {0};
    bool ready = only && without && order;
    if (ready && !cli_flag(args, "plan") &&
        evidence_keep_begin(&keeping, args, &o.statement, &o.folder, &e) != 0) {
        code = say_fail(args, &e);
    } else if (ready) {
        o.command = keeping.told.said.command;
        o.selftest = keeping.selftest;
        keeping.report.method = "live";
        keeping.report.source = "this machine, running";
        keeping.report.verifiable = "no: a running machine is not the same twice";
        code = take(args, &o, &keeping);
    } else {
        err_memory(&e);
        code = say_fail(args, &e);
    }
    evidence_keep_end(&keeping);
    mem_free(only);
    mem_free(without);
    mem_free(order);
    return code;
}

static const struct cli_option live_options[] = {
    {"plan", NULL, "show what would be done, in which order, and stop", 0, false},
    {"only", "COLLECTOR", "nothing but this; needs --reason", 0, true},
    {"without", "COLLECTOR", "leave this out; needs --reason", 0, true},
    {"order", "COLLECTOR", "this first; needs --reason", 0, true},
    {"memory-image", "FILE", "an image of the memory that LiME or AVML made: checked and taken in",
     0, false},
    {"deadline", "SECONDS", "without a sign of life, before something is given up (default 20)", 0,
     false},
    {"file-most", "MIB", "of one log or temporary file (default 4096)", 0, false},
    {"exhibit", "ID", "identifier of the exhibit", 0, false},
    {"description", "TEXT", "what it is, where it was found", 0, false},
    {"examiner", "NAME", "who acquires", 0, false},
    {"competence", "TEXT", "qualification of the examiner", 0, false},
    EVIDENCE_KEEP_OPTIONS,
};

const struct cli_verb evidence_live_verb = {
    .name = "live",
    .operands = "FOLDER",
    .summary = "take what a running machine loses when it is switched off into a bundle",
    .text =
        "In the order of volatility (RFC 3227): routes and neighbours, sockets, processes, tables\n"
        "and log of the kernel, encrypted volumes that are open, users, memory, programs, then\n"
        "temporary file systems, timers, logs, interfaces, devices. No program of the machine is\n"
        "run. What hangs is given up, and said; what the taking changes is measured and recorded.\n"
        "FOLDER should lie on a disk of your own, not on the machine's.\n"
        "Exit code: 0 all was taken, 1 some of it was refused or given up, 3 could not do it, or\n"
        "it was stopped.\n",
    .examples = "  tocsin evidence live /mnt/stick/case-7/web-1.evidence --plan\n"
                "  tocsin evidence live /mnt/stick/case-7/web-1.evidence --exhibit EX-3 \\\n"
                "      --examiner 'A. Meyer' --role DEFR --reason 'incident 2026-31'\n",
    .options = live_options,
    .option_count = ARRAY_LEN(live_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
