/* SPDX-License-Identifier: Apache-2.0 */
/* The centre process: `tocsin centre --home DIR`, started by the supervisor. */
#ifndef CENTRE_SERVE_H
#define CENTRE_SERVE_H

/*
 * Runs until SIGTERM or SIGINT; the exit code. ready_fd: a byte is written there when all doors are
 * open; -1: none.
 */
int centre_main(const char *home, int ready_fd);

#endif
