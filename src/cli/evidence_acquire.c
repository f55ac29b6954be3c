/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/encoding.h"
#include "base/json.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_blocked.h"
#include "cli/evidence_keep.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/acquire.h"

#include <inttypes.h>

struct watching {
    struct progress progress;
    const char *phase;
};

enum { UNIT = 1 << 20, PROTECTION = 1600 };

static bool watch(void *context, const char *phase, uint64_t done, uint64_t all, uint64_t errors)
{
    struct watching *w = context;
    if (w->phase != phase) {
        if (w->phase)
            progress_end(&w->progress);
        progress_start(&w->progress, errors ? "MiB (with read errors)" : "MiB", all / UNIT);
        w->phase = phase;
    }
    if (errors)
        w->progress.unit = "MiB (with read errors)";
    progress_to(&w->progress, done / UNIT);
    return !evidence_stop_asked();
}

static int fill_of(const struct cli_args *args, enum evidence_fill *fill, struct err *e)
{
    const char *text = cli_value(args, "fill");
    *fill = EVIDENCE_FILL_PATTERN;
    if (!text || strcmp(text, "pattern") == 0)
        return 0;
    *fill = EVIDENCE_FILL_ZERO;
    return strcmp(text, "zero") == 0 ? 0
                                     : err_set(e, ERR_USAGE, "cli.option", NULL,
                                               "--fill is pattern or zero, not \"%s\"", text);
}

static int options_of(const struct cli_args *args, struct evidence_acquire_options *o,
                      struct err *e)
{
    int64_t from, bytes, segment, retries, jobs;
    if (cli_number(args, "from", 0, INT64_MAX, 0, &from, e) != 0 ||
        cli_number(args, "bytes", 1, INT64_MAX, 0, &bytes, e) != 0 ||
        cli_number(args, "segment-size", 4, 1 << 24, 0, &segment, e) != 0 ||
        cli_number(args, "retries", 0, 1000, 1, &retries, e) != 0 ||
        cli_number(args, "jobs", 1, 64, 0, &jobs, e) != 0 || fill_of(args, &o->fill, e) != 0)
        return -1;
    o->source = args->operands[0];
    o->folder = args->operands[1];
    o->range = (struct evidence_range){(uint64_t)from, (uint64_t)bytes};
    o->segment_bytes = (uint64_t)segment * UNIT;
    o->retries = (unsigned)retries;
    o->workers = (unsigned)jobs;
    o->plain = cli_flag(args, "plain");
    o->no_read_back = cli_flag(args, "no-read-back");
    o->sha512 = cli_flag(args, "sha512");
    o->rehash_source = cli_flag(args, "rehash-source");
    o->statement = evidence_statement_of(args);
    return 0;
}

static void tell_json(const struct evidence_acquire_options *o, const struct evidence_acquired *d,
                      const struct evidence_blocked *b)
{
    struct evidence_answer a;
    struct json_writer *w = &a.w;
    evidence_answer_begin(&a, o->folder, !d->stopped);
    if (!d->stopped) {
        evidence_answer_image(&a, d->bytes, d->stored_bytes, d->sha256, d->root);
        if (d->has_sha512)
            json_member_hex(w, "sha512", slice_of(d->sha512, sizeof d->sha512));
        json_member_int(w, "unreadable_bytes", (int64_t)d->unreadable);
        json_member_int(w, "unreadable_ranges", (int64_t)d->bad_ranges);
        json_member_bool(w, "read_back", d->read_back);
        json_member_bool(w, "source_shrank", d->source_shrank);
        json_member_int(w, "source_writes", (int64_t)d->source_writes);
        json_member_string(w, "write_protection", d->protection);
        if (b->said[0])
            json_member_string(w, "write_blocker_test", b->said);
        if (d->source_rehashed)
            json_member_bool(w, "source_changed", d->source_changed);
    }
    json_member_int(w, "gone_on_with_at", (int64_t)d->resumed_at);
    evidence_answer_end(&a);
}

