/* SPDX-License-Identifier: Apache-2.0 */
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
#include "evidence/blocker.h"
#include "evidence/custody/person.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REPORT_MOST = 4 << 20, COMMAND = 34, OUTCOME = 30 };

static bool watch(void *context, const char *what, size_t done, size_t all)
{
    struct progress *p = context;
    (void)what;
    if (p->all == 0)
        progress_start(p, "commands", all);
    progress_to(p, done);
    return !evidence_stop_asked();
}

static int unused(const struct cli_args *args, const char *action, const char *const *options,
                  struct err *e)
{
    for (; *options; options++)
        if (cli_value(args, *options) || cli_flag(args, *options))
            return err_set(e, ERR_USAGE, "cli.option", NULL,
                           "tocsin evidence blocker %s has no --%s", action, *options);
    return 0;
}

/* ---- prepare ---- */

static void tell_prepared(const struct cli_args *args, const struct evidence_blocker_prepared *p)
{
    char id[2 * sizeof p->id + 1], size[16];
    struct json_writer w;
    struct buf line;
    if (!cli_flag(args, "json")) {
        hex_format(p->id, sizeof p->id, id);
        progress_size(p->bytes, size);
        printf("prepared: test disk %s, %s\n", id, size);
        printf(
            "writes reach it: %zu of %zu commands change it. These can be shown to be stopped:\n",
            p->changing, p->commands);
        for (const char *at = buf_text(&p->changes); *at; at += strcspn(at, "\n") + 1)
            printf("  %.*s\n", (int)strcspn(at, "\n"), at);
        return;
    }
    buf_init(&line);
    json_write_init(&w, &line, 0);
    json_write_object(&w);
    json_member_hex(&w, "id", slice_of(p->id, sizeof p->id));
    json_member_int(&w, "bytes", (int64_t)p->bytes);
    json_member_int(&w, "area_bytes", (int64_t)p->area_bytes);
    json_member_string(&w, "model", p->model);
    json_member_string(&w, "serial", p->serial);
    json_member_bool(&w, "was_a_test_disk", p->again);
    json_member_int(&w, "commands", (int64_t)p->commands);
    json_write_name(&w, "changed_by");
    json_write_array(&w);
    for (const char *at = buf_text(&p->changes); *at; at += strcspn(at, "\n") + 1)
        json_write_slice(&w, slice_of(at, strcspn(at, "\n")));
    json_write_array_end(&w);
    json_write_object_end(&w);
    output_line(stdout, &line);
    buf_fini(&line);
}

static int prepare(const struct cli_args *args, struct progress *progress, struct err *e)
{
    static const char *const others[] = {"blocker", "by", "output", "report", NULL};
    const struct evidence_blocker_prepare_options options = {.device = args->operands[1],
                                                             .yes = cli_flag(args, "yes"),
                                                             .overwrite =
                                                                 cli_value(args, "overwrite"),
                                                             .watch = {watch, progress}};
    struct evidence_blocker_prepared prepared;
    if (unused(args, "prepare", others, e) != 0)
        return -1;
    int result = evidence_blocker_prepare(&options, &prepared, e);
    progress_end(progress);
    if (result == 0)
        tell_prepared(args, &prepared);
    buf_fini(&prepared.changes);
    return result;
}

/* ---- test and check ---- */

static enum say_style style_of(struct slice outcome)
{
    return slice_is(outcome, "CHANGED") || slice_is(outcome, "fail") ||
                   slice_is(outcome, "DOES NOT HOLD")
               ? SAY_BAD
           : slice_is(outcome, "refused") || slice_is(outcome, "pass") || slice_is(outcome, "holds")
               ? SAY_GOOD
               : SAY_DOUBT;
}

static void tell_row(struct slice name, unsigned width, struct slice outcome, const char *behind)
{
    printf("  %-*.*s ", (int)width, SLICE_ARG(name));
    say_styled(stdout, style_of(outcome), outcome);
    fputs(behind, stdout);
}

/* Of one command's attempts: how many came to what, in one line each. */
static void tell_attempts(const struct json_value *list)
{
    struct slice command = {0}, outcome = {0};
    size_t count = 0;
    const struct json_value *a = json_first(list);
    for (;; a = json_next(a), count++) {
        bool same = a && slice_equal(json_get_string(a, "command"), command) &&
                    slice_equal(json_get_string(a, "outcome"), outcome);
        if (count && !same) {
            tell_row(command, COMMAND, outcome, "");
            printf(count > 1 ? " (%zu times)\n" : "\n", count);
            count = 0;
        }
        if (!a)
            return;
        command = json_get_string(a, "command");
        outcome = json_get_string(a, "outcome");
    }
}

