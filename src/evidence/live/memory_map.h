/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: where physical memory lies in /proc/kcore, by its program headers (ELF-64), and
 * in the machine, by /proc/iomem.
 */
#ifndef EVIDENCE_MEMORY_MAP_H
#define EVIDENCE_MEMORY_MAP_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { MEMORY_STRETCHES = 1024, MEMORY_KCORE_HEAD = 1 << 20 };

struct memory_stretch {
    uint64_t physical, bytes;
    uint64_t offset; /* in the file that it is read from */
};

struct memory_map {
    struct memory_stretch all[MEMORY_STRETCHES];
    size_t count;
};

/* The loaded segments that have a physical address; head: the file's beginning. "evidence.kcore" */
int memory_map_kcore(struct slice head, struct memory_map *map, struct err *e) MUST_CHECK;
/* "System RAM" of /proc/iomem; without the right to see it, the kernel gives zeros: none. */
void memory_map_iomem(struct slice text, struct memory_map *map);
/* What of ram lies in kcore, each physical byte once, in order; without ram: all of kcore. */
void memory_map_join(const struct memory_map *kcore, const struct memory_map *ram,
                     struct memory_map *out);
/* What of ram is not in map, which came of it by memory_map_join; offsets are not set. */
void memory_map_missing(const struct memory_map *map, const struct memory_map *ram,
                        struct memory_map *out);

#endif
