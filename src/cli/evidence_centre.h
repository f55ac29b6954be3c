/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custody that is told to a centre as it happens: with $TOCSIN_EVIDENCE_CENTRE, whose words are the
 * options of tocsin evidence register by which the centre is reached.
 */
#ifndef CLI_EVIDENCE_CENTRE_H
#define CLI_EVIDENCE_CENTRE_H

#include "cli/api.h"

/* Remembers from now on which logs get records, when the environment asks for it. */
void evidence_centre_watch(void);
/* Tells the centre of them. What fails is said, and is no failure of the step. */
void evidence_centre_tell(void);

/* Tells the records of one folder (evidence_register.c). 0, 1: the centre knows more, -1. */
int evidence_register_folder(const struct cli_args *args, struct api *api, const char *holder,
                             struct err *e) MUST_CHECK;

#endif
