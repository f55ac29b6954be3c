/* SPDX-License-Identifier: Apache-2.0 */
/* The process that holds private keys: `tocsin signer --home DIR`, started by the supervisor. */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "base/err.h"
#include "base/slice.h"

/*
 * Makes HOME/signer (0700) with its passphrase check, and HOME/run. passphrase data NULL: draws one
 * and writes it to HOME/signer/passphrase (0600), from which a restarted signer then unlocks
 * itself. ERR_CONFLICT "signer.home-exists" when there is one.
 */
int signer_init_home(const char *home, struct slice passphrase, struct err *e) MUST_CHECK;

struct signer_options {
    const char *home;
    const char *socket_path;     /* NULL: HOME/run/signer.sock */
    const char *passphrase_file; /* NULL: HOME/signer/passphrase if it is there; else locked */
    int ready_fd;                /* a byte is written and it is closed when listening; -1: none */
    unsigned allowed_uid; /* peers of this uid are served, and nobody else (0 is no exception) */
    bool without_sandbox; /* for debuggers and sanitizers only */
};

/*
 * Listens until SIGTERM or SIGINT and returns the process's exit code (0, or 3 with a log line).
 * Turns the whole process into the signer: seccomp, Landlock, no core dumps, no new privileges.
 */
int signer_main(const struct signer_options *options);

#endif
