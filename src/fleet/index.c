/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/index.h"
#include "base/map.h"
#include "base/memory.h"
#include "fleet/index_keys.h"
#include "fleet/index_postings.h"
#include "fleet/index_store.h"

#include <stdlib.h>

struct fleet_index *fleet_index_new(void)
{
    struct fleet_index *index = mem_new(1, sizeof *index);
    if (index)
        map_init(&index->by_bytes);
    return index;
}

static void free_component(struct fleet_index_component *c)
{
    if (!c)
        return;
    mem_free(c->canonical);
    mem_free(c->keys);
    mem_free(c->classes);
    mem_free(c);
}

static void free_class(struct fleet_index_class *c)
{
    mem_free(c->components);
    *c = (struct fleet_index_class){0};
}

void fleet_index_free(struct fleet_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->component_count; i++)
        free_component(index->components[i]);
    for (size_t i = 0; i < index->class_count; i++)
        free_class(&index->classes[i]);
    mem_free(index->components);
    mem_free(index->classes);
    mem_free(index->free_components);
    mem_free(index->free_classes);
    map_fini(&index->by_bytes);
    fleet_postings_fini(&index->postings);
    fleet_postings_fini(&index->by_id);
    mem_free(index);
}

size_t fleet_index_classes(const struct fleet_index *index)
{
    return index->class_count - index->free_class_count;
}

size_t fleet_index_components(const struct fleet_index *index)
{
    return index->by_bytes.count;
}

/* Ids may be 0, keys not. */
static uint64_t id_key(uint64_t id)
{
    uint64_t key = (id + 1) * 0x9e3779b97f4a7c15u;
    return key ? key : 1;
}

static bool find_class(const struct fleet_index *index, uint64_t id, uint32_t *slot)
{
    size_t count;
    const uint64_t *found = fleet_postings_find(&index->by_id, id_key(id), &count);
    for (size_t i = 0; i < count; i++)
        if (index->classes[found[i]].id == id) {
            *slot = (uint32_t)found[i];
            return true;
        }
    return false;
}

/* Makes room for one more number in a pair of list and its room. */
static int room_for(void **list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return 0;
    size_t wanted = *room ? 2 * *room : 16;
    void *grown = mem_resize(*list, wanted, size);
    if (!grown)
        return -1;
    *list = grown;
    *room = wanted;
    return 0;
}

static void drop_component(struct fleet_index *index, uint32_t number)
{
    struct fleet_index_component *c = index->components[number];
    for (size_t i = 0; i < c->key_count; i++)
        fleet_postings_remove(&index->postings, c->keys[i], number);
    map_remove(&index->by_bytes, slice_of(c->canonical, c->canonical_len));
    free_component(c);
    index->components[number] = NULL;
    /* the list of free numbers has room for every number that was ever given out */
    index->free_components[index->free_component_count++] = number;
}

static int new_number(struct fleet_index *index, uint32_t *number)
{
    if (index->free_component_count) {
        *number = index->free_components[--index->free_component_count];
        return 0;
    }
    if (index->component_count == UINT32_MAX - 1)
        return -1;
    size_t spare = index->component_room;
    if (room_for((void **)&index->free_components, index->component_count,
                 &index->free_component_room, sizeof *index->free_components) != 0 ||
        room_for((void **)&index->components, index->component_count, &spare,
                 sizeof(struct fleet_index_component *)) != 0)
        return -1;
    index->component_room = spare;
    index->components[index->component_count] = NULL;
    *number = (uint32_t)index->component_count++;
    return 0;
}

static int new_component(struct fleet_index *index, const struct fleet_identity *identity,
                         uint32_t *number, struct err *e)
{
    struct arena scratch;
    struct fleet_identity known;
    struct fleet_subject subject;
    struct fleet_keys keys = {0};
    struct fleet_index_component *c = mem_new(1, sizeof *c);
    size_t done = 0;
    int result = -1;
    arena_init(&scratch, 0);
    if (!c || !(c->canonical = mem_new(identity->canonical.len + 1, 1)) ||
        new_number(index, number) != 0) {
        free_component(c);
        arena_fini(&scratch);
        return err_memory(e);
    }
    c->canonical_len = identity->canonical.len;
    memcpy(c->canonical, identity->canonical.data, identity->canonical.len);
    c->software = identity->kind == FLEET_SOFTWARE;
    c->number = *number;
    /* keys come from what is stored, so that matching finds what it will compare */
    if (fleet_identity_parse(&scratch, slice_of(c->canonical, c->canonical_len), &known, e) != 0 ||
        fleet_subject_prepare(&scratch, &known, &subject, e) != 0)
        goto out;
    fleet_keys_of_subject(&subject, &keys);
    if (keys.failed) {
        err_memory(e);
        goto out;
    }
    while (done < keys.count && fleet_postings_add(&index->postings, keys.at[done], *number) == 0)
        done++;
    if (done < keys.count ||
        map_set(&index->by_bytes, slice_of(c->canonical, c->canonical_len), c) != 0) {
        err_memory(e);
        goto out;
    }
    c->keys = keys.at;
    c->key_count = keys.count;
    index->components[*number] = c;
    result = 0;
out:
    if (result != 0) {
        for (size_t i = 0; i < done; i++)
            fleet_postings_remove(&index->postings, keys.at[i], *number);
        index->free_components[index->free_component_count++] = *number;
        free_component(c);
        fleet_keys_fini(&keys);
    }
    arena_fini(&scratch);
    return result;
}

