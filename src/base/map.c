/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "base/clock.h"
#include "base/memory.h"

#include <endian.h>

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline __attribute__((always_inline)) void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

uint64_t map_hash(const uint64_t seed[2], struct slice key)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575U, seed[1] ^ 0x646f72616e646f6dU,
                     seed[0] ^ 0x6c7967656e657261U, seed[1] ^ 0x7465646279746573U};
    size_t at = 0;
    uint64_t word;

    for (; at + 8 <= key.len; at += 8) {
        memcpy(&word, key.data + at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)key.len << 56;
    if (key.len >= 8) { /* the last bytes, of which those before `at` are shifted out */
        uint64_t last;
        memcpy(&last, key.data + key.len - 8, 8);
        if (key.len > at)
            word |= le64toh(last) >> (8 * (8 - (key.len - at)));
    } else {
        for (size_t i = 0; i < key.len; i++)
            word |= (uint64_t)key.data[i] << (8 * i);
    }
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/*
 * A seed of its own for each map, without asking the system each time: the n-th of a thread is the
 * hash of n under the thread's secret.
 */
struct seeds {
    uint64_t secret[2];
    uint64_t count;
    bool drawn;
};

void map_init(struct map *m)
{
    static _Thread_local struct seeds seeds;

    *m = (struct map){0};
    if (!seeds.drawn) {
        if (random_system.fill(NULL, seeds.secret, sizeof(seeds.secret)) != 0)
            seeds.secret[0] = (uint64_t)(uintptr_t)m;
        seeds.drawn = true;
    }
    for (size_t i = 0; i < 2; i++) {
        seeds.count++;
        m->seed[i] = map_hash(seeds.secret, slice_of(&seeds.count, sizeof(seeds.count)));
    }
}

void map_fini(struct map *m)
{
    mem_free(m->slots);
    m->slots = NULL;
    m->size = m->count = 0;
}

static struct map_slot *find(const struct map *m, struct slice key, uint64_t hash)
{
    for (size_t i = (size_t)hash & (m->size - 1);; i = (i + 1) & (m->size - 1)) {
        struct map_slot *slot = &m->slots[i];
        if (!slot->value || (slot->hash == hash && slice_equal(slot->key, key)))
            return slot;
    }
}

void *map_get(const struct map *m, struct slice key)
{
    return m->size ? find(m, key, map_hash(m->seed, key))->value : NULL;
}

static int resize(struct map *m, size_t size)
{
    struct map bigger = *m;

    bigger.size = size;
    bigger.slots = mem_new(bigger.size, sizeof(*bigger.slots));
    if (!bigger.slots)
        return -1;
    for (size_t i = 0; i < m->size; i++)
        if (m->slots[i].value)
            *find(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    mem_free(m->slots);
    *m = bigger;
    return 0;
}

static int grow(struct map *m)
{
    return resize(m, m->size ? m->size * 2 : 16);
}

int map_reserve(struct map *m, size_t count)
{
    size_t size = m->size ? m->size : 16;

    if (count > SIZE_MAX / 8)
        return -1;
    while (count * 4 > size * 3)
        size *= 2;
    return count > 0 && size > m->size ? resize(m, size) : 0;
}

int map_set(struct map *m, struct slice key, void *value)
{
    if ((m->count + 1) * 4 > m->size * 3 && grow(m) != 0)
        return -1;
    uint64_t hash = map_hash(m->seed, key);
    struct map_slot *slot = find(m, key, hash);
    m->count += !slot->value;
    *slot = (struct map_slot){.key = key, .value = value, .hash = hash};
    return 0;
}

int map_add(struct map *m, struct slice key, void *value, void **before)
{
    *before = NULL;
    if ((m->count + 1) * 4 > m->size * 3 && grow(m) != 0)
        return -1;
    uint64_t hash = map_hash(m->seed, key);
    struct map_slot *slot = find(m, key, hash);
    *before = slot->value;
    if (!slot->value) {
        m->count++;
        *slot = (struct map_slot){.key = key, .value = value, .hash = hash};
    }
    return 0;
}

void *map_remove(struct map *m, struct slice key)
{
    if (!m->size)
        return NULL;
    struct map_slot *slot = find(m, key, map_hash(m->seed, key));
    void *value = slot->value;
    if (!value)
        return NULL;
    m->count--;
    size_t hole = (size_t)(slot - m->slots);
    for (size_t i = (hole + 1) & (m->size - 1); m->slots[i].value; i = (i + 1) & (m->size - 1)) {
        size_t home = (size_t)m->slots[i].hash & (m->size - 1);
        if (((i - home) & (m->size - 1)) >= ((i - hole) & (m->size - 1))) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct map_slot){0};
    return value;
}

const struct map_slot *map_next(const struct map *m, size_t *at)
{
    while (*at < m->size) {
        const struct map_slot *slot = &m->slots[(*at)++];
        if (slot->value)
            return slot;
    }
    return NULL;
}
