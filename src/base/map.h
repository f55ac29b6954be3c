/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from byte strings to pointers (open addressing, SipHash-1-3 under a key drawn at
 * creation, so that outsiders cannot choose collisions). Keys are borrowed: the caller keeps them
 * alive as long as they are in the map.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"
#include "base/compiler.h"

struct map_slot {
    struct slice key;
    void *value; /* NULL: free slot */
    uint64_t hash;
};

struct map {
    struct map_slot *slots;
    size_t size; /* power of two, or 0 */
    size_t count;
    uint64_t seed[2];
};

/* SipHash-1-3 of key under seed: who does not know the seed cannot choose collisions. */
uint64_t map_hash(const uint64_t seed[2], struct slice key);

void map_init(struct map *m);
void map_fini(struct map *m);

/* Makes room for count keys at once. -1: no memory. */
int map_reserve(struct map *m, size_t count) MUST_CHECK;
void *map_get(const struct map *m, struct slice key);
/* Sets or replaces (the new key is then kept); value is not NULL. -1: no memory, map unchanged. */
int map_set(struct map *m, struct slice key, void *value) MUST_CHECK;
/*
 * Sets value unless the key is there already: then *before is what stands there, and the map is as
 * it was; else *before is NULL. One look where map_get and map_set are two. -1: no memory.
 */
int map_add(struct map *m, struct slice key, void *value, void **before) MUST_CHECK;
/* Returns what was there, or NULL. */
void *map_remove(struct map *m, struct slice key);
/* Walk: start with *at = 0; the next used slot, or NULL. No changes while walking. */
const struct map_slot *map_next(const struct map *m, size_t *at);

#endif
