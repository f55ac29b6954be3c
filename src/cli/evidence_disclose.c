/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence disclose; and how verify speaks of what it made */
#include "cli/evidence_disclose.h"
#include "base/compiler.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_keep.h"
#include "cli/say.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/record.h"
#include "evidence/disclose.h"

#include <inttypes.h>
#include <stdlib.h>

enum { RANGES_MOST = 1 << 20 };

/* Making */

static int add_range(struct evidence_disclose_range *ranges, size_t *count, const char *text,
                     char between, struct err *e)
{
    char *end = NULL;
    if (*count == RANGES_MOST)
        return err_set(e, ERR_USAGE, "cli.option", NULL, "over %d ranges", RANGES_MOST);
    struct evidence_disclose_range *r = &ranges[*count];
    r->from = strtoull(text, &end, 10);
    if (end != text && *end == between && text[0] != '-' && end[1] != '-') {
        const char *bytes = end + 1;
        r->bytes = strtoull(bytes, &end, 10);
        while (end != bytes && (*end == '\n' || *end == '\r' || *end == ' '))
            end++;
        if (end != bytes && *end == 0 && r->bytes > 0) {
            (*count)++;
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, "cli.option", NULL,
                   "a range is FROM%cBYTES in decimal, and not \"%.60s\"", between, text);
}

/* Lines "FROM BYTES"; empty ones and those with # are passed over. */
static int read_ranges(const char *path, struct evidence_disclose_range *ranges, size_t *count,
                       struct err *e)
{
    struct buf text;
    buf_init(&text);
    int result = file_read(path, 64 << 20, &text, e);
    char *line = result == 0 ? (char *)text.data : NULL;
    for (size_t number = 1; result == 0 && line && *line; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = 0;
        if (*line && *line != '#' && add_range(ranges, count, line, ' ', e) != 0)
            result = err_where(e, "%s line %zu", path, number);
        line = end ? end + 1 : NULL;
    }
    buf_fini(&text);
    return result;
}

static int ranges_of(const struct cli_args *args, struct evidence_disclose_range *ranges,
                     size_t *count, struct err *e)
{
    const char *text, *path = cli_value(args, "ranges-from");
    *count = 0;
    for (size_t i = 0; (text = cli_value_at(args, "range", i)); i++)
        if (add_range(ranges, count, text, ':', e) != 0)
            return -1;
    return path ? read_ranges(path, ranges, count, e) : 0;
}

/* done NULL: as it is asked for. */
static int record_details(const struct evidence_disclose_options *o,
                          const struct evidence_disclosed *done, struct buf *out, struct err *e)
{
    struct json_writer w;
    struct buf what;
    buf_init(&what);
    for (size_t i = 0; i < o->pattern_count; i++)
        buf_printf(&what, "%s%s", what.len ? ", " : "", o->patterns[i]);
    for (size_t i = 0; i < o->range_count && i < 100; i++)
        buf_printf(&what, "%sbytes %" PRIu64 ":%" PRIu64, what.len ? ", " : "", o->ranges[i].from,
                   o->ranges[i].bytes);
    if (o->range_count > 100)
        buf_printf(&what, " and %zu more ranges", o->range_count - 100);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "files", buf_text(&what));
    json_member_string(&w, "to", o->target);
    uint8_t hash[SHA256_LEN];
    uint64_t bytes;
    int result = 0;
    if (done) {
        json_member_int(&w, "chunks", (int64_t)done->chunks);
        json_member_int(&w, "shown_files", (int64_t)done->files);
        json_member_int(&w, "records", (int64_t)done->records);
        result = evidence_file_digest(o->target, EVIDENCE_DISCLOSURE_FILE, hash, &bytes, e);
        if (result == 0)
            evidence_hash_member(&w, "disclosure_sha256", hash);
    }
    json_write_object_end(&w);
    if (result == 0)
        result = buf_check(&what, e) == 0 ? buf_check(out, e) : -1;
    buf_fini(&what);
    return result;
}

