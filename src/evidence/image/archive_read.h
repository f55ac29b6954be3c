/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what is in a ZIP archive. Its entries are read and hashed, in the confined
 * process, and nothing of it is ever unpacked to a disk; so a name that leads elsewhere, a link or
 * a device in it can do no harm, and is listed as what it is.
 */
#ifndef EVIDENCE_ARCHIVE_READ_H
#define EVIDENCE_ARCHIVE_READ_H

#include "base/json.h"
#include "base/map.h"
#include "crypto/digest.h"
#include "evidence/image/confined.h"

enum evidence_entry_kind {
    EVIDENCE_ENTRY_FILE,
    EVIDENCE_ENTRY_FOLDER,
    EVIDENCE_ENTRY_LINK,
    EVIDENCE_ENTRY_HARD_LINK,
    EVIDENCE_ENTRY_SPECIAL
};

/* The fixed part of an entry's message. */
struct evidence_entry_wire {
    uint32_t kind;
    uint32_t hashed;  /* content was read to its end */
    int64_t modified; /* seconds since 1970; INT64_MIN: not said */
    uint64_t said;    /* bytes by the directory; UINT64_MAX: not said */
    uint64_t bytes;   /* that there were */
    uint8_t sha256[SHA256_LEN];
};

enum {
    EVIDENCE_ENTRIES_MOST = 1000000,
    EVIDENCE_ENTRY_NAME = 65535, /* bytes */
    EVIDENCE_RATIO = 200
};

/* What the archive may unpack to; set before the process is started. */
void evidence_archive_limit(uint64_t bytes);
void evidence_archive_read(const struct evidence_child *child);

bool evidence_archive_is(struct slice beginning);

/* The list of entries, as lines of JSON. */
struct evidence_listing {
    struct buf *out;
    struct map names, folded; /* those seen so far, and the same without case */
    struct arena arena;
    uint64_t entries, refused;
};
void evidence_listing_init(struct evidence_listing *l, struct buf *out);
void evidence_listing_fini(struct evidence_listing *l);
/* A message of kind ENTRY becomes a line, with all that is wrong with it. */
int evidence_listing_add(struct evidence_listing *l, struct slice payload,
                         struct err *e) MUST_CHECK;

#endif
