/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names must be unique, and large containers are found in without a walk. The hash is keyed per
 * document (map_hash), so that nobody can write a document whose names all collide.
 */
#include "base/json_internal.h"
#include "base/clock.h"
#include "base/map.h"

/*
 * Notes the bits of an object's names. true: no two names have the same, so they differ; false:
 * that remains to be seen.
 */
static bool note_names(struct json_value *object, size_t count)
{
    const struct json_value *value = object + 2;
    uint64_t seen = 0, twice = 0;

    for (size_t i = 0; i < count; i++, value = json_value_next(value)) {
        uint64_t bit = json_name_bit(value[-1].span);
        twice |= seen & bit;
        seen |= bit;
    }
    object->names = seen;
    return twice == 0;
}

static int check_few(const struct json_reader *r, struct json_value *object, uint32_t *twice)
{
    uint32_t sums[JSON_INDEXED];
    const struct json_value *names[JSON_INDEXED];
    size_t count = json_value_size(object);
    const struct json_value *value = object + 2;

    if (note_names(object, count))
        return 0;
    for (size_t i = 0; i < count; i++, value = json_value_next(value)) {
        names[i] = value - 1;
        sums[i] = names[i]->span;
        for (size_t j = 0; j < i; j++) {
            if (sums[j] == sums[i] &&
                slice_equal(json_value_bytes(names[j]), json_value_bytes(names[i]))) {
                *twice = (uint32_t)(value - 1 - r->values);
                return -1;
            }
        }
    }
    return 0;
}

static int index_names(struct json_reader *r, struct json_value *object, uint32_t *twice)
{
    size_t count = json_value_size(object);
    size_t size = 4 * JSON_INDEXED;

    while (size < 2 * count)
        size *= 2;
    struct json_name_index *index =
        arena_new(&r->doc->arena, 1, sizeof(*index) + size * sizeof(index->slots[0]));
    if (!index)
        return -1;
    if (!r->seeded) {
        struct err ignored = {0};
        if (random_fill(&random_system, r->seed, sizeof(r->seed), &ignored) != 0)
            r->seed[0] = (uint64_t)(uintptr_t)index; /* as map_init does */
        r->seeded = true;
    }
    memcpy(index->seed, r->seed, sizeof(index->seed));
    index->mask = (uint32_t)(size - 1);
    const struct json_value *value = object + 2;
    for (size_t i = 0; i < count; i++, value = json_value_next(value)) {
        struct slice name = json_value_bytes(value - 1);
        size_t at = (size_t)map_hash(index->seed, name) & index->mask;
        for (; index->slots[at]; at = (at + 1) & index->mask) {
            if (slice_equal(json_value_bytes(object + index->slots[at] - 1), name)) {
                *twice = (uint32_t)(value - 1 - r->values);
                return -1;
            }
        }
        index->slots[at] = (uint32_t)(value - object);
    }
    object->data = (const uint8_t *)index;
    return 0;
}

/* Slots of the elements, counted from the array's; not needed when each takes just one. */
static int index_elements(struct json_reader *r, struct json_value *array)
{
    size_t count = json_value_size(array);

    if (count <= JSON_INDEXED || array->span == count + 1)
        return 0;
    uint32_t *slots = arena_alloc(&r->doc->arena, count * sizeof(*slots));
    if (!slots)
        return -1;
    const struct json_value *value = array + 1;
    for (size_t i = 0; i < count; i++, value = json_value_next(value))
        slots[i] = (uint32_t)(value - array);
    array->data = (const uint8_t *)slots;
    return 0;
}

int json_index_close(struct json_reader *r, struct json_value *container, uint32_t *twice)
{
    *twice = JSON_NO_SLOT;
    if (json_value_type(container) == JSON_ARRAY)
        return index_elements(r, container);
    if (json_value_size(container) <= JSON_INDEXED)
        return check_few(r, container, twice);
    return index_names(r, container, twice);
}

const struct json_value *json_index_find(const struct json_value *object, struct slice name,
                                         uint32_t sum)
{
    const struct json_name_index *index = (const void *)object->data;
    size_t count = json_value_size(object);

    if (count <= JSON_INDEXED) {
        if (!(object->names & json_name_bit(sum)))
            return NULL;
        const struct json_value *value = object + 2;
        for (size_t i = 0; i < count; i++, value = json_value_next(value))
            if (value[-1].span == sum && json_value_size(value - 1) == name.len &&
                slice_bytes_equal(value[-1].data, name.data, name.len))
                return value;
        return NULL;
    }
    size_t at = (size_t)map_hash(index->seed, name) & index->mask;
    for (; index->slots[at]; at = (at + 1) & index->mask) {
        const struct json_value *value = object + index->slots[at];
        if (slice_equal(json_value_bytes(value - 1), name))
            return value;
    }
    return NULL;
}
