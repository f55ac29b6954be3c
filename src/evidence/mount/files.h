/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the files of a logical bundle as a tree, with names, kinds, modes, owners and
 * times as their records have them. A content is held against its hash when it is opened.
 */
#ifndef EVIDENCE_MOUNT_FILES_H
#define EVIDENCE_MOUNT_FILES_H

#include "base/err.h"
#include "base/slice.h"

#include <sys/stat.h>
#include <sys/types.h>

struct mount_node {
    const char *name;
    struct mount_node *next, *child; /* of the same folder; the first in it */
    struct stat st;
    const char *target; /* of a symlink */
    const char *file;   /* of the bundle; NULL: its bytes were not taken, or it has none */
    uint8_t sha256[32];
    uint64_t stored; /* bytes of file */
    bool by_extents, damaged, recorded;
    struct mount_extent {
        uint64_t from, bytes, at; /* at: in file */
    } * extents;
    size_t extent_count;
};

struct mount_files;

/* told: of each damaged content, once. "evidence.files": the records do not hold. */
struct mount_files *mount_files_open(const char *bundle,
                                     void (*told)(void *context, const struct err *why),
                                     void *context, struct err *e) MUST_CHECK;
void mount_files_close(struct mount_files *files);

/* "/" and what lies below it; NULL: there is none. */
struct mount_node *mount_files_at(struct mount_files *files, const char *path);
/* A descriptor of the content; -EIO: it was not taken, or is not what was; -ENOMEM. */
int mount_files_content(struct mount_files *files, struct mount_node *node);
/* fd: of mount_files_content. Bytes read, 0 at the end; -EIO where what was not taken begins. */
ssize_t mount_files_read(struct mount_files *files, struct mount_node *node, int fd,
                         uint64_t offset, void *out, size_t len);

#endif
