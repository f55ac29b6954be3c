/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process of the centre gives up for good once it has opened what it needs: new privileges,
 * core dumps, being traced, files (Landlock), and system calls (seccomp). To be called before any
 * thread is started.
 */
#ifndef CENTRE_SANDBOX_H
#define CENTRE_SANDBOX_H

#include "base/compiler.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct sandbox {
    /* Folders and files that may be read, written or removed below; NULL ends each list. A path
     * that is not there is left out. */
    const char *const *readable;
    const char *const *writable;
    const char *const *removable;
    /* System calls that are allowed, by name; every other one fails with EPERM, and those that no
     * process of ours ever needs (execve, ptrace, mount, …) end the process. */
    const char *const *system_calls;
    const int *socket_families; /* AF_…, -1 ends the list */
    bool may_bind_tcp;          /* false: binding is denied too where Landlock knows the network */
};

/*
 * Puts it up. report gets what is in force, for people: "no new privileges, no core dumps, Landlock
 * 4, seccomp". A kernel without Landlock is reported, not refused; without seccomp it is refused:
 * "sandbox.seccomp".
 */
int sandbox_enter(const struct sandbox *sandbox, char *report, size_t size,
                  struct err *e) MUST_CHECK;

/* The courier's: speaks to the network, reads /etc and libraries, writes nothing. */
int sandbox_courier(const char *home, char *report, size_t size, struct err *e) MUST_CHECK;

/*
 * The centre's: the network, its database and files below home, and below each of the folders in
 * writable (NULL ends; may be NULL: none). After the doors are bound, before threads.
 */
int sandbox_centre(const char *home, const char *const *writable, char *report, size_t size,
                   struct err *e) MUST_CHECK;

#endif
