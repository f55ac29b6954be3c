/* SPDX-License-Identifier: Apache-2.0 */
/* What `verify` says of a disclosure. */
#ifndef CLI_EVIDENCE_DISCLOSE_H
#define CLI_EVIDENCE_DISCLOSE_H

#include "cli/options.h"

bool evidence_is_disclosure(const char *folder);
/* Gives the exit code. */
int evidence_disclosure_run(const struct cli_args *args, const char *folder);

#endif
