/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/twin_blocks.h"
#include "crypto/sha256_words.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

/* RFC 1321: floor(2^32 * abs(sin(i + 1))). */
static const uint32_t md5_constants[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

bool twin_blocks_usable(void)
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
        __m128i k =                                                                                \
            _mm_add_epi32(w, _mm_load_si128((const __m128i *)(sha256_constants + 4 * (at))));      \
        a.cdgh = _mm_sha256rnds2_epu32(a.cdgh, a.abef, k);                                         \
        b.cdgh = _mm_sha256rnds2_epu32(b.cdgh, b.abef, k);                                         \
        k = _mm_shuffle_epi32(k, 0x0e);                                                            \
        a.abef = _mm_sha256rnds2_epu32(a.abef, a.cdgh, k);                                         \
        b.abef = _mm_sha256rnds2_epu32(b.abef, b.cdgh, k);                                         \
    } while (0)

#define ROUNDS_ONE(w, at)                                                                          \
    do {                                                                                           \
        __m128i k =                                                                                \
            _mm_add_epi32(w, _mm_load_si128((const __m128i *)(sha256_constants + 4 * (at))));      \
        a.cdgh = _mm_sha256rnds2_epu32(a.cdgh, a.abef, k);                                         \
        a.abef = _mm_sha256rnds2_epu32(a.abef, a.cdgh, _mm_shuffle_epi32(k, 0x0e));                \
    } while (0)

/* The next four words of the schedule, in place of the oldest. */
#define SCHEDULE(w0, w1, w2, w3)                                                                   \
    (w0 = _mm_sha256msg2_epu32(                                                                    \
         _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4)), w3))

SHA_TARGET void twin_blocks_two(uint32_t first[8], uint32_t second[8], const uint8_t *data,
                                size_t count)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    struct lanes a = load_state(first), b = load_state(second);
    for (; count > 0; count--, data += TWIN_BLOCK) {
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

SHA_TARGET void twin_blocks_one(uint32_t state[8], const uint8_t *data, size_t count)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    struct lanes a = load_state(state);
    for (; count > 0; count--, data += TWIN_BLOCK) {
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

/* RFC 1321 section 3.4: four steps, of which word and turn follow from their number. */
#define MD5_F(x, y, z) (z ^ (x & (y ^ z)))
#define MD5_G(x, y, z) ((x & z) + (~z & y))
#define MD5_H(x, y, z) (x ^ y ^ z)
#define MD5_I(x, y, z) (y ^ (x | ~z))
#define MD5_STEP(f, a, b, c, d, word, turn, at)                                                    \
    do {                                                                                           \
        a += f(b, c, d) + m[(word) % 16] + md5_constants[at];                                      \
        a = (a << (turn) | a >> (32 - (turn))) + b;                                                \
    } while (0)
#define MD5_FOUR(f, at, step, first, t0, t1, t2, t3)                                               \
    MD5_STEP(f, ma, mb, mc, md, (at) * (step) + (first), t0, at);                                  \
    MD5_STEP(f, md, ma, mb, mc, ((at) + 1) * (step) + (first), t1, (at) + 1);                      \
    MD5_STEP(f, mc, md, ma, mb, ((at) + 2) * (step) + (first), t2, (at) + 2);                      \
    MD5_STEP(f, mb, mc, md, ma, ((at) + 3) * (step) + (first), t3, (at) + 3)
#define MD5_1(at) MD5_FOUR(MD5_F, at, 1, 0, 7, 12, 17, 22)
#define MD5_2(at) MD5_FOUR(MD5_G, at, 5, 1, 5, 9, 14, 20)
#define MD5_3(at) MD5_FOUR(MD5_H, at, 3, 5, 4, 11, 16, 23)
#define MD5_4(at) MD5_FOUR(MD5_I, at, 7, 0, 6, 10, 15, 21)

/* Four rounds of SHA-1 with the words v; e comes from the state before the last four. */
#define SHA1_ROUNDS(v, function)                                                                   \
    do {                                                                                           \
        __m128i e = _mm_sha1nexte_epu32(before, v);                                                \
        before = abcd;                                                                             \
        abcd = _mm_sha1rnds4_epu32(abcd, e, function);                                             \
    } while (0)
#define SHA1_SCHEDULE(v0, v1, v2, v3)                                                              \
    (v0 = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(v0, v1), v2), v3))

