/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX ustar archives (IEEE Std 1003.1 pax, "ustar Interchange Format"), as strict as
 * docs/formats.md section 6 wants them: regular files only, mode 0644, owner 0, time 0, names of at
 * most 100 bytes, two zero blocks at the end. The writer makes nothing else, the reader takes
 * nothing else: bytes of an archive follow from its files.
 */
#ifndef BASE_TAR_H
#define BASE_TAR_H

#include "base/buf.h"

enum { TAR_BLOCK = 512, TAR_NAME_MAX = 100 };
#define TAR_FILE_MAX UINT64_C(8589934591) /* 11 octal digits */

/* A name that may stand in an archive: relative, 1 to 100 bytes of printable ASCII, no empty, "."
 * or ".." component, no backslash. */
bool tar_name_is(struct slice name);

/* Takes what the archive consists of; 0, or -1 with e set. */
typedef int tar_sink(void *context, struct slice bytes, struct err *e);
int tar_sink_buf(void *buf, struct slice bytes, struct err *e); /* context: struct buf * */
int tar_sink_fd(void *fd, struct slice bytes, struct err *e);   /* context: int * */

struct tar_writer {
    tar_sink *sink;
    void *context;
    uint64_t left; /* of the current file */
    unsigned pad;
    bool open;
};

void tar_write_init(struct tar_writer *w, tar_sink *sink, void *context);
/* A file's header; then exactly size bytes in one or more tar_write_data; then tar_write_end. */
int tar_write_begin(struct tar_writer *w, const char *name, uint64_t size,
                    struct err *e) MUST_CHECK;
int tar_write_data(struct tar_writer *w, struct slice bytes, struct err *e) MUST_CHECK;
int tar_write_end(struct tar_writer *w, struct err *e) MUST_CHECK;
/* begin, data and end in one. */
int tar_write_file(struct tar_writer *w, const char *name, struct slice content,
                   struct err *e) MUST_CHECK;
/* The two zero blocks. */
int tar_write_finish(struct tar_writer *w, struct err *e) MUST_CHECK;

/* Reads len bytes at an offset into out; fewer only at the end. Bytes read, or -1 with e set. */
typedef int64_t tar_fetch(void *context, uint64_t offset, void *out, size_t len, struct err *e);
int64_t tar_fetch_slice(void *slice, uint64_t offset, void *out, size_t len, struct err *e);
int64_t tar_fetch_fd(void *fd, uint64_t offset, void *out, size_t len, struct err *e);

struct tar_entry {
    char name[TAR_NAME_MAX + 1];
    uint64_t offset; /* of its first byte in the archive */
    uint64_t size;
};

struct tar_reader {
    tar_fetch *fetch;
    void *context;
    uint64_t at; /* of the next header */
    bool ended;
};

void tar_read_init(struct tar_reader *r, tar_fetch *fetch, void *context);
/*
 * The next file: 1 and *entry, 0 at the end (two zero blocks and nothing behind them), -1
 * ERR_INPUT "tar.syntax", "tar.name", "tar.kind", "tar.checksum", "tar.end" with the offset. Names
 * twice are the caller's to find. Contents are fetched by offset and size.
 */
int tar_read_next(struct tar_reader *r, struct tar_entry *entry, struct err *e) MUST_CHECK;

#endif
