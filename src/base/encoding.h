/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: hexadecimal (lower case) and base64 (RFC 4648 section 4, and url-safe section 5).
 */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include "base/buf.h"

void hex_put(struct buf *b, struct slice bytes);
/* out has room for 2 × len + 1. */
void hex_format(const void *data, size_t len, char *out);
/* Exactly len bytes from 2 × len digits, either case; -1 otherwise. */
int hex_parse(struct slice text, uint8_t *out, size_t len) MUST_CHECK;

void base64_put(struct buf *b, struct slice bytes);
/* Url-safe alphabet, no padding. */
void base64url_put(struct buf *b, struct slice bytes);
/*
 * Strict: canonical padding, no white space, unused bits zero, whole input. 0 and the bytes behind
 * the contents of b, or -1 (b may then hold a part).
 */
int base64_parse(struct slice text, struct buf *b) MUST_CHECK;
int base64url_parse(struct slice text, struct buf *b) MUST_CHECK;

#endif
