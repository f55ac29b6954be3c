/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a pack, in a folder or in a tar archive: found, read whole, read line by line. */
#ifndef JOURNAL_PACK_FILES_H
#define JOURNAL_PACK_FILES_H

#include "base/tar.h"

enum {
    PACK_FILES_MAX = 100000,    /* files in a pack */
    PACK_LINE_MAX = 16 << 20,   /* bytes of a line */
    PACK_WHOLE_MAX = 256 << 20, /* bytes of a file that is read whole */
};

struct pack_file {
    char name[TAR_NAME_MAX + 1];
    uint64_t offset; /* in the archive */
    uint64_t size;
};

struct pack_files {
    bool is_archive;
    int fd; /* the archive, or the folder */
    struct pack_file *files;
    size_t count, room;
};

/* Lists all files; refuses what is no plain file, names twice, and what section 6 refuses. */
int pack_files_open(struct pack_files *files, const char *path, struct err *e) MUST_CHECK;
void pack_files_close(struct pack_files *files);
/* NULL: there is none of that name. */
const struct pack_file *pack_files_find(const struct pack_files *files, const char *name);

int pack_file_read(const struct pack_files *files, const struct pack_file *file, size_t limit,
                   struct buf *out, struct err *e) MUST_CHECK;

struct pack_stream {
    const struct pack_file *file;
    int fd;
    bool own_fd;
    uint64_t base; /* of the file in fd */
    uint64_t at;   /* of the next byte to fetch */
    struct buf held;
    size_t taken; /* of held */
};
int pack_stream_open(struct pack_stream *stream, const struct pack_files *files,
                     const struct pack_file *file, struct err *e) MUST_CHECK;
void pack_stream_close(struct pack_stream *stream);
/* The next bytes, as many as come at once: 1, 0 at the end, -1. Valid until the next call. */
int pack_stream_block(struct pack_stream *stream, struct slice *bytes, struct err *e) MUST_CHECK;
/* The next line without its 0x0A: 1, 0 at the end, -1 ("pack.line": no end, or too long). */
int pack_stream_line(struct pack_stream *stream, struct slice *line, struct err *e) MUST_CHECK;

#endif
