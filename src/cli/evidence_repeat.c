/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/compiler.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_said.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/repeat.h"

#include <inttypes.h>
#include <string.h>

enum { UNIT = 1 << 20 };

static bool watch(void *context, uint64_t done, uint64_t all)
{
    struct progress *p = context;
    if (p->all == 0)
        progress_start(p, "MiB", all / UNIT + 1);
    progress_to(p, done / UNIT);
    return !evidence_stop_asked();
}

static int options_of(const struct cli_args *args, struct evidence_repeat_options *o, struct err *e)
{
    int64_t retries, jobs;
    const char *hash = cli_value(args, "sha256");
    if (cli_number(args, "retries", 0, 1000, 1, &retries, e) != 0 ||
        cli_number(args, "jobs", 1, 64, 0, &jobs, e) != 0)
        return -1;
    o->bundle = args->operands[0];
    o->source = args->operand_count > 1 ? args->operands[1] : NULL;
    o->retries = (unsigned)retries;
    o->workers = (unsigned)jobs;
    o->other_tool = cli_value(args, "tool");
    o->other_log = cli_value(args, "log");
    o->examiner = cli_value(args, "examiner");
    if (!o->other_tool != !hash)
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "--tool and --sha256 are given together: what another tool said");
    if (hash && hex_parse(slice_str(hash), o->other_sha256, SHA256_LEN) != 0)
        return err_set(e, ERR_USAGE, "cli.option", NULL, "--sha256 is 64 hexadecimal digits");
    return 0;
}

/* BUNDLE.repeat-20261122T101500Z.json, beside the bundle: a closed bundle does not change. */
static void name_of(const char *bundle, int64_t at, char *name, size_t room)
{
    char time[TIME_TEXT], stamp[TIME_TEXT];
    size_t len = strlen(bundle), n = 0;
    time_format(at, time);
    for (const char *c = time; *c && *c != '.'; c++)
        if (*c != '-' && *c != ':' && *c != 'Z')
            stamp[n++] = *c;
    stamp[n] = 0;
    while (len > 1 && bundle[len - 1] == '/')
        len--;
    snprintf(name, room, "%.*s.repeat-%sZ.json", (int)len, bundle, stamp);
}

static void tell(const struct evidence_repeated *d, const char *file)
{
    say_styled(stdout, d->same ? SAY_GOOD : SAY_BAD,
               slice_str(d->same ? "the same" : "NOT THE SAME"));
    printf(": %" PRIu64 " bytes", d->bytes);
    if (d->differing_chunks)
        printf(", %" PRIu64 " of %" PRIu64 " chunks differ", d->differing_chunks, d->chunks);
    if (d->unreadable || d->unreadable_then)
        printf("; unreadable: %" PRIu64 " bytes, then %" PRIu64, d->unreadable, d->unreadable_then);
    printf("\nwritten to ");
    say_text(stdout, slice_str(file));
    putchar('\n');
}

/* Into the log of custody, when somebody says who it was. */
static int record(const struct cli_args *args, const struct evidence_repeat_options *o,
                  const struct evidence_repeated *done, struct slice document, struct err *e)
{
    struct evidence_told told;
    struct evidence_doing doing = {0};
    struct evidence_appended appended = {0};
    struct buf details;
    struct json_writer w;
    uint8_t hash[SHA256_LEN];
    int result = evidence_told_init(&told, args, e);
    if (result != 0 || !evidence_person_folder(told.said.identity)) {
        evidence_told_fini(&told);
        return result;
    }
    buf_init(&details);
    json_write_init(&w, &details, 0);
    json_write_object(&w);
    json_member_string(&w, "tool", o->other_tool ? o->other_tool : "tocsin " TOCSIN_VERSION);
    if (done->has_sha256)
        json_member_hex(&w, "sha256", slice_of(done->sha256, SHA256_LEN));
    else /* sectors were unreadable: there is no hash of the whole */
        json_member_string(&w, "sha256", "none: sectors could not be read; chunks were compared");
    json_member_string(&w, "result", done->same ? "same" : "changed");
    if (sha256(document, hash) != 0)
        result = digest_failed(e);
    else
        json_member_hex(&w, "document_sha256", slice_of(hash, sizeof hash));
    json_write_object_end(&w);
    if (result == 0)
        result = buf_check(&details, e);
    if (result == 0)
        result = evidence_doing_open(&doing, &told.said, e);
    if (result == 0)
        result = evidence_doing_step(&doing, o->bundle, NULL, "repeated", buf_slice(&details),
                                     &appended, e);
    if (result == 0)
        evidence_tell_warnings(&appended);
    evidence_doing_close(&doing);
    evidence_told_fini(&told);
    buf_fini(&details);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_repeated done = {0};
    struct buf document;
    char beside[4200];
    const char *file = cli_value(args, "output");
    struct evidence_repeat_options options = {.watch = watch, .watch_context = &progress};
    if (options_of(args, &options, &e) != 0)
        return say_fail(args, &e);
    evidence_stop_listen();
    buf_init(&document);
    int result = evidence_repeat(&options, &document, &done, &e);
    progress_end(&progress);
    if (result == 0) {
        name_of(options.bundle, done.ended, beside, sizeof beside);
        file = file ? file : beside;
        result = file_create(file, buf_slice(&document), 0600, &e);
    }
    if (result == 0)
        result = record(args, &options, &done, buf_slice(&document), &e);
    if (result != 0)
        (void)say_fail(args, &e);
    else if (cli_flag(args, "json"))
        output_put(stdout, &document);
    else
        tell(&done, file);
    buf_fini(&document);
    return say_end(args, result != 0 ? 3 : done.same ? 0 : 1);
}

static const struct cli_option repeat_options[] = {
    {"output", "FILE", "where the result goes (default: beside the bundle)", 'o', false},
    {"examiner", "NAME", "who repeats it", 0, false},
    {"tool", "TEXT", "another program that read the source: its name and version", 0, false},
    {"sha256", "HEX", "what it gave as the SHA-256 of the source", 0, false},
    {"log", "FILE", "what it printed; its hash is kept", 0, false},
    {"retries", "N", "how often a bad sector is read again (default 1)", 0, false},
    {"jobs", "N", "threads that hash (default: one a processor)", 'j', false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_repeat_verb = {
    .name = "repeat",
    .operands = "FOLDER [SOURCE]",
    .summary = "read the source of a bundle again: is it the same",
    .text =
        "By the same procedure, chunk by chunk, and the result is kept beside the bundle. With\n"
        "--tool and --sha256, the word of another program is recorded and compared instead.\n"
        "Exit code: 0 the same, 1 not, 3 could not find out.\n",
    .examples = "  tocsin evidence repeat case-7/disk.evidence /dev/sdb\n"
                "  tocsin evidence repeat case-7/disk.evidence --tool 'dc3dd 7.2.646' \\\n"
                "      --sha256 8d1f… --log dc3dd.log\n",
    .options = repeat_options,
    .option_count = ARRAY_LEN(repeat_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 2,
    .run = run,
};
