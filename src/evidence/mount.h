/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of a bundle as one file, read-only, for programs that read images. Each chunk is held
 * against its hash when it is unpacked; of a damaged one nothing is given but an error.
 */
#ifndef EVIDENCE_MOUNT_H
#define EVIDENCE_MOUNT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define EVIDENCE_MOUNT_FILE "image.raw"
/* Where the image is a ZIP archive that was imported: the folder that shows what is in it. */
#define EVIDENCE_MOUNT_MEMBERS "files"

/* What is mounted, which works without a mount as well. One thread at a time. */
struct evidence_mount;

/*
 * damaged (may be NULL) is told of each damaged chunk once, and of what of an imported archive
 * cannot be shown (chunk is UINT64_MAX then). -1: "evidence.incomplete", "evidence.mount" (there is
 * no image in it), "evidence.table", …
 */
struct evidence_mount *evidence_mount_open(const char *bundle,
                                           void (*damaged)(void *context, uint64_t chunk,
                                                           const struct err *why),
                                           void *context, struct err *e) MUST_CHECK;
void evidence_mount_close(struct evidence_mount *m);
uint64_t evidence_mount_bytes(const struct evidence_mount *m);
/* Whether there is a folder of members. */
bool evidence_mount_has_members(const struct evidence_mount *m);
/* Seconds since 1970 at which the acquisition ended; 0: not known. */
int64_t evidence_mount_time(const struct evidence_mount *m);
/*
 * Bytes read, fewer at the end of the image, or before a damaged chunk; -EIO where a damaged one
 * begins, -ENOMEM.
 */
ssize_t evidence_mount_read(struct evidence_mount *m, uint64_t offset, void *out, size_t len);

/*
 * Mounts it at a folder and serves until it is unmounted, or a signal ends the process. ready (may
 * be NULL) is called when it is there. ERR_UNAVAILABLE "evidence.fuse": FUSE is not there or does
 * not let us.
 */
int evidence_mount_serve(struct evidence_mount *m, const char *folder, void (*ready)(void *context),
                         void *context, struct err *e) MUST_CHECK;

struct evidence_mount_files_options {
    /* Before it is mounted, when the records were read and hold; -1: do not. May be NULL. */
    int (*first)(void *context, struct err *e);
    void (*ready)(void *context);                          /* as above */
    void (*damaged)(void *context, const struct err *why); /* of each damaged content, once */
    void *context;
};

/*
 * The files of a logical bundle (section 10) as a tree, read-only, with the names, kinds, modes,
 * owners and times of their records, at folder until it is unmounted. Contents are held against
 * their hash when they are opened; what was not taken, or does not fit, is EIO.
 */
int evidence_mount_files(const char *bundle, const char *folder,
                         const struct evidence_mount_files_options *options,
                         struct err *e) MUST_CHECK;

#endif
