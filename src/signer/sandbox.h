/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up everything that the signer does not need, before its first thread starts. */
#ifndef SIGNER_SANDBOX_H
#define SIGNER_SANDBOX_H

#include "base/err.h"

/*
 * No core dumps, not traceable, no new privileges; Landlock (when the kernel has it): files below
 * `folder` alone, no TCP; seccomp: the system calls of sandbox.c's list, all others EPERM. text
 * says what is now in force, and what the kernel does not offer. Seccomp is demanded: -1 without
 * it.
 */
int signer_sandbox_enter(const char *folder, char *text, unsigned long size,
                         struct err *e) MUST_CHECK;

#endif
