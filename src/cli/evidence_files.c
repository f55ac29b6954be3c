/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/files.h"

#include <inttypes.h>

static bool watch(void *context, uint64_t records, uint64_t bytes)
{
    (void)bytes;
    progress_to(context, records);
    return !evidence_stop_asked();
}

static void tell_json(const struct evidence_files_options *o, const struct evidence_files_taken *t)
{
    struct evidence_answer a;
    struct json_writer *w = &a.w;
    evidence_answer_begin(&a, o->folder, !t->stopped);
    if (!t->stopped) {
        json_member_int(w, "records", (int64_t)t->records);
        json_member_int(w, "contents", (int64_t)t->contents);
        json_member_int(w, "content_bytes", (int64_t)t->content_bytes);
        json_member_int(w, "not_taken", (int64_t)t->not_taken);
        json_member_int(w, "changed", (int64_t)t->changed);
        json_member_hex(w, "tree_root", slice_of(t->root, sizeof t->root));
        json_member_bool(w, "access_times_may_have_changed", t->touched);
    }
    json_member_int(w, "gone_on_with_at_record", (int64_t)t->resumed_at);
    evidence_answer_end(&a);
}

static void tell(const struct evidence_files_options *o, const struct evidence_files_taken *t)
{
    char size[16];
    if (t->stopped) {
        say_around(stdout, "stopped; ", o->folder,
                   " is kept and not complete: run the same command again to go on\n");
        return;
    }
    progress_size(t->content_bytes, size);
    printf("taken: %" PRIu64 " records, %" PRIu64 " contents of %s\n", t->records, t->contents,
           size);
    if (t->resumed_at)
        printf("gone on with behind record %" PRIu64 "; what was there was read back and fits\n",
               t->resumed_at);
    if (t->changed)
        printf("CHANGED: %" PRIu64
               " files were changed while they were read; each record says how\n",
               t->changed);
    if (t->not_taken)
        printf("NOT TAKEN: %" PRIu64 ", listed with the reasons in data/not-taken.jsonl\n",
               t->not_taken);
    if (t->touched)
        printf("access times of some files may have changed: acquisition.json says why\n");
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

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress;
    struct evidence_files_taken taken;
    int64_t jobs;
    size_t excludes = 0;
    if (cli_number(args, "jobs", 1, 64, 0, &jobs, &e) != 0)
        return say_fail(args, &e);
    const char **excluded = values_of(args, "exclude", &excludes);
    if (!excluded) {
        err_memory(&e);
        return say_fail(args, &e);
    }
    struct evidence_files_options options = {.paths = args->operands,
                                             .path_count = args->operand_count - 1,
                                             .folder = args->operands[args->operand_count - 1],
                                             .statement = evidence_statement_of(args),
                                             .excludes = excluded,
                                             .exclude_count = excludes,
                                             .cross = cli_flag(args, "all-file-systems"),
                                             .workers = (unsigned)jobs,
                                             .watch = watch,
                                             .watch_context = &progress};
    evidence_stop_listen();
    struct evidence_keeping keeping;
    int result = evidence_keep_begin(&keeping, args, &options.statement, &options.folder, &e);
    options.command = keeping.told.said.command;
    options.selftest = keeping.selftest;
    keeping.report.method = "logical";
    keeping.report.source = args->operands[0];
    keeping.report.scope = "the paths of the command, as data/files.jsonl lists them; what was not "
                           "taken: data/not-taken.jsonl";
    keeping.report.why_partial = options.statement.reason;
    keeping.report.verifiable = "no: files of a running system; each has its own hash";
    if (result == 0)
        result = evidence_keep_check(&keeping, options.folder, &e);
    if (result == 0) {
        progress_start(&progress, "files", 0);
        result = evidence_files(&options, &taken, &e);
        progress_end(&progress);
    }
    if (result == 0 && !taken.stopped)
        result = evidence_keep_record(&keeping, options.folder, &e);
    evidence_keep_end(&keeping);
    mem_free(excluded);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : 3);
    }
    if (cli_flag(args, "json"))
        tell_json(&options, &taken);
    else
        tell(&options, &taken);
    return say_end(args, taken.stopped ? 3 : taken.not_taken || taken.changed ? 1 : 0);
}

static const struct cli_option files_options[] = {
    {"exhibit", "ID", "identifier of the exhibit", 0, false},
    {"description", "TEXT", "what it is, where it was found", 0, false},
    {"examiner", "NAME", "who acquires", 0, false},
    {"competence", "TEXT", "qualification of the examiner", 0, false},
    {"exclude", "PATTERN", "shell pattern of names, or with a '/' of whole paths, left out", 0,
     true},
    {"all-file-systems", NULL, "go into other file systems that are mounted below the paths", 0,
     false},
    {"jobs", "N", "threads that read and hash (default: one a processor)", 'j', false},
    EVIDENCE_KEEP_OPTIONS,
};

const struct cli_verb evidence_files_verb = {
    .name = "files",
    .operands = "PATH… FOLDER",
    .summary = "take chosen files with all that the file system says of them into a bundle",
    .text =
        "Folders are walked; symlinks, devices, pipes and sockets are described, not followed and\n"
        "not opened. Access times stay as they were where the kernel allows it; where not, the\n"
        "record says so. Other file systems below a path are left out unless --all-file-systems.\n"
        "Whatever is not taken is listed with its reason in data/not-taken.jsonl.\n"
        "Broken off, the same command goes on with it.\n"
        "Exit code: 0 everything was taken, 1 something was not, or changed while it was read, 3\n"
        "could not do it, or it was stopped.\n",
    .examples = "  tocsin evidence files /var/log /etc case-7/logs.evidence --exhibit EX-2 \\\n"
                "      --reason 'the server cannot be shut down; warrant covers its logs'\n",
    .options = files_options,
    .option_count = ARRAY_LEN(files_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = CLI_ANY_NUMBER,
    .run = run,
};
