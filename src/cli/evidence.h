/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin evidence: digital evidence, with or without a centre, a file a verb. */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "cli/options.h"

/* Each runs a verb and gives its exit code. */
int evidence_acquire_run(const struct cli_args *args);
int evidence_verify_run(const struct cli_args *args);

#endif
