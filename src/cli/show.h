/* SPDX-License-Identifier: Apache-2.0 */
/* One thing of the centre's: shown to people, or as it is with --json. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/api.h"

/*
 * Asks for target, takes it over, and hands the answer to say, or prints it as JSON. Gives the
 * exit code; what went wrong has been said then.
 */
int show_one(const struct cli_args *args, struct buf *take_target,
             void (*say)(const struct json_value *));

#endif
