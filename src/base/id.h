/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opaque ids of objects: a kind's short prefix, '_', and 128 random bits in 26 characters of
 * Crockford's base 32 (lower case). "ast_0h2j9…". They say nothing about what they name.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/clock.h"

enum { ID_TEXT = 32 }; /* prefix of at most 4, '_', 26 characters, NUL */

int id_new(const struct random *r, const char *prefix, char id[ID_TEXT], struct err *e) MUST_CHECK;

/*
 * An id whose first 48 bits are the time in milliseconds (now: microseconds) and the others random:
 * for what is made by the million, so that the index of ids grows at one end.
 */
enum { ID_RANDOM = 10 };
void id_in_order(const char *prefix, int64_t now, const uint8_t random[ID_RANDOM],
                 char id[ID_TEXT]);

bool id_is(struct slice text, const char *prefix);

#endif
