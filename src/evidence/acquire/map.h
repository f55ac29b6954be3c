/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bytes of a source could be read: a list of ranges without gaps or neighbours of the same
 * state. Written and read as the map file of GNU ddrescue, which other programs show and use.
 */
#ifndef EVIDENCE_MAP_H
#define EVIDENCE_MAP_H

#include "base/buf.h"

#include <stdint.h>

/* As ddrescue writes them. */
enum evidence_state {
    EVIDENCE_NOT_TRIED = '?',
    EVIDENCE_NOT_TRIMMED = '*', /* some of it failed; it is still to be read sector by sector */
    EVIDENCE_UNREADABLE = '-',
    EVIDENCE_RESCUED = '+'
};

struct evidence_extent {
    uint64_t from, bytes;
    enum evidence_state state;
};

struct evidence_map {
    struct evidence_extent *extents;
    size_t count, room;
    uint64_t bytes;
};

/* All of it not tried. */
int evidence_map_init(struct evidence_map *m, uint64_t bytes, struct err *e) MUST_CHECK;
void evidence_map_fini(struct evidence_map *m);

/* Over EVIDENCE_MAP_MOST extents: ERR_LIMIT "evidence.map". The range lies in the map. */
enum { EVIDENCE_MAP_MOST = 1 << 20 };
int evidence_map_set(struct evidence_map *m, uint64_t from, uint64_t bytes,
                     enum evidence_state state, struct err *e) MUST_CHECK;
enum evidence_state evidence_map_at(const struct evidence_map *m, uint64_t offset);
/* The first extent of this state at or behind offset, cut to begin there; false: none. */
bool evidence_map_next(const struct evidence_map *m, uint64_t offset, enum evidence_state state,
                       struct evidence_extent *extent);
uint64_t evidence_map_sum(const struct evidence_map *m, enum evidence_state state);

void evidence_map_write(const struct evidence_map *m, struct buf *text);
/* ERR_INPUT "evidence.map" with the line. bytes: what the map must cover. */
int evidence_map_read(struct evidence_map *m, struct slice text, uint64_t bytes,
                      struct err *e) MUST_CHECK;

#endif
