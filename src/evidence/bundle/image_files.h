/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the files of an image in the data folder of a bundle, by name. */
#ifndef EVIDENCE_IMAGE_FILES_H
#define EVIDENCE_IMAGE_FILES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EVIDENCE_NAME = 40 };

/* "image-00001.gz", "image-00001.raw" */
void evidence_segment_name(uint32_t number, bool packed, char name[EVIDENCE_NAME]);

/* Opens such a file, or "image.chunks", with the flags of open(2). -1: the error names it. */
int evidence_segment_open(const char *folder, uint32_t number, bool packed, int flags,
                          struct err *e) MUST_CHECK;
int evidence_table_open(const char *folder, int flags, struct err *e) MUST_CHECK;
/* Takes away a table that has not even a header, and segments that no table speaks of. */
int evidence_table_remove(const char *folder, struct err *e) MUST_CHECK;

#endif
