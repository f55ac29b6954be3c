/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/twin.h"
#include "crypto/sha256_words.h"

enum { BLOCK = TWIN_BLOCK };

static void put_big(const uint32_t *words, size_t bytes, uint8_t *out)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
}

static void finish(const uint32_t state[8], const uint8_t *rest, uint64_t bytes,
                   uint8_t out[SHA256_LEN])
{
    uint8_t last[2 * BLOCK];
    uint32_t s[8];
    size_t blocks = sha_pad(rest, bytes, true, last);
    memcpy(s, state, sizeof s);
    twin_blocks_one(s, last, blocks);
    put_big(s, SHA256_LEN, out);
}

int sha256_twin_init(struct sha256_twin *t)
{
    *t = (struct sha256_twin){.fast = twin_blocks_usable()};
    memcpy(t->state, sha256_initial, sizeof sha256_initial);
    return t->fast ? 0 : sha256_init(&t->plain);
}

void sha256_twin_without_extensions(struct sha256_twin *t)
{
    if (t->fast && sha256_init(&t->plain) == 0)
        t->fast = false;
}

bool sha256_twin_with_others(struct sha256_twin *t)
{
    static const struct md5_sha1 first = {
        .md5 = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476},
        .sha1 = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
    t->others = first;
    return t->has_others = t->fast;
}

void sha256_twin_fini(struct sha256_twin *t)
{
    if (t->plain.evp)
        sha256_fini(&t->plain);
    t->plain.evp = NULL;
}

/* The long text and, where they are wanted, piece and others, which need no time of their own. */
static void blocks(struct sha256_twin *t, uint32_t *piece, const uint8_t *data, size_t count)
{
    uint32_t nobody[8] = {0};
    if (t->has_others)
        twin_blocks_four(t->state, piece ? piece : nobody, &t->others, data, count);
    else if (piece)
        twin_blocks_two(t->state, piece, data, count);
    else
        twin_blocks_one(t->state, data, count);
}

/* The long text alone, which may stand between two blocks. */
static void update_one(struct sha256_twin *t, struct slice data)
{
    size_t have = (size_t)(t->bytes % BLOCK);
    t->bytes += data.len;
    if (have) {
        size_t want = BLOCK - have < data.len ? BLOCK - have : data.len;
        memcpy(t->rest + have, data.data, want);
        data = slice_of(data.data + want, data.len - want);
        if (have + want < BLOCK)
            return;
        blocks(t, NULL, t->rest, 1);
    }
    blocks(t, NULL, data.data, data.len / BLOCK);
    if (data.len % BLOCK)
        memcpy(t->rest, data.data + data.len / BLOCK * BLOCK, data.len % BLOCK);
}

int sha256_twin_update(struct sha256_twin *t, struct slice data, uint8_t piece[SHA256_LEN])
{
    uint32_t state[8];
    if (data.len == 0)
        return piece ? sha256(data, piece) : 0;
    if (!t->fast)
        return piece && sha256(data, piece) != 0 ? -1 : sha256_update(&t->plain, data);
    if (!piece || t->bytes % BLOCK != 0) {
        update_one(t, data);
        return piece ? sha256(data, piece) : 0;
    }
    const uint8_t *end = data.data + data.len / BLOCK * BLOCK;
    memcpy(state, sha256_initial, sizeof state);
    blocks(t, state, data.data, data.len / BLOCK);
    if (data.len % BLOCK)
        memcpy(t->rest, end, data.len % BLOCK);
    t->bytes += data.len;
    finish(state, end, data.len, piece);
    return 0;
}

static int hash_zeros(size_t len, uint8_t out[SHA256_LEN])
{
    struct sha256_twin t;
    int result = sha256_twin_init(&t) != 0 || sha256_twin_zeros(&t, len, NULL) != 0 ||
                         sha256_twin_final(&t, out) != 0
                     ? -1
                     : 0;
    sha256_twin_fini(&t);
    return result;
}

int sha256_twin_zeros(struct sha256_twin *t, size_t len, uint8_t piece[SHA256_LEN])
{
    static const uint8_t zeros[4096]; /* stays in the nearest cache */
    if (piece && (!t->has_zeros || t->zeros_of != len)) {
        t->has_zeros = false;
        if (hash_zeros(len, t->zeros) != 0)
            return -1;
        t->zeros_of = len;
        t->has_zeros = true;
    }
    if (piece)
        memcpy(piece, t->zeros, SHA256_LEN);
    for (size_t part; len > 0; len -= part) {
        part = len < sizeof zeros ? len : sizeof zeros;
        if (sha256_twin_update(t, slice_of(zeros, part), NULL) != 0)
            return -1;
    }
    return 0;
}

int sha256_twin_final(struct sha256_twin *t, uint8_t out[SHA256_LEN])
{
    if (!t->fast)
        return sha256_final(&t->plain, out);
    finish(t->state, t->rest, t->bytes, out);
    return 0;
}

void sha256_twin_others(const struct sha256_twin *t, uint8_t md5[MD5_LEN], uint8_t sha1[SHA1_LEN])
{
    /* MD5 counts from the other end, so each takes its last blocks by itself */
    for (int i = 0; i < 2; i++) {
        struct md5_sha1 own = t->others;
        uint32_t nobody[2][8] = {{0}};
        uint8_t last[2 * BLOCK];
        size_t count = sha_pad(t->rest, t->bytes, i == 1, last);
        twin_blocks_four(nobody[0], nobody[1], &own, last, count);
        if (i == 1)
            put_big(own.sha1, SHA1_LEN, sha1);
        for (size_t at = 0; i == 0 && at < MD5_LEN; at++)
            md5[at] = (uint8_t)(own.md5[at / 4] >> (8 * (at % 4)));
    }
}