/* Takes the first count components of a class slot out again. */
static void leave(struct fleet_index *index, uint32_t slot, size_t count)
{
    struct fleet_index_class *class = &index->classes[slot];
    for (size_t i = 0; i < count; i++) {
        struct fleet_index_component *c = index->components[class->components[i].component];
        uint32_t at = class->components[i].position;
        uint32_t moved = c->classes[--c->class_count];
        c->classes[at] = moved;
        if (moved != slot) {
            struct fleet_index_class *other = &index->classes[moved];
            for (size_t k = 0; k < other->component_count; k++)
                if (other->components[k].component == c->number)
                    other->components[k].position = at;
        }
        if (c->class_count == 0)
            drop_component(index, c->number);
    }
}

static int join(struct fleet_index *index, uint32_t slot, const struct fleet_identity *identity,
                struct err *e)
{
    struct fleet_index_class *class = &index->classes[slot];
    struct fleet_index_component *c = map_get(&index->by_bytes, identity->canonical);
    if (!c) {
        uint32_t number;
        if (new_component(index, identity, &number, e) != 0)
            return -1;
        c = index->components[number];
    }
    if (room_for((void **)&c->classes, c->class_count, &c->class_room, sizeof *c->classes) != 0) {
        if (c->class_count == 0)
            drop_component(index, c->number);
        return err_memory(e);
    }
    class->components[class->component_count++] =
        (struct fleet_index_place){c->number, (uint32_t)c->class_count};
    c->classes[c->class_count++] = slot;
    class->software = class->software || c->software;
    return 0;
}

static int new_slot(struct fleet_index *index, uint32_t *slot)
{
    if (index->free_class_count) {
        *slot = index->free_classes[--index->free_class_count];
        return 0;
    }
    if (index->class_count == UINT32_MAX - 1)
        return -1;
    if (room_for((void **)&index->free_classes, index->class_count, &index->free_class_room,
                 sizeof *index->free_classes) != 0 ||
        room_for((void **)&index->classes, index->class_count, &index->class_room,
                 sizeof *index->classes) != 0)
        return -1;
    index->classes[index->class_count] = (struct fleet_index_class){0};
    *slot = (uint32_t)index->class_count++;
    return 0;
}

int fleet_index_add(struct fleet_index *index, uint64_t id, const struct fleet_class *class,
                    struct err *e)
{
    uint32_t slot;
    if (find_class(index, id, &slot))
        return err_set(e, ERR_CONFLICT, "index.twice", NULL,
                       "the class %llu is in the index already", (unsigned long long)id);
    struct fleet_index_place *places = mem_new(class->count + 1, sizeof *places);
    if (!places || new_slot(index, &slot) != 0) {
        mem_free(places);
        return err_memory(e);
    }
    struct fleet_index_class *c = &index->classes[slot];
    *c = (struct fleet_index_class){.id = id, .components = places};
    int result = fleet_postings_add(&index->by_id, id_key(id), slot);
    if (result != 0)
        err_memory(e);
    for (size_t i = 0; result == 0 && i < class->count; i++) {
        result = join(index, slot, &class->identities[i], e);
        if (result != 0) {
            leave(index, slot, c->component_count);
            fleet_postings_remove(&index->by_id, id_key(id), slot);
        }
    }
    if (result != 0) {
        free_class(c);
        index->free_classes[index->free_class_count++] = slot;
    }
    return result;
}

bool fleet_index_remove(struct fleet_index *index, uint64_t id)
{
    uint32_t slot;
    if (!find_class(index, id, &slot))
        return false;
    leave(index, slot, index->classes[slot].component_count);
    fleet_postings_remove(&index->by_id, id_key(id), slot);
    free_class(&index->classes[slot]);
    index->free_classes[index->free_class_count++] = slot;
    return true;
}
