/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/index_postings.h"
#include "base/memory.h"

#include <string.h>

void fleet_postings_fini(struct fleet_postings *p)
{
    for (size_t i = 0; i < p->size; i++)
        if (p->slots[i].room)
            mem_free(p->slots[i].numbers.many);
    mem_free(p->slots);
    *p = (struct fleet_postings){0};
}

/* The keys are hashes already: their low bits are as good as any. */
static struct fleet_posting *slot_of(const struct fleet_postings *p, uint64_t key)
{
    size_t at = (size_t)key & (p->size - 1);
    while (p->slots[at].key && p->slots[at].key != key)
        at = (at + 1) & (p->size - 1);
    return &p->slots[at];
}

static int grow(struct fleet_postings *p)
{
    struct fleet_postings bigger = {.size = p->size ? 2 * p->size : 64, .used = p->used};
    bigger.slots = mem_new(bigger.size, sizeof *bigger.slots);
    if (!bigger.slots)
        return -1;
    for (size_t i = 0; i < p->size; i++)
        if (p->slots[i].key)
            *slot_of(&bigger, p->slots[i].key) = p->slots[i];
    mem_free(p->slots);
    *p = bigger;
    return 0;
}

int fleet_postings_add(struct fleet_postings *p, uint64_t key, uint64_t number)
{
    if (4 * (p->used + 1) > 3 * p->size && grow(p) != 0)
        return -1;
    struct fleet_posting *slot = slot_of(p, key);
    if (!slot->key) {
        *slot = (struct fleet_posting){.key = key, .count = 1, .numbers.one = number};
        p->used++;
        return 0;
    }
    if (slot->count == UINT32_MAX)
        return -1;
    if (slot->room == 0) {
        uint64_t *many = mem_new(4, sizeof *many);
        if (!many)
            return -1;
        many[0] = slot->numbers.one;
        slot->numbers.many = many;
        slot->room = 4;
    } else if (slot->count == slot->room) {
        uint32_t room = slot->room > UINT32_MAX / 2 ? UINT32_MAX : 2 * slot->room;
        uint64_t *many = mem_resize(slot->numbers.many, room, sizeof *many);
        if (!many)
            return -1;
        slot->numbers.many = many;
        slot->room = room;
    }
    slot->numbers.many[slot->count++] = number;
    return 0;
}

/* Closes the gap behind a slot that was freed, so that no search stops too early. */
static void close_gap(struct fleet_postings *p, size_t gap)
{
    size_t at = gap;
    for (;;) {
        at = (at + 1) & (p->size - 1);
        if (!p->slots[at].key)
            return;
        size_t home = (size_t)p->slots[at].key & (p->size - 1);
        bool stays = gap < at ? (home > gap && home <= at) : (home > gap || home <= at);
        if (stays)
            continue;
        p->slots[gap] = p->slots[at];
        p->slots[at] = (struct fleet_posting){0};
        gap = at;
    }
}

void fleet_postings_remove(struct fleet_postings *p, uint64_t key, uint64_t number)
{
    if (p->size == 0)
        return;
    struct fleet_posting *slot = slot_of(p, key);
    if (!slot->key)
        return;
    uint64_t *numbers = slot->room ? slot->numbers.many : &slot->numbers.one;
    for (uint32_t i = 0; i < slot->count; i++) {
        if (numbers[i] != number)
            continue;
        numbers[i] = numbers[--slot->count];
        break;
    }
    if (slot->count)
        return;
    if (slot->room)
        mem_free(slot->numbers.many);
    *slot = (struct fleet_posting){0};
    p->used--;
    close_gap(p, (size_t)(slot - p->slots));
}

const uint64_t *fleet_postings_find(const struct fleet_postings *p, uint64_t key, size_t *count)
{
    *count = 0;
    if (p->size == 0)
        return NULL;
    const struct fleet_posting *slot = slot_of(p, key);
    if (!slot->key)
        return NULL;
    *count = slot->count;
    return slot->room ? slot->numbers.many : &slot->numbers.one;
}
