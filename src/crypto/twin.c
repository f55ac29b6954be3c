/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/twin.h"

enum { BLOCK = 64, LENGTH = 8 };

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

static bool has_extensions(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* A state as the instructions want it: ABEF and CDGH. */
struct lanes {
    __m128i abef, cdgh;
};

SHA_TARGET static struct lanes load_state(const uint32_t s[8])
{
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)s), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(s + 4)), 0x1b);
    return (struct lanes){_mm_alignr_epi8(low, high, 8), _mm_blend_epi16(high, low, 0xf0)};
}

SHA_TARGET static void store_state(struct lanes l, uint32_t s[8])
{
    __m128i low = _mm_shuffle_epi32(l.abef, 0x1b), high = _mm_shuffle_epi32(l.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)s, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)(s + 4), _mm_alignr_epi8(high, low, 8));
}

/* Four rounds of both states with the words w. */
#define ROUNDS(w, at)                                                                              \
    do {                                                                                           \
        __m128i k = _mm_add_epi32(w, _mm_load_si128((const __m128i *)(constants + 4 * (at))));     \
        a.cdgh = _mm_sha256rnds2_epu32(a.cdgh, a.abef, k);                                         \
        b.cdgh = _mm_sha256rnds2_epu32(b.cdgh, b.abef, k);                                         \
        k = _mm_shuffle_epi32(k, 0x0e);                                                            \
        a.abef = _mm_sha256rnds2_epu32(a.abef, a.cdgh, k);                                         \
        b.abef = _mm_sha256rnds2_epu32(b.abef, b.cdgh, k);                                         \
    } while (0)

#define ROUNDS_ONE(w, at)                                                                          \
    do {                                                                                           \
        __m128i k = _mm_add_epi32(w, _mm_load_si128((const __m128i *)(constants + 4 * (at))));     \
        a.cdgh = _mm_sha256rnds2_epu32(a.cdgh, a.abef, k);                                         \
        a.abef = _mm_sha256rnds2_epu32(a.abef, a.cdgh, _mm_shuffle_epi32(k, 0x0e));                \
    } while (0)

/* The next four words of the schedule, in place of the oldest. */
#define SCHEDULE(w0, w1, w2, w3)                                                                   \
    (w0 = _mm_sha256msg2_epu32(                                                                    \
         _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4)), w3))

SHA_TARGET static void blocks_both(uint32_t first[8], uint32_t second[8], const uint8_t *data,
                                   size_t count)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    struct lanes a = load_state(first), b = load_state(second);
    for (; count > 0; count--, data += BLOCK) {
        const __m128i *in = (const __m128i *)data;
        struct lanes was_a = a, was_b = b;
        __m128i w0 = _mm_shuffle_epi8(_mm_loadu_si128(in), order);
        __m128i w1 = _mm_shuffle_epi8(_mm_loadu_si128(in + 1), order);
        __m128i w2 = _mm_shuffle_epi8(_mm_loadu_si128(in + 2), order);
        __m128i w3 = _mm_shuffle_epi8(_mm_loadu_si128(in + 3), order);
        ROUNDS(w0, 0);
        ROUNDS(w1, 1);
        ROUNDS(w2, 2);
        ROUNDS(w3, 3);
        for (size_t at = 4; at < 16; at += 4) {
            SCHEDULE(w0, w1, w2, w3);
            ROUNDS(w0, at);
            SCHEDULE(w1, w2, w3, w0);
            ROUNDS(w1, at + 1);
            SCHEDULE(w2, w3, w0, w1);
            ROUNDS(w2, at + 2);
            SCHEDULE(w3, w0, w1, w2);
            ROUNDS(w3, at + 3);
        }
        a.abef = _mm_add_epi32(a.abef, was_a.abef);
        a.cdgh = _mm_add_epi32(a.cdgh, was_a.cdgh);
        b.abef = _mm_add_epi32(b.abef, was_b.abef);
        b.cdgh = _mm_add_epi32(b.cdgh, was_b.cdgh);
    }
    store_state(a, first);
    store_state(b, second);
}

