/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/json.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "base/compiler.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/import.h"

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

static const char *const kinds[] = {"any", "raw", "e01", "zip"};

static int kind_of(const struct cli_args *args, enum evidence_import_kind *kind, struct err *e)
{
    const char *text = cli_value(args, "as");
    *kind = EVIDENCE_IMPORT_ANY;
    for (size_t i = 1; text && i < ARRAY_LEN(kinds); i++)
        if (strcasecmp(text, kinds[i]) == 0)
            *kind = (enum evidence_import_kind)i;
    return !text || *kind != EVIDENCE_IMPORT_ANY
               ? 0
               : err_set(e, ERR_USAGE, "cli.option", NULL, "--as is raw, e01 or zip, not \"%s\"",
                         text);
}

static int hash_of(const char *text, uint8_t hash[32], struct err *e)
{
    bool well = strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
    for (size_t i = 0; well && i < 32; i++) {
        unsigned byte = 0;
        well = sscanf(text + 2 * i, "%2x", &byte) == 1;
        hash[i] = (uint8_t)byte;
    }
    return well ? 0
                : err_set(e, ERR_USAGE, "cli.option", NULL,
                          "--sha256 is 64 hexadecimal digits, not \"%s\"", text);
}

static int options_of(const struct cli_args *args, struct evidence_import_options *o,
                      uint8_t expected[32], struct err *e)
{
    int64_t segment, jobs;
    const char *received = cli_value(args, "received"), *hash = cli_value(args, "sha256");
    if (cli_number(args, "segment-size", 4, 1 << 24, 0, &segment, e) != 0 ||
        cli_number(args, "jobs", 1, 64, 0, &jobs, e) != 0 || kind_of(args, &o->kind, e) != 0)
        return -1;
    if (received && time_parse(slice_str(received), &o->received, e) != 0) {
        e->kind = ERR_USAGE;
        return err_context(e, "--received");
    }
    if (hash && hash_of(hash, expected, e) != 0)
        return -1;
    o->expected = hash ? expected : NULL;
    o->files = args->operands;
    o->file_count = args->operand_count - 1;
    o->folder = args->operands[args->operand_count - 1];
    o->segment_bytes = (uint64_t)segment * UNIT;
    o->workers = (unsigned)jobs;
    o->plain = cli_flag(args, "plain");
    o->given_by = cli_value(args, "given-by");
    o->collected_by = cli_value(args, "collected-by");
    o->statement = evidence_statement_of(args);
    return 0;
}

static void tell_json(const struct evidence_import_options *o, const struct evidence_imported *d)
{
    struct evidence_answer a;
    struct json_writer *w = &a.w;
    evidence_answer_begin(&a, o->folder, !d->stopped);
    json_member_string(w, "as", kinds[d->kind]);
    json_member_int(w, "files", (int64_t)d->files);
    if (!d->stopped) {
        evidence_answer_image(&a, d->bytes, d->stored_bytes, d->sha256, d->root);
        json_member_int(w, "damaged_bytes", (int64_t)d->damaged);
        json_member_int(w, "damaged_ranges", (int64_t)d->ranges);
        if (d->md5_stored)
            json_member_bool(w, "md5_fits", d->md5_fits);
        if (d->sha1_stored)
            json_member_bool(w, "sha1_fits", d->sha1_fits);
        if (o->expected)
            json_member_bool(w, "sha256_told_fits", d->expected_fits);
        if (d->kind == EVIDENCE_IMPORT_ZIP) {
            json_member_int(w, "entries", (int64_t)d->entries);
            json_member_int(w, "entries_with_problems", (int64_t)d->refused);
            json_member_bool(w, "entries_complete", d->entries_complete);
        }
    }
    evidence_answer_end(&a);
}

static void tell(const struct evidence_import_options *o, const struct evidence_imported *d)
{
    char size[16], stored[16];
    if (d->stopped) {
        say_around(stdout, "stopped; ", o->folder, " is not complete: take it away\n");
        return;
    }
    progress_size(d->bytes, size);
    progress_size(d->stored_bytes, stored);
    printf("imported: %" PRIu64 " bytes (%s) out of %zu file%s, stored as %s\nSHA-256:  ", d->bytes,
           size, d->files, d->files == 1 ? "" : "s", stored);
    for (size_t i = 0; i < sizeof d->sha256; i++)
        printf("%02x", d->sha256[i]);
    putchar('\n');
    if (d->md5_stored)
        printf("the MD5 that it stores %s\n", d->md5_fits ? "fits" : "DOES NOT FIT");
    if (d->sha1_stored)
        printf("the SHA-1 that it stores %s\n", d->sha1_fits ? "fits" : "DOES NOT FIT");
    if (o->expected)
        printf("the SHA-256 that was told %s\n", d->expected_fits ? "fits" : "DOES NOT FIT");
    if (d->damaged)
        printf("DAMAGED: %" PRIu64 " bytes in %" PRIu64 " ranges, listed in acquisition.json\n",
               d->damaged, d->ranges);
    if (d->kind == EVIDENCE_IMPORT_ZIP)
        printf("%" PRIu64 " entries, %" PRIu64
               " of them with problems, listed in entries.jsonl%s\n",
               d->entries, d->refused, d->entries_complete ? "" : "; NOT ALL could be read");
}

