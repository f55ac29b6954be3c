/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a JSON document lies in memory, for the reading functions that base/json.h has inline: a
 * document is walked more often than anything else is done. Nobody else looks into a value.
 *
 * A document is one array of slots in the order of the text: a container is followed by all that is
 * in it, a member's value is preceded by the slot of its name. So the first child is a fixed step
 * away, the next sibling is `span` slots away, and 24 bytes a slot are enough.
 */
#ifndef BASE_JSON_LAYOUT_H
#define BASE_JSON_LAYOUT_H

#include "base/slice.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    union {
        const uint8_t
            *data;      /* string: decoded bytes; number: its text; large container: its index */
        uint64_t names; /* object of up to JSON_INDEXED members: a json_name_bit for each */
    };
    uint32_t place; /* offset in the text << JSON_SHIFT | enum json_type */
    uint32_t size;  /* bytes of a string or number, or count of children, << JSON_SHIFT | flags */
    /* slots it takes with all below; while open: slot of the one around; a name: json_name_sum */
    uint32_t span;
    uint32_t end; /* offset behind its text; in a fault: slot of the last child */
};

enum {
    JSON_INDEXED = 16, /* containers with more children than this get an index */
    JSON_SHIFT = 3,
    JSON_TYPE_MASK = 7,
    JSON_ONE = 1 << JSON_SHIFT, /* to count a child */
    JSON_MEMBER = 1,            /* has the slot of its name before it */
    JSON_LAST = 2,              /* has no next sibling */
    JSON_FLAGS = 7
};

/* A cheap summary of a member's name: names of different sums differ. */
static inline uint32_t json_name_sum(struct slice name)
{
    if (name.len == 0)
        return 0;
    return (uint32_t)name.len << 24 ^ (uint32_t)name.data[0] << 16 ^
           (uint32_t)name.data[name.len / 2] << 8 ^ name.data[name.len - 1];
}

/* One of 64 bits for a name's sum: an object that lacks the bit lacks the name. */
static inline uint64_t json_name_bit(uint32_t sum)
{
    return UINT64_C(1) << (sum * 0x9E3779B1U >> 26);
}

static inline enum json_type json_value_type(const struct json_value *v)
{
    return (enum json_type)(v->place & JSON_TYPE_MASK);
}

static inline size_t json_value_size(const struct json_value *v)
{
    return v->size >> JSON_SHIFT;
}

static inline size_t json_value_offset(const struct json_value *v)
{
    return v->place >> JSON_SHIFT;
}

static inline struct slice json_value_bytes(const struct json_value *v)
{
    return slice_of(v->data, json_value_size(v));
}

/* The slot after v and all in it, taken as a sibling's value. */
static inline const struct json_value *json_value_next(const struct json_value *v)
{
    return v + v->span + (v->size & JSON_MEMBER);
}

#endif
