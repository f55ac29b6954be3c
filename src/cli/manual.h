/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page tocsin(1), made from the tables of commands. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/options.h"

/* mdoc(7), the whole page; docs/man/tocsin.1 is its output. */
void cli_manual(FILE *out, const struct cli_group *const *groups, size_t count);

#endif
