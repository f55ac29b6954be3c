/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says of one acquisition. */
#include "base/encoding.h"
#include "base/file.h"
#include "evidence/acquire/map.h"
#include "evidence/bundle/manifest.h"
#include "evidence/report/reporting.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RANGES_SHOWN = 2000 };

static void fact(struct reporting *r, const char *name, const struct json_value *root,
                 const char *path)
{
    paper_fact(r->paper, name, reporting_text(r, root, path));
}

static void fact_code(struct reporting *r, const char *name, const struct json_value *root,
                      const char *path)
{
    paper_fact_code(r->paper, name, reporting_text(r, root, path));
}

static void fact_bytes(struct reporting *r, const char *name, const struct json_value *root,
                       const char *path)
{
    struct slice text = reporting_text(r, root, path);
    int64_t bytes = 0;
    if (text.len == 0 || text.len > 18) /* no number of bytes that there could be */
        return;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return;
        bytes = 10 * bytes + (text.data[i] - '0');
    }
    paper_fact(r->paper, name, reporting_bytes(r, bytes));
}

static void clock_facts(struct reporting *r, const struct json_value *root, const char *when,
                        const char *name)
{
    const struct json_value *c = json_get(root, when);
    char label[64];
    if (!c)
        return;
    paper_fact(r->paper, name, reporting_time(r, json_get_string(c, "at")));
    struct slice sure = reporting_text(r, c, "kernel_says_synchronised");
    struct slice error = reporting_text(r, c, "kernel_says_error_at_most_us");
    if (!slice_is(sure, "yes")) /* what it may be off by then, nobody says */
        error = slice_of(NULL, 0);
    snprintf(label, sizeof label, "%s, by which clock", name);
    if (json_get_string(c, "clock").len)
        paper_fact_say(r->paper, label, "%.*s; %s%.*s%s", SLICE_ARG(json_get_string(c, "clock")),
                       slice_is(sure, "yes")  ? "kept in step by the kernel's word, off by at most "
                       : slice_is(sure, "no") ? "not kept in step by the kernel's word"
                                              : "whether it was kept in step is not known",
                       SLICE_ARG(error), error.len ? " microseconds" : "");
    for (int i = 0; i < 2; i++) { /* clocks compared with a reference say so here */
        const struct json_value *ref = json_get(c, i ? "reference" : "device_clock");
        snprintf(label, sizeof label, "%s, %s", name, i ? "against" : "device");
        if (json_is(ref, JSON_OBJECT))
            reporting_facts(r, ref, label, 1);
    }
}

/* What is known of the write blocker that was named, from its test. */
static void blocker_facts(struct reporting *r, const struct json_value *source)
{
    const struct json_value *test = json_get(source, "write_blocker_test");
    int64_t days;
    fact(r, "Write blocker", source, "write_blocker");
    if (!json_is(test, JSON_OBJECT)) {
        fact(r, "Its test", source, "write_blocker_test");
        return;
    }
    paper_fact_say(r->paper, "Its test",
                   "%.*s, ended %.*s%s; its report is blocker.json in the bundle",
                   SLICE_ARG(json_get_string(test, "verdict")),
                   SLICE_ARG(reporting_time(r, json_get_string(test, "ended"))),
                   json_is(json_get(test, "confirmed_without_blocker"), JSON_TRUE)
                       ? ", the test disk itself looked at afterwards"
                       : ", the test disk itself not looked at afterwards");
    if (json_int64(json_get(test, "age_days"), &days))
        paper_fact_say(r->paper, "Age of that test", "%" PRId64 " days when this was acquired",
                       days);
    fact_code(r, "SHA-256 of that report", test, "sha256");
    fact(r, "That report is signed by", test, "signed_by");
    fact(r, "Used all the same because", source, "write_blocker_deviation");
}

static void what_part(struct reporting *r, struct reporting_bundle *b, const struct json_value *a)
{
    const struct json_value *source = json_get(a, "source");
    fact(r, "Exhibit", a, "exhibit");
    fact(r, "Description", a, "description");
    if (json_is(source, JSON_OBJECT)) {
        fact(r, "Source", source, "path");
        fact(r, "Kind", source, "kind");
        fact(r, "Vendor", source, "vendor");
        fact(r, "Model", source, "model");
        fact(r, "Serial number", source, "serial");
        fact(r, "Firmware", source, "firmware");
        fact(r, "Name in the world", source, "wwid");
        fact(r, "Interface", source, "bus");
        fact(r, "Attached by", source, "attached_by");
        fact(r, "Made of", source, "made_of");
        fact_bytes(r, "Size", source, "bytes");
        fact_bytes(r, "Part from", source, "range_from");
        fact_bytes(r, "Part's length", source, "range_bytes");
        fact(r, "Bytes in a sector", source, "sector_bytes");
        fact(r, "Opened", source, "opened");
        fact(r, "Kernel's read-only flag", source, "kernel_read_only");
        fact(r, "Write protection", source, "write_protection");
        fact(r, "At the end", source, "write_protection_at_end");
        blocker_facts(r, source);
        fact(r, "Writes by the kernel meanwhile", source, "writes_while_acquired");
        fact(r, "Hidden sectors", source, "hidden_sectors");
    }
    b->has[NEED_ITEM] = b->has[NEED_ITEM] || (json_get_string(a, "exhibit").len &&
                                              json_get_string(a, "description").len);
}

