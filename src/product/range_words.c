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

static bool has_also(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == ' ' && product_text_starts(slice_of(s.data + i, s.len - i), " also "))
            return true;
    return false;
}

static struct slice behind_marks(struct slice s)
{
    while (s.len && (s.data[0] == ' ' || s.data[0] == '(' || s.data[0] == '[' || s.data[0] == ','))
        s = slice_of(s.data + 1, s.len - 1);
    return s;
}

bool product_remark_narrows(struct slice remark)
{
    return product_text_starts(behind_marks(remark), "only ") && !has_also(remark);
}

bool product_remark_on_others(struct slice remark)
{
    remark = behind_marks(remark);
    if (remark.len && (remark.data[0] | 0x20) == 'v')
        remark = slice_of(remark.data + 1, remark.len - 1);
    return remark.len && remark.data[0] >= '0' && remark.data[0] <= '9' && has_also(remark);
}
