/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: opening what is to be read so that reading it changes nothing: a mount of our own
 * that nobody else sees, read-only and without access times; else O_NOATIME; else as it is, said.
 */
#ifndef EVIDENCE_VIEW_H
#define EVIDENCE_VIEW_H

#include "base/err.h"

#include <stdbool.h>

enum evidence_access { EVIDENCE_VIEW_OWN, EVIDENCE_VIEW_NOATIME, EVIDENCE_VIEW_PLAIN };

/*
 * A folder by O_PATH, as a view of its own where the kernel allows it (*own; else *why says what
 * stood against it). -1: errno is set.
 */
int evidence_view_open(const char *folder, bool *own, char why[120]) MUST_CHECK;

/*
 * Opens what fd (by O_PATH, no symlink, no device) stands for, for reading: the same object
 * whatever its name leads to now. *noatime: in, whether to ask for O_NOATIME; out, whether it was
 * granted. -1: errno is set.
 */
int evidence_view_read(int fd, int flags, bool *noatime) MUST_CHECK;

#endif
