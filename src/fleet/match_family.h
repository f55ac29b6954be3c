/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: "SCALANCE X-200 switch family" and the X208, "Micro800 family" and the Micro850.
 */
#ifndef FLEET_MATCH_FAMILY_H
#define FLEET_MATCH_FAMILY_H

#include "fleet/name_words.h"

/* A model's number with the letters around it: "x204irt" is x, 204 and irt. */
struct fleet_mark {
    struct slice letters, digits, suffix;
};

/* Does a number with letters in front of it begin with this word? Three digits at least; the
 * letters may be a word of their own ("x 200irt"). */
bool fleet_mark_read(const struct fleet_words *words, size_t at, struct fleet_mark *out);

/* Is it a family's: a number of whole hundreds? */
bool fleet_mark_of_family(const struct fleet_mark *mark);

/* Does the name have a number that is of the hundred which the family's name gives? */
bool fleet_family_of_hundred(struct slice name, struct slice family);

#endif
