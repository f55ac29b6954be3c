/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include "cli/options.h"

/* tocsin log verify */
int log_verify(const struct cli_args *args);

#endif
