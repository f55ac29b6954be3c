/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_keep.h"
#include "base/file.h"
#include "cli/say.h"
#include "evidence/selftest.h"

#include <stdio.h>
#include <string.h>

/* In a case, a bundle lies in its exhibit's folder. */
static int place_in_case(struct evidence_keeping *k, const char *folder, const char *exhibit,
                         const char **bundle, struct err *e)
{
    if (!exhibit || strchr(*bundle, '/'))
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "with --case, --exhibit says of what, and FOLDER is a name alone");
    if ((size_t)snprintf(k->folder, sizeof k->folder, "%s/exhibits/%s/%s", folder, exhibit,
                         *bundle) >= sizeof k->folder)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    *bundle = k->folder;
    if (!evidence_person_folder(k->told.said.identity))
        return err_set(e, ERR_USAGE, "custody.identity", "ISO/IEC 27037 section 6.1",
                       "what is acquired in a case is signed for: --identity FOLDER");
    return 0;
}

/* The report that is kept with the identity; one of another build is no error, as programs are
 * updated, and nothing that is taken silently. */
static void find_selftest(struct evidence_keeping *k)
{
    struct buf report;
    struct err e = {0};
    const char *identity = evidence_person_folder(k->told.said.identity);
    if (!identity || (size_t)snprintf(k->kept, sizeof k->kept, "%s/" EVIDENCE_SELFTEST_KEPT,
                                      identity) >= sizeof k->kept)
        return;
    if (file_kind(k->kept) == 0)
        return;
    buf_init(&report);
    if (evidence_selftest_read(k->kept, &report, &e) == 0) {
        k->selftest = k->kept;
    } else {
        fputs("tocsin: warning: ", stderr);
        say_text(stderr, slice_str(e.text));
        fputs("; it is not attached. Make a new one: tocsin evidence selftest --identity FOLDER\n",
              stderr);
    }
    buf_fini(&report);
}

int evidence_keep_begin(struct evidence_keeping *k, const struct cli_args *args,
                        struct evidence_statement *statement, const char **folder, struct err *e)
{
    const char *in_case = cli_value(args, "case");
    *k = (struct evidence_keeping){0};
    if (evidence_told_init(&k->told, args, e) != 0 ||
        (in_case && place_in_case(k, in_case, statement->exhibit, folder, e) != 0))
        return -1;
    k->asked = evidence_person_folder(k->told.said.identity) != NULL;
    k->selftest = cli_value(args, "selftest");
    if (!k->asked)
        return 0;
    if (!k->selftest)
        find_selftest(k);
    if (evidence_doing_open(&k->doing, &k->told.said, e) != 0)
        return -1;
    const struct evidence_actor *a = &k->doing.person.actor;
    if (!statement->examiner)
        statement->examiner = a->name;
    if (!statement->role)
        statement->role = a->role;
    if (!statement->place)
        statement->place = k->doing.person.place;
    if (!statement->competence && a->competence_count)
        statement->competence = a->competence[0].what;
    k->report.exhibit = statement->exhibit;
    return 0;
}

int evidence_keep_check(struct evidence_keeping *k, const char *folder, struct err *e)
{
    struct evidence_appended warnings = {0};
    if (!k->asked)
        return 0;
    if (evidence_acquired_check(folder, &k->report, &k->doing, &warnings, e) != 0)
        return -1;
    evidence_tell_warnings(&warnings);
    return 0;
}

int evidence_keep_record(struct evidence_keeping *k, const char *folder, struct err *e)
{
    struct evidence_appended told = {0};
    if (!k->asked)
        return 0;
    return evidence_acquired_record(folder, &k->report, &k->doing, &told, e);
}

void evidence_keep_end(struct evidence_keeping *k)
{
    evidence_doing_close(&k->doing);
    evidence_told_fini(&k->told);
}

int evidence_ask(const struct cli_args *args, const char *holder, enum evidence_access_kind kind,
                 struct slice details, struct err *e)
{
    struct evidence_accessed accessed;
    struct evidence_told told;
    int result = evidence_told_init(&told, args, e);
    if (result == 0) {
        const struct evidence_said *s = &told.said;
        const struct evidence_access_options options = {.kind = kind,
                                                        .identity = s->identity,
                                                        .password_file = s->password_file,
                                                        .unrecorded = cli_value(args, "unrecorded"),
                                                        .deviation = cli_value(args, "deviation"),
                                                        .place = s->place,
                                                        .reason = s->reason,
                                                        .reference = s->reference,
                                                        .authority = s->authority,
                                                        .command = s->command,
                                                        .details = details};
        result = evidence_access(holder, &options, &accessed, e);
    }
    if (result == 0 && accessed.recorded)
        evidence_tell_warnings(&accessed.record);
    evidence_told_fini(&told);
    return result;
}
