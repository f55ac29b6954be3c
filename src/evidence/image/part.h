/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a block cut into the 32 KiB chunks of E01 and AFF4, each deflated by itself
 * (zlib, RFC 1950) where that is shorter.
 */
#ifndef EVIDENCE_PART_H
#define EVIDENCE_PART_H

#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum { EVIDENCE_PART = 32768, EVIDENCE_PARTS_MOST = 256 /* of a block */ };

/* What stands at the beginning of a piece; the bytes of all parts follow, one behind the other. */
struct evidence_parts {
    uint32_t count;
    uint32_t bytes;                       /* of all */
    uint32_t stored[EVIDENCE_PARTS_MOST]; /* bytes of each; PLAIN is set when it is not deflated */
};
#define EVIDENCE_PART_PLAIN 0x80000000u

static inline const uint8_t *evidence_parts_bytes(const struct evidence_parts *p)
{
    return (const uint8_t *)(p + 1);
}

/* A worker's own. */
struct evidence_parter;
struct evidence_parter *evidence_parter_new(struct err *e) MUST_CHECK;
void evidence_parter_free(struct evidence_parter *parter);

/* Room that the piece of a block of this length needs at most. */
size_t evidence_parts_room(size_t block);
/* adler: a plain part is followed by its Adler-32, little-endian, as E01 has it. */
void evidence_parts_make(struct evidence_parter *parter, struct slice block, bool adler,
                         uint8_t *piece);

uint32_t evidence_adler32(struct slice bytes);

#endif
