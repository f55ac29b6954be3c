/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of tocsin csaf; each gives its exit code. */
#ifndef CLI_CSAF_H
#define CLI_CSAF_H

#include "cli/options.h"

int csaf_validate_command(const struct cli_args *args);

#endif
