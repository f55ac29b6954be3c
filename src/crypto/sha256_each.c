/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sha256_each.h"
#include "crypto/sha256_words.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum {
    LANES = SHA256_EACH,
    WORTH = 5 /* texts; fewer are sooner taken one behind the other */
};

#define LANES_TARGET __attribute__((target("avx2,avx512f,avx512vl")))

typedef __m256i word; /* of each lane one */

bool sha256_each_gains(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512vl");
}

/* Eight words of each lane become eight registers with a word of each lane. */
LANES_TARGET static inline void transpose(word r[LANES])
{
    word pairs[LANES], fours[LANES];
    for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        fours[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        fours[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        fours[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    for (int i = 0; i < LANES / 2; i++) {
        r[i] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20);
        r[i + 4] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31);
    }
}

#define ADD(a, b) _mm256_add_epi32(a, b)
#define ROTATE(x, n) _mm256_ror_epi32(x, n)
#define XOR(a, b, c) _mm256_ternarylogic_epi32(a, b, c, 0x96)
#define CHOOSE(a, b, c) _mm256_ternarylogic_epi32(a, b, c, 0xca)
#define MAJORITY(a, b, c) _mm256_ternarylogic_epi32(a, b, c, 0xe8)

/* FIPS 180-4 section 6.2.2; what was h becomes a, and what was d e. */
#define ROUND(a, b, c, d, e, f, g, h, i, w)                                                        \
    do {                                                                                           \
        word k = _mm256_set1_epi32((int)sha256_constants[i]);                                      \
        word one = ADD(ADD(ADD(h, k), w),                                                          \
                       ADD(XOR(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25)), CHOOSE(e, f, g)));     \
        d = ADD(d, one);                                                                           \
        h = ADD(one, ADD(XOR(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22)), MAJORITY(a, b, c)));     \
    } while (0)

/* The next word of the schedule, in place of the oldest. */
#define NEXT(w, i)                                                                                 \
    (w[(i) % 16] = ADD(ADD(w[(i) % 16], w[((i) + 9) % 16]),                                        \
                       ADD(XOR(ROTATE(w[((i) + 1) % 16], 7), ROTATE(w[((i) + 1) % 16], 18),        \
                               _mm256_srli_epi32(w[((i) + 1) % 16], 3)),                           \
                           XOR(ROTATE(w[((i) + 14) % 16], 17), ROTATE(w[((i) + 14) % 16], 19),     \
                               _mm256_srli_epi32(w[((i) + 14) % 16], 10)))))
#define GIVEN(w, i) (w[(i) % 16])

#define EIGHT_ROUNDS(at, WORD)                                                                     \
    do {                                                                                           \
        ROUND(a, b, c, d, e, f, g, h, (at), WORD(w, (at)));                                        \
        ROUND(h, a, b, c, d, e, f, g, (at) + 1, WORD(w, (at) + 1));                                \
        ROUND(g, h, a, b, c, d, e, f, (at) + 2, WORD(w, (at) + 2));                                \
        ROUND(f, g, h, a, b, c, d, e, (at) + 3, WORD(w, (at) + 3));                                \
        ROUND(e, f, g, h, a, b, c, d, (at) + 4, WORD(w, (at) + 4));                                \
        ROUND(d, e, f, g, h, a, b, c, (at) + 5, WORD(w, (at) + 5));                                \
        ROUND(c, d, e, f, g, h, a, b, (at) + 6, WORD(w, (at) + 6));                                \
        ROUND(b, c, d, e, f, g, h, a, (at) + 7, WORD(w, (at) + 7));                                \
    } while (0)

/* The states go on with so many blocks of each lane. */
LANES_TARGET static void take_blocks(word state[8], const uint8_t *const data[LANES], size_t blocks)
{
    const word order = _mm256_broadcastsi128_si256(
        _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll)); /* big-endian words */
    for (size_t at = 0; at < blocks * SHA_BLOCK; at += SHA_BLOCK) {
        word w[16];
        for (int lane = 0; lane < LANES; lane++) {
            const word *in = (const word *)(data[lane] + at);
            w[lane] = _mm256_shuffle_epi8(_mm256_loadu_si256(in), order);
            w[lane + LANES] = _mm256_shuffle_epi8(_mm256_loadu_si256(in + 1), order);
        }
        transpose(w);
        transpose(w + LANES);
        word a = state[0], b = state[1], c = state[2], d = state[3];
        word e = state[4], f = state[5], g = state[6], h = state[7];
        EIGHT_ROUNDS(0, GIVEN);
        EIGHT_ROUNDS(8, GIVEN);
        EIGHT_ROUNDS(16, NEXT);
        EIGHT_ROUNDS(24, NEXT);
        EIGHT_ROUNDS(32, NEXT);
        EIGHT_ROUNDS(40, NEXT);
        EIGHT_ROUNDS(48, NEXT);
        EIGHT_ROUNDS(56, NEXT);
        state[0] = ADD(state[0], a);
        state[1] = ADD(state[1], b);
        state[2] = ADD(state[2], c);
        state[3] = ADD(state[3], d);
        state[4] = ADD(state[4], e);
        state[5] = ADD(state[5], f);
        state[6] = ADD(state[6], g);
        state[7] = ADD(state[7], h);
    }
}

/* count texts of one length; lanes without a text repeat the first. */
LANES_TARGET static void side_by_side(const struct slice *texts, size_t count,
                                      uint8_t (*out)[SHA256_LEN])
{
    uint8_t last[LANES][2 * SHA_BLOCK];
    const uint8_t *data[LANES], *ends[LANES];
    word state[8];
    size_t len = texts[0].len, blocks = 0;
    for (size_t i = 0; i < LANES; i++) {
        data[i] = texts[i < count ? i : 0].data;
        blocks = sha_pad(data[i] + len / SHA_BLOCK * SHA_BLOCK, len, true, last[i]);
        ends[i] = last[i];
        state[i] = _mm256_set1_epi32((int)sha256_initial[i]);
    }
    take_blocks(state, data, len / SHA_BLOCK);
    take_blocks(state, ends, blocks);
    const word order =
        _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll));
    transpose(state);
    for (size_t i = 0; i < count; i++)
        _mm256_storeu_si256((word *)out[i], _mm256_shuffle_epi8(state[i], order));
}

int sha256_each(const struct slice *texts, size_t count, uint8_t (*out)[SHA256_LEN])
{
    bool gains = sha256_each_gains();
    for (size_t i = 0; i < count;) {
        size_t alike = 1;
        while (gains && texts[i].len > 0 && alike < LANES && i + alike < count &&
               texts[i + alike].len == texts[i].len)
            alike++;
        if (alike >= WORTH) {
            side_by_side(texts + i, alike, out + i);
            i += alike;
        } else if (sha256(texts[i], out[i]) != 0) {
            return -1;
        } else {
            i++;
        }
    }
    return 0;
}

#else

bool sha256_each_gains(void)
{
    return false;
}

int sha256_each(const struct slice *texts, size_t count, uint8_t (*out)[SHA256_LEN])
{
    for (size_t i = 0; i < count; i++)
        if (sha256(texts[i], out[i]) != 0)
            return -1;
    return 0;
}

#endif
