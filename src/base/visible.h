/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of others, shown so that nothing in it is unseen: control characters and those that turn the
 * direction of writing or have no width are shown as signs; and the same escaped for HTML.
 */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include "base/buf.h"

/*
 * Takes one character off rest, made visible where it is a control or turns the direction: gives
 * bytes of UTF-8 in out (at most VISIBLE_MOST) and their number; newline: '\n' stays, else it is a
 * space; '\t' and '\r' are spaces; what is not UTF-8 is U+FFFD.
 */
enum { VISIBLE_MOST = 12 };
size_t visible_next(struct slice *rest, bool newline, char out[VISIBLE_MOST]);

/* Appends all of text. */
void visible_put(struct buf *out, struct slice text, bool newline);

/* The same for HTML, in text and in attributes between double quotes. */
void html_put(struct buf *out, struct slice text, bool newline);

#endif