static void tell(const struct evidence_acquire_options *o, const struct evidence_acquired *d,
                 const struct evidence_blocked *b)
{
    char size[16], stored[16], hash[2 * SHA512_LEN + 1];
    if (d->stopped) {
        say_around(stdout, "stopped; ", o->folder,
                   " is kept and not complete: run the same command again to go on\n");
        return;
    }
    progress_size(d->bytes, size);
    progress_size(d->stored_bytes, stored);
    hex_format(d->sha256, sizeof d->sha256, hash);
    printf("acquired: %" PRIu64 " bytes (%s) in %" PRIu64 " chunks, stored as %s\n", d->bytes, size,
           d->chunks, stored);
    printf("SHA-256:  %s\n", hash);
    if (d->has_sha512) {
        hex_format(d->sha512, sizeof d->sha512, hash);
        printf("SHA-512:  %s\n", hash);
    }
    if (d->resumed_at)
        printf("gone on with at byte %" PRIu64 "; what was there was read back and fits\n",
               d->resumed_at);
    if (d->unreadable)
        printf("UNREADABLE: %" PRIu64 " bytes in %" PRIu64 " ranges, listed in map.txt\n",
               d->unreadable, d->bad_ranges);
    if (d->source_shrank)
        printf("CHANGED: the source does not have the size any more that it had\n");
    if (d->source_changed)
        printf("CHANGED: the source gave other bytes when it was read again\n");
    if (d->source_writes)
        printf("CHANGED: the kernel sent %" PRIu64 " writes to the source while it was acquired\n",
               d->source_writes);
    printf("write protection: %s\n", d->protection);
    if (b->said[0])
        printf("write blocker: %s\n", b->said);
    printf("read back: %s\n", d->read_back ? "the same" : "not done");
}

/* What custody says of it. */
static void report_before(const struct cli_args *args, const struct evidence_acquire_options *o,
                          struct evidence_acquired_report *r, char scope[120])
{
    r->method = "dead";
    r->source = o->source;
    if (!o->range.from && !o->range.bytes)
        return;
    snprintf(scope, 120, "bytes from %" PRIu64 ", %" PRIu64 " of them (0: all)", o->range.from,
             o->range.bytes);
    r->method = "partial";
    r->scope = scope;
    r->why_partial = cli_value(args, "why-partial");
}

static void report_after(const struct evidence_acquire_options *o,
                         const struct evidence_acquired *d, const struct evidence_blocked *b,
                         struct evidence_acquired_report *r, char protection[PROTECTION])
{
    int len = snprintf(protection, PROTECTION, "opened for reading only; %s", d->protection);
    if (o->write_blocker)
        len += snprintf(protection + len, (size_t)(PROTECTION - len), "; behind %.400s (%s)",
                        o->write_blocker, b->said);
    if (o->blocker_deviation && b->found && b->kept.verdict == EVIDENCE_BLOCKER_DOES_NOT_HOLD)
        snprintf(protection + len, (size_t)(PROTECTION - len), ", used because: %.400s",
                 o->blocker_deviation);
    r->write_protection = protection;
    r->image_sha256 = d->sha256;
    r->verifiable =
        d->unreadable       ? "no: sectors could not be read; the hashes of the chunks without bad "
                              "sectors stand in data/image.chunks"
        : d->source_shrank  ? "no: the source has another size now"
        : d->source_writes  ? "no: writes were sent to the source while it was acquired"
        : d->source_changed ? "no: the source gave other bytes when it was read again"
        : d->source_rehashed ? "yes: the source was read again and gave the same"
                             : "yes: every sector was read; it was not read a second time";
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct watching watching = {0};
    struct evidence_acquired done = {0};
    struct evidence_keeping keeping = {0};
    struct evidence_blocked blocked;
    char scope[120], protection[PROTECTION];
    struct evidence_acquire_options options = {.watch = watch, .watch_context = &watching};
    int result = options_of(args, &options, &e);
    evidence_blocked_begin(&blocked, args, &options);
    if (result == 0)
        result = evidence_keep_begin(&keeping, args, &options.statement, &options.folder, &e);
    options.command = keeping.told.said.command;
    options.selftest = keeping.selftest;
    report_before(args, &options, &keeping.report, scope);
    if (result == 0)
        result = evidence_keep_check(&keeping, options.folder, &e);
    evidence_stop_listen();
    if (result == 0)
        result = evidence_acquire(&options, &done, &e);
    progress_end(&watching.progress);
    report_after(&options, &done, &blocked, &keeping.report, protection);
    if (result == 0 && !done.stopped)
        result = evidence_keep_record(&keeping, options.folder, &e);
    if (result == 0 && cli_flag(args, "json"))
        tell_json(&options, &done, &blocked);
    else if (result == 0)
        tell(&options, &done, &blocked);
    evidence_keep_end(&keeping);
    evidence_blocked_end(&blocked);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : 3);
    }
    bool whole =
        !done.unreadable && !done.source_shrank && !done.source_changed && !done.source_writes;
    return say_end(args, done.stopped ? 3 : whole ? 0 : 1);
}

