/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making proofs. All of them are about ranges [begin, end) of the leaves that begin where a full
 * subtree of at least their length begins, so that every range falls apart into full subtrees of
 * falling size, whose roots the source knows.
 */
#include "crypto/merkle.h"

#include "base/memory.h"
#include "crypto/digest.h"

/* The largest power of two below n; n ≥ 2. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - (unsigned)__builtin_clzll(n - 1));
}

/* Root over [begin, begin + len), len ≥ 1. */
static int range_root(const struct merkle_source *source, uint64_t begin, uint64_t len,
                      uint8_t out[MERKLE_HASH], struct err *e)
{
    uint8_t right[MERKLE_HASH], part[MERKLE_HASH];
    uint64_t end = begin + len;
    bool started = false;

    /* From the smallest full subtree at the right edge to the largest at the left. */
    for (uint64_t rest = len; rest != 0; rest &= rest - 1) {
        unsigned level = (unsigned)__builtin_ctzll(rest);
        end -= UINT64_C(1) << level;
        if (source->node(source->context, level, end >> level, part, e) != 0)
            return -1;
        if (!started)
            memcpy(right, part, MERKLE_HASH);
        else if (merkle_node(part, right, right) != 0)
            return digest_failed(e);
        started = true;
    }
    memcpy(out, right, MERKLE_HASH);
    return 0;
}

int merkle_source_root(const struct merkle_source *source, uint64_t size, uint8_t root[MERKLE_HASH],
                       struct err *e)
{
    if (size == 0)
        return merkle_empty_root(root) == 0 ? 0 : digest_failed(e);
    return range_root(source, 0, size, root, e);
}

static void reverse(uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t n)
{
    uint8_t hold[MERKLE_HASH];

    for (size_t i = 0; i + 1 < n - i; i++) {
        memcpy(hold, proof[i], MERKLE_HASH);
        memcpy(proof[i], proof[n - 1 - i], MERKLE_HASH);
        memcpy(proof[n - 1 - i], hold, MERKLE_HASH);
    }
}

int merkle_source_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
                            uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n, struct err *e)
{
    uint64_t begin = 0, len = size;
    size_t count = 0;

    if (index >= size)
        return err_set(e, ERR_USAGE, "merkle.range", NULL,
                       "leaf %llu is not in a tree of %llu leaves", (unsigned long long)index,
                       (unsigned long long)size);
    /* Downwards from the root: the half that the leaf is not in belongs to the proof. */
    while (len > 1) {
        uint64_t left = split(len);
        bool in_left = index - begin < left;
        int rc = in_left ? range_root(source, begin + left, len - left, proof[count], e)
                         : range_root(source, begin, left, proof[count], e);
        if (rc != 0)
            return -1;
        count++;
        if (!in_left)
            begin += left;
        len = in_left ? left : len - left;
    }
    reverse(proof, count);
    *n = count;
    return 0;
}

int merkle_source_consistency(const struct merkle_source *source, uint64_t old_size,
                              uint64_t new_size, uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH],
                              size_t *n, struct err *e)
{
    uint64_t begin = 0, len = new_size;
    size_t count = 0;

    if (old_size > new_size)
        return err_set(e, ERR_USAGE, "merkle.range", NULL,
                       "a tree of %llu leaves has no proof about one of %llu",
                       (unsigned long long)new_size, (unsigned long long)old_size);
    *n = 0;
    if (old_size == 0 || old_size == new_size)
        return 0;
    while (begin + len != old_size) {
        uint64_t left = split(len);
        bool in_left = old_size - begin <= left;
        int rc = in_left ? range_root(source, begin + left, len - left, proof[count], e)
                         : range_root(source, begin, left, proof[count], e);
        if (rc != 0)
            return -1;
        count++;
        if (!in_left)
            begin += left;
        len = in_left ? left : len - left;
    }
    /* The verifier knows the old root: it is not repeated when the old tree is this subtree. */
    if (begin != 0) {
        if (range_root(source, begin, len, proof[count], e) != 0)
            return -1;
        count++;
    }
    reverse(proof, count);
    *n = count;
    return 0;
}

