/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the bytes of a file into a bundle, with its holes, and whether it held still. */
#ifndef EVIDENCE_FILE_CONTENT_H
#define EVIDENCE_FILE_CONTENT_H

#include "evidence/logical/entry.h"

#include <stdatomic.h>

enum { EVIDENCE_CONTENT_PART = 1 << 20, EVIDENCE_HOLES_LEAST = 1 << 20 };

struct evidence_content_options {
    const char *folder;  /* of the bundle */
    const char *below;   /* "data/files" */
    uint64_t holes_most; /* from so many bytes of holes on, only the extents are stored */
    /* Bytes of holes that are hashed as zeros in all files together; then from HOLES_LEAST on the
     * extents alone are stored, as who makes holes pays nothing for them. NULL: no such limit. */
    atomic_ullong *holes_left;
    uint64_t bytes_most; /* of one file; 0: no limit */
    /* Told of progress, from several threads; may be NULL. */
    void (*tick)(void *context, const char *path, uint64_t bytes);
    void *context;
};

/* The name in the bundle of the content of record `number`. */
void evidence_content_name(const char *below, uint64_t number, char name[64]);

/*
 * Reads the file that reading is into the bundle; entry->content, has_content, changed, rule and
 * why are set. part: EVIDENCE_CONTENT_PART bytes of the thread's own. -1: the bundle cannot be
 * written, "evidence.no-space" among others; what is wrong with the file is said in the entry.
 */
int evidence_content_take(const struct evidence_content_options *options,
                          struct evidence_entry *entry, int reading, uint8_t *part,
                          struct err *e) MUST_CHECK;

#endif
