/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ZIP archive in memory (PKWARE APPNOTE 6.3), as far as published test images need it: members
 * stored or deflated, no encryption, no ZIP64, no archive over several files.
 */
#ifndef EVIDENCE_SELFTEST_ARCHIVE_H
#define EVIDENCE_SELFTEST_ARCHIVE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct selftest_member {
    struct slice name;
    struct slice packed;
    uint16_t method; /* 0: stored, 8: deflated */
    uint32_t bytes;  /* unpacked */
    uint32_t crc;
};

struct selftest_archive {
    struct slice all;
    size_t directory; /* where the next entry of the central directory begins */
    unsigned left;    /* entries */
};

/* ERR_INPUT "evidence.zip". */
int selftest_archive_open(struct selftest_archive *archive, struct slice all,
                          struct err *e) MUST_CHECK;
/* 1: a member, 0: there is no more, -1: "evidence.zip". */
int selftest_archive_next(struct selftest_archive *archive, struct selftest_member *member,
                          struct err *e) MUST_CHECK;
/* Calls put with the member's bytes in pieces. -1: "evidence.zip" also when they are not `bytes`
 * many, or their CRC is another. */
int selftest_member_unpack(const struct selftest_member *member,
                           int (*put)(void *context, struct slice piece, struct err *e),
                           void *context, struct err *e) MUST_CHECK;

#endif
