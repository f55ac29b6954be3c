/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/compiler.h"
#include "base/file.h"
#include "base/json.h"
#include "base/output.h"
#include "cli/evidence.h"
#include "cli/evidence_answer.h"
#include "cli/evidence_keep.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "evidence/selftest.h"

#include <string.h>

static bool watch(void *context, const char *what, size_t done, size_t all)
{
    struct progress *p = context;
    (void)what;
    if (p->all == 0)
        progress_start(p, "assertions", all);
    progress_to(p, done);
    return !evidence_stop_asked();
}

enum { NAME = 20, OUTCOME = 14 };

/* *before: the last reason, which is not said again and again. */
static void tell_one(const struct json_value *a, const char *name, struct slice *before)
{
    struct slice outcome = json_get_string(a, "outcome"), why = json_get_string(a, "why");
    struct slice id = json_get_string(a, name), what = json_get_string(a, "what");
    bool good = slice_is(outcome, "pass"), bad = slice_is(outcome, "fail");
    printf("  %-*.*s ", NAME, SLICE_ARG(id));
    say_styled(stdout, good ? SAY_GOOD : bad ? SAY_BAD : SAY_DOUBT, outcome);
    printf("%*s", outcome.len < OUTCOME ? (int)(OUTCOME - outcome.len) : 1, "");
    if (what.len)
        say_text(stdout, what);
    else
        printf("SHA-256 %.16s…", (const char *)json_get_string(a, "sha256").data);
    putchar('\n');
    if (why.len && !slice_equal(why, *before))
        say_wrapped(stdout, why, NAME + 3 + OUTCOME);
    *before = why;
}

static int tell(const struct buf *report, struct err *e)
{
    struct json_doc *doc = NULL;
    if (json_parse(&doc, buf_slice(report), NULL, e) != 0)
        return -1;
    const struct json_value *root = json_root(doc);
    struct slice before = {0};
    json_each(a, json_get(root, "assertions")) tell_one(a, "id", &before);
    json_each(image, json_get(root, "images")) tell_one(image, "name", &before);
    printf("\ntocsin %.*s, program's SHA-256 %.*s\n\nKnown limits\n",
           SLICE_ARG(json_get_string(json_get(root, "tool"), "version")),
           SLICE_ARG(json_get_string(json_get(root, "tool"), "sha256")));
    json_each(limit, json_get(root, "limits")) say_wrapped(stdout, json_string(limit), 2);
    json_doc_free(doc);
    return 0;
}

/* With the identity of who works with it, so that it need not be given each time; one that does not
 * hold takes the place of none. */
static int keep(const struct cli_args *args, const struct buf *report, bool holds, char kept[4200],
                struct err *e)
{
    const char *identity = evidence_person_folder(cli_value(args, "identity"));
    kept[0] = 0;
    if (!identity || !holds)
        return 0;
    if (file_kind(identity) != 2)
        return err_set(e, ERR_NOT_FOUND, "custody.identity", NULL, "there is no folder %s",
                       identity);
    if ((size_t)snprintf(kept, 4200, "%s/" EVIDENCE_SELFTEST_KEPT, identity) >= 4200)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    return file_write(kept, buf_slice(report), 0644, e);
}

static int run(const struct cli_args *args)
{
    struct err e = {0};
    struct progress progress = {0};
    struct evidence_selftest_result result;
    struct buf report;
    const char *file = cli_value(args, "output");
    char kept[4200] = "";
    struct evidence_selftest_options options = {.images = cli_value(args, "images"),
                                                .work = cli_value(args, "work"),
                                                .watch = watch,
                                                .watch_context = &progress};
    buf_init(&report);
    evidence_stop_listen();
    int done = evidence_selftest(&options, &report, &result, &e);
    progress_end(&progress);
    if (done == 0 && file)
        done = file_write(file, buf_slice(&report), 0644, &e);
    if (done == 0)
        done = keep(args, &report, result.failed + result.images_failed == 0, kept, &e);
    if (done == 0 && cli_flag(args, "json"))
        output_put(stdout, &report);
    else if (done == 0)
        done = tell(&report, &e);
    if (done == 0 && kept[0] && !cli_flag(args, "json")) {
        fputs("\nKept as ", stdout);
        say_text(stdout, slice_str(kept));
        puts(": each acquisition by this identity attaches it");
    }
    if (done != 0)
        (void)say_fail(args, &e);
    buf_fini(&report);
    return say_end(args, done != 0 ? 3 : result.failed || result.images_failed ? 1 : 0);
}

static const struct cli_option selftest_options[] = {
    {"output", "FILE", "write the report there, for --selftest of what acquires", 'o', false},
    {"identity", "FOLDER",
     "keep it with this identity ($TOCSIN_IDENTITY), whose acquisitions attach it from then on", 0,
     false},
    {"images", "FOLDER", "try the archives of DFTT in it as well", 0, false},
    {"work", "FOLDER", "where its own files lie while it runs (default: $TMPDIR or /tmp)", 0,
     false},
};

const struct cli_verb evidence_selftest_verb = {
    .name = "selftest",
    .summary = "show on known and failing disks what this build does with them",
    .text =
        "Makes disks of which every sector is known, lets them fail as disks fail, acquires them\n"
        "and compares sector by sector. The assertions are those of NIST's CFTT for acquisition\n"
        "tools (DA-AM-06 to 10, DA-AO-03 to 24); what this tool does not do is said to be not\n"
        "supported. Takes some 300 MiB and a few seconds. With --identity the report is kept in\n"
        "that folder as selftest.json, when all holds, and attached to each acquisition, import "
        "and\n"
        "capture by that identity, as long as the program is the same.\n"
        "Exit code: 0 all that was tried holds, 1 not, 3 could not be carried out.\n",
    .examples = "  tocsin evidence selftest --identity ~/meyer\n"
                "  tocsin evidence selftest -o selftest.json\n"
                "  tocsin evidence acquire /dev/sdb disk.evidence --selftest selftest.json\n",
    .options = selftest_options,
    .option_count = ARRAY_LEN(selftest_options),
    .uses = CLI_JSON,
    .run = run,
};
