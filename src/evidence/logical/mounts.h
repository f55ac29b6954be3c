/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: where other file systems are mounted, known before anything of them is touched.
 */
#ifndef EVIDENCE_MOUNTS_H
#define EVIDENCE_MOUNTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"

struct evidence_mount {
    const char *point;
    const char *type;   /* "ext4" */
    const char *source; /* "/dev/sda1" */
    const char *options;
    const char *super_options;
    const char *root;
    unsigned id, parent;
    unsigned major, minor;
};

struct evidence_mounts {
    struct evidence_mount *all;
    size_t count;
    struct map by_point; /* the last mounted of each point */
    struct arena arena;
};

/* Of the text of /proc/PID/mountinfo (proc(5)). Lines that are not such are passed over. */
int evidence_mounts_parse(struct evidence_mounts *mounts, struct slice text,
                          struct err *e) MUST_CHECK;
/* This process's own. */
int evidence_mounts_read(struct evidence_mounts *mounts, struct err *e) MUST_CHECK;
void evidence_mounts_fini(struct evidence_mounts *mounts);
const struct evidence_mount *evidence_mounts_at(const struct evidence_mounts *mounts,
                                                struct slice point);

#endif
