/* SPDX-License-Identifier: Apache-2.0 */
/* What wrapping and unwrapping a bundle say alike. */
#ifndef CLI_EVIDENCE_WRAPPED_H
#define CLI_EVIDENCE_WRAPPED_H

#include "cli/options.h"
#include "evidence/wrap.h"

/* context: a struct progress, zeroed. */
bool evidence_wrapped_watch(void *context, uint64_t done, uint64_t all);
/* For people or, with --json, programs. Returns the exit code. */
int evidence_wrapped_tell(const struct cli_args *args, const char *word, int result,
                          const struct evidence_wrapped *done, const struct err *e);

#endif
