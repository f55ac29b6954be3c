/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed run of bytes. Owns nothing; valid as long as what it points into. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){.data = data, .len = len};
}

/* The bytes of a C string, without its NUL; NULL gives the empty slice. */
static inline struct slice slice_str(const char *text)
{
    return (struct slice){.data = (const uint8_t *)text, .len = text ? strlen(text) : 0};
}

/* memcmp(a, b, len) == 0, for names and ids: of up to 16 bytes, less work than a call. */
static inline bool slice_bytes_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint64_t first[2], last[2];

    if (len > 16)
        return memcmp(a, b, len) == 0;
    if (len < 4) {
        while (len > 0 && a[len - 1] == b[len - 1])
            len--;
        return len == 0;
    }
    if (len < 8) {
        uint32_t four[4];
        memcpy(&four[0], a, 4);
        memcpy(&four[1], b, 4);
        memcpy(&four[2], a + len - 4, 4);
        memcpy(&four[3], b + len - 4, 4);
        return ((four[0] ^ four[1]) | (four[2] ^ four[3])) == 0;
    }
    memcpy(&first[0], a, 8);
    memcpy(&first[1], b, 8);
    memcpy(&last[0], a + len - 8, 8);
    memcpy(&last[1], b + len - 8, 8);
    return ((first[0] ^ first[1]) | (last[0] ^ last[1])) == 0;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_str(text));
}

/* Byte order; a proper prefix sorts first. */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* For printf("%.*s", SLICE_ARG(s)). */
#define SLICE_ARG(s) (int)(s).len, (const char *)(s).data

#endif