static void tell_report(const struct evidence_blocker_report *r, const char *kept)
{
    const struct json_value *root = r->root;
    fputs("blocker: ", stdout);
    say_text(stdout, r->given);
    if (r->attached_by.len) {
        fputs(" (", stdout);
        say_text(stdout, r->attached_by);
        fputs(")", stdout);
    }
    puts("\n\nAttempts");
    tell_attempts(json_get(root, "attempts"));
    puts("\nAssertions");
    json_each(a, json_get(root, "assertions"))
    {
        tell_row(json_get_string(a, "id"), 10, json_get_string(a, "outcome"), "  ");
        say_text(stdout, json_get_string(a, "what"));
        putchar('\n');
        if (json_get_string(a, "why").len)
            say_wrapped(stdout, json_get_string(a, "why"), 13);
    }
    puts("\nKnown limits");
    json_each(limit, json_get(root, "limits")) say_wrapped(stdout, json_string(limit), 2);
    fputs("\nverdict: ", stdout);
    say_styled(stdout, style_of(json_get_string(root, "verdict")),
               json_get_string(root, "verdict"));
    putchar('\n');
    say_wrapped(stdout, json_get_string(root, "why"), 2);
    if (kept[0])
        say_around(stdout, "kept as ", kept,
                   ", signed: acquisitions through this blocker by this identity attach it\n");
}

static int tell(const struct cli_args *args, const struct buf *report, const char *kept,
                struct err *e)
{
    struct evidence_blocker_report said;
    struct json_doc *doc = NULL;
    if (evidence_blocker_report_read(buf_slice(report), &doc, &said, e) != 0)
        return -1;
    if (cli_flag(args, "json"))
        output_put(stdout, report);
    else
        tell_report(&said, kept);
    json_doc_free(doc);
    return 0;
}

/* Where it is wanted: a file, and with who tested. */
static int put(const struct cli_args *args, const struct evidence_person *person,
               const struct buf *report, char kept[4200], struct err *e)
{
    const char *file = cli_value(args, "output");
    if (file && file_write(file, buf_slice(report), 0644, e) != 0)
        return -1;
    if (!person->signer)
        return 0;
    return evidence_blocker_keep(evidence_person_folder(cli_value(args, "identity")),
                                 person->signer, buf_slice(report), kept, e);
}

/* Nobody has to be an identity to test. */
static int open_person(const struct cli_args *args, struct evidence_person *person, struct err *e)
{
    const char *folder = evidence_person_folder(cli_value(args, "identity"));
    *person = (struct evidence_person){0};
    return folder ? evidence_person_open(person, folder, cli_value(args, "passphrase-file"), e) : 0;
}

static void close_person(struct evidence_person *person)
{
    if (person->signer)
        evidence_person_close(person);
}

static int finish(const struct cli_args *args, const struct evidence_person *person,
                  const struct buf *report, struct err *e)
{
    char kept[4200] = "";
    if (put(args, person, report, kept, e) != 0)
        return -1;
    return tell(args, report, kept, e);
}

static int test(const struct cli_args *args, struct progress *progress,
                enum evidence_blocker_verdict *verdict, struct err *e)
{
    static const char *const others[] = {"yes", "overwrite", "report", NULL};
    struct evidence_person person = {0};
    struct evidence_told told = {0};
    struct buf report;
    const char *by = cli_value(args, "by");
    if (unused(args, "test", others, e) != 0)
        return -1;
    buf_init(&report);
    evidence_told_command(&told);
    int result = open_person(args, &person, e);
    if (result == 0 && !by)
        by = person.actor.name;
    const struct evidence_blocker_test_options options = {.device = args->operands[1],
                                                          .blocker = cli_value(args, "blocker"),
                                                          .by = by,
                                                          .command = told.said.command,
                                                          .watch = {watch, progress}};
    if (result == 0 && (!options.blocker || !options.blocker[0]))
        result = err_set(e, ERR_USAGE, "cli.option", NULL,
                         "--blocker says which blocker it is: make, model, serial number");
    if (result == 0 && !by)
        result = err_set(e, ERR_USAGE, "cli.option", NULL,
                         "who tests it is not said: --by NAME or --identity FOLDER");
    if (result == 0)
        result = evidence_blocker_test(&options, &report, verdict, e);
    progress_end(progress);
    if (result == 0)
        result = finish(args, &person, &report, e);
    buf_fini(&report);
    evidence_told_fini(&told);
    close_person(&person);
    return result;
}

/* The report that is to be completed: the one named, or the last on this test disk. */
static int find_report(const struct cli_args *args, struct buf *report, struct err *e)
{
    const char *file = cli_value(args, "report");
    const char *identity = evidence_person_folder(cli_value(args, "identity"));
    struct evidence_blocker_kept kept = {0};
    uint8_t id[EVIDENCE_BLOCKER_MARK_ID];
    struct buf told;
    if (file)
        return file_read(file, REPORT_MOST, report, e);
    if (!identity)
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "the report of the test is missing: --report FILE, or --identity FOLDER "
                       "that it is kept with");
    if (evidence_blocker_disk_id(args->operands[1], id, e) != 0)
        return -1;
    buf_init(&told);
    int found = evidence_blocker_find(identity, NULL, NULL, id, &kept, &told, e);
    for (size_t i = 0; i < told.len; i++) /* one line of an error */
        if (told.data[i] == '\n')
            told.data[i] = i + 1 < told.len ? ';' : ' ';
    if (found == 1)
        buf_put_slice(report, buf_slice(&kept.report));
    else if (found == 0)
        err_set(e, ERR_NOT_FOUND, "blocker.report", NULL,
                "no sound report of a test on this disk is kept in %s/" EVIDENCE_BLOCKER_KEPT
                "%s%s",
                identity, told.len ? ": " : "", buf_text(&told));
    evidence_blocker_kept_fini(&kept);
    buf_fini(&told);
    return found == 1 ? buf_check(report, e) : -1;
}