static void who_part(struct reporting *r, struct reporting_bundle *b, const struct json_value *a)
{
    const struct json_value *who = json_get(a, "examiner");
    paper_say(r->paper, PAPER_SUBHEADING, "By whom, when, why");
    fact(r, "Person", who, "name");
    fact(r, "Role", who, "role");
    fact(r, "Competence", who, "competence");
    fact(r, "Organisation", who, "organisation");
    fact(r, "Place", a, "place");
    fact(r, "Reason", a, "reason");
    const struct json_value *authority = json_get(a, "authority");
    if (json_is(authority, JSON_OBJECT))
        reporting_facts(r, authority, "Authority", 1);
    else
        fact(r, "Authority", a, "authority");
    clock_facts(r, a, "started", "Begun");
    clock_facts(r, a, "ended", "Ended");
    if (!json_get_string(who, "name").len)
        paper_say(r->paper, PAPER_DOUBT,
                  "The record does not say who made this acquisition; the custody log may.");
    b->has[NEED_PERSON] = json_get_string(who, "name").len && json_get_string(who, "role").len &&
                          reporting_text(r, who, "competence").len;
    b->has[NEED_TIME] = json_get(a, "started") && json_get(a, "ended");
    b->has[NEED_REASON] = json_get_string(a, "reason").len > 0;
    b->has[NEED_AUTHORITY] = r->case_authority || reporting_text(r, a, "authority").len > 0;
    b->has[NEED_CONTACT] = r->case_contact || reporting_text(r, who, "contact").len > 0;
}

static void tool_part(struct reporting *r, struct reporting_bundle *b, const struct json_value *a)
{
    const struct json_value *tool = json_get(a, "tool"), *test = json_get(tool, "selftest");
    paper_say(r->paper, PAPER_SUBHEADING, "With which tool");
    paper_fact_say(r->paper, "Program", "%.*s %.*s", SLICE_ARG(json_get_string(tool, "name")),
                   SLICE_ARG(json_get_string(tool, "version")));
    fact_code(r, "SHA-256 of the program", tool, "sha256");
    struct buf command;
    buf_init(&command);
    json_each(word, json_get(tool, "command"))
    {
        if (command.len)
            buf_putc(&command, ' ');
        buf_put_slice(&command, json_string(word));
    }
    paper_fact_code(r->paper, "Command", buf_slice(&command));
    buf_fini(&command);
    if (json_is(test, JSON_OBJECT)) {
        paper_fact_say(r->paper, "Self-test of this build",
                       "%.*s, ended %.*s; its report is selftest.json in the bundle",
                       SLICE_ARG(json_get_string(test, "outcome")),
                       SLICE_ARG(reporting_time(r, json_get_string(test, "ended"))));
        fact_code(r, "SHA-256 of that report", test, "sha256");
    } else {
        paper_fact_say(r->paper, "Self-test of this build", "no report was given");
    }
    b->has[NEED_TOOL] = json_get_string(tool, "version").len && json_get_string(tool, "sha256").len;
    b->has[NEED_TOOL_TEST] = slice_is(json_get_string(test, "outcome"), "pass");
}

/* Single calls: data/reads.jsonl has them, of which the report gives the number. */
static void calls_part(struct reporting *r, const struct json_value *log)
{
    int64_t calls = 0, short_ = 0, ended = 0, failed = 0, stalled = 0, runs = 0;
    if (!json_int64(json_get(log, "calls"), &calls))
        return;
    (void)json_int64(json_get(log, "short"), &short_);
    (void)json_int64(json_get(log, "ended"), &ended);
    (void)json_int64(json_get(log, "failed"), &failed);
    (void)json_int64(json_get(log, "stalled"), &stalled);
    (void)json_int64(json_get(log, "runs"), &runs);
    paper_fact_say(r->paper, "Calls that read the source",
                   "%" PRId64 " in %" PRId64 " runs of the program; %" PRId64 " failed, %" PRId64
                   " were short, %" PRId64 " met the source's end, %" PRId64
                   " stalled. Each of these is in data/reads.jsonl",
                   calls, runs, failed, short_, ended, stalled);
}

