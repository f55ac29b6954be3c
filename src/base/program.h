/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of ours that a library is kept in by itself: started without a shell, and talked to over
 * a socket that is their standard input and output.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/slice.h"

#include <stdbool.h>
#include <sys/types.h>

/* name: argv[0]. What it says on its standard error is thrown away. 0, or errno. The caller closes
 * fd and waits for pid. */
int program_start(const char *path, const char *name, pid_t *pid, int *fd);

/* All of it; false: the program has gone. */
bool program_send(int fd, struct slice bytes);

#endif
