/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a chunk as one gzip member (RFC 1952), so that any gzip reads an image. Deflated
 * by ISA-L, or stored; a stored member's length follows from the chunk's alone, so that a chunk can
 * be written over in its place.
 */
#ifndef EVIDENCE_MEMBER_H
#define EVIDENCE_MEMBER_H

#include "base/slice.h"
#include "base/err.h"

#include <stdbool.h>

/* A worker's own. */
struct evidence_packer;
struct evidence_packer *evidence_packer_new(struct err *e) MUST_CHECK;
void evidence_packer_free(struct evidence_packer *packer);

/* Bytes of a stored member of a chunk of this length; no other member of it is longer. */
size_t evidence_member_stored_bytes(size_t chunk);

/* Writes the member of a chunk; out has evidence_member_stored_bytes of room. Gives its length. */
size_t evidence_member_store(struct slice chunk, uint8_t *out);
/* The same, deflated where that is shorter; *stored says whether it was not. zero: the caller knows
 * that it is nothing but zeros, whose member is made once. */
size_t evidence_member_pack(struct evidence_packer *packer, struct slice chunk, bool zero,
                            uint8_t *out, bool *stored);

/* A few places tell whether deflating is worth the time: media and ciphertext are not. */
bool evidence_packer_is_dense(struct evidence_packer *packer, struct slice chunk);

/* Nothing but zeros. */
static inline bool evidence_is_zero(struct slice s)
{
    uint64_t first = 0;
    if (s.len < sizeof first) {
        memcpy(&first, s.data, s.len);
        return first == 0;
    }
    memcpy(&first, s.data, sizeof first);
    return first == 0 && memcmp(s.data, s.data + sizeof first, s.len - sizeof first) == 0;
}

/*
 * Unpacks exactly one member of exactly len bytes. -1: ERR_VERIFY "evidence.member": it is no gzip
 * member, is longer or shorter than it should be, or its CRC does not fit.
 */
struct evidence_unpacker;
struct evidence_unpacker *evidence_unpacker_new(struct err *e) MUST_CHECK;
void evidence_unpacker_free(struct evidence_unpacker *unpacker);
/* Whether the last member that was unpacked is known to be nothing but zeros. */
bool evidence_unpacker_was_zero(const struct evidence_unpacker *unpacker);
int evidence_member_unpack(struct evidence_unpacker *unpacker, struct slice member, uint8_t *out,
                           size_t len, struct err *e) MUST_CHECK;

#endif
