/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an object of a file system on its way from the walk into a bundle
 * (docs/formats-evidence.md section 10).
 */
#ifndef EVIDENCE_ENTRY_H
#define EVIDENCE_ENTRY_H

#include "base/buf.h"
#include "crypto/digest.h"

#include <sys/stat.h>

enum { EVIDENCE_EXTENTS_MOST = 65536 };

struct evidence_stretch {
    uint64_t from, bytes;
};

/* What of a file's bytes is in the bundle. */
struct evidence_content {
    char file[64]; /* in the bundle */
    uint64_t bytes;
    uint8_t sha256[SHA256_LEN];
    bool extents_only; /* the bytes are those of the extents, one behind the other */
    bool sparse;
    struct evidence_stretch *extents; /* of a sparse file; NULL: too many to be listed */
    size_t extent_count;
};

struct evidence_entry {
    struct buf path; /* as it was reached */
    size_t asked;    /* which of the paths that were asked for it belongs to */
    bool recorded;   /* it has a record; else it is only said why there is none */
    uint64_t number; /* of its record, or of the next */
    int fd;          /* by O_PATH, for what is recorded; else -1 */
    struct statx st;
    /* what was not taken of it, and by which rule; NULL: nothing */
    const char *rule;
    char why[240];
    int error; /* errno, or 0 */
    /* what came of it */
    bool has_content;
    struct evidence_content content;
    bool ask_noatime; /* it is not seen through a view without access times */
    bool touched;     /* O_NOATIME was refused, so that its access time may be another now */
    unsigned changed; /* enum evidence_changed */
    struct buf line;  /* the record, without its line's end */
};

enum evidence_changed {
    EVIDENCE_CHANGED_SIZE = 1,
    EVIDENCE_CHANGED_MTIME = 2,
    EVIDENCE_CHANGED_CTIME = 4,
    EVIDENCE_CHANGED_GONE = 8
};

/* Empties it for the next; what it held is closed and freed. */
void evidence_entry_reset(struct evidence_entry *entry);
void evidence_entry_fini(struct evidence_entry *entry);

/* Says why, with the text of errno behind it where error is not 0. */
void evidence_entry_not_taken(struct evidence_entry *entry, const char *rule, int error,
                              const char *format, ...) PRINTF_LIKE(4, 5);

#endif
