/* SPDX-License-Identifier: Apache-2.0 */
/* The other way: which advisories may concern a class. */
#include "base/memory.h"
#include "fleet/index.h"
#include "fleet/index_keys.h"
#include "fleet/index_postings.h"
#include "fleet/match_combine.h"

#include <stdlib.h>

struct advisory {
    uint64_t id;
    const struct fleet_criteria *criteria; /* NULL: a free slot */
};

struct fleet_advisories {
    struct advisory *slots;
    size_t count, room;
    uint32_t *free;
    size_t free_count, free_room;
    struct fleet_postings postings; /* key -> slot << 32 | target */
};

struct fleet_advisories *fleet_advisories_new(void)
{
    return mem_new(1, sizeof(struct fleet_advisories));
}

void fleet_advisories_free(struct fleet_advisories *a)
{
    if (!a)
        return;
    fleet_postings_fini(&a->postings);
    mem_free(a->slots);
    mem_free(a->free);
    mem_free(a);
}

static bool find(const struct fleet_advisories *a, uint64_t id, size_t *slot)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->slots[i].criteria && a->slots[i].id == id) {
            *slot = i;
            return true;
        }
    return false;
}

static uint64_t number_of(size_t slot, size_t target)
{
    return (uint64_t)slot << 32 | target;
}

/* Takes out the keys of the first `targets` targets. */
static void remove_keys(struct fleet_advisories *a, size_t slot,
                        const struct fleet_criteria *criteria, size_t targets)
{
    struct fleet_keys keys = {0};
    for (size_t t = 0; t < targets; t++) {
        keys.count = 0;
        fleet_keys_of_target(&criteria->targets[t], NULL, &keys);
        for (size_t k = 0; k < keys.count; k++)
            fleet_postings_remove(&a->postings, keys.at[k], number_of(slot, t));
    }
    fleet_keys_fini(&keys);
}

static int reserve(struct fleet_advisories *a, size_t *slot)
{
    if (a->free_count) {
        *slot = a->free[--a->free_count];
        return 0;
    }
    if (a->count == a->room) {
        size_t room = a->room ? 2 * a->room : 64;
        void *slots = mem_resize(a->slots, room, sizeof *a->slots);
        if (!slots)
            return -1;
        a->slots = slots;
        void *spare = mem_resize(a->free, room, sizeof *a->free);
        if (!spare)
            return -1;
        a->free = spare;
        a->room = room;
    }
    *slot = a->count++;
    return 0;
}

int fleet_advisories_add(struct fleet_advisories *a, uint64_t id,
                         const struct fleet_criteria *criteria, struct err *e)
{
    size_t slot;
    if (find(a, id, &slot))
        return err_set(e, ERR_CONFLICT, "index.twice", NULL,
                       "the advisory %llu is in the index already", (unsigned long long)id);
    if (reserve(a, &slot) != 0)
        return err_memory(e);
    a->slots[slot] = (struct advisory){id, criteria};
    struct fleet_keys keys = {0};
    int result = 0;
    for (size_t t = 0; result == 0 && t < criteria->target_count; t++) {
        if (criteria->targets[t].criterion_count == 0)
            continue;
        keys.count = 0;
        fleet_keys_of_target(&criteria->targets[t], NULL, &keys);
        result = keys.failed ? -1 : 0;
        for (size_t k = 0; result == 0 && k < keys.count; k++)
            result = fleet_postings_add(&a->postings, keys.at[k], number_of(slot, t));
        if (result != 0)
            remove_keys(a, slot, criteria, t + 1);
    }
    fleet_keys_fini(&keys);
    if (result == 0)
        return 0;
    a->slots[slot] = (struct advisory){0};
    a->free[a->free_count++] = (uint32_t)slot;
    return err_memory(e);
}

bool fleet_advisories_remove(struct fleet_advisories *a, uint64_t id)
{
    size_t slot;
    if (!find(a, id, &slot))
        return false;
    remove_keys(a, slot, a->slots[slot].criteria, a->slots[slot].criteria->target_count);
    a->slots[slot] = (struct advisory){0};
    a->free[a->free_count++] = (uint32_t)slot;
    return true;
}

struct search {
    const struct fleet_advisories *advisories;
    const struct fleet_options *options;
    struct arena scratch;
    struct fleet_keys keys;
    uint8_t *concerned; /* by slot */
    uint64_t *ids;
    size_t count, room;
    struct err *e;
};

static int search_identity(struct search *s, const struct fleet_identity *identity)
{
    struct fleet_subject *subject = arena_new(&s->scratch, 1, sizeof *subject);
    if (!subject)
        return err_memory(s->e);
    if (fleet_subject_prepare(&s->scratch, identity, subject, s->e) != 0)
        return -1;
    s->keys.count = 0;
    fleet_keys_of_subject_aliases(subject, s->options->aliases, &s->keys);
    if (s->keys.failed)
        return err_memory(s->e);
    for (size_t k = 0; k < s->keys.count; k++) {
        size_t count;
        const uint64_t *found =
            fleet_postings_find(&s->advisories->postings, s->keys.at[k], &count);
        for (size_t i = 0; i < count; i++) {
            size_t slot = (size_t)(found[i] >> 32);
            const struct advisory *a = &s->advisories->slots[slot];
            struct fleet_touch touch;
            /* where memory was short in taking an advisory out, numbers of it may be left */
            if (!a->criteria || (uint32_t)found[i] >= a->criteria->target_count)
                continue;
            if (s->concerned[slot] || !fleet_touch_make(a->criteria, (uint32_t)found[i], subject, 0,
                                                        s->options, &touch, NULL))
                continue;
            if (s->count == s->room) {
                size_t room = s->room ? 2 * s->room : 64;
                void *grown = mem_resize(s->ids, room, sizeof *s->ids);
                if (!grown)
                    return err_memory(s->e);
                s->ids = grown;
                s->room = room;
            }
            s->concerned[slot] = 1;
            s->ids[s->count++] = a->id;
        }
    }
    arena_reset(&s->scratch);
    return 0;
}

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

int fleet_advisories_candidates(const struct fleet_advisories *advisories,
                                const struct fleet_class *class,
                                const struct fleet_options *options, uint64_t **ids, size_t *count,
                                struct err *e)
{
    struct search s = {.advisories = advisories,
                       .options = options ? options : &fleet_options_default,
                       .concerned = mem_new(advisories->count + 1, 1),
                       .e = e};
    *ids = NULL;
    *count = 0;
    arena_init(&s.scratch, 0);
    int result = s.concerned ? 0 : err_memory(e);
    for (size_t i = 0; result == 0 && i < class->count; i++)
        result = search_identity(&s, &class->identities[i]);
    arena_fini(&s.scratch);
    fleet_keys_fini(&s.keys);
    mem_free(s.concerned);
    if (result != 0) {
        mem_free(s.ids);
        return -1;
    }
    if (s.count)
        qsort(s.ids, s.count, sizeof *s.ids, by_number);
    *ids = s.ids;
    *count = s.count;
    return 0;
}
