/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what an imported ZIP archive holds, as a tree of folders and ordinary files. A
 * name leads nowhere but into the tree, there are no links and no devices in it, and two entries of
 * one name are two files.
 */
#ifndef EVIDENCE_MOUNT_ARCHIVE_H
#define EVIDENCE_MOUNT_ARCHIVE_H

#include "evidence/mount/zip_member.h"

#include <sys/stat.h>

enum {
    MOUNT_ARCHIVE_ENTRIES = 1000000, /* and folders that they lie in */
    MOUNT_ARCHIVE_PARTS = 100,       /* of a name */
    MOUNT_ARCHIVE_NAME = 4096
};

struct mount_entry {
    const char *name;
    struct mount_entry *above, *next, *child; /* child: the one that was added last */
    struct mount_entry *beside;               /* of a file: the folder that should have its name */
    uint64_t others;                          /* of the same name, which got another */
    mode_t kind;                              /* S_IFREG or S_IFDIR */
    int64_t modified;
    struct zip_member_facts facts;
    const char *why; /* its content cannot be given, because; NULL: it may be */
    bool checked;    /* its content is what the archive says */
};

struct mount_archive;

struct mount_archive_options {
    struct zip_source source;
    uint64_t most; /* bytes that all entries may have together; what comes behind is not read */
    /* Told why something of it cannot be shown: the listing's end, each file once. */
    void (*told)(void *context, const struct err *why);
    void *context;
};

/* ERR_INPUT "evidence.zip": its directory cannot be read at all. */
struct mount_archive *mount_archive_open(const struct mount_archive_options *options,
                                         struct err *e) MUST_CHECK;
void mount_archive_close(struct mount_archive *archive);

/* "" and "/" are the folder itself; NULL: there is none. */
struct mount_entry *mount_archive_at(struct mount_archive *archive, const char *path);
/*
 * Before it is read, holds all of a content against its size and CRC-32, once. 0, -EIO (which is
 * told), -ENOMEM, -EINTR: stop (may be NULL) said so.
 */
int mount_archive_check(struct mount_archive *archive, struct mount_entry *entry,
                        bool (*stop)(void *context), void *context);
/* Bytes read, 0 at the end, or as above. */
ssize_t mount_archive_read(struct mount_archive *archive, struct mount_entry *entry,
                           uint64_t offset, void *out, size_t len);

/* Of what is mounted, where it is an imported archive; else NULL. */
struct evidence_mount;
struct mount_archive *evidence_mount_archive(const struct evidence_mount *m);

#endif
