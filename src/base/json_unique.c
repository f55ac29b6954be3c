/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of which it is seen at once that nothing in them is there twice. */
#include "base/json_internal.h"

#include <endian.h>

static inline uint64_t eight_bytes(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return be64toh(word);
}

/* memcmp(a, b, len) < 0, for ids: of 8 to 16 bytes, less work than a call. */
static inline bool is_less(const uint8_t *a, const uint8_t *b, size_t len)
{
    if (len < 8 || len > 16)
        return len > 0 && memcmp(a, b, len) < 0;
    uint64_t x = eight_bytes(a), y = eight_bytes(b);
    return x != y ? x < y : eight_bytes(a + len - 8) < eight_bytes(b + len - 8);
}

/*
 * true: they are strings, each larger than the one before (the longer, or of one length the later),
 * so none is there twice. Lists of ids mostly are so, at any length.
 */
static bool rising(const struct json_value *v)
{
    struct slice before = {NULL, 0};

    json_each(item, v)
    {
        struct slice text = json_string(item);
        if (!text.data || text.len < before.len ||
            (text.len == before.len && !is_less(before.data, text.data, text.len)))
            return false;
        before = text;
    }
    return true;
}

/* A few values are quicker compared with each other than put into a map. */
enum { FEW = 12 };

/* Two strings that are not the same: what else differs takes longer to find out. */
static bool other_string(const struct json_value *a, const struct json_value *b)
{
    return json_is(a, JSON_STRING) && json_is(b, JSON_STRING) &&
           !slice_equal(json_string(a), json_string(b));
}

/* true: they differ; false: they are equal, or that is not to be seen at once. */
static bool differ(const struct json_value *a, const struct json_value *b)
{
    const struct json_value *x, *y;

    if (json_type(a) != json_type(b) || !json_is(a, JSON_OBJECT))
        return other_string(a, b);
    if (json_count(a) != json_count(b))
        return true;
    for (x = json_first(a), y = json_first(b); x && y; x = json_next(x), y = json_next(y)) {
        if (!slice_equal(json_name(x), json_name(y)))
            return false; /* in another order, or not the same */
        if (other_string(x, y))
            return true;
    }
    return false;
}

/* true: they are few and all different, which is seen at once. */
static bool few_and_unique(const struct json_value *v)
{
    const struct json_value *seen[FEW];
    size_t count = 0;

    if (json_count(v) > FEW)
        return false;
    json_each(item, v)
    {
        for (size_t i = 0; i < count; i++)
            if (!differ(seen[i], item))
                return false;
        seen[count++] = item;
    }
    return true;
}

bool json_all_differ(const struct json_value *list)
{
    return rising(list) || few_and_unique(list);
}
