/* SPDX-License-Identifier: Apache-2.0 */
/* The centre process: `tocsin centre --home DIR`, started by the supervisor. */
#ifndef CENTRE_SERVE_H
#define CENTRE_SERVE_H

#include <stdbool.h>

/*
 * Runs until SIGTERM or SIGINT; the exit code. ready_fd: a byte is written there when all doors are
 * open; -1: none. without_sandbox: for debuggers and sanitizers only.
 */
int centre_main(const char *home, int ready_fd, bool without_sandbox);

#endif
