/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: characters as they count in names. */
#ifndef FLEET_NAME_FOLD_H
#define FLEET_NAME_FOLD_H

#include "base/slice.h"

/* What fleet_fold_point writes for a character: at most this many. */
enum { FLEET_FOLD_MOST = 4 };

/*
 * The folded form of one code point: lower case, compatibility forms as their plain ones, accents
 * off (ä ö ü å ø æ stay), every kind of space as ' ', every dash as '-', quotes as '\''. Trademark
 * signs become a space, invisible characters nothing. Sets bits of enum fleet_name_rule for what
 * changed. Returns how many code points stand in out.
 */
size_t fleet_fold_point(uint32_t point, uint32_t out[FLEET_FOLD_MOST], unsigned *rules);

/* true for letters and digits, and everything beyond ASCII that is not folded to punctuation. */
bool fleet_fold_word(uint32_t point);

/*
 * Text that was UTF-8, read as Latin-1 or Windows-1252 and written as UTF-8 again ("GeutebrÃ¼ck"):
 * the bytes it was. out has room for text.len bytes. Returns their number; 0: it is no such text.
 */
size_t fleet_fold_mojibake(struct slice text, uint8_t *out);

#endif