/* Of each block four steps of MD5, then four rounds of each of the others, and so on. */
SHA_TARGET void twin_blocks_four(uint32_t first[8], uint32_t second[8], struct md5_sha1 *others,
                                 const uint8_t *data, size_t count)
{
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    const __m128i turned = _mm_set_epi64x(0x0001020304050607ll, 0x08090a0b0c0d0e0fll);
    struct lanes a = load_state(first), b = load_state(second);
    uint32_t ma = others->md5[0], mb = others->md5[1], mc = others->md5[2], md = others->md5[3];
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)others->sha1), 0x1b);
    __m128i last = _mm_set_epi32((int)others->sha1[4], 0, 0, 0);
    for (; count > 0; count--, data += TWIN_BLOCK) {
        const __m128i *in = (const __m128i *)data;
        struct lanes was_a = a, was_b = b;
        uint32_t was_ma = ma, was_mb = mb, was_mc = mc, was_md = md, m[16];
        __m128i was_abcd = abcd, was_last = last, before;
        memcpy(m, data, sizeof m);
        __m128i w0 = _mm_shuffle_epi8(_mm_loadu_si128(in), order);
        __m128i w1 = _mm_shuffle_epi8(_mm_loadu_si128(in + 1), order);
        __m128i w2 = _mm_shuffle_epi8(_mm_loadu_si128(in + 2), order);
        __m128i w3 = _mm_shuffle_epi8(_mm_loadu_si128(in + 3), order);
        __m128i v0 = _mm_shuffle_epi8(_mm_loadu_si128(in), turned);
        __m128i v1 = _mm_shuffle_epi8(_mm_loadu_si128(in + 1), turned);
        __m128i v2 = _mm_shuffle_epi8(_mm_loadu_si128(in + 2), turned);
        __m128i v3 = _mm_shuffle_epi8(_mm_loadu_si128(in + 3), turned);
        MD5_1(0);
        ROUNDS(w0, 0);
        before = abcd; /* the first four have their e from the block before */
        abcd = _mm_sha1rnds4_epu32(abcd, _mm_add_epi32(last, v0), 0);
        MD5_1(4);
        ROUNDS(w1, 1);
        SHA1_ROUNDS(v1, 0);
        MD5_1(8);
        ROUNDS(w2, 2);
        SHA1_ROUNDS(v2, 0);
        MD5_1(12);
        ROUNDS(w3, 3);
        SHA1_ROUNDS(v3, 0);
        SHA1_SCHEDULE(v0, v1, v2, v3);
        SHA1_ROUNDS(v0, 0);
        MD5_2(16);
        SCHEDULE(w0, w1, w2, w3);
        ROUNDS(w0, 4);
        SHA1_SCHEDULE(v1, v2, v3, v0);
        SHA1_ROUNDS(v1, 1);
        MD5_2(20);
        SCHEDULE(w1, w2, w3, w0);
        ROUNDS(w1, 5);
        SHA1_SCHEDULE(v2, v3, v0, v1);
        SHA1_ROUNDS(v2, 1);
        MD5_2(24);
        SCHEDULE(w2, w3, w0, w1);
        ROUNDS(w2, 6);
        SHA1_SCHEDULE(v3, v0, v1, v2);
        SHA1_ROUNDS(v3, 1);
        MD5_2(28);
        SCHEDULE(w3, w0, w1, w2);
        ROUNDS(w3, 7);
        SHA1_SCHEDULE(v0, v1, v2, v3);
        SHA1_ROUNDS(v0, 1);
        SHA1_SCHEDULE(v1, v2, v3, v0);
        SHA1_ROUNDS(v1, 1);
        MD5_3(32);
        SCHEDULE(w0, w1, w2, w3);
        ROUNDS(w0, 8);
        SHA1_SCHEDULE(v2, v3, v0, v1);
        SHA1_ROUNDS(v2, 2);
        MD5_3(36);
        SCHEDULE(w1, w2, w3, w0);
        ROUNDS(w1, 9);
        SHA1_SCHEDULE(v3, v0, v1, v2);
        SHA1_ROUNDS(v3, 2);
        MD5_3(40);
        SCHEDULE(w2, w3, w0, w1);
        ROUNDS(w2, 10);
        SHA1_SCHEDULE(v0, v1, v2, v3);
        SHA1_ROUNDS(v0, 2);
        MD5_3(44);
        SCHEDULE(w3, w0, w1, w2);
        ROUNDS(w3, 11);
        SHA1_SCHEDULE(v1, v2, v3, v0);
        SHA1_ROUNDS(v1, 2);
        SHA1_SCHEDULE(v2, v3, v0, v1);
        SHA1_ROUNDS(v2, 2);
        MD5_4(48);
        SCHEDULE(w0, w1, w2, w3);
        ROUNDS(w0, 12);
        SHA1_SCHEDULE(v3, v0, v1, v2);
        SHA1_ROUNDS(v3, 3);
        MD5_4(52);
        SCHEDULE(w1, w2, w3, w0);
        ROUNDS(w1, 13);
        SHA1_SCHEDULE(v0, v1, v2, v3);
        SHA1_ROUNDS(v0, 3);
        MD5_4(56);
        SCHEDULE(w2, w3, w0, w1);
        ROUNDS(w2, 14);
        SHA1_SCHEDULE(v1, v2, v3, v0);
        SHA1_ROUNDS(v1, 3);
        MD5_4(60);
        SCHEDULE(w3, w0, w1, w2);
        ROUNDS(w3, 15);
        SHA1_SCHEDULE(v2, v3, v0, v1);
        SHA1_ROUNDS(v2, 3);
        SHA1_SCHEDULE(v3, v0, v1, v2);
        SHA1_ROUNDS(v3, 3);
        a.abef = _mm_add_epi32(a.abef, was_a.abef);
        a.cdgh = _mm_add_epi32(a.cdgh, was_a.cdgh);
        b.abef = _mm_add_epi32(b.abef, was_b.abef);
        b.cdgh = _mm_add_epi32(b.cdgh, was_b.cdgh);
        ma += was_ma;
        mb += was_mb;
        mc += was_mc;
        md += was_md;
        last = _mm_sha1nexte_epu32(before, was_last);
        abcd = _mm_add_epi32(abcd, was_abcd);
    }
    store_state(a, first);
    store_state(b, second);
    others->md5[0] = ma;
    others->md5[1] = mb;
    others->md5[2] = mc;
    others->md5[3] = md;
    _mm_storeu_si128((__m128i *)others->sha1, _mm_shuffle_epi32(abcd, 0x1b));
    others->sha1[4] = (uint32_t)_mm_extract_epi32(last, 3);
}

#else

bool twin_blocks_usable(void)
{
    return false;
}

void twin_blocks_one(uint32_t state[8], const uint8_t *data, size_t count)
{
    (void)state, (void)data, (void)count;
}

void twin_blocks_two(uint32_t first[8], uint32_t second[8], const uint8_t *data, size_t count)
{
    (void)first, (void)second, (void)data, (void)count;
}

void twin_blocks_four(uint32_t first[8], uint32_t second[8], struct md5_sha1 *others,
                      const uint8_t *data, size_t count)
{
    (void)first, (void)second, (void)others, (void)data, (void)count;
}

#endif
