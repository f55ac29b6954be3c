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
bool id_is(struct slice text, const char *prefix);

#endif
