/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that dies together: what is parsed or built for one request lives in that request's arena.
 * Blocks double up to 1 MiB; nothing is freed one by one.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"
#include "base/compiler.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    uint8_t *next;
    size_t left;
    size_t used;  /* bytes taken from the heap, all blocks */
    size_t limit; /* most bytes to take; 0: no limit */
};

void arena_init(struct arena *a, size_t limit);
void arena_fini(struct arena *a);

/* Forgets all contents but keeps the largest block for reuse. */
void arena_reset(struct arena *a);

/* size bytes, uninitialised, aligned for any type; NULL: no memory, or over the limit. */
void *arena_alloc(struct arena *a, size_t size) MUST_CHECK;
/* count × size zeroed bytes. */
void *arena_new(struct arena *a, size_t count, size_t size) MUST_CHECK;
/* Copies with a NUL behind. */
char *arena_copy(struct arena *a, const void *data, size_t len) MUST_CHECK;
char *arena_strdup(struct arena *a, const char *text) MUST_CHECK;
char *arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

#endif
