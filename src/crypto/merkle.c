/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/merkle.h"

#include "base/memory.h"
#include "crypto/digest.h"

#define CLAUSE_INCLUSION "RFC 9162 section 2.1.3.2"
#define CLAUSE_CONSISTENCY "RFC 9162 section 2.1.4.2"

static const uint8_t LEAF_PREFIX = 0x00;
static const uint8_t NODE_PREFIX = 0x01;

int merkle_leaf(struct slice data, uint8_t out[MERKLE_HASH])
{
    struct slice parts[2] = {slice_of(&LEAF_PREFIX, 1), data};
    return sha256_slices(parts, 2, out);
}

int merkle_node(const uint8_t left[MERKLE_HASH], const uint8_t right[MERKLE_HASH],
                uint8_t out[MERKLE_HASH])
{
    uint8_t bytes[1 + 2 * MERKLE_HASH];

    bytes[0] = NODE_PREFIX;
    memcpy(bytes + 1, left, MERKLE_HASH);
    memcpy(bytes + 1 + MERKLE_HASH, right, MERKLE_HASH);
    return sha256(slice_of(bytes, sizeof bytes), out);
}

int merkle_empty_root(uint8_t out[MERKLE_HASH])
{
    return sha256(slice_of("", 0), out);
}

/* ---- frontier ---------------------------------------------------------------------------- */

int merkle_frontier_append(struct merkle_frontier *f, const uint8_t leaf[MERKLE_HASH])
{
    uint8_t hash[MERKLE_HASH];
    unsigned level = 0;

    memcpy(hash, leaf, MERKLE_HASH);
    for (uint64_t rest = f->size; rest & 1; rest >>= 1, level++)
        if (merkle_node(f->nodes[level], hash, hash) != 0)
            return -1;
    memcpy(f->nodes[level], hash, MERKLE_HASH);
    f->size++;
    return 0;
}

int merkle_frontier_root(const struct merkle_frontier *f, uint8_t root[MERKLE_HASH])
{
    uint8_t hash[MERKLE_HASH];
    bool started = false;

    if (f->size == 0)
        return merkle_empty_root(root);
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if (!(f->size >> level & 1))
            continue;
        if (!started)
            memcpy(hash, f->nodes[level], MERKLE_HASH);
        else if (merkle_node(f->nodes[level], hash, hash) != 0)
            return -1;
        started = true;
    }
    memcpy(root, hash, MERKLE_HASH);
    return 0;
}

size_t merkle_frontier_write(const struct merkle_frontier *f, uint8_t out[MERKLE_FRONTIER_MAX])
{
    size_t len = 0;

    for (unsigned shift = 64; shift > 0; shift -= 8)
        out[len++] = (uint8_t)(f->size >> (shift - 8));
    for (unsigned level = MERKLE_LEVELS; level-- > 0;) {
        if (!(f->size >> level & 1))
            continue;
        memcpy(out + len, f->nodes[level], MERKLE_HASH);
        len += MERKLE_HASH;
    }
    return len;
}

int merkle_frontier_read(struct merkle_frontier *f, struct slice bytes, struct err *e)
{
    uint64_t size = 0;

    if (bytes.len < 8)
        goto bad;
    for (size_t i = 0; i < 8; i++)
        size = size << 8 | bytes.data[i];
    if (bytes.len != 8 + (size_t)__builtin_popcountll(size) * MERKLE_HASH)
        goto bad;
    *f = (struct merkle_frontier){.size = size};
    const uint8_t *at = bytes.data + 8;
    for (unsigned level = MERKLE_LEVELS; level-- > 0;) {
        if (!(size >> level & 1))
            continue;
        memcpy(f->nodes[level], at, MERKLE_HASH);
        at += MERKLE_HASH;
    }
    return 0;
bad:
    return err_set(e, ERR_INPUT, "merkle.frontier", NULL,
                   "%zu bytes are no right edge of a tree of %llu leaves", bytes.len,
                   (unsigned long long)size);
}

/* ---- verifying --------------------------------------------------------------------------- */

