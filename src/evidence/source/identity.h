/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what is known of a source, from sysfs, and by questions that change nothing. */
#ifndef EVIDENCE_IDENTITY_H
#define EVIDENCE_IDENTITY_H

#include "evidence/source.h"

#include <sys/stat.h>

/* Fills what can be read; the rest stays empty, -1 or "not checked". */
void evidence_identity_read(struct evidence_identity *identity, int fd, const struct stat *st,
                            uint64_t bytes);

#endif
