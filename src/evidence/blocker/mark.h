/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what makes a disk one that may be written to for a test: a block at its beginning
 * (docs/formats-evidence.md section 12.6), and a pattern in three areas that follows from its seed.
 */
#ifndef EVIDENCE_BLOCKER_MARK_H
#define EVIDENCE_BLOCKER_MARK_H

#include "base/err.h"
#include "base/slice.h"
#include "crypto/digest.h"
#include "evidence/blocker.h"

enum {
    BLOCKER_MARK_BYTES = 4096,
    BLOCKER_AREAS = 3,       /* first, middle, last */
    BLOCKER_SLOT = 64 << 10, /* what one command changes of an area */
    BLOCKER_SLOTS = 64,      /* in each area: no more commands than these */
    BLOCKER_AREA = BLOCKER_SLOT * BLOCKER_SLOTS,
    BLOCKER_FIRST_AT = 1 << 20, /* where the first area begins */
    BLOCKER_LEAST = 16 << 20,   /* the smallest disk */
    BLOCKER_PATTERN_BLOCK = 4096,
};

struct blocker_area {
    uint64_t from, bytes;
};

struct blocker_mark {
    uint8_t id[EVIDENCE_BLOCKER_MARK_ID], seed[32];
    uint32_t sector;
    uint64_t bytes;   /* of the disk */
    int64_t prepared; /* microseconds since 1970 */
    struct blocker_area areas[BLOCKER_AREAS];
    uint8_t sha256[SHA256_LEN];     /* of the areas, one behind the other */
    uint8_t without[BLOCKER_SLOTS]; /* by a command's number: enum blocker_outcome + 1 without a
                                       blocker; 0: not tried */
    bool identified;                /* model and serial are the disk's own answer */
    char model[80], serial[80], attached_by[240];
};

int blocker_mark_write(const struct blocker_mark *mark, uint8_t block[BLOCKER_MARK_BYTES],
                       struct err *e) MUST_CHECK;
/* ERR_DENIED "blocker.mark": there is none, it is of another version, or damaged. */
int blocker_mark_read(struct slice block, struct blocker_mark *mark, struct err *e) MUST_CHECK;

/* Where the areas of a disk of that size are; bytes is at least BLOCKER_LEAST. */
void blocker_areas_place(uint64_t bytes, struct blocker_area areas[BLOCKER_AREAS]);

/* The pattern at that place, which is a multiple of BLOCKER_PATTERN_BLOCK; len is one of
 * SHA512_LEN. */
int blocker_pattern(const uint8_t seed[32], uint64_t at, uint8_t *out, size_t len,
                    struct err *e) MUST_CHECK;

#endif