static bool is_whole(const struct evidence_import_options *o, const struct evidence_imported *d)
{
    return !d->damaged && (!d->md5_stored || d->md5_fits) && (!d->sha1_stored || d->sha1_fits) &&
           (!o->expected || d->expected_fits) && !d->refused &&
           (d->kind != EVIDENCE_IMPORT_ZIP || d->entries_complete);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_imported done;
    uint8_t expected[32];
    struct evidence_import_options options = {.watch = watch, .watch_context = &progress};
    struct evidence_keeping keeping = {0};
    int result = options_of(args, &options, expected, &e);
    if (result == 0)
        result = evidence_keep_begin(&keeping, args, &options.statement, &options.folder, &e);
    options.command = keeping.told.said.command;
    options.selftest = keeping.selftest;
    keeping.report.given_by = options.given_by;
    keeping.report.collected_by = options.collected_by ? options.collected_by : "not known";
    keeping.report.format = "not known yet";
    keeping.report.source = args->operands[0];
    if (result == 0)
        result = evidence_keep_check(&keeping, options.folder, &e);
    evidence_stop_listen();
    if (result == 0)
        result = evidence_import(&options, &done, &e);
    progress_end(&progress);
    if (result == 0 && !done.stopped) {
        keeping.report.format = kinds[done.kind];
        keeping.report.image_sha256 = done.sha256;
        result = evidence_keep_record(&keeping, options.folder, &e);
    }
    evidence_keep_end(&keeping);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : 3);
    }
    if (cli_flag(args, "json"))
        tell_json(&options, &done);
    else
        tell(&options, &done);
    return say_end(args, done.stopped ? 3 : is_whole(&options, &done) ? 0 : 1);
}

static const struct cli_option import_options[] = {
    {"given-by", "NAME", "who gave it (must be said)", 0, false},
    {"collected-by", "NAME", "who collected it", 0, false},
    {"received", "TIME", "when it came, RFC 3339 (default: now)", 0, false},
    {"sha256", "HASH", "what the image's SHA-256 was said to be", 0, false},
    {"as", "KIND", "raw, e01 or zip (default: by what the file begins with)", 0, false},
    {"exhibit", "ID", "identifier of the exhibit", 0, false},
    {"description", "TEXT", "what it is", 0, false},
    {"examiner", "NAME", "who receives it", 0, false},
    {"competence", "TEXT", "qualification of the examiner", 0, false},
    {"plain", NULL, "do not compress: the segments are the image's bytes", 0, false},
    {"segment-size", "MIB", "most that a file of the image has (default: just below 4 GiB)", 0,
     false},
    {"jobs", "N", "threads that hash and compress (default: one a processor)", 'j', false},
    EVIDENCE_KEEP_OPTIONS,
};

const struct cli_verb evidence_import_verb = {
    .name = "import",
    .operands = "FILE… FOLDER",
    .summary = "make a bundle of what another has collected: raw, split raw, E01, ZIP",
    .text =
        "Of an E01 or of NAME.001 the first file is enough. Each file is hashed as it came. The\n"
        "hashes that an E01 stores are compared with its image; what in it is damaged is listed.\n"
        "A ZIP archive is kept byte by byte; its entries are read, hashed and listed, and nothing\n"
        "of it is unpacked to the disk. E01 and ZIP are read by a process that may do nothing\n"
        "else.\n"
        "Exit code: 0 imported, 1 imported, but something in it is damaged, does not fit or is\n"
        "listed with a problem, 3 could not do it, or it was stopped.\n",
    .examples =
        "  tocsin evidence import disk.E01 case-7/disk.evidence --given-by 'B. Lind, CERT-X'\n",
    .options = import_options,
    .option_count = ARRAY_LEN(import_options),
    .uses = CLI_JSON,
    .least = 2,
    .most = CLI_ANY_NUMBER,
    .run = run,
};
