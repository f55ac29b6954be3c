/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `tocsin csaf`, one file each. */
#ifndef CLI_CSAF_H
#define CLI_CSAF_H

#include "cli/options.h"

int csaf_convert_run(const struct cli_args *args);
int csaf_view_run(const struct cli_args *args);
int csaf_diff_run(const struct cli_args *args);

#endif
