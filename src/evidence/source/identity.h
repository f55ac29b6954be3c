/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what is known of a source, from sysfs, and by questions that change nothing. */
#ifndef EVIDENCE_IDENTITY_H
#define EVIDENCE_IDENTITY_H

#include "evidence/source.h"

#include <sys/stat.h>

enum { EVIDENCE_SYS_FOLDER = 64 };

/* Fills what can be read; the rest stays empty, -1 or "not checked". */
void evidence_identity_read(struct evidence_identity *identity, int fd, const struct stat *st);

/* Where sysfs tells of the disk that st is, or is a partition of. */
void evidence_identity_folder(const struct stat *st, char folder[EVIDENCE_SYS_FOLDER]);

/* What keeps it from being written to, by the kernel's word and by its own. */
void evidence_protection_read(struct evidence_protection *protection, int fd,
                              const struct stat *st);

#endif