static int check(const struct cli_args *args, enum evidence_blocker_verdict *verdict, struct err *e)
{
    static const char *const others[] = {"yes", "overwrite", "blocker", "by", NULL};
    struct evidence_person person = {0};
    struct buf report, completed;
    if (unused(args, "check", others, e) != 0)
        return -1;
    buf_init(&report);
    buf_init(&completed);
    int result = find_report(args, &report, e);
    if (result == 0)
        result = open_person(args, &person, e);
    if (result == 0)
        result = evidence_blocker_check(args->operands[1], buf_slice(&report), NULL, &completed,
                                        verdict, e);
    if (result == 0)
        result = finish(args, &person, &completed, e);
    buf_fini(&report);
    buf_fini(&completed);
    close_person(&person);
    return result;
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    enum evidence_blocker_verdict verdict = EVIDENCE_BLOCKER_HOLDS;
    const char *action = args->operands[0];
    evidence_stop_listen();
    int result = strcmp(action, "prepare") == 0 ? prepare(args, &progress, &e)
                 : strcmp(action, "test") == 0  ? test(args, &progress, &verdict, &e)
                 : strcmp(action, "check") == 0
                     ? check(args, &verdict, &e)
                     : err_set(&e, ERR_USAGE, "cli.operands", NULL,
                               "tocsin evidence blocker prepare, test or check DEVICE");
    if (result != 0) {
        int said = say_fail(args, &e);
        return say_end(args, e.kind == ERR_USAGE ? said : 3);
    }
    return say_end(args, verdict == EVIDENCE_BLOCKER_HOLDS ? 0 : 1);
}

static const struct cli_option options[] = {
    {"yes", NULL, "prepare: what holds nothing but zeros may be written to", 0, false},
    {"overwrite", "NUMBER",
     "prepare: all that is on the disk with this serial number (its size in bytes, where it tells "
     "none) may be lost",
     0, false},
    {"blocker", "TEXT", "test: make, model, serial number, as for --write-blocker of acquire", 0,
     false},
    {"by", "NAME", "test: who tests it (default: whose identity it is)", 0, false},
    {"output", "FILE", "write the report there", 'o', false},
    {"report", "FILE", "check: the report to complete (default: the last one on this disk)", 0,
     false},
    {"identity", "FOLDER",
     "who tests: the report is signed, and kept with this identity ($TOCSIN_IDENTITY)", 0, false},
    {"passphrase-file", "FILE", "passphrase of its key", 0, false},
};

const struct cli_verb evidence_blocker_verb = {
    .name = "blocker",
    .operands = "prepare|test|check DEVICE",
    .summary = "test a hardware write blocker on a disk that may be ruined",
    .text =
        "`prepare`: a disk of your own, attached without the blocker, becomes a test disk. It is\n"
        "WRITTEN TO: a mark at its beginning, 4 MiB at its beginning, middle and end. A disk that\n"
        "is mounted or held is refused; one that holds anything, unless --overwrite repeats its\n"
        "number. All commands that could change it are tried, so that it is known which do.\n"
        "`test`: the same disk behind the blocker. Reads the mark first, and sends nothing else "
        "to\n"
        "a disk without it. Then tries to write by every way that the kernel, SCSI, ATA and NVMe\n"
        "have, and reads again what it holds. The kernel's own read-only flag is taken away for\n"
        "that; what the kernel refuses by itself shows nothing of the blocker, and counts for\n"
        "nothing. The assertions are those of NIST's CFTT for hardware write blockers (HWB-RM-01\n"
        "to 04).\n"
        "`check`: the disk without the blocker again: is it as it was prepared? What a blocker "
        "kept\n"
        "and wrote later is found so. Completes the report.\n"
        "With --identity, reports are signed and kept in its folder blockers, and go along with\n"
        "each acquisition that names the blocker by the same words (--write-blocker).\n"
        "Exit code: 0 prepared, or the blocker holds, 1 it does not, or nothing is shown, 3 could\n"
        "not be carried out.\n",
    .examples =
        "  tocsin evidence blocker prepare /dev/sdb --yes\n"
        "  tocsin evidence blocker test /dev/sdb --blocker 'ACME WB-3 no. 117' --identity ~/meyer\n"
        "  tocsin evidence blocker check /dev/sdb --identity ~/meyer\n"
        "  tocsin evidence acquire /dev/sdc disk.evidence --write-blocker 'ACME WB-3 no. 117' \\\n"
        "      --identity ~/meyer --reason 'incident 2026-31'\n",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .uses = CLI_JSON,
    .least = 2,
    .most = 2,
    .run = run,
};
