/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of tocsin-agent: each takes the arguments behind its name, returns the exit code. */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include "base/err.h"

#define AGENT_HOME "/var/lib/tocsin-agent"

int command_enrol(int argc, char **argv);
int command_run(int argc, char **argv);
int command_bundle(int argc, char **argv);
int command_status(int argc, char **argv);
int command_inventory(int argc, char **argv);
int command_report(int argc, char **argv);
int command_alarm(int argc, char **argv);
int command_config(int argc, char **argv);

/*
 * An option with a value is filled into *text, one without (flag set) into *flag. Options may stand
 * anywhere; at most `room` other words are put into words.
 */
struct option_of {
    const char *name; /* without "--" */
    const char **text;
    int *flag;
};
/*
 * Reads the arguments of a command. The number of other words; or -1: wrong usage, said on standard
 * error with `usage`; or -2: --help was given and answered on standard output.
 */
int command_options(int argc, char **argv, const struct option_of *options, int count,
                    const char **words, int room, const char *usage);

/* Prints "tocsin-agent: what: text (where; clause)" and the hint; returns the exit code. */
int command_failed(const char *what, const struct err *e);

#endif
