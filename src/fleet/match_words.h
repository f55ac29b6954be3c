/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: names compared as sets of words. */
#ifndef FLEET_MATCH_WORDS_H
#define FLEET_MATCH_WORDS_H

#include "fleet/name_words.h"

enum fleet_words_relation {
    FLEET_WORDS_OTHER,
    /* all but the first word of the longer name, a word without a number; or all but another, where
     * a number of four digits tells the model */
    FLEET_WORDS_BUT_BRAND,
    FLEET_WORDS_BUT_ONE, /* all but another word */
};

/* May this word of a name be the one that the other name leaves out? */
bool fleet_words_spared(const struct fleet_words *words, size_t at);

/* "tia portal step 7" and "simatic step 7 tia portal": the words of `brief` are those of `whole`,
 * in any order, but for one. What begins with `brief` is not looked at: there it tells siblings. */
enum fleet_words_relation fleet_words_but_one(struct slice brief, struct slice whole);

/* "melsec iq r" in front of "melsec iq r r02cpu": nothing but brands under which a maker sells many
 * models, which have numbers of their own. */
bool fleet_words_brands_in_front(struct slice longer, struct slice suffix);

#endif
