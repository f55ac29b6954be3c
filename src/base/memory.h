/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every heap allocation of ours goes through these, so that tests can fail the k-th one
 * (tests/fault) and see that nothing crashes, leaks or lies.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for count × size bytes, or NULL (also when the product overflows). */
void *mem_new(size_t count, size_t size) MUST_CHECK;

/* Grows or shrinks to count × size bytes; on NULL the old block is untouched. */
void *mem_resize(void *block, size_t count, size_t size) MUST_CHECK;

/*
 * At least so many bytes, not zeroed, at a whole page (4096 bytes), or NULL: for what is read or
 * written past the host's cache. What is large lies in large pages where the kernel has them, of
 * which a disk takes many in one request: of small ones it takes a megabyte at most.
 */
void *mem_new_pages(size_t bytes) MUST_CHECK;

/* A copy of text with its NUL, or NULL. */
char *mem_strdup(const char *text) MUST_CHECK;

void mem_free(void *block);

/* Overwrites, then frees: for keys and passphrases. */
void mem_free_secret(void *block, size_t size);

/* Test hook: the allocation after the next `after` ones fails, once; negative: none. Also counts.
 */
void mem_fail_after(long after);
long mem_allocations(void);
/* Whether one has failed since. */
bool mem_has_failed(void);

#endif
