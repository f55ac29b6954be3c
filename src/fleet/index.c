/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/index.h"
#include "base/map.h"
#include "base/memory.h"
#include "fleet/index_store.h"

#include <stdlib.h>

struct fleet_index *fleet_index_new(void)
{
    struct fleet_index *index = mem_new(1, sizeof *index);
    if (!index)
        return NULL;
    map_init(&index->by_bytes);
    map_init(&index->by_product);
    map_init(&index->by_version);
    return index;
}

static void free_component(struct fleet_index_component *c)
{
    if (!c)
        return;
    mem_free(c->canonical);
    if (c->class_room)
        mem_free(c->classes.many);
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
    for (size_t i = 0; i < index->component_numbers.count; i++)
        free_component(index->components[i]);
    for (size_t i = 0; i < index->product_numbers.count; i++)
        fleet_index_product_free(index->products[i]);
    for (size_t i = 0; i < index->class_numbers.count; i++)
        free_class(&index->classes[i]);
    mem_free(index->components);
    mem_free(index->products);
    mem_free(index->classes);
    mem_free(index->component_numbers.free);
    mem_free(index->product_numbers.free);
    mem_free(index->class_numbers.free);
    map_fini(&index->by_bytes);
    map_fini(&index->by_product);
    map_fini(&index->by_version);
    fleet_postings_fini(&index->postings);
    fleet_postings_fini(&index->by_id);
    mem_free(index);
}

size_t fleet_index_classes(const struct fleet_index *index)
{
    return index->class_numbers.count - index->class_numbers.free_count;
}

size_t fleet_index_products(const struct fleet_index *index)
{
    return index->by_product.count;
}

size_t fleet_index_components(const struct fleet_index *index)
{
    return index->by_bytes.count;
}

static bool find_class(const struct fleet_index *index, uint64_t id, uint32_t *slot)
{
    size_t count;
    const uint64_t *found = fleet_postings_find(&index->by_id, fleet_index_id_key(id), &count);
    for (size_t i = 0; i < count; i++)
        if (index->classes[found[i]].id == id) {
            *slot = (uint32_t)found[i];
            return true;
        }
    return false;
}

int fleet_index_grow(void **list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return 0;
    /* by half: with a million of them, twice is a great deal */
    size_t wanted = *room < 16 ? 2 * *room + 1 : *room + *room / 2;
    void *grown = mem_resize(*list, wanted, size);
    if (!grown)
        return -1;
    *list = grown;
    *room = wanted;
    return 0;
}

int fleet_index_number(struct fleet_index_numbers *n, uint32_t *number)
{
    if (n->free_count) {
        *number = n->free[--n->free_count];
        return 0;
    }
    /* the list of those that came back has room for every number that was ever given out */
    if (n->count == UINT32_MAX - 1 ||
        fleet_index_grow((void **)&n->free, n->count, &n->free_room, sizeof *n->free) != 0)
        return -1;
    *number = (uint32_t)n->count++;
    return 0;
}

void fleet_index_number_back(struct fleet_index_numbers *n, uint32_t number)
{
    n->free[n->free_count++] = number;
}

static void drop_component(struct fleet_index *index, uint32_t number)
{
    struct fleet_index_component *c = index->components[number];
    fleet_index_displace_component(index, c);
    map_remove(&index->by_bytes, slice_of(c->canonical, c->canonical_len));
    free_component(c);
    index->components[number] = NULL;
    fleet_index_number_back(&index->component_numbers, number);
}