int merkle_verify_inclusion(uint64_t index, uint64_t size, const uint8_t root[MERKLE_HASH],
                            const uint8_t leaf[MERKLE_HASH], const uint8_t (*proof)[MERKLE_HASH],
                            size_t n, struct err *e)
{
    uint8_t hash[MERKLE_HASH];
    uint64_t node = index, last = size - 1;

    if (size == 0 || index >= size)
        return err_set(e, ERR_VERIFY, "merkle.inclusion", CLAUSE_INCLUSION,
                       "leaf %llu is not in a tree of %llu leaves", (unsigned long long)index,
                       (unsigned long long)size);
    memcpy(hash, leaf, MERKLE_HASH);
    for (size_t i = 0; i < n; i++) {
        if (last == 0)
            goto bad;
        if ((node & 1) || node == last) {
            if (merkle_node(proof[i], hash, hash) != 0)
                return digest_failed(e);
            while (!(node & 1) && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else if (merkle_node(hash, proof[i], hash) != 0) {
            return digest_failed(e);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last == 0 && memcmp(hash, root, MERKLE_HASH) == 0)
        return 0;
bad:
    return err_set(e, ERR_VERIFY, "merkle.inclusion", CLAUSE_INCLUSION,
                   "the proof of %zu hashes does not lead from leaf %llu to the root of the tree "
                   "of %llu leaves",
                   n, (unsigned long long)index, (unsigned long long)size);
}

int merkle_verify_consistency(uint64_t old_size, const uint8_t old_root[MERKLE_HASH],
                              uint64_t new_size, const uint8_t new_root[MERKLE_HASH],
                              const uint8_t (*proof)[MERKLE_HASH], size_t n, struct err *e)
{
    uint8_t old_hash[MERKLE_HASH], new_hash[MERKLE_HASH];
    uint64_t node = old_size - 1, last = new_size - 1;
    size_t at = 0;

    if (old_size > new_size)
        return err_set(e, ERR_VERIFY, "merkle.consistency", CLAUSE_CONSISTENCY,
                       "a tree of %llu leaves cannot continue one of %llu",
                       (unsigned long long)new_size, (unsigned long long)old_size);
    if (old_size == 0) {
        if (merkle_empty_root(old_hash) != 0)
            return digest_failed(e);
        if (n != 0 || memcmp(old_hash, old_root, MERKLE_HASH) != 0)
            goto bad;
        if (new_size == 0 && memcmp(old_hash, new_root, MERKLE_HASH) != 0)
            goto bad;
        return 0;
    }
    if (old_size == new_size) {
        if (n != 0 || memcmp(old_root, new_root, MERKLE_HASH) != 0)
            goto bad;
        return 0;
    }
    while (node & 1) {
        node >>= 1;
        last >>= 1;
    }
    /* The proof leaves out the old root itself when the old tree is a full subtree. */
    if (node == 0) {
        memcpy(old_hash, old_root, MERKLE_HASH);
    } else {
        if (n == 0)
            goto bad;
        memcpy(old_hash, proof[at++], MERKLE_HASH);
    }
    memcpy(new_hash, old_hash, MERKLE_HASH);
    for (; at < n; at++) {
        if (last == 0)
            goto bad;
        if ((node & 1) || node == last) {
            if (merkle_node(proof[at], old_hash, old_hash) != 0 ||
                merkle_node(proof[at], new_hash, new_hash) != 0)
                return digest_failed(e);
            while (!(node & 1) && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else if (merkle_node(new_hash, proof[at], new_hash) != 0) {
            return digest_failed(e);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last == 0 && memcmp(old_hash, old_root, MERKLE_HASH) == 0 &&
        memcmp(new_hash, new_root, MERKLE_HASH) == 0)
        return 0;
bad:
    return err_set(e, ERR_VERIFY, "merkle.consistency", CLAUSE_CONSISTENCY,
                   "the tree of %llu leaves is not shown to begin with the tree of %llu leaves: "
                   "another history",
                   (unsigned long long)new_size, (unsigned long long)old_size);
}
