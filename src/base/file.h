/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read with a limit, written so that after a crash the old or the new one is there. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

#include <sys/types.h>

/* Appends the file's contents to b; more than limit bytes is ERR_LIMIT. "-" reads stdin. */
int file_read(const char *path, size_t limit, struct buf *b, struct err *e) MUST_CHECK;

/* Writes to a temporary name beside path, fsyncs, renames, fsyncs the folder. */
int file_write(const char *path, struct slice content, mode_t mode, struct err *e) MUST_CHECK;

/*
 * Writes a new file, whole and fsynced; ERR_CONFLICT when there is one already. (Where the file
 * system has no hard links, a crash in the middle may leave a part.)
 */
int file_create(const char *path, struct slice content, mode_t mode, struct err *e) MUST_CHECK;

/*
 * Gives a file or a folder a name that nothing has. 0; -1 with errno, EEXIST where something has
 * it. A file system that cannot do it in one step (a stick's) does it in two: with neither hard
 * links nor renameat2's flag, a name given in between by somebody else is lost.
 */
int file_rename_new(int from_folder, const char *from, int to_folder, const char *to) MUST_CHECK;

/* Makes the folder and missing parents; fine when it is there. */
int file_make_folder(const char *path, mode_t mode, struct err *e) MUST_CHECK;

/* Writes all bytes to a descriptor, over EINTR and short writes. 0, or -1 with errno set. */
int file_write_all(int fd, const void *data, size_t len) MUST_CHECK;

/* 1: a file, 2: a folder, 0: nothing there (or not visible). */
int file_kind(const char *path);

#endif