/* Exactly which bytes could not be read. */
static void errors_part(struct reporting *r, struct reporting_bundle *b, const struct json_value *a)
{
    static const char *const names[] = {"From byte", "To byte", "Bytes", "Sectors"};
    static const uint8_t weights[] = {3, 3, 2, 4};
    const struct json_value *reading = json_get(a, "reading");
    int64_t bytes = 0, ranges = 0, sector = 512, first;
    size_t shown = 0;
    if (!json_is(reading, JSON_OBJECT))
        return;
    paper_say(r->paper, PAPER_SUBHEADING, "Errors while reading");
    (void)json_int64(json_get(reading, "unreadable_bytes"), &bytes);
    (void)json_int64(json_get(reading, "unreadable_ranges"), &ranges);
    (void)json_int64(json_get(json_get(a, "source"), "sector_bytes"), &sector);
    if (sector < 1)
        sector = 512;
    b->has[NEED_ERRORS] = true;
    b->unreadable = bytes > 0;
    calls_part(r, json_get(reading, "log"));
    if (bytes == 0) {
        paper_say(r->paper, PAPER_TEXT, "Every byte of the source was read.");
        return;
    }
    paper_say(r->paper, PAPER_BAD,
              "%" PRId64 " bytes in %" PRId64 " ranges could not be read. In the image they are "
              "filled with %.*s.",
              bytes, ranges, SLICE_ARG(json_get_string(reading, "unreadable_is_filled_with")));
    fact(r, "Reads that failed", reading, "read_errors");
    fact(r, "First error", reading, "first_error");
    if (json_int64(json_get(reading, "first_error_at"), &first))
        paper_fact_say(r->paper, "At byte", "%" PRId64, first);
    fact(r, "Tried again", reading, "retries");
    paper_columns(r->paper, 4, names, weights, 0);
    json_each(range, json_get(reading, "unreadable"))
    {
        char text[4][48];
        int64_t from = 0, count = 0;
        if (shown++ >= RANGES_SHOWN)
            break;
        if (!json_int64(json_get(range, "from"), &from) ||
            !json_int64(json_get(range, "bytes"), &count) || from < 0 || count < 1 ||
            count > INT64_MAX - from) {
            struct slice none = slice_str("no range of bytes");
            paper_row(r->paper, 4, (struct slice[]){none, none, none, none});
            continue;
        }
        snprintf(text[0], sizeof text[0], "%" PRId64, from);
        snprintf(text[1], sizeof text[1], "%" PRId64, from + count - 1);
        snprintf(text[2], sizeof text[2], "%" PRId64, count);
        snprintf(text[3], sizeof text[3], "%" PRId64 " to %" PRId64, from / sector,
                 (from + count - 1) / sector);
        paper_row(r->paper, 4,
                  (struct slice[]){slice_str(text[0]), slice_str(text[1]), slice_str(text[2]),
                                   slice_str(text[3])});
    }
    if (ranges > (int64_t)shown)
        paper_say(r->paper, PAPER_DOUBT,
                  "Only the first %zu ranges are listed here; the file map.txt in the bundle lists "
                  "all %" PRId64 ".",
                  shown, ranges);
}

static void result_part(struct reporting *r, struct reporting_bundle *b, const struct json_value *a)
{
    const struct json_value *image = json_get(a, "image"), *checks = json_get(a, "checks");
    char hex[2 * SHA256_LEN + 1];
    uint8_t tags[SHA256_LEN];
    uint64_t bytes;
    struct err none = {0};
    paper_say(r->paper, PAPER_SUBHEADING, "What came of it");
    paper_fact(r->paper, "Bundle", slice_str(b->name));
    if (json_is(image, JSON_OBJECT)) {
        fact_bytes(r, "Image", image, "bytes");
        fact_code(r, "SHA-256 of the image", image, "sha256");
        fact_code(r, "Root of the hash tree", image, "tree_root");
        fact(r, "Stored", image, "stored");
        fact_bytes(r, "Stored size", image, "stored_bytes");
        paper_fact_say(r->paper, "Files of the image", "%zu",
                       json_count(json_get(image, "segments")));
        b->sha256 = json_get_string(image, "sha256");
        b->has[NEED_HASH] = b->sha256.len == 2 * SHA256_LEN;
    }
    if (evidence_file_digest(b->path, "tagmanifest-sha256.txt", tags, &bytes, &none) == 0) {
        hex_format(tags, sizeof tags, hex);
        paper_fact_code(r->paper, "SHA-256 of tagmanifest-sha256.txt", slice_str(hex));
        if (!json_is(image, JSON_OBJECT))
            b->has[NEED_HASH] = true; /* all files of it hang on this one */
    }
    fact(r, "Read back", checks, "read_back");
    fact(r, "Source read a second time", checks, "source_again");
    if (slice_is(reporting_text(r, checks, "source_shrank"), "yes"))
        paper_say(r->paper, PAPER_BAD, "The source ended before the size that it said it had.");
}

