/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a disk that is to be, or is, a test disk. It is opened for reading only until it
 * is known that it may be written to; all reading is past the cache.
 */
#ifndef EVIDENCE_BLOCKER_DISK_H
#define EVIDENCE_BLOCKER_DISK_H

#include "evidence/blocker/mark.h"
#include "evidence/source.h"

struct blocker_disk {
    const char *path;
    int fd;          /* reads, O_DIRECT */
    int writing;     /* reads and writes, O_DIRECT; -1: the kernel does not open it so */
    int writing_why; /* errno of that */
    uint64_t bytes;
    uint32_t sector;
    struct blocker_mark mark;
    uint8_t *wanted;               /* the areas as the pattern has them, one behind the other */
    uint8_t *page;                 /* room for an area that is read, aligned */
    int flag;                      /* the kernel's read-only flag as it was; -1: not known */
    bool flag_off;                 /* and was taken away */
    struct evidence_source source; /* what is known of it, after blocker_disk_identify */
    bool identified;
};

/* Opens it for reading and reads its size, and nothing else of it. ERR_DENIED "blocker.device". */
int blocker_disk_open(struct blocker_disk *d, const char *path, struct err *e) MUST_CHECK;
/* Puts the kernel's flag back. */
void blocker_disk_close(struct blocker_disk *d);

/* Reads the mark. ERR_DENIED "blocker.mark". */
int blocker_disk_marked(struct blocker_disk *d, struct err *e) MUST_CHECK;
/* Makes the pattern of d->mark. */
int blocker_disk_pattern(struct blocker_disk *d, struct err *e) MUST_CHECK;
/* What it says of itself: questions that change nothing. */
int blocker_disk_identify(struct blocker_disk *d, struct err *e) MUST_CHECK;
/* The disk itself says that it is another one than the mark was made for: the mark is a copy. */
bool blocker_disk_is_another(const struct blocker_disk *d);

/*
 * For writing, which nobody else may do meanwhile. The kernel's own flag is taken away where that
 * can be done. ERR_DENIED "blocker.device": mounted, or held by something. That the kernel opens it
 * for reading alone is no error (writing -1).
 */
int blocker_disk_unlock(struct blocker_disk *d, struct err *e) MUST_CHECK;

/* Past the cache; at and len are multiples of the sector, data is aligned. 0 or an errno. */
int blocker_disk_read(const struct blocker_disk *d, uint64_t at, void *data, size_t len);
int blocker_disk_write(const struct blocker_disk *d, uint64_t at, const void *data, size_t len);
/* What the host and the disk hold back is written. */
void blocker_disk_flush(const struct blocker_disk *d);

/* Where an area's pattern stands in d->wanted. */
const uint8_t *blocker_disk_wanted(const struct blocker_disk *d, size_t area);
/* Puts the mark and the pattern on it. */
int blocker_disk_fill(struct blocker_disk *d, struct err *e) MUST_CHECK;

/* How the areas are now: read past the cache and compared; hashed where that is wanted. */
struct blocker_seen {
    uint8_t sha256[SHA256_LEN]; /* zeros: not wanted */
    int why;                    /* errno of a reading that failed; the rest is then not known */
    uint64_t why_at;
    bool same;
    uint64_t
        slots[BLOCKER_AREAS]; /* those that differ, a bit each (the last area's rest: bit 63) */
};
int blocker_disk_look(const struct blocker_disk *d, bool hash, struct blocker_seen *seen,
                      struct err *e) MUST_CHECK;

/* ---- before a disk is made a test disk ---- */

/* ERR_DENIED "blocker.device": a partition, mounted, held. */
int blocker_guard_free(const struct blocker_disk *d, struct err *e) MUST_CHECK;
/* Looks at all that would be written over, its first and last MiB, and samples between. *what "":
 * zeros alone. */
int blocker_guard_blank(const struct blocker_disk *d, char what[200], struct err *e) MUST_CHECK;

#endif
