/* SPDX-License-Identifier: Apache-2.0 */
/* The two files of package URLs share these. */
#ifndef PRODUCT_PURL_INTERNAL_H
#define PRODUCT_PURL_INTERNAL_H

#include "product/purl.h"
#include "product/purl_types.h"

static inline bool purl_lower_letter(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static inline uint8_t purl_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static inline bool purl_letter(uint8_t c)
{
    return purl_lower_letter(purl_lower(c));
}

static inline bool purl_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline struct slice purl_from(struct slice s, size_t offset)
{
    return slice_of(s.data + offset, s.len - offset);
}

static inline int purl_fault(struct err *e, const char *code, const char *clause, const char *text)
{
    return err_set(e, ERR_INPUT, code, clause, "%s", text);
}

/* The rules of a purl and of its type. All parts are decoded, the type is lower case. */
int product_purl_check(struct arena *a, struct product_purl *purl, enum product_purl_mode mode,
                       struct err *e) MUST_CHECK;

/* The path's segments without empty ones, and without "." and ".." where dots is true. */
int product_purl_clean(struct arena *a, struct slice *path, bool dots, struct err *e) MUST_CHECK;

#endif
