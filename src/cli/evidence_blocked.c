/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_blocked.h"
#include "base/json.h"
#include "cli/say.h"
#include "evidence/custody/person.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 200 };

static const int64_t day = INT64_C(86400) * 1000000;

static void warn(const char *before, struct slice text, const char *after)
{
    fputs("tocsin: warning: ", stderr);
    fputs(before, stderr);
    say_text(stderr, text);
    fputs(after, stderr);
    fputc('\n', stderr);
}

static void warn_lines(const struct buf *told)
{
    for (const char *at = buf_text(told); *at; at += strcspn(at, "\n") + 1)
        warn("", slice_of(at, strcspn(at, "\n")), "");
}

/* The report that was named must be one of this blocker. */
static int read_named(struct evidence_blocked *b, const char *file, const char *given,
                      const char *attached_by, struct err *e)
{
    struct evidence_blocker_report said;
    struct json_doc *doc = NULL;
    if (evidence_blocker_kept_read(file, NULL, &b->kept, e) != 0 ||
        evidence_blocker_report_read(buf_slice(&b->kept.report), &doc, &said, e) != 0)
        return -1;
    if (!slice_is(said.given, given))
        err_set(e, ERR_INPUT, "blocker.report", NULL,
                "%s is the test of another write blocker: \"%.*s\"", file, SLICE_ARG(said.given));
    else if (!slice_is(said.attached_by, attached_by))
        err_set(
            e, ERR_INPUT, "blocker.report", NULL,
            "the blocker that %s tested attaches a disk otherwise: \"%.*s\", and this source is "
            "attached by \"%s\"",
            file, SLICE_ARG(said.attached_by), attached_by);
    json_doc_free(doc);
    if (!b->kept.signature.len)
        warn("", slice_str(file), " is not signed (there is no .p7s beside it)");
    return err_is_set(e) ? -1 : 1;
}

static int find(struct evidence_blocked *b, const char *given, const char *attached_by,
                struct err *e)
{
    const char *file = cli_value(b->args, "blocker-test");
    const char *identity = evidence_person_folder(cli_value(b->args, "identity"));
    struct buf told;
    if (file)
        return read_named(b, file, given, attached_by, e);
    if (!identity)
        return 0;
    buf_init(&told);
    int found = evidence_blocker_find(identity, given, attached_by, NULL, &b->kept, &told, e);
    if (found >= 0)
        warn_lines(&told);
    buf_fini(&told);
    return found;
}

/* How long ago, which no rule says is too long. */
static void age_of(int64_t then, char text[40])
{
    int64_t days = (clock_now(&clock_system) - then) / day;
    if (then > clock_now(&clock_system))
        snprintf(text, 40, "by its time not yet");
    else if (days == 0)
        snprintf(text, 40, "less than a day ago");
    else
        snprintf(text, 40, "%" PRId64 " day%s ago", days, days == 1 ? "" : "s");
}

static void say_found(struct evidence_blocked *b)
{
    char time[TIME_TEXT], age[40];
    time_format(b->kept.ended / 1000000 * 1000000, time);
    age_of(b->kept.ended, age);
    snprintf(b->said, sizeof b->said, "tested %s, %s: %s%s", age, time,
             evidence_blocker_verdict_name(b->kept.verdict),
             b->kept.confirmed ? ", with a look at the test disk itself afterwards"
                               : "; the test disk was not looked at without it afterwards");
}

static int refuse(const struct evidence_blocked *b, const char *given, struct err *e)
{
    err_set(e, ERR_DENIED, "blocker.holds", "ISO/IEC 27037 section 7.1.3",
            "the last test of the write blocker \"%.*s\" says that it DOES NOT HOLD (%s)", SHOWN,
            given, b->kept.path);
    return err_hint(e, "use another one, or say why with --deviation REASON");
}

static int take(void *context, const struct evidence_source *source,
                const struct evidence_blocker_kept **kept, struct err *e)
{
    struct evidence_blocked *b = context;
    const char *given = cli_value(b->args, "write-blocker");
    int found = find(b, given, source->identity.attached_by, e);
    *kept = NULL;
    if (found < 0)
        return -1;
    b->found = found == 1;
    if (!b->found) {
        snprintf(b->said, sizeof b->said, "not tested by this program");
        warn("the write blocker \"", slice_str(given),
             "\" was not tested by this program, or the report is not kept with the identity: "
             "tocsin evidence blocker");
        return 0;
    }
    *kept = &b->kept;
    say_found(b);
    if (b->kept.verdict == EVIDENCE_BLOCKER_DOES_NOT_HOLD && !cli_value(b->args, "deviation"))
        return refuse(b, given, e);
    if (b->kept.verdict != EVIDENCE_BLOCKER_HOLDS)
        warn("the write blocker \"", slice_str(given),
             b->kept.verdict == EVIDENCE_BLOCKER_NOT_SHOWN
                 ? "\": its last test did not show that it holds"
                 : "\" DOES NOT HOLD by its last test; the reason to use it stands in the record");
    return 0;
}

void evidence_blocked_begin(struct evidence_blocked *b, const struct cli_args *args,
                            struct evidence_acquire_options *o)
{
    *b = (struct evidence_blocked){.args = args};
    o->write_blocker = cli_value(args, "write-blocker");
    o->blocker_deviation = cli_value(args, "deviation");
    if (!o->write_blocker)
        return;
    o->blocker_test = take;
    o->blocker_context = b;
}

void evidence_blocked_end(struct evidence_blocked *b)
{
    evidence_blocker_kept_fini(&b->kept);
}
