/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the part of the tar format (POSIX.1-2017 pax, "ustar Interchange Format", and
 * sizes from 8 GiB in base 256 as GNU tar writes them) that a wrapped bundle is made of: ordinary
 * files, names of at most 255 bytes. It comes as a stream; what base/tar.h reads lies there whole,
 * and has neither such sizes nor times.
 */
#ifndef EVIDENCE_WRAP_HEADER_H
#define EVIDENCE_WRAP_HEADER_H

#include "base/err.h"

#include <stdint.h>

enum { WRAP_BLOCK = 512, WRAP_NAME = 257 };

struct wrap_member {
    char name[WRAP_NAME];
    uint64_t bytes;
    uint64_t mtime; /* seconds since 1970 */
    unsigned mode;
};

/* ERR_LIMIT "evidence.wrap": the name does not fit. */
int wrap_header_write(const struct wrap_member *member, uint8_t block[WRAP_BLOCK],
                      struct err *e) MUST_CHECK;
/*
 * 1: a member; 0: a block of zeros, which ends the archive. ERR_VERIFY "evidence.wrap": it is none,
 * or something else than a file, or its name leads elsewhere ("..", an empty or absolute part,
 * control characters).
 */
int wrap_header_read(const uint8_t block[WRAP_BLOCK], struct wrap_member *member,
                     struct err *e) MUST_CHECK;

#endif
