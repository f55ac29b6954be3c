/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the program for a responder's stick nothing is signed: keys do not belong on a machine that is
 * not trusted. The bundle is sealed, and its custody begun, where it is brought to.
 */
#include "cli/evidence_keep.h"

int evidence_keep_begin(struct evidence_keep *k, const struct cli_args *args, const char **folder,
                        struct evidence_statement *s, struct err *e)
{
    (void)k, (void)folder;
    *s = (struct evidence_statement){.exhibit = cli_value(args, "exhibit"),
                                     .description = cli_value(args, "description"),
                                     .examiner = cli_value(args, "examiner"),
                                     .role = cli_value(args, "role"),
                                     .competence = cli_value(args, "competence"),
                                     .place = cli_value(args, "place"),
                                     .reason = cli_value(args, "reason"),
                                     .authority = cli_value(args, "authority")};
    if (!cli_value(args, "identity") && !cli_value(args, "case"))
        return 0;
    err_set(e, ERR_USAGE, "custody.identity", NULL, "this program signs nothing");
    return err_hint(e, "bring the bundle to the case, and record there how it was acquired");
}

int evidence_keep_end(struct evidence_keep *k, const char *folder, const char *verifiable,
                      struct err *e)
{
    (void)k, (void)folder, (void)verifiable, (void)e;
    return 0;
}

void evidence_keep_fini(struct evidence_keep *k)
{
    (void)k;
}
