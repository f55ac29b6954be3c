/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: how a version becomes a key whose byte order (memcmp, the shorter first) is the
 * order of versions. A scheme takes a version apart and puts the parts down in order of weight,
 * with these pieces, none of which is a prefix of another of its kind.
 */
#ifndef PRODUCT_VERSION_KEY_H
#define PRODUCT_VERSION_KEY_H

#include "base/slice.h"
#include "product/version.h"

/* Where a key goes. Without room it is only counted: so a version is checked. */
struct product_key {
    uint8_t *data;
    size_t room;
    size_t len;    /* may be more than room */
    size_t family; /* bytes in front that must be the same on both sides */
    bool doubtful; /* see struct product_version_key */
};

static inline void product_key_byte(struct product_key *k, unsigned byte)
{
    if (k->len < k->room)
        k->data[k->len] = (uint8_t)byte;
    k->len++;
}

/* A number of any length (to PRODUCT_VERSION_LONGEST digits): its length without zeros in front,
 * then its digits. Empty is zero. */
void product_key_number(struct product_key *k, struct slice digits);

/* Bytes other than NUL, with an end that sorts before any of them. */
void product_key_text(struct product_key *k, struct slice text);
/* The same with ASCII capitals made small. */
void product_key_text_lower(struct product_key *k, struct slice text);

/* What the schemes read versions with. */
static inline bool product_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool product_is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int product_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* The longest run of digits (or letters) at *i, which goes behind it. */
struct slice product_take_digits(struct slice s, size_t *i);
struct slice product_take_letters(struct slice s, size_t *i);

/* text without case (ASCII). */
bool product_slice_is(struct slice s, const char *text);

/* Empty and zeros only: true. */
bool product_is_zero(struct slice digits);

#endif