static const struct cli_option acquire_options[] = {
    {"exhibit", "ID", "identifier of the exhibit", 0, false},
    {"description", "TEXT", "what it is: make, model, condition, where it was found", 0, false},
    {"examiner", "NAME", "who acquires", 0, false},
    {"competence", "TEXT", "qualification of the examiner", 0, false},
    {"from", "BYTE", "first byte of a part of the source", 0, false},
    {"bytes", "N", "length of the part", 0, false},
    {"plain", NULL, "do not compress: the segments are the image's bytes", 0, false},
    {"segment-size", "MIB", "most that a file of the image has (default: just below 4 GiB)", 0,
     false},
    {"retries", "N", "how often a bad sector is read again (default 1)", 0, false},
    {"fill", "KIND", "what unreadable sectors hold: pattern (default) or zero", 0, false},
    {"sha512", NULL, "take SHA-512 of the image too, as it is read back", 0, false},
    {"no-read-back", NULL, "do not read the image back when it is written", 0, false},
    {"rehash-source", NULL, "read the source a second time: did it change?", 0, false},
    EVIDENCE_BLOCKED_OPTIONS,
    {"why-partial", "TEXT", "why a part alone is acquired (--from, --bytes)", 0, false},
    {"jobs", "N", "threads that hash and compress (default: one a processor)", 'j', false},
    EVIDENCE_KEEP_OPTIONS,
};

const struct cli_verb evidence_acquire_verb = {
    .name = "acquire",
    .operands = "SOURCE FOLDER",
    .summary = "image a block device or a file into a bundle",
    .text =
        "One pass: read, hash, compress and write at once. Bad sectors do not end it: good areas\n"
        "come first, then what lies around the bad ones, sector by sector; what cannot be read "
        "is\n"
        "listed and filled so that it is recognised. Broken off, by a signal, a crash or a full\n"
        "disk, the same command goes on with it and comes to the same image.\n"
        "VERIFY.txt in the bundle tells anybody how to check it without this program.\n"
        "A write blocker that is named should have been tested (tocsin evidence blocker): what is\n"
        "kept of its last test with the identity goes along, and one that does not hold is not\n"
        "used without --deviation.\n"
        "With --identity, the record \"acquired\" is signed and begins the bundle's custody log; "
        "with\n"
        "--case also that of the exhibit, and what 27037 asks for must be said.\n"
        "Exit code: 0 all of the source was read, 1 some of it was not, or it changed, 3 could\n"
        "not do it, or it was stopped.\n",
    .examples = "  tocsin evidence acquire /dev/sdb case-7/disk.evidence --exhibit EX-1 \\\n"
                "      --examiner 'A. Meyer' --role DEFR --reason 'incident 2026-31'\n",
    .options = acquire_options,
    .option_count = ARRAY_LEN(acquire_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
