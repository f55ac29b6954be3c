/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/compiler.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_keep.h"
#include "cli/evidence_answer.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/report.h"

#include <stdlib.h>
#include <string.h>

static bool watch(void *context, const char *phase, uint64_t done, uint64_t all)
{
    progress_phase(context, phase, done, all);
    return !evidence_stop_asked();
}

/* SOURCE_DATE_EPOCH, for who wants the same file twice. */
static int64_t fixed_now(void *context)
{
    return *(int64_t *)context;
}

static int64_t no_monotonic(void *context)
{
    (void)context;
    return clock_monotonic(&clock_system);
}

static int format_of(const struct cli_args *args, char *format, struct err *e)
{
    const char *text = cli_value(args, "format"), *file = cli_value(args, "output");
    const char *dot = file ? strrchr(file, '.') : NULL;
    if (!text)
        text = !dot                        ? "text"
               : strcmp(dot, ".html") == 0 ? "html"
               : strcmp(dot, ".pdf") == 0  ? "pdf"
                                           : "text";
    *format = text[0];
    return strcmp(text, "text") == 0 || strcmp(text, "html") == 0 || strcmp(text, "pdf") == 0
               ? 0
               : err_set(e, ERR_USAGE, "cli.option", NULL,
                         "--format is text, html or pdf, not \"%s\"", text);
}

static const char *form_of(char format)
{
    return format == 'p' ? "PDF" : format == 'h' ? "HTML" : "text";
}

static int put(struct evidence_giving_out *giving, const struct paper *paper, char format,
               struct err *e)
{
    struct buf out;
    int result = 0;
    buf_init(&out);
    if (format == 'p')
        result = paper_pdf(paper, &out, e);
    else if (format == 'h')
        paper_html(paper, &out);
    else
        paper_text(paper, &out);
    if (result == 0)
        result = buf_check(&out, e);
    if (result == 0)
        result = evidence_giving_out(giving, &out, e);
    buf_fini(&out);
    return result;
}

static void tell_json(const struct evidence_reported *d)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_int(&w, "exhibits", (int64_t)d->exhibits);
    json_member_int(&w, "bundles", (int64_t)d->bundles);
    json_member_int(&w, "unsound", (int64_t)d->unsound);
    json_member_int(&w, "open_handovers", (int64_t)d->open);
    json_member_int(&w, "missing_for_handover", (int64_t)d->missing);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_reported told;
    struct paper paper;
    char format;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    int64_t fixed = epoch ? strtoll(epoch, NULL, 10) * 1000000 : 0;
    struct clock clock = {fixed_now, no_monotonic, &fixed};
    struct evidence_report_options options = {.path = args->operands[0],
                                              .roots_pem = cli_value(args, "roots"),
                                              .no_verify = cli_flag(args, "no-verify"),
                                              .clock = fixed ? &clock : &clock_system,
                                              .watch = watch,
                                              .watch_context = &progress};
    if (format_of(args, &format, &e) != 0)
        return say_fail(args, &e);
    if (format == 'p' && !cli_value(args, "output")) {
        err_set(&e, ERR_USAGE, "cli.option", NULL, "--format pdf needs a file: -o FILE");
        return say_fail(args, &e);
    }
    struct evidence_giving_out giving = {.args = args,
                                         .folder = args->operands[0],
                                         .kind = EVIDENCE_ACCESS,
                                         .reason = "report on the evidence",
                                         .form = form_of(format),
                                         .file = cli_value(args, "output")};
    if (evidence_giving_out_check(&giving, &e) != 0) {
        evidence_giving_out_end(&giving);
        int said = say_fail(args, &e);
        return say_end(args, said == 2 ? 2 : 3);
    }
    evidence_stop_listen();
    paper_init(&paper, clock_now(options.clock));
    int result = evidence_report(&options, &paper, &told, &e);
    progress_end(&progress);
    if (result == 0)
        result = put(&giving, &paper, format, &e);
    paper_fini(&paper);
    evidence_giving_out_end(&giving);
    if (result != 0) {
        (void)say_fail(args, &e);
        return say_end(args, 3);
    }
    if (cli_value(args, "output") && cli_flag(args, "json"))
        tell_json(&told);
    bool ready = told.missing == 0 || !cli_flag(args, "complete");
    return say_end(args, told.unsound || told.open || !ready ? 1 : 0);
}

static const struct cli_option report_options[] = {
    {"format", "KIND", "text, html or pdf (default: by the file's name, else text)", 0, false},
    {"output", "FILE", "where it goes (default: standard output)", 'o', false},
    {"roots", "FILE", "certificates that vouch for who signed", 0, false},
    {"complete", NULL, "exit code 1 also when something is missing for another jurisdiction", 0,
     false},
    {"no-verify", NULL, "do not read the bundles again; the report says so", 0, false},
    EVIDENCE_ASK_OPTIONS,
};

const struct cli_verb evidence_report_verb = {
    .name = "report",
    .operands = "FOLDER",
    .summary = "what a court reads of a case, an exhibit or a bundle",
    .text =
        "Items, persons, times and clocks, tools, hashes, what could not be read, custody, open\n"
        "handovers, what all this proves and what it does not, what is missing for another\n"
        "jurisdiction, and a certificate to be signed (FRE 902(14)). With SOURCE_DATE_EPOCH the\n"
        "same evidence gives the same file. With --json and -o, the counts are printed. That it\n"
        "was made, with its SHA-256, stands in FOLDER's custody log behind it.\n"
        "Exit code: 0 all is sound, 1 something is not, or a handover is open, 3 no report.\n",
    .examples =
        "  tocsin evidence report case-7 -o case-7.pdf\n"
        "  tocsin evidence report case-7/exhibits/EX-1/disk.evidence --format html -o r.html\n",
    .options = report_options,
    .option_count = ARRAY_LEN(report_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
