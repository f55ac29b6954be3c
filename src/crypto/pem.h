/* SPDX-License-Identifier: Apache-2.0 */
/* PEM text (RFC 7468): runs of base64 between "-----BEGIN X-----" and "-----END X-----". */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "base/buf.h"

/*
 * The next block with that label ("CERTIFICATE") at or after *text; other blocks and text between
 * blocks are passed over. 1: der is replaced by its bytes, and *text moves behind it; 0: no more
 * such block; -1: ERR_INPUT "pem.syntax" (unterminated, not base64), with the line.
 */
int pem_next(struct slice *text, const char *label, struct buf *der, struct err *e) MUST_CHECK;

/* Appends a block, 64 characters a line. */
void pem_put(struct buf *b, const char *label, struct slice der);

/* RFC 4648 base64 with line breaks and blanks anywhere, as EST and PEM send it: appended to out. */
int base64_parse_lines(struct slice text, struct buf *out) MUST_CHECK;

#endif
