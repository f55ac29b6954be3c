/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evidence_keep.h"

#include <stdio.h>
#include <string.h>

/* In a case, a bundle lies in its exhibit's folder. */
static int place_in_case(struct evidence_keep *k, const struct cli_args *args, const char **folder,
                         const struct evidence_statement *s, struct err *e)
{
    const char *where = cli_value(args, "case");
    if (!where)
        return 0;
    if (!s->exhibit || strchr(*folder, '/'))
        return err_set(e, ERR_USAGE, "cli.option", NULL,
                       "with --case, --exhibit says of what, and FOLDER is a name alone");
    if ((size_t)snprintf(k->folder, sizeof k->folder, "%s/exhibits/%s/%s", where, s->exhibit,
                         *folder) >= sizeof k->folder)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path is too long");
    *folder = k->folder;
    if (!k->asked)
        return err_set(e, ERR_USAGE, "custody.identity", "ISO/IEC 27037 section 6.1",
                       "what is acquired in a case is signed for: --identity FOLDER");
    return 0;
}

int evidence_keep_begin(struct evidence_keep *k, const struct cli_args *args, const char **folder,
                        struct evidence_statement *s, struct err *e)
{
    struct evidence_appended warnings = {0};
    *s = (struct evidence_statement){.exhibit = cli_value(args, "exhibit"),
                                     .description = cli_value(args, "description"),
                                     .examiner = cli_value(args, "examiner"),
                                     .role = cli_value(args, "role"),
                                     .competence = cli_value(args, "competence"),
                                     .place = cli_value(args, "place"),
                                     .reason = cli_value(args, "reason"),
                                     .authority = cli_value(args, "authority")};
    if (evidence_told_init(&k->told, args, e) != 0)
        return -1;
    k->asked = evidence_person_folder(k->told.said.identity) != NULL;
    if (place_in_case(k, args, folder, s, e) != 0)
        return -1;
    if (!k->asked)
        return 0;
    if (evidence_doing_open(&k->doing, &k->told.said, e) != 0)
        return -1;
    const struct evidence_actor *a = &k->doing.person.actor;
    if (!s->examiner)
        s->examiner = a->name;
    if (!s->role)
        s->role = a->role;
    if (!s->place)
        s->place = k->doing.person.place;
    if (!s->competence && a->competence_count)
        s->competence = a->competence[0].what;
    k->report.exhibit = s->exhibit;
    if (evidence_acquired_check(*folder, &k->report, &k->doing, &warnings, e) != 0)
        return -1;
    evidence_tell_warnings(&warnings);
    return 0;
}

int evidence_keep_end(struct evidence_keep *k, const char *folder, const char *verifiable,
                      struct err *e)
{
    struct evidence_appended told = {0};
    if (!k->asked)
        return 0;
    k->report.verifiable = verifiable;
    return evidence_acquired_record(folder, &k->report, &k->doing, &told, e);
}

void evidence_keep_fini(struct evidence_keep *k)
{
    evidence_doing_close(&k->doing);
    evidence_told_fini(&k->told);
}