/* Rows 44 and 45: recorded as begun, where the gate does not refuse it; and what came of it. */
static int disclose(const struct cli_args *args, const struct evidence_disclose_options *o,
                    struct evidence_disclosed *done, struct err *e)
{
    struct evidence_going going = {0};
    struct buf details;
    buf_init(&details);
    int result = record_details(o, NULL, &details, e);
    if (result == 0)
        result = evidence_go(&going, args, o->folder, EVIDENCE_DISCLOSE, buf_slice(&details), e);
    if (result == 0) {
        result = evidence_disclose(o, done, e);
        buf_reset(&details);
        if (result != 0)
            (void)evidence_went(&going, slice_of(NULL, 0), e, e);
        else if (going.begun && (record_details(o, done, &details, e) != 0 ||
                                 evidence_went(&going, buf_slice(&details), NULL, e) != 0))
            result = -1;
    }
    evidence_going_end(&going);
    buf_fini(&details);
    return result;
}

static void tell_made(const struct cli_args *args, const struct evidence_disclosed *d)
{
    if (cli_flag(args, "json")) {
        struct buf line;
        struct json_writer w;
        buf_init(&line);
        json_write_init(&w, &line, 0);
        json_write_object(&w);
        json_member_int(&w, "asked_bytes", (int64_t)d->asked_bytes);
        json_member_int(&w, "chunks", (int64_t)d->chunks);
        json_member_int(&w, "chunk_bytes", (int64_t)d->chunk_bytes);
        json_member_int(&w, "files", (int64_t)d->files);
        json_member_int(&w, "records", (int64_t)d->records);
        json_member_bool(&w, "sealed", d->sealed);
        json_write_object_end(&w);
        output_line(stdout, &line);
        buf_fini(&line);
        return;
    }
    if (d->chunks)
        printf("%" PRIu64 " chunks of the image, %" PRIu64 " bytes, for ranges of %" PRIu64
               " bytes: what lies around them in their chunks is shown too\n",
               d->chunks, d->chunk_bytes, d->asked_bytes);
    if (d->files || d->records)
        printf("%" PRIu64 " files, %" PRIu64 " records of files\n", d->files, d->records);
    printf("of the rest nothing is shown but how much there is%s\n",
           d->sealed ? ", and what seal.json says: read it before you hand this over"
                     : "; the bundle is NOT SEALED: this proves nothing yet");
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct evidence_disclosed done;
    struct evidence_disclose_range *ranges = mem_new(RANGES_MOST, sizeof *ranges);
    size_t patterns = 0;
    while (cli_value_at(args, "files", patterns))
        patterns++;
    const char **names = mem_new(patterns + 1, sizeof *names);
    struct evidence_disclose_options options = {.folder = args->operands[0],
                                                .target = cli_value(args, "output"),
                                                .patterns = names,
                                                .pattern_count = patterns,
                                                .ranges = ranges};
    int result = ranges && names ? 0 : err_memory(&e);
    for (size_t i = 0; result == 0 && i < patterns; i++)
        names[i] = cli_value_at(args, "files", i);
    if (result == 0)
        result = ranges_of(args, ranges, &options.range_count, &e);
    if (result == 0 && (!options.target || patterns + options.range_count == 0))
        result = err_set(&e, ERR_USAGE, "cli.option", NULL,
                         "what (--files, --range, --ranges-from), and where to (-o)?");
    if (result == 0)
        result = disclose(args, &options, &done, &e);
    mem_free(names);
    mem_free(ranges);
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : e.kind == ERR_VERIFY ? 1 : 3);
    }
    tell_made(args, &done);
    return say_end(args, 0);
}

/* Verifying */

bool evidence_is_disclosure(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" EVIDENCE_DISCLOSURE_FILE, folder);
    return file_kind(path) == 1;
}