/* ---- a whole tree in memory -------------------------------------------------------------- */

struct merkle_table {
    size_t count;
    uint8_t (*levels[MERKLE_LEVELS])[MERKLE_HASH]; /* full subtrees only: count >> level each */
    uint8_t (*hashes)[MERKLE_HASH];
};

static int table_node(void *context, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                      struct err *e)
{
    const struct merkle_table *table = context;

    if (level >= MERKLE_LEVELS || index >= (uint64_t)table->count >> level)
        return err_set(e, ERR_USAGE, "merkle.range", NULL, "no such subtree");
    memcpy(out, table->levels[level][index], MERKLE_HASH);
    return 0;
}

struct merkle_table *merkle_table_new(const uint8_t (*leaves)[MERKLE_HASH], size_t count,
                                      struct err *e)
{
    struct merkle_table *table = mem_new(1, sizeof *table);
    size_t total = 0;

    if (!table)
        goto memory;
    for (size_t width = count; width > 0; width >>= 1)
        total += width;
    table->count = count;
    table->hashes = mem_new(total ? total : 1, MERKLE_HASH);
    if (!table->hashes)
        goto memory;
    if (count)
        memcpy(table->hashes, leaves, count * MERKLE_HASH);
    table->levels[0] = table->hashes;
    for (unsigned level = 1; count >> level > 0; level++) {
        table->levels[level] = table->levels[level - 1] + (count >> (level - 1));
        for (size_t i = 0; i < count >> level; i++)
            if (merkle_node(table->levels[level - 1][2 * i], table->levels[level - 1][2 * i + 1],
                            table->levels[level][i]) != 0) {
                digest_failed(e);
                goto fail;
            }
    }
    return table;
memory:
    err_memory(e);
fail:
    merkle_table_free(table);
    return NULL;
}

void merkle_table_free(struct merkle_table *table)
{
    if (!table)
        return;
    mem_free(table->hashes);
    mem_free(table);
}

struct merkle_source merkle_table_source(const struct merkle_table *table)
{
    union {
        const struct merkle_table *in;
        void *out;
    } context = {.in = table}; /* table_node only reads */

    return (struct merkle_source){.node = table_node, .context = context.out};
}

size_t merkle_table_size(const struct merkle_table *table)
{
    return table->count;
}

int merkle_tree_root(const uint8_t (*leaves)[MERKLE_HASH], size_t count, uint8_t root[MERKLE_HASH],
                     struct err *e)
{
    struct merkle_frontier frontier = {.size = 0};

    for (size_t i = 0; i < count; i++)
        if (merkle_frontier_append(&frontier, leaves[i]) != 0)
            return digest_failed(e);
    return merkle_frontier_root(&frontier, root) == 0 ? 0 : digest_failed(e);
}

int merkle_inclusion_proof(const uint8_t (*leaves)[MERKLE_HASH], size_t count, size_t index,
                           uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n, struct err *e)
{
    struct merkle_table *table = merkle_table_new(leaves, count, e);
    int rc = -1;

    if (table) {
        struct merkle_source source = merkle_table_source(table);
        rc = merkle_source_inclusion(&source, index, count, proof, n, e);
    }
    merkle_table_free(table);
    return rc;
}

int merkle_consistency_proof(const uint8_t (*leaves)[MERKLE_HASH], size_t old_count,
                             size_t new_count, uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH],
                             size_t *n, struct err *e)
{
    struct merkle_table *table = merkle_table_new(leaves, new_count, e);
    int rc = -1;

    if (table) {
        struct merkle_source source = merkle_table_source(table);
        rc = merkle_source_consistency(&source, old_count, new_count, proof, n, e);
    }
    merkle_table_free(table);
    return rc;
}
