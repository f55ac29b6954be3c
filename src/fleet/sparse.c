/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/sparse.h"
#include "base/memory.h"

/* Slots at first; and with more than one of so many used, a number for each is as cheap. */
enum { FIRST_ROOM = 64, DENSE = 16 };

void fleet_sparse_init(struct fleet_sparse *s, size_t size)
{
    *s = (struct fleet_sparse){.size = size};
}

void fleet_sparse_fini(struct fleet_sparse *s)
{
    mem_free(s->all);
    mem_free(s->slots);
    *s = (struct fleet_sparse){0};
}

static struct fleet_sparse_slot *slot_of(struct fleet_sparse_slot *slots, size_t room, uint32_t key)
{
    size_t at = (key * (uint64_t)0x9e3779b97f4a7c15u >> 32) & (room - 1);
    while (slots[at].key && slots[at].key != key + 1)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static int become_dense(struct fleet_sparse *s)
{
    uint32_t *all = mem_new(s->size + 1, sizeof *all);
    if (!all)
        return -1;
    for (size_t i = 0; i < s->room; i++)
        if (s->slots[i].key)
            all[s->slots[i].key - 1] = s->slots[i].value;
    mem_free(s->slots);
    s->slots = NULL;
    s->all = all;
    return 0;
}

static int grow(struct fleet_sparse *s)
{
    size_t room = s->room ? 2 * s->room : FIRST_ROOM;
    if (room * DENSE / 2 >= s->size)
        return become_dense(s);
    struct fleet_sparse_slot *slots = mem_new(room, sizeof *slots);
    if (!slots)
        return -1;
    for (size_t i = 0; i < s->room; i++)
        if (s->slots[i].key)
            *slot_of(slots, room, s->slots[i].key - 1) = s->slots[i];
    mem_free(s->slots);
    s->slots = slots;
    s->room = room;
    return 0;
}

uint32_t *fleet_sparse_at(struct fleet_sparse *s, uint32_t key)
{
    if (!s->all && 2 * s->count >= s->room && grow(s) != 0)
        return NULL;
    if (s->all)
        return &s->all[key];
    struct fleet_sparse_slot *slot = slot_of(s->slots, s->room, key);
    s->count += slot->key == 0;
    slot->key = key + 1;
    return &slot->value;
}
