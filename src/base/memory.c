/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, LARGE_PAGE = 2 << 20 };

static atomic_long fail_after = -1;
static atomic_long allocations = 0;
static atomic_bool counting = false;
static atomic_bool has_failed = false;

static int must_fail(void)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed))
        return 0;
    atomic_fetch_add(&allocations, 1);
    if (atomic_load(&fail_after) < 0)
        return 0;
    if (atomic_fetch_sub(&fail_after, 1) != 0)
        return 0;
    atomic_store(&has_failed, true);
    return 1;
}

void *mem_new(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    if (must_fail())
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *mem_new_pages(size_t bytes)
{
    size_t page = bytes < LARGE_PAGE ? PAGE : LARGE_PAGE;
    if (bytes > SIZE_MAX - page || must_fail())
        return NULL;
    size_t room = bytes ? (bytes + page - 1) / page * page : page;
    void *block = aligned_alloc(page, room);
    if (block && page == LARGE_PAGE)
        (void)madvise(block, room, MADV_HUGEPAGE);
    return block;
}

void *mem_resize(void *block, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    if (must_fail())
        return NULL;
    return realloc(block, count == 0 || size == 0 ? 1 : count * size);
}

char *mem_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mem_new(1, size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void mem_free(void *block)
{
    free(block);
}

void mem_free_secret(void *block, size_t size)
{
    if (block)
        explicit_bzero(block, size);
    free(block);
}

void mem_fail_after(long after)
{
    atomic_store(&allocations, 0);
    atomic_store(&fail_after, after);
    atomic_store(&has_failed, false);
    atomic_store(&counting, true);
}

bool mem_has_failed(void)
{
    return atomic_load(&has_failed);
}

long mem_allocations(void)
{
    return atomic_load(&allocations);
}
