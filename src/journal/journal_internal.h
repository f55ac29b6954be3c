/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the journal's stored part share. */
#ifndef JOURNAL_JOURNAL_INTERNAL_H
#define JOURNAL_JOURNAL_INTERNAL_H

#include "journal/journal.h"
#include "journal/proof.h"
#include "journal/read.h"

/*
 * The right edge of one level of tiles: the hashes [base, base + count) of that level, base a
 * multiple of 256 and not after the last committed hash. Because a level's hashes follow from the
 * tree's size alone, going back to an earlier size is cutting off.
 */
struct edge {
    uint8_t (*hashes)[MERKLE_HASH];
    size_t count;
    size_t room;
    uint64_t base;
    uint64_t flushed; /* hashes of this level that are in the tile table, or will be by a commit */
};

/* How many hashes a level has in a tree of that size. */
static inline uint64_t edge_width(uint64_t size, unsigned level)
{
    return size >> (8 * level);
}

/* The root over 256 hashes, or over any power of two of them. */
int tile_reduce(const uint8_t (*hashes)[MERKLE_HASH], size_t count, uint8_t out[MERKLE_HASH],
                struct err *e) MUST_CHECK;

#endif
