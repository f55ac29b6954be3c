/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629): well-formed or not, one character at a time or a whole run. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

/*
 * Bytes (1 to 4) of the well-formed character at `at`, which lies before `end`; 0 when it is not
 * well-formed (over-long, a surrogate, above U+10FFFF, cut short, a stray byte).
 */
size_t utf8_length(const uint8_t *at, const uint8_t *end);

/* The code point of a well-formed character of `len` bytes. */
uint32_t utf8_decode(const uint8_t *at, size_t len);

/* Writes a code point (no surrogate, at most U+10FFFF); the number of bytes. */
size_t utf8_encode(uint32_t point, uint8_t out[4]);

/* Offset of the first byte that is not well-formed; text.len when all is well. */
size_t utf8_check(struct slice text);

/* The most bytes, at most `limit`, of well-formed text that end between two characters. */
size_t utf8_cut(struct slice text, size_t limit);

#endif
