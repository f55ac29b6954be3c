/* SPDX-License-Identifier: Apache-2.0 */
/* From the words of a command line to the verb that is meant. */
#ifndef CLI_DISPATCH_H
#define CLI_DISPATCH_H

#include "cli/options.h"

struct cli_table {
    const struct cli_group *const *groups;
    size_t count;
};

/* Runs what argv asks for; gives the exit code. argv[0] is the program. */
int cli_dispatch(const struct cli_table *table, int argc, char **argv);

/* The group of that name; NULL when there is none. */
const struct cli_group *cli_group_find(const struct cli_table *table, const char *name);
/* The verb of that name; *words says how many words of argv it took (0 when it is the group's own).
 */
const struct cli_verb *cli_verb_find(const struct cli_group *group, int argc, char **argv,
                                     int *words);

#endif
