/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: names cut into words. */
#ifndef FLEET_NAME_WORDS_H
#define FLEET_NAME_WORDS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { FLEET_WORDS = 48 };

struct fleet_words {
    struct slice at[FLEET_WORDS];
    size_t count;
    bool cut; /* there were more */
};

/* The words of a normal form: separated by single spaces. What stands behind the last one is not
 * set. */
void fleet_words_split(struct slice form, struct fleet_words *out);

/* The same without "for", "of", "the": what is left when words change places. */
void fleet_words_of_set(struct slice form, struct fleet_words *out);

/* true when text is one of the words of a list ended by NULL. */
bool fleet_word_in(const char *const *list, struct slice word);

bool fleet_word_has_digit(struct slice word);

/* The same name with ä ö ü å ø æ as one plain letter, or as two; empty when it has none. */
int fleet_umlaut_form(struct arena *a, struct slice form, bool two, struct slice *out,
                      struct err *e) MUST_CHECK;

#endif
