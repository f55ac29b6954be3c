/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a walk over trees of files, in an order that does not depend on the file system
 * (names by their bytes, a folder before what lies in it), in bounded memory, without following a
 * symlink, entering another file system unasked, or opening anything but files and folders.
 */
#ifndef EVIDENCE_WALK_H
#define EVIDENCE_WALK_H

#include "evidence/logical/entry.h"
#include "evidence/logical/view.h"

/* Levels, and bytes of the path of a folder that is gone into: each record in it has the path. */
enum { EVIDENCE_WALK_DEPTH = 4096, EVIDENCE_WALK_PATH = 64 << 10 };

struct evidence_walk_options {
    const char *const *paths;
    size_t path_count;
    const char *const *excludes; /* shell patterns: of a name, or with '/' of the whole path */
    size_t exclude_count;
    bool cross;         /* enter other file systems */
    const char *bundle; /* folder that is never entered; may be NULL */
    struct slice after; /* the path of the last record there is; empty: from the beginning */
    size_t after_asked; /* which of paths that lies below */
    uint64_t records;   /* how many there are */
};

struct evidence_walk;

/* Everything in options is borrowed. */
struct evidence_walk *evidence_walk_new(const struct evidence_walk_options *options,
                                        struct err *e) MUST_CHECK;
void evidence_walk_free(struct evidence_walk *walk);

/*
 * The next object, or what was not taken and why, into entry (which is reset before). 1; 0: there
 * is no more. -1: memory.
 */
int evidence_walk_next(struct evidence_walk *walk, struct evidence_entry *entry,
                       struct err *e) MUST_CHECK;

/* How reading is kept from changing access times, of the path under way; why not better. */
enum evidence_access evidence_walk_access(const struct evidence_walk *walk);
const char *evidence_walk_access_why(const struct evidence_walk *walk);

#endif
