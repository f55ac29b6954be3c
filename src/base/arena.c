/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/memory.h"
#include "base/poison.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGNMENT = alignof(max_align_t) };

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit};
}

void arena_fini(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *older = a->blocks->older;
        mem_free(a->blocks);
        a->blocks = older;
    }
    *a = (struct arena){.limit = a->limit};
}

void arena_reset(struct arena *a)
{
    struct arena_block *largest = NULL;

    while (a->blocks) {
        struct arena_block *block = a->blocks;
        a->blocks = block->older;
        if (!largest || block->size > largest->size) {
            mem_free(largest);
            largest = block;
        } else {
            mem_free(block);
        }
    }
    *a = (struct arena){.limit = a->limit};
    if (largest) {
        largest->older = NULL;
        a->blocks = largest;
        a->next = largest->data;
        a->left = a->used = largest->size;
        ASAN_POISON_MEMORY_REGION(a->next, a->left);
    }
}

static int add_block(struct arena *a, size_t wanted)
{
    size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;

    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < wanted)
        size = wanted;
    if (a->limit && (size > a->limit || a->used > a->limit - size)) {
        size = wanted;
        if (size > a->limit || a->used > a->limit - size)
            return -1;
    }
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return -1;
    struct arena_block *block = mem_resize(NULL, 1, sizeof(*block) + size);
    if (!block)
        return -1;
    block->older = a->blocks;
    block->size = size;
    a->blocks = block;
    a->next = block->data;
    a->left = size;
    a->used += size;
    ASAN_POISON_MEMORY_REGION(a->next, a->left);
    return 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if (rounded > a->left && add_block(a, rounded) != 0)
        return NULL;
    void *taken = a->next;
    a->next += rounded;
    a->left -= rounded;
    ASAN_UNPOISON_MEMORY_REGION(taken, size);
    return taken;
}

void *arena_new(struct arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *taken = arena_alloc(a, count * size);
    if (taken)
        memset(taken, 0, count * size);
    return taken;
}

char *arena_copy(struct arena *a, const void *data, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(a, len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_copy(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}
