/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that speaks to the outside, so that the centre does not: mail by SMTP, webhooks by
 * HTTPS. It has no key of ours, no database, and writes no file; it takes jobs on a Unix socket
 * (courier_frame.h) and answers each with what became of it. Started by the supervisor as
 * `tocsin courier --home DIR`.
 *
 * A server that hangs holds up only its own deliveries: each in flight has a thread, mail may take
 * three quarters of them and one webhook's host a quarter.
 */
#ifndef CENTRE_COURIER_H
#define CENTRE_COURIER_H

#include "base/err.h"

struct config;

/* Limits that are not configured. */
enum {
    COURIER_CLIENTS_MAX = 32,              /* connections on the socket */
    COURIER_BYTES_MAX = 256 * 1024 * 1024, /* all jobs together; over it: busy */
    COURIER_GRACE_SECONDS = 10,            /* for what is in flight when it is told to stop */
};

struct courier_options {
    const struct config *config;
    const char *socket_path; /* NULL: HOME/run/courier.sock */
    int ready_fd;            /* a byte is written and it is closed when listening; -1: none */
    unsigned allowed_uid;    /* peers of this uid are served, beside the courier's own */
    bool without_sandbox;    /* for debuggers and sanitizers only */
};

/*
 * Listens until SIGTERM or SIGINT (a second one ends the grace for what is in flight) and returns
 * the process's exit code (0, or 3 with a log line). Turns the whole process into the courier:
 * sandbox, no core dumps, no new privileges.
 */
int courier_main(const struct courier_options *options);

#endif
