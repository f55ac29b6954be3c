/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk of which every sector is known, since each holds its own number, and which fails as it is
 * told: bad sectors, some of which heal, an end before its time.
 */
#ifndef EVIDENCE_SELFTEST_DISK_H
#define EVIDENCE_SELFTEST_DISK_H

#include "evidence/acquire/map.h"
#include "evidence/source.h"

enum { SELFTEST_SECTOR = 512, SELFTEST_BAD = 16 };

struct selftest_bad {
    uint64_t from, count; /* sectors */
};

struct selftest_disk {
    char path[4096];
    uint64_t bytes;
    struct selftest_bad bad[SELFTEST_BAD];
    size_t bad_count;
    unsigned heals;      /* bad sectors fail so often when read by themselves; 0: always */
    uint64_t end;        /* it ends here; 0: where it should */
    unsigned tries[256]; /* by bad sector, in their order */
    uint64_t failed_reads;
    struct evidence_stand_in stand_in;
};

/* Writes the disk into a new file folder/name.disk. */
int selftest_disk_make(struct selftest_disk *disk, const char *folder, const char *name,
                       uint64_t bytes, struct err *e) MUST_CHECK;
/* What the disk holds from offset on, bad sectors or not. */
void selftest_disk_content(const struct selftest_disk *disk, uint64_t offset, uint8_t *data,
                           size_t len);
bool selftest_disk_is_bad(const struct selftest_disk *disk, uint64_t sector);
/* What the best of all tools would have read, filled as `fill` says. */
void selftest_disk_ideal(const struct selftest_disk *disk, int fill, uint64_t offset, uint8_t *data,
                         size_t len);
uint64_t selftest_disk_bad_bytes(const struct selftest_disk *disk);

#endif
