/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the words of which ranges are made, English and German. */
#ifndef PRODUCT_RANGE_PHRASES_H
#define PRODUCT_RANGE_PHRASES_H

#include "product/range_token.h"

struct range_phrase {
    const char *text; /* lower case; each space stands for any number of spaces */
    enum range_token_kind kind;
    enum range_operator op;
    bool doubtful;
};

/* The longest phrase that stands at the beginning of s as whole words, and its length; NULL: none.
 */
const struct range_phrase *range_phrase_at(struct slice s, size_t *len);

/*
 * The length of a qualifier with its number at the beginning of s: "SP1", "Update 4", "Hot fix 2a",
 * "(build 317)", "Build Nr. 1.2"; 0: none.
 */
size_t range_qualifier_at(struct slice s);

/* The operator at the beginning of s and its length ("<=", "≤", "=="). */
enum range_operator range_operator_at(struct slice s, size_t *len);

/* "(and earlier)", "(or newer versions)": a part of the sentence in a parenthesis. */
bool range_reach_in(struct slice inside);

/* Sets what stands in a parenthesis: RANGE_INCLUDED, RANGE_EXCLUDED, or RANGE_REMARK with what it
 * may do to what stands before it. */
void range_parenthesis(struct slice inside, struct range_token *token);

#endif