/* One state alone: the same steps, and twice the speed of a state that waits for another. */
SHA_TARGET static void blocks_one(uint32_t state[8], const uint8_t *data, size_t count)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    struct lanes a = load_state(state);
    for (; count > 0; count--, data += BLOCK) {
        const __m128i *in = (const __m128i *)data;
        struct lanes was = a;
        __m128i w0 = _mm_shuffle_epi8(_mm_loadu_si128(in), order);
        __m128i w1 = _mm_shuffle_epi8(_mm_loadu_si128(in + 1), order);
        __m128i w2 = _mm_shuffle_epi8(_mm_loadu_si128(in + 2), order);
        __m128i w3 = _mm_shuffle_epi8(_mm_loadu_si128(in + 3), order);
        ROUNDS_ONE(w0, 0);
        ROUNDS_ONE(w1, 1);
        ROUNDS_ONE(w2, 2);
        ROUNDS_ONE(w3, 3);
        for (size_t at = 4; at < 16; at += 4) {
            SCHEDULE(w0, w1, w2, w3);
            ROUNDS_ONE(w0, at);
            SCHEDULE(w1, w2, w3, w0);
            ROUNDS_ONE(w1, at + 1);
            SCHEDULE(w2, w3, w0, w1);
            ROUNDS_ONE(w2, at + 2);
            SCHEDULE(w3, w0, w1, w2);
            ROUNDS_ONE(w3, at + 3);
        }
        a.abef = _mm_add_epi32(a.abef, was.abef);
        a.cdgh = _mm_add_epi32(a.cdgh, was.cdgh);
    }
    store_state(a, state);
}

#else

static bool has_extensions(void)
{
    return false;
}

static void blocks_one(uint32_t state[8], const uint8_t *data, size_t count)
{
    (void)state, (void)data, (void)count;
}

static void blocks_both(uint32_t first[8], uint32_t second[8], const uint8_t *data, size_t count)
{
    (void)first, (void)second, (void)data, (void)count;
}

#endif

static bool is_zero(struct slice s)
{
    static const uint8_t none[BLOCK];
    return s.len >= BLOCK && memcmp(s.data, none, BLOCK) == 0 &&
           memcmp(s.data, s.data + BLOCK, s.len - BLOCK) == 0;
}

/* The last block or two (FIPS 180-4 section 5.1.1). */
static void finish(const uint32_t state[8], const uint8_t *rest, uint64_t bytes,
                   uint8_t out[SHA256_LEN])
{
    uint8_t last[2 * BLOCK] = {0};
    uint32_t s[8];
    size_t len = (size_t)(bytes % BLOCK), all = len + 1 + LENGTH <= BLOCK ? BLOCK : 2 * BLOCK;
    memcpy(s, state, sizeof s);
    memcpy(last, rest, len);
    last[len] = 0x80;
    for (size_t i = 0; i < LENGTH; i++)
        last[all - 1 - i] = (uint8_t)(bytes * 8 >> (8 * i));
    blocks_one(s, last, all / BLOCK);
    for (size_t i = 0; i < SHA256_LEN; i++)
        out[i] = (uint8_t)(s[i / 4] >> (24 - 8 * (i % 4)));
}

int sha256_twin_init(struct sha256_twin *t)
{
    *t = (struct sha256_twin){.fast = has_extensions()};
    memcpy(t->state, initial, sizeof initial);
    return t->fast ? 0 : sha256_init(&t->plain);
}

void sha256_twin_without_extensions(struct sha256_twin *t)
{
    if (t->fast && sha256_init(&t->plain) == 0)
        t->fast = false;
}

void sha256_twin_fini(struct sha256_twin *t)
{
    if (t->plain.evp)
        sha256_fini(&t->plain);
    t->plain.evp = NULL;
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
        blocks_one(t->state, t->rest, 1);
    }
    blocks_one(t->state, data.data, data.len / BLOCK);
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
    bool zero = is_zero(data);
    if (zero && t->zeros_of == data.len) { /* most of most disks */
        memcpy(piece, t->zeros, SHA256_LEN);
        update_one(t, data);
        return 0;
    }
    memcpy(state, initial, sizeof state);
    blocks_both(t->state, state, data.data, data.len / BLOCK);
    if (data.len % BLOCK)
        memcpy(t->rest, end, data.len % BLOCK);
    t->bytes += data.len;
    finish(state, end, data.len, piece);
    if (zero) {
        memcpy(t->zeros, piece, SHA256_LEN);
        t->zeros_of = data.len;
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