static void tell_json(const char *folder, const struct evidence_disclosure *v)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-disclosure-verdict/v1");
    json_member_string(&w, "disclosure", folder);
    json_member_bool(&w, "sound", v->sound);
    json_member_bool(&w, "sealed", v->sealed);
    if (v->sealed) {
        json_member_string(&w, "signer", v->signature.subject);
        json_member_bool(&w, "signer_vouched", v->vouched);
    }
    json_member_bool(&w, "stamped", v->stamped);
    if (v->stamped) {
        json_member_time(&w, "time", v->stamp.at);
        json_member_bool(&w, "stamp_vouched", v->stamp_vouched);
    }
    json_write_name(&w, "shown");
    json_write_array(&w);
    for (size_t i = 0; i < v->shown_count; i++) {
        json_write_object(&w);
        json_member_string(&w, "file", v->shown[i].file);
        json_member_string(&w, "kind", v->shown[i].kind);
        json_member_string(&w, "what", v->shown[i].what);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_name(&w, "problems");
    json_write_array(&w);
    for (size_t i = 0; i < v->problem_count; i++)
        json_write_string(&w, v->problems[i]);
    json_write_array_end(&w);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static void tell(const char *folder, const struct evidence_disclosure *v)
{
    char at[TIME_TEXT];
    say_text(stdout, slice_str(folder));
    fputs(": a disclosure, ", stdout);
    say_styled(stdout, v->sound ? SAY_GOOD : SAY_BAD, slice_str(v->sound ? "sound" : "NOT SOUND"));
    fputc('\n', stdout);
    for (size_t i = 0; i < v->problem_count; i++) {
        fputs("  ", stdout);
        say_text(stdout, slice_str(v->problems[i]));
        fputc('\n', stdout);
    }
    for (size_t i = 0; i < v->shown_count; i++) {
        fputs("  ", stdout);
        say_text(stdout, slice_str(v->shown[i].what));
        if (v->shown[i].file[0])
            say_around(stdout, ": ", v->shown[i].file, "");
        fputc('\n', stdout);
    }
    if (v->sealed) {
        fputs("  sealed by ", stdout);
        say_text(stdout, slice_str(v->signature.subject));
        fputs(v->vouched ? ", vouched for\n" : "; NOBODY VOUCHES for that: --roots\n", stdout);
    } else {
        fputs("  NOT SEALED: whoever made it could have made anything\n", stdout);
    }
    if (v->stamped) {
        time_format(v->stamp.at - v->stamp.at % 1000000, at);
        printf("  time-stamped at %s%s\n", at,
               v->stamp_vouched ? "" : "; NOBODY VOUCHES for that: --tsa-roots");
    }
    fputs("  proven: these bytes stood at these places in what was sealed\n"
          "  not proven: anything of the rest, nor that nothing was left out that belongs to it\n",
          stdout);
}

int evidence_disclosure_run(const struct cli_args *args, const char *folder)
{
    struct err e = {0};
    struct evidence_disclosure verdict;
    int result = evidence_disclosure_verify(folder, cli_value(args, "roots"),
                                            cli_value(args, "tsa-roots"), &verdict, &e);
    if (result != 0)
        (void)say_fail(args, &e);
    else if (cli_flag(args, "json"))
        tell_json(folder, &verdict);
    else
        tell(folder, &verdict);
    int code = result != 0 ? 3 : verdict.sound ? 0 : 1;
    evidence_disclosure_fini(&verdict);
    return say_end(args, code);
}

static const struct cli_option disclose_options[] = {
    {"output", "FOLDER", "the disclosure to make", 'o', false},
    {"files", "PATTERN", "files by their names in the manifest, or by their paths in records", 0,
     true},
    {"range", "FROM:BYTES", "bytes of the image; whole chunks are shown", 0, true},
    {"ranges-from", "FILE", "lines FROM BYTES: the blocks of a file inside a file system", 0,
     false},
    {"unrecorded", "REASON", "sign no record of it, and why; a note stays", 0, false},
    EVIDENCE_SAID_OPTIONS,
};

const struct cli_verb evidence_disclose_verb = {
    .name = "disclose",
    .operands = "BUNDLE",
    .summary = "show a part of a bundle, provable, and nothing of the rest",
    .text =
        "Makes a folder with the chosen files or chunks, proofs that they stood at their places "
        "in\n"
        "what was sealed, and the seal. `verify` checks it without the bundle, as does\n"
        "tools/verify_disclosure.py. Hashes in proofs are salted: they say nothing of what is "
        "not\n"
        "shown. A pattern must match something. The log says before that it was begun, and behind\n"
        "it that it was disclosed, or came to nothing.\n"
        "Exit code: 0 done, 1 the bundle is damaged there, 3 could not do it.\n",
    .examples = "  tocsin evidence disclose disk.evidence --range 1048576:4096 -o part.evidence\n"
                "  tocsin evidence disclose files.evidence --files '/var/log/*' -o logs.evidence\n"
                "  istat -o 63 disk.raw 1234   (its blocks as FROM BYTES in blocks.txt)\n"
                "  tocsin evidence disclose disk.evidence --ranges-from blocks.txt -o f.evidence\n",
    .options = disclose_options,
    .option_count = ARRAY_LEN(disclose_options),
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
