/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the names in a folder in the order of their bytes, a bounded number of them at a
 * time: of a folder with more, the next least names are picked out by reading it again.
 */
#ifndef EVIDENCE_NAMES_H
#define EVIDENCE_NAMES_H

#include "base/buf.h"

enum { EVIDENCE_NAMES_BATCH = 65536 };

struct evidence_names {
    struct buf text;   /* names, each with its NUL */
    uint32_t *offsets; /* in text, in order */
    size_t count, room;
    size_t at;       /* the next to give */
    bool more;       /* the folder has names behind these */
    struct buf last; /* the greatest that was given; names up to it are done */
    bool inclusive;  /* last itself is still to be given */
};

void evidence_names_init(struct evidence_names *names);
void evidence_names_fini(struct evidence_names *names);

/* Begins at this name. */
void evidence_names_from(struct evidence_names *names, struct slice name);

/*
 * Reads the next names out of the folder that fd is. -1: memory. *error: errno of reading it, with
 * the names before that kept.
 */
int evidence_names_read(struct evidence_names *names, int fd, int *error, struct err *e) MUST_CHECK;

/* The next, or NULL: read more when names->more, else that was all. */
const char *evidence_names_next(struct evidence_names *names);

#endif
