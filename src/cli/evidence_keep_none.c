/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the program for a responder's stick nothing is signed: keys do not belong on a machine that is
 * not trusted. The bundle is sealed, and its custody begun, where it is brought to.
 */
#include "cli/evidence_keep.h"
#include "evidence/custody.h"

int evidence_keep_begin(struct evidence_keeping *k, const struct cli_args *args,
                        struct evidence_statement *s, const char **folder, struct err *e)
{
    (void)folder;
    k->selftest = cli_value(args, "selftest");
    s->examiner = s->examiner ? s->examiner : cli_value(args, "examiner");
    s->role = s->role ? s->role : cli_value(args, "role");
    s->place = s->place ? s->place : cli_value(args, "place");
    s->reason = s->reason ? s->reason : cli_value(args, "reason");
    s->authority = s->authority ? s->authority : cli_value(args, "authority");
    if (!cli_value(args, "identity") && !cli_value(args, "case"))
        return 0;
    err_set(e, ERR_USAGE, "custody.identity", NULL, "this program signs nothing");
    return err_hint(e, "bring the bundle to the case, and record there how it was acquired");
}

int evidence_keep_check(struct evidence_keeping *k, const char *folder, struct err *e)
{
    (void)k, (void)folder, (void)e;
    return 0;
}

int evidence_keep_record(struct evidence_keeping *k, const char *folder, struct err *e)
{
    (void)k, (void)folder, (void)e;
    return 0;
}

void evidence_keep_end(struct evidence_keeping *k)
{
    (void)k;
}

/* What was made just now has no log: it begins where the bundle is brought to. */
int evidence_custody_read(const char *holder,
                          int (*each)(void *context, const struct evidence_custody_record *record,
                                      struct err *e),
                          void *context, struct err *e)
{
    (void)each, (void)context;
    return err_set(e, ERR_NOT_FOUND, "custody.none", NULL, "%s has no log of custody", holder);
}
