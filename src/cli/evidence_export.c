/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "base/compiler.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/custody/record.h"
#include "evidence/export.h"

#include <inttypes.h>

enum { UNIT = 1 << 20 };

static bool watch(void *context, const char *phase, uint64_t done, uint64_t all)
{
    struct progress *p = context;
    (void)phase;
    if (p->all == 0)
        progress_start(p, "MiB", all / UNIT + 1);
    progress_to(p, done / UNIT);
    return !evidence_stop_asked();
}

static int format_of(const struct cli_args *args, enum evidence_export_format *format,
                     struct err *e)
{
    static const char *const names[] = {"raw", "e01", "aff4"};
    const char *text = cli_value(args, "format");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(text ? text : "raw", names[i]) == 0) {
            *format = (enum evidence_export_format)i;
            return 0;
        }
    return err_set(e, ERR_USAGE, "cli.option", NULL, "--format is raw, e01 or aff4, not \"%s\"",
                   text);
}

static int options_of(const struct cli_args *args, struct evidence_export_options *o, struct err *e)
{
    int64_t segment, jobs;
    if (cli_number(args, "segment-size", 4, 1 << 24, 0, &segment, e) != 0 ||
        cli_number(args, "jobs", 1, 64, 0, &jobs, e) != 0 || format_of(args, &o->format, e) != 0)
        return -1;
    o->bundle = args->operands[0];
    o->target = args->operands[1];
    o->segment_bytes = (uint64_t)segment * UNIT;
    o->workers = (unsigned)jobs;
    return 0;
}

static void tell_json(const struct evidence_export_options *o, const struct evidence_exported *d)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "bundle", o->bundle);
    json_member_string(&w, "target", o->target);
    json_member_bool(&w, "complete", !d->stopped);
    if (!d->stopped) {
        json_member_int(&w, "bytes", (int64_t)d->bytes);
        json_member_int(&w, "files", d->files);
        json_member_int(&w, "stored_bytes", (int64_t)d->stored_bytes);
        json_member_hex(&w, "sha256", slice_of(d->sha256, sizeof d->sha256));
        if (d->has_md5_sha1) {
            json_member_hex(&w, "md5", slice_of(d->md5, sizeof d->md5));
            json_member_hex(&w, "sha1", slice_of(d->sha1, sizeof d->sha1));
        }
        json_member_int(&w, "unreadable_bytes", (int64_t)d->unreadable);
    }
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell_hash(const char *name, const uint8_t *hash, size_t len)
{
    printf("%-9s", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", hash[i]);
    putchar('\n');
}

static void tell(const struct evidence_exported *d)
{
    char size[16], stored[16];
    if (d->stopped) {
        printf("stopped; nothing of it was kept\n");
        return;
    }
    progress_size(d->bytes, size);
    progress_size(d->stored_bytes, stored);
    printf("exported: %" PRIu64 " bytes (%s), %s in %u file%s\n", d->bytes, size, stored, d->files,
           d->files == 1 ? "" : "s");
    tell_hash("SHA-256:", d->sha256, sizeof d->sha256);
    if (d->has_md5_sha1) {
        tell_hash("SHA-1:", d->sha1, sizeof d->sha1);
        tell_hash("MD5:", d->md5, sizeof d->md5);
    }
    printf("each chunk fits its hash, and all of them acquisition.json\n");
    if (d->unreadable)
        printf("UNREADABLE when it was acquired: %" PRIu64 " bytes\n", d->unreadable);
}

/* done NULL: as it is asked for. */
static int details_of(const struct evidence_export_options *o, const struct evidence_exported *done,
                      struct buf *details, struct err *e)
{
    static const char *const names[] = {"raw", "E01", "AFF4"};
    struct json_writer w;
    buf_reset(details);
    json_write_init(&w, details, 0);
    json_write_object(&w);
    json_member_string(&w, "format", names[o->format]);
    json_member_string(&w, "to", o->target);
    if (done) {
        json_member_int(&w, "bytes", (int64_t)done->bytes);
        json_member_int(&w, "files", done->files);
        evidence_hash_member(&w, "image_sha256", done->sha256);
    }
    json_write_object_end(&w);
    return buf_check(details, e);
}

/* Custody: asked for and recorded as begun, done, and recorded as done or as come to nothing. */
static int export(const struct cli_args *args, const struct evidence_export_options *o,
                  struct evidence_exported *done, struct err *e)
{
    struct evidence_going going = {0};
    struct err stopped = {0};
    struct buf details;
    buf_init(&details);
    int result = details_of(o, NULL, &details, e);
    if (result == 0)
        result = evidence_go(&going, args, o->bundle, EVIDENCE_EXPORT, buf_slice(&details), e);
    if (result == 0) {
        result = evidence_export(o, done, e);
        if (result == 0 && done->stopped)
            err_set(&stopped, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
        const struct err *failed = result != 0 ? e : done->stopped ? &stopped : NULL;
        if (failed)
            (void)evidence_went(&going, slice_of(NULL, 0), failed, e);
        else if (details_of(o, done, &details, e) != 0 ||
                 evidence_went(&going, buf_slice(&details), NULL, e) != 0)
            result = -1;
    }
    evidence_going_end(&going);
    buf_fini(&details);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_exported done;
    struct evidence_export_options options = {.watch = watch, .watch_context = &progress};
    if (options_of(args, &options, &e) != 0)
        return say_fail(args, &e);
    evidence_stop_listen();
    int result = export(args, &options, &done, &e);
    progress_end(&progress);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : e.kind == ERR_VERIFY ? 1 : 3);
    }
    if (cli_flag(args, "json"))
        tell_json(&options, &done);
    else
        tell(&done);
    return say_end(args, done.stopped ? 3 : 0);
}

static const struct cli_option export_options[] = {
    {"format", "FORMAT", "raw (default), e01 (EnCase 6) or aff4", 0, false},
    {"segment-size", "MIB", "most that a file has: raw becomes FILE.001 …, E01 FILE.E01 …", 0,
     false},
    {"jobs", "N", "threads that unpack and compress (default: one a processor)", 'j', false},
    EVIDENCE_ASK_OPTIONS,
};

const struct cli_verb evidence_export_verb = {
    .name = "export",
    .operands = "FOLDER FILE",
    .summary = "write the image of a bundle as raw, E01 or AFF4",
    .text =
        "Every chunk is held against its hash on the way, and the image against acquisition.json;\n"
        "a bundle that is damaged is not exported. Beside FILE stand FILE.json, which says what\n"
        "was exported and which seal it came from, and for raw FILE.sha256, for sha256sum -c.\n"
        "Until all of it is written, the files are called .part; nothing is written over. The log\n"
        "says before that it was begun, and behind it that it was exported, or came to nothing.\n"
        "Exit code: 0 exported, 1 the bundle is damaged, 3 could not do it, or it was stopped.\n",
    .examples = "  tocsin evidence export case-7/disk.evidence /media/usb/disk.raw\n"
                "  tocsin evidence export case-7/disk.evidence disk.E01 --format e01\n",
    .options = export_options,
    .option_count = ARRAY_LEN(export_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