static int new_component(struct fleet_index *index, const struct fleet_identity *identity,
                         uint32_t *number, struct err *e)
{
    struct fleet_index_component *c = mem_new(1, sizeof *c);
    if (!c || !(c->canonical = mem_new(identity->canonical.len + 1, 1)) ||
        fleet_index_grow((void **)&index->components, index->component_numbers.count,
                         &index->component_room, sizeof(struct fleet_index_component *)) != 0 ||
        fleet_index_number(&index->component_numbers, number) != 0) {
        free_component(c);
        return err_memory(e);
    }
    index->components[*number] = NULL;
    c->canonical_len = identity->canonical.len;
    memcpy(c->canonical, identity->canonical.data, identity->canonical.len);
    c->software = identity->kind == FLEET_SOFTWARE;
    c->number = *number;
    if (fleet_index_place_component(index, c, e) != 0)
        goto failed;
    if (map_set(&index->by_bytes, slice_of(c->canonical, c->canonical_len), c) != 0) {
        fleet_index_displace_component(index, c);
        err_memory(e);
        goto failed;
    }
    index->components[*number] = c;
    return 0;
failed:
    fleet_index_number_back(&index->component_numbers, *number);
    free_component(c);
    return -1;
}

/* Takes the first count components of a class slot out again. */
static void leave(struct fleet_index *index, uint32_t slot, size_t count)
{
    struct fleet_index_class *class = &index->classes[slot];
    for (size_t i = 0; i < count; i++) {
        struct fleet_index_component *c = index->components[class->components[i].component];
        uint32_t at = class->components[i].position;
        uint32_t moved = fleet_index_classes_of(c)[--c->class_count];
        if (c->class_room)
            c->classes.many[at] = moved;
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

static int add_class(struct fleet_index_component *c, uint32_t slot)
{
    if (c->class_count == 0 && c->class_room == 0) {
        c->classes.one = slot;
    } else if (c->class_room == 0) {
        uint32_t *many = mem_new(4, sizeof *many);
        if (!many)
            return -1;
        many[0] = c->classes.one;
        many[1] = slot;
        c->classes.many = many;
        c->class_room = 4;
    } else {
        size_t room = c->class_room;
        if (fleet_index_grow((void **)&c->classes.many, c->class_count, &room,
                             sizeof *c->classes.many) != 0)
            return -1;
        c->class_room = (uint32_t)room;
        c->classes.many[c->class_count] = slot;
    }
    c->class_count++;
    return 0;
}

static int join(struct fleet_index *index, uint32_t slot, const struct fleet_identity *identity,
                struct err *e)
{
    struct fleet_index_class *class = &index->classes[slot];
    struct fleet_index_component *c = map_get(&index->by_bytes, identity->canonical);
    if (!c) {
        uint32_t number = 0;
        if (new_component(index, identity, &number, e) != 0)
            return -1;
        c = index->components[number];
    }
    if (add_class(c, slot) != 0) {
        if (c->class_count == 0)
            drop_component(index, c->number);
        return err_memory(e);
    }
    class->components[class->component_count++] =
        (struct fleet_index_place){c->number, c->class_count - 1};
    class->software = class->software || c->software;
    return 0;
}

static int new_slot(struct fleet_index *index, uint32_t *slot)
{
    if (fleet_index_grow((void **)&index->classes, index->class_numbers.count, &index->class_room,
                         sizeof *index->classes) != 0 ||
        fleet_index_number(&index->class_numbers, slot) != 0)
        return -1;
    index->classes[*slot] = (struct fleet_index_class){0};
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
    int result = fleet_postings_add(&index->by_id, fleet_index_id_key(id), slot);
    if (result != 0)
        err_memory(e);
    for (size_t i = 0; result == 0 && i < class->count; i++) {
        result = join(index, slot, &class->identities[i], e);
        if (result != 0) {
            leave(index, slot, c->component_count);
            fleet_postings_remove(&index->by_id, fleet_index_id_key(id), slot);
        }
    }
    if (result != 0) {
        free_class(c);
        fleet_index_number_back(&index->class_numbers, slot);
    }
    return result;
}

bool fleet_index_remove(struct fleet_index *index, uint64_t id)
{
    uint32_t slot;
    if (!find_class(index, id, &slot))
        return false;
    leave(index, slot, index->classes[slot].component_count);
    fleet_postings_remove(&index->by_id, fleet_index_id_key(id), slot);
    free_class(&index->classes[slot]);
    fleet_index_number_back(&index->class_numbers, slot);
    return true;
}
