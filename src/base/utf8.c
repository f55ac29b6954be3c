/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

static bool follows(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* RFC 3629 section 4, the table of well-formed sequences. */
size_t utf8_length(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    uint8_t first = at[0];

    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4 || left < 2)
        return 0;
    if (first < 0xE0)
        return follows(at[1]) ? 2 : 0;
    uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high || left < 3 || !follows(at[2]))
        return 0;
    if (first < 0xF0)
        return 3;
    return left >= 4 && follows(at[3]) ? 4 : 0;
}

uint32_t utf8_decode(const uint8_t *at, size_t len)
{
    static const uint8_t lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t point = (uint32_t)(at[0] & lead[len]);

    for (size_t i = 1; i < len; i++)
        point = point << 6 | (at[i] & 0x3F);
    return point;
}

size_t utf8_encode(uint32_t point, uint8_t out[4])
{
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (uint8_t)(lead[len] | point);
    return len;
}

size_t utf8_check(struct slice text)
{
    const uint8_t *end = text.len ? text.data + text.len : NULL;

    for (size_t at = 0; at < text.len;) {
        uint64_t eight;
        if (text.len - at >= sizeof(eight)) {
            memcpy(&eight, text.data + at, sizeof(eight));
            if ((eight & 0x8080808080808080U) == 0) {
                at += sizeof(eight);
                continue;
            }
        }
        size_t len = utf8_length(text.data + at, end);
        if (len == 0)
            return at;
        at += len;
    }
    return text.len;
}

size_t utf8_cut(struct slice text, size_t limit)
{
    if (text.len <= limit)
        return text.len;
    while (limit > 0 && follows(text.data[limit]))
        limit--;
    return limit;
}