static bool watch(void *context, const char *phase, uint64_t done, uint64_t all)
{
    const struct reporting *r = context;
    const struct evidence_report_options *o = r->options;
    return !o->watch || o->watch(o->watch_context, phase, done, all);
}

/* What it is now. */
static int verify_part(struct reporting *r, struct reporting_bundle *b, struct err *e)
{
    struct evidence_verify_options options = {.watch = watch, .watch_context = r};
    struct evidence_verdict v;
    struct err why = {0};
    char how[4200];
    snprintf(how, sizeof how, "%s/VERIFY.txt", b->path);
    b->has[NEED_HOW] = file_kind(how) == 1;
    if (r->options->no_verify) {
        paper_say(r->paper, PAPER_DOUBT,
                  "The bundle was not read again for this report, on demand. Whether it is still "
                  "what it was, this report does not say.");
        return 0;
    }
    if (evidence_verify(b->path, &options, &v, &why) != 0) {
        evidence_verdict_fini(&v);
        if (why.kind != ERR_MEMORY && strcmp(why.code, "evidence.stopped") != 0) {
            reporting_broken(r, "It could not be found out whether it is what it was: %s",
                             why.text);
            return 0;
        }
        *e = why;
        return -1;
    }
    b->verified = true;
    b->sound = v.sound;
    b->has[NEED_MANIFEST] = v.sound;
    if (v.sound)
        paper_say(r->paper, PAPER_GOOD,
                  "Read again for this report: all %" PRIu64 " files have the hashes that the "
                  "manifests list%s.",
                  v.files, v.image_checked ? ", and the image has the SHA-256 of the record" : "");
    else
        paper_say(r->paper, PAPER_BAD,
                  "Read again for this report, and NOT SOUND: %zu things are not as they were "
                  "when the bundle was closed.",
                  v.problems_all);
    r->told->unsound += !v.sound;
    for (size_t i = 0; i < v.problem_count && i < 50; i++)
        paper_say(r->paper, PAPER_ITEM, "%s: %s%s%s", v.problems[i].what, v.problems[i].text,
                  v.problems[i].where[0] ? ", " : "", v.problems[i].where);
    evidence_verdict_fini(&v);
    return 0;
}

int reporting_bundle(struct reporting *r, struct reporting_bundle *b, struct err *e)
{
    char mark[4200];
    const struct json_value *a;
    paper_say(r->paper, PAPER_HEADING, "Acquisition %s", b->name);
    if (reporting_read(r, b->path, "acquisition.json", &b->acquisition, e) != 0)
        return -1;
    snprintf(mark, sizeof mark, "%s/INCOMPLETE", b->path);
    b->complete = file_kind(mark) == 0;
    if (!b->complete) {
        paper_say(r->paper, PAPER_BAD, "This acquisition was not finished. It is no evidence.");
        r->told->unsound++;
        return 0;
    }
    a = b->acquisition.root;
    if (!a && !b->acquisition.broken)
        reporting_broken(r, "acquisition.json is not there.");
    if (a) {
        what_part(r, b, a);
        who_part(r, b, a);
        tool_part(r, b, a);
        result_part(r, b, a);
        reporting_capture(r, json_get(a, "capture"));
        reporting_rest(r, a);
        errors_part(r, b, a);
    }
    if (!json_is(json_get(a, "reading"), JSON_OBJECT))
        b->has[NEED_ERRORS] = json_is(json_get(a, "capture"), JSON_OBJECT) ||
                              json_is(json_get(a, "errors"), JSON_ARRAY) ||
                              json_is(json_get(a, "not_taken"), JSON_OBJECT);
    paper_say(r->paper, PAPER_SUBHEADING, "What it is now");
    if (verify_part(r, b, e) != 0 || reporting_repeats(r, b, e) != 0)
        return -1;
    snprintf(mark, sizeof mark, "%s/seal/seal.json", b->path);
    b->sealed = file_kind(mark) == 1;
    paper_say(r->paper, PAPER_SUBHEADING, "Custody of this acquisition");
    if (reporting_custody(r, b->path, &b->custody, &b->custody_sound, e) != 0)
        return -1;
    b->has[NEED_CUSTODY] = b->custody && b->custody_sound;
    return 0;
}
