/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: images of memory in the formats of LiME (version 1) and AVML (version 2). */
#ifndef EVIDENCE_MEMORY_IMAGE_H
#define EVIDENCE_MEMORY_IMAGE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { MEMORY_HEADER = 32 };

enum memory_format { MEMORY_LIME = 1, MEMORY_AVML = 2 };

/* A range of physical memory, from first to last. */
void memory_header_write(uint64_t first, uint64_t last, uint8_t out[MEMORY_HEADER]);

struct memory_checked {
    enum memory_format format;
    uint64_t ranges, bytes; /* of physical memory */
};

/*
 * Walks an image by its headers (and those of the frames of AVML, whose contents are not unpacked):
 * read gives up to len bytes at an offset, 0 behind the end, -1 with e set. ERR_INPUT
 * "evidence.memory-image" with the offset.
 */
int memory_image_check(int (*read)(void *context, uint64_t offset, uint8_t *data, size_t len,
                                   size_t *got, struct err *e),
                       void *context, uint64_t size, struct memory_checked *checked,
                       struct err *e) MUST_CHECK;

#endif
