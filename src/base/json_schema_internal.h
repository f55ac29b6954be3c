/* SPDX-License-Identifier: Apache-2.0 */
/* What the two walks along a schema share: json_schema.c says what is wrong, json_schema_holds.c
 * only whether something is. */
#ifndef BASE_JSON_SCHEMA_INTERNAL_H
#define BASE_JSON_SCHEMA_INTERNAL_H

#include "base/json_schema.h"

enum { JSON_SCHEMA_NESTING = 512 }; /* of schemas in schemas, at most */

struct json_schema_checker {
    const struct json_schema_set *set;
    struct json_patterns *patterns;

    bool strict;
    int (*report)(void *context, const struct json_schema_fault *fault);
    void *report_context;
    unsigned part;  /* over 0: the schema is one of several that speak of the same value */
    unsigned quiet; /* over 0: faults are counted only */
    size_t faults;  /* of the schema being compared */
    unsigned nesting;
    struct {
        const struct json_schema *schema;
        const struct json_value *value;
        bool fit;
    } fitting;      /* of fits_again */
    uint64_t *work; /* left of it; NULL: no limit */
    struct buf text;
    struct err *e;
    bool stopped; /* e is set, or report said no */
};

/*
 * Has v the shape? Only asked where neither strict nor a limit of work is set. What is seldom is
 * left to json_schema_fits_in_full; where something fails for want of memory or steps the answer
 * is no, and the walk that says what is wrong finds it again.
 */
bool json_schema_holds(struct json_schema_checker *c, const struct json_schema *s,
                       const struct json_value *v) MUST_CHECK;

/* The same by the walk that knows every keyword. */
bool json_schema_fits_in_full(struct json_schema_checker *c, const struct json_schema *s,
                              const struct json_value *v) MUST_CHECK;

/* Is no item of the list there twice? */
bool json_schema_is_unique(struct json_schema_checker *c, const struct json_value *v) MUST_CHECK;

/*
 * Cannot v fit, because a member that is a constant in the schema ("version": "3.0") is another
 * string there? That is how the alternatives of most choices differ.
 */
bool json_schema_is_ruled_out(struct json_schema_checker *c, const struct json_schema *s,
                              const struct json_value *v) MUST_CHECK;

/* Is the member named so looked at by s, or by what s refers to (draft 2020-12 section 11.3)? */
bool json_schema_evaluates(struct json_schema_checker *c, const struct json_schema *s,
                           const struct json_value *object, struct slice name) MUST_CHECK;

/* Is text one of a list that ends with data NULL? */
static inline bool json_schema_is_listed(const struct slice *names, struct slice text)
{
    for (; names->data; names++)
        if (names->len == text.len && slice_bytes_equal(names->data, text.data, text.len))
            return true;
    return false;
}

/* Characters of well-formed UTF-8: bytes but those that continue one. */
static inline size_t json_schema_characters(struct slice text)
{
    size_t at = 0, count = 0;

    for (; text.len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, text.data + at, 8);
        word = ~(word >> 7) | word >> 6; /* the lowest bit of each byte: it begins a character */
        count += ((word & 0x0101010101010101U) * 0x0101010101010101U) >> 56;
    }
    for (; at < text.len; at++)
        count += (text.data[at] & 0xc0) != 0x80;
    return count;
}

#endif
