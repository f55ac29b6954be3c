/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range_words.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

struct slice product_text_trim(struct slice s)
{
    while (s.len && (s.data[0] <= ' ' || s.data[0] == ','))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && (s.data[s.len - 1] <= ' ' || memchr(",;:", s.data[s.len - 1], 3)))
        s.len--;
    return s;
}

bool product_text_starts(struct slice s, const char *prefix)
{
    return product_text_starts_with(s, slice_str(prefix));
}

bool product_text_starts_with(struct slice s, struct slice prefix)
{
    if (prefix.len > s.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (lower(s.data[i]) != lower(prefix.data[i]))
            return false;
    return true;
}
