/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases: from a file, or typed on the terminal without an echo. */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "base/buf.h"

enum { PASSPHRASE_MAX = 1000 };

/*
 * Into out (a secret buf). path: a file whose first line it is ("-": standard input); NULL: asked
 * for on /dev/tty with prompt, twice when `again`. ERR_USAGE "cli.passphrase", ERR_SYSTEM without
 * a terminal.
 */
int passphrase_read(const char *path, const char *prompt, bool again, struct buf *out,
                    struct err *e) MUST_CHECK;

#endif
