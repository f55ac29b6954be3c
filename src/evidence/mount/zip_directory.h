/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what a ZIP archive says is in it (APPNOTE.TXT 6.3, sections 4.3 and 4.4; ZIP64).
 * Nothing of it is believed: places and sizes that cannot be are said of the entry.
 */
#ifndef EVIDENCE_MOUNT_ZIP_DIRECTORY_H
#define EVIDENCE_MOUNT_ZIP_DIRECTORY_H

#include "base/cursor.h"
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Where the archive's bytes come from: all of them that are asked for, or -1. */
struct zip_source {
    int (*read)(void *context, uint64_t at, uint8_t *out, size_t len, struct err *e);
    void *context;
    uint64_t bytes;
};

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_DEFLATE_RATIO = 1032 /* no deflate packs better */ };

struct zip_entry {
    struct slice name; /* until the next entry */
    uint16_t flags, method;
    uint32_t crc;
    uint64_t packed, bytes;
    uint64_t header; /* its local header in the source */
    mode_t mode;     /* of Unix; 0: not said */
    int64_t modified;
    const char *why; /* it cannot be read, because; NULL: it may be */
};

struct zip_directory {
    const struct zip_source *source;
    uint64_t at, end; /* what is still to be read of it, in the source */
    uint64_t from;    /* its beginning */
    uint64_t base;    /* of the archive, behind what stands before it (a program that unpacks) */
    uint8_t *window;
    size_t in_window, used;
    bool broken;
};

/* ERR_INPUT "evidence.zip": it has no directory, or one that cannot be. */
int zip_directory_open(struct zip_directory *d, const struct zip_source *source,
                       struct err *e) MUST_CHECK;
void zip_directory_close(struct zip_directory *d);
/* 1: an entry, 0: there is no more, -1: what follows is none, and nothing more comes. */
int zip_directory_next(struct zip_directory *d, struct zip_entry *entry, struct err *e) MUST_CHECK;

static inline uint16_t zip_u16(struct cursor *c)
{
    return __builtin_bswap16(cursor_u16(c));
}
static inline uint32_t zip_u32(struct cursor *c)
{
    return __builtin_bswap32(cursor_u32(c));
}
static inline uint64_t zip_u64(struct cursor *c)
{
    return __builtin_bswap64(cursor_u64(c));
}

#endif
