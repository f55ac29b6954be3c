/* SPDX-License-Identifier: Apache-2.0 */
/* Inside tocsin-prose: one thread, ends with the process; nothing is given back. */
#ifndef PROSE_CHECKERS_H
#define PROSE_CHECKERS_H

#include "prose/frame.h"

#include <stdbool.h>

/* language: letters, digits and '-'. */
void prose_spells(const char *language, struct prose_answer *answer);
void prose_word(const char *language, const char *word, bool nearest, struct prose_answer *answer);
void prose_parses(const char *language, struct prose_answer *answer);
void prose_sentence(const char *language, const char *sentence, struct prose_answer *answer);

/* Words of English advisories that general dictionaries lack; lower case, ends with NULL. */
extern const char *const prose_terms_english[];

#endif
