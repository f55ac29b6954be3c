/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program prints. A part that could not be written, or not even be put together, is
 * remembered by the stream, so that the end of the program says so once.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/buf.h"

#include <stdio.h>

/* Writes what b holds; a buffer that failed is lost output. */
void output_put(FILE *out, const struct buf *b);
/* The same, and the end of the line. */
void output_line(FILE *out, const struct buf *b);
/* What b holds, to be printed by other means. */
struct slice output_slice(FILE *out, const struct buf *b);

/*
 * Flushes. -1 with ERR_SYSTEM when something that was to be written is not, now or earlier; that
 * the reader has gone (`… | head`) is fine.
 */
int output_end(FILE *out, struct err *e) MUST_CHECK;

#endif
