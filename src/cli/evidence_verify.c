/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_disclose.h"
#include "cli/evidence_said.h"
#include "cli/evidence_seals.h"
#include "cli/evidence_verify_record.h"
#include "base/compiler.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/verify.h"

#include <inttypes.h>

static bool watch(void *context, const char *phase, uint64_t done, uint64_t all)
{
    progress_phase(context, phase, done, all);
    return true;
}

static void tell_json(const char *folder, const struct evidence_verdict *v, size_t begun,
                      uint64_t record)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-verdict/v1");
    json_member_string(&w, "bundle", folder);
    json_member_bool(&w, "complete", v->complete);
    json_member_bool(&w, "sound", v->sound);
    json_member_int(&w, "files", (int64_t)v->files);
    if (v->has_image) {
        json_member_int(&w, "image_bytes", (int64_t)v->image_bytes);
        json_member_int(&w, "chunks", (int64_t)v->chunks);
        json_member_int(&w, "damaged_chunks", (int64_t)v->damaged_chunks);
        json_member_int(&w, "chunks_with_unreadable_sectors", (int64_t)v->unreadable_chunks);
    }
    if (v->image_checked)
        json_member_hex(&w, "sha256", slice_of(v->sha256, sizeof v->sha256));
    json_member_int(&w, "custody_records", (int64_t)v->custody_records);
    json_member_int(&w, "unrecorded", (int64_t)v->unrecorded);
    json_member_int(&w, "vouched_keys", (int64_t)v->vouched_keys);
    json_member_int(&w, "begun", (int64_t)begun);
    if (record)
        json_member_int(&w, "recorded_as", (int64_t)record);
    evidence_seals_json(&w, v);
    json_member_int(&w, "problem_count", (int64_t)v->problems_all);
    json_write_name(&w, "problems");
    json_write_array(&w);
    for (size_t i = 0; i < v->problem_count; i++) {
        json_write_object(&w);
        json_member_string(&w, "what", v->problems[i].what);
        json_member_string(&w, "where", v->problems[i].where);
        json_member_string(&w, "text", v->problems[i].text);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell(const char *folder, const struct evidence_verdict *v, size_t begun,
                 uint64_t record)
{
    say_text(stdout, slice_str(folder));
    fputs(": ", stdout);
    say_styled(stdout, v->sound ? SAY_GOOD : SAY_BAD, slice_str(v->sound ? "sound" : "NOT SOUND"));
    fputc('\n', stdout);
    for (size_t i = 0; i < v->problem_count; i++) {
        fputs("  ", stdout);
        say_text(stdout, slice_str(v->problems[i].what));
        fputs(": ", stdout);
        say_text(stdout, slice_str(v->problems[i].text));
        if (v->problems[i].where[0]) {
            fputs(" (", stdout);
            say_text(stdout, slice_str(v->problems[i].where));
            fputc(')', stdout);
        }
        fputc('\n', stdout);
    }
    if (v->problems_all > v->problem_count)
        printf("  and %zu more\n", v->problems_all - v->problem_count);
    if (!v->complete)
        return;
    printf("  %" PRIu64 " files held against the manifests\n", v->files);
    if (v->has_image)
        printf("  %" PRIu64 " chunks, %" PRIu64 " bytes; damaged: %" PRIu64 "\n", v->chunks,
               v->image_bytes, v->damaged_chunks);
    if (v->unreadable_chunks)
        printf("  %" PRIu64 " chunks have sectors that could not be read when it was acquired\n",
               v->unreadable_chunks);
    if (v->image_checked) {
        fputs("  SHA-256 of the image: ", stdout);
        for (size_t i = 0; i < sizeof v->sha256; i++)
            printf("%02x", v->sha256[i]);
        fputc('\n', stdout);
    }
    if (v->custody_records)
        printf("  custody log: %" PRIu64 " records\n", v->custody_records);
    if (v->unrecorded)
        printf("  %" PRIu64 " times something was done without a record, as unsigned notes say\n",
               v->unrecorded);
    if (begun)
        printf(
            "  %zu times something was begun, and no record says what came of it: tocsin evidence "
            "custody verify\n",
            begun);
    if (v->vouched_keys)
        printf("  %" PRIu64
               " keys changed on the word of somebody else, not of who signs with them\n",
               v->vouched_keys);
    if (record)
        printf("  this check is record %" PRIu64 "\n", record);
    evidence_seals_tell(v);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_verdict verdict;
    int64_t jobs;
    if (evidence_is_disclosure(args->operands[0]))
        return evidence_disclosure_run(args, args->operands[0]);
    if (cli_number(args, "jobs", 1, 64, 0, &jobs, &e) != 0)
        return say_fail(args, &e);
    struct evidence_verify_options options = {.workers = (unsigned)jobs,
                                              .tree_only = cli_flag(args, "tree-only"),
                                              .roots = cli_value(args, "roots"),
                                              .tsa_roots = cli_value(args, "tsa-roots"),
                                              .watch = watch,
                                              .watch_context = &progress};
    uint64_t record = 0;
    struct evidence_seen seen;
    if (evidence_verify_seen(args, args->operands[0], &seen, &e) != 0)
        return say_end(args, say_fail(args, &e));
    int result = evidence_verify(args->operands[0], &options, &verdict, &e);
    progress_end(&progress);
    bool found = result == 0;
    size_t begun = 0;
    if (found)
        result = evidence_verify_begun(args->operands[0], &begun, &e);
    if (found && result == 0)
        result = evidence_verify_record(args, args->operands[0], &verdict, &seen, &record, &e);
    if (found && cli_flag(args, "json"))
        tell_json(args->operands[0], &verdict, begun, record);
    else if (found)
        tell(args->operands[0], &verdict, begun, record);
    if (found && result != 0) /* what was found out is told, all the same */
        err_context(&e, "this check was not recorded");
    if (result != 0)
        (void)say_fail(args, &e);
    int code = found && !verdict.sound ? 1 : result != 0 ? 3 : 0;
    evidence_verdict_fini(&verdict);
    return say_end(args, code);
}

static const struct cli_option verify_options[] = {
    {"tree-only", NULL,
     "hold each chunk against the hash tree, without the hashes of the image and its files", 0,
     false},
    {"roots", "FILE", "certificates (PEM) that vouch for those who seal; else they are only named",
     0, false},
    {"tsa-roots", "FILE", "the same for time-stamp authorities", 0, false},
    {"jobs", "N", "threads (default: one a processor)", 'j', false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_verify_verb = {
    .name = "verify",
    .operands = "FOLDER",
    .summary = "is a bundle what it was when it was closed, and if not, where not",
    .text =
        "Holds every file against the manifests, every chunk of the image against its hash, and\n"
        "the image against acquisition.json. Of damage, the chunk, the bytes of the image and "
        "the\n"
        "place in the file are named.\n"
        "Of each seal it is said who signed it and when, who vouches for that, and what it does "
        "not\n"
        "show. Without --roots and --tsa-roots, nobody vouches: signer and authority are named.\n"
        "With --identity, the check is recorded in the custody log, and opens its gate.\n"
        "Exit code: 0 sound, 1 not, 3 could not find out, or sound and not recorded.\n",
    .examples = "  tocsin evidence verify case-7/disk.evidence\n",
    .options = verify_options,
    .option_count = ARRAY_LEN(verify_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
