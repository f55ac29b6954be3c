/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/say.h"
#include "evidence/acquire/read_log_line.h"
#include "evidence/bundle/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { RECORD_MOST = 64 << 20, SHOWN = 40 };

struct showing {
    const char *folder;
    struct json_doc *doc; /* acquisition.json */
    struct buf text;
    struct json_writer *json; /* NULL: for people */
    uint64_t shown, left;
};

static void say_member(const char *name, const struct json_value *from, const char *member)
{
    const struct json_value *v = json_get(from, member);
    struct slice text = json_is(v, JSON_NUMBER) ? json_number(v) : json_string(v);
    if (text.len == 0)
        return;
    printf("  %-14s", name);
    say_text(stdout, text);
    fputc('\n', stdout);
}

static void say_calls(const struct read_log_calls *c)
{
    static const char *const outcomes[] = {"good",  "short", "the source ended",
                                           "error", "hole",  "filled before"};
    printf("  pass %u: ", c->pass);
    say_text(stdout, slice_str(c->why_name[0] ? c->why_name : outcomes[c->outcome]));
    printf("%s, bytes %" PRIu64 " to %" PRIu64, c->stalled ? ", stalled" : "", c->from,
           c->from + c->bytes - 1);
    if (c->calls)
        printf(", %" PRIu64 " calls, longest %.3f s", c->calls, (double)c->longest / 1e6);
    printf("%s\n", c->summed ? ", added up" : "");
}

static void write_calls(struct json_writer *w, const struct read_log_calls *c)
{
    struct buf line;
    buf_init(&line);
    read_log_calls_write(&line, c);
    if (line.len) /* without its line's end */
        json_write_raw(w, slice_of(line.data, line.len - 1));
    buf_fini(&line);
}

static int take(void *context, const struct read_log_line *line, struct err *e)
{
    struct showing *s = context;
    const struct read_log_calls *c = &line->calls;
    (void)e;
    if (line->kind != READ_LOG_CALLS || c->bytes == 0)
        return 0;
    if (!c->stalled && (c->outcome == EVIDENCE_CALL_GOOD || c->outcome == EVIDENCE_CALL_HOLE))
        return 0;
    if (s->shown == SHOWN) {
        s->left++;
        return 0;
    }
    s->shown++;
    if (s->json)
        write_calls(s->json, c);
    else
        say_calls(c);
    return 0;
}

static int show_calls(struct showing *s, struct err *e)
{
    int fd = evidence_file_open(s->folder, EVIDENCE_READ_LOG, e);
    if (fd < 0)
        return -1;
    int result = read_log_each(fd, take, s, NULL, e);
    close(fd);
    return result;
}

static int tell(struct showing *s, struct err *e)
{
    const struct json_value *root = json_root(s->doc), *image = json_get(root, "image");
    const struct json_value *source = json_get(root, "source"), *log;
    const struct json_value *reading = json_get(root, "reading");
    struct evidence_read_totals t = {0};
    say_text(stdout, slice_str(s->folder));
    puts(": what it says of itself; whether that holds, verify tells");
    say_member("exhibit", root, "exhibit");
    say_member("description", root, "description");
    say_member("examiner", json_get(root, "examiner"), "name");
    say_member("begun", json_get(root, "started"), "at");
    say_member("ended", json_get(root, "ended"), "at");
    say_member("source", source, "path");
    say_member("kind", source, "kind");
    say_member("bytes", image, "bytes");
    say_member("SHA-256", image, "sha256");
    say_member("unreadable", reading, "unreadable_bytes");
    log = json_get(reading, "log");
    if (!log) {
        if (image)
            puts("  there is no log of single reads");
        return 0;
    }
    if (!read_log_totals_parse(log, &t))
        return err_set(e, ERR_INPUT, "evidence.reads", "docs/formats-evidence.md section 2.1",
                       "acquisition.json does not say what the log of reads has");
    printf("read in %" PRIu64 " calls by %" PRIu64 " runs of the program: %" PRIu64
           " good, %" PRIu64 " short, %" PRIu64 " at the source's end, %" PRIu64 " failed; %" PRIu64
           " stalled%s\n",
           t.calls, t.runs, t.good, t.short_, t.ended, t.failed, t.stalled,
           t.summed ? "; some are added up" : "");
    if (show_calls(s, e) != 0)
        return -1;
    if (s->left)
        printf("  and %" PRIu64 " lines more in " EVIDENCE_READ_LOG "\n", s->left);
    return 0;
}

static int tell_json(struct showing *s, struct err *e)
{
    static const char *const members[] = {"exhibit", "description", "examiner", "started",
                                          "ended",   "source",      "image",    "reading",
                                          "checks",  "received",    "files",    "capture"};
    const struct json_value *root = json_root(s->doc);
    struct evidence_answer a;
    int result = 0;
    evidence_answer_begin(&a, s->folder, true);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (json_get(root, members[i])) {
            json_write_name(&a.w, members[i]);
            json_write_value(&a.w, json_get(root, members[i]));
        }
    if (json_get(json_get(root, "reading"), "log")) {
        json_write_name(&a.w, "not_plainly_good");
        json_write_array(&a.w);
        s->json = &a.w;
        result = show_calls(s, e);
        json_write_array_end(&a.w);
        json_member_int(&a.w, "lines_left_out", (int64_t)s->left);
    }
    if (result == 0)
        evidence_answer_end(&a);
    else
        buf_fini(&a.line);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    char mark[4200];
    struct showing s = {.folder = args->operands[0]};
    buf_init(&s.text);
    snprintf(mark, sizeof mark, "%.4000s/INCOMPLETE", s.folder);
    int result = file_kind(mark) == 0 ? 0
                                      : err_set(&e, ERR_CONFLICT, "evidence.incomplete", NULL,
                                                "the acquisition of %s was not finished", s.folder);
    if (result == 0)
        result = evidence_file_read(s.folder, "acquisition.json", RECORD_MOST, &s.text, &e);
    if (result == 0)
        result = json_parse(&s.doc, buf_slice(&s.text), NULL, &e);
    if (result == 0)
        result = cli_flag(args, "json") ? tell_json(&s, &e) : tell(&s, &e);
    json_doc_free(s.doc);
    buf_fini(&s.text);
    if (result != 0)
        (void)say_fail(args, &e);
    return say_end(args, result == 0 ? 0 : 3);
}

const struct cli_verb evidence_show_verb = {
    .name = "show",
    .operands = "FOLDER",
    .summary = "what a bundle says of itself, and how its source was read",
    .text =
        "In short: what it is, by whom, from where, its hash, what could not be read; and of the\n"
        "reading of the source how many calls there were, and the first of those that failed, "
        "were\n"
        "short, met the source's end or stalled. data/reads.jsonl has all of them.\n"
        "Nothing is checked here: that is what verify does.\n"
        "Exit code: 0, 3 could not do it.\n",
    .examples = "  tocsin evidence show case-7/disk.evidence\n",
    .uses = CLI_JSON,
    .least = 1,
    .most = 1,
    .run = run,
};
