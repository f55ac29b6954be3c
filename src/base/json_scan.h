/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot loops of the JSON reader, inline: 16 bytes at a time with SSE2, 8 without. Most runs of
 * either kind end within the first 16 bytes, so that a call costs as much as the run.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include "base/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Past spaces, tabs, line feeds and carriage returns. */
static inline const uint8_t *json_scan_space(const uint8_t *at, const uint8_t *end)
{
    if (at<end && * at> ' ')
        return at;
    if (end - at > 1 && *at == ' ' && at[1] > ' ') /* behind a colon */
        return at + 1;
#ifdef __SSE2__
    if (end - at > 16 && *at == '\n') { /* the end of a line, and how far the next is indented */
        do {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 1));
            unsigned found =
                (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '))) ^ 0xFFFFU;
            if (found) {
                at += 1 + __builtin_ctz(found);
                if (*at > ' ')
                    return at;
                break;
            }
            at += 16;
        } while (end - at > 16);
    }
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i blank = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
        __m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(blank, other)) ^ 0xFFFFU;
        if (found)
            return at + __builtin_ctz(found);
        at += 16;
    }
#endif
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Past bytes that mean nothing special in a string: not '"', '\\', a control or above 0x7F. */
static inline const uint8_t *json_scan_plain(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        /* signed: controls, and all above 0x7F */
        __m128i odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(ends, odd));
        if (found)
            return at + __builtin_ctz(found);
        at += 16;
    }
#else
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = 0x8080808080808080U;
    uint64_t word;
    while (end - at >= 8) {
        memcpy(&word, at, sizeof(word));
        uint64_t quote = word ^ (ones * '"');
        uint64_t slash = word ^ (ones * '\\');
        /* a byte that is zero in one of these, or below 0x20, or has its high bit */
        uint64_t odd = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
                       ((word - ones * ' ') & ~word) | word;
        if (odd & highs)
            break;
        at += 8;
    }
#endif
    while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

#endif
