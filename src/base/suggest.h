/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest known word to a mistyped one. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include "base/slice.h"

struct suggestion {
    struct slice typed;
    struct slice found; /* data NULL: nothing is near */
    size_t distance;    /* of found */
};

void suggest_init(struct suggestion *s, struct slice typed);
/* Takes the word when it is near, and nearer than those before. */
void suggest_offer(struct suggestion *s, struct slice word);

/*
 * Steps from one word to the other: a letter more, less, another one, or two neighbours swapped.
 * Words over 63 bytes are far from everything.
 */
size_t suggest_distance(struct slice a, struct slice b);

#endif
