/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: one member of a ZIP archive, stored or deflated, read at any place. It is read as
 * a whole first and held against its size and CRC-32; after that, inflating begins again from the
 * nearest of a few places that were kept on the way. Memory is bounded, whatever its size.
 */
#ifndef EVIDENCE_MOUNT_ZIP_MEMBER_H
#define EVIDENCE_MOUNT_ZIP_MEMBER_H

#include "evidence/mount/zip_directory.h"

struct zip_member;

/* What the directory says of it. */
struct zip_member_facts {
    uint64_t header, packed, bytes;
    uint32_t crc;
    uint16_t method;
};

/* ERR_VERIFY "evidence.zip": its local header is not there or is of something else. */
struct zip_member *zip_member_new(const struct zip_source *source,
                                  const struct zip_member_facts *facts, struct err *e) MUST_CHECK;
void zip_member_free(struct zip_member *m);

/*
 * Reads all of it. ERR_VERIFY "evidence.zip" with what is not true of it; ERR_UNAVAILABLE
 * "evidence.stopped" when stop (may be NULL) says so.
 */
int zip_member_check(struct zip_member *m, bool (*stop)(void *context), void *context,
                     struct err *e) MUST_CHECK;
/* All len bytes at offset, which lie in it. */
int zip_member_read(struct zip_member *m, uint64_t offset, uint8_t *out, size_t len,
                    struct err *e) MUST_CHECK;

#endif
