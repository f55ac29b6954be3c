/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the words and signs of which ranges in advisories are made. */
#ifndef PRODUCT_RANGE_WORDS_H
#define PRODUCT_RANGE_WORDS_H

#include "base/slice.h"

enum product_operator {
    PRODUCT_OP_NONE,
    PRODUCT_OP_EQUAL,
    PRODUCT_OP_NOT_EQUAL,
    PRODUCT_OP_LESS,
    PRODUCT_OP_LESS_EQUAL,
    PRODUCT_OP_GREATER,
    PRODUCT_OP_GREATER_EQUAL,
};

struct slice product_text_trim(struct slice s);

/* Without case (ASCII). */
bool product_text_starts(struct slice s, const char *prefix);
bool product_text_starts_with(struct slice s, struct slice prefix);

/* The operator at i and its length ("<=", "≤", "=="); PRODUCT_OP_NONE and 0. */
enum product_operator product_text_operator(struct slice s, size_t i, size_t *len);

/* What follows "all versions", "all", "all BIOS versions", "versions", "*" in front; *all (may be
 * NULL) says whether it meant all. */
struct slice product_text_all(struct slice s, bool *all);

/* Cuts off a remark: a parenthesis behind a space, or words such as "only if" and "with". */
struct slice product_text_version(struct slice s, struct slice *remark);

/* Does a remark state a condition? */
bool product_text_condition(struct slice remark);

/* Words that say "version" and are no prefix of a product. */
bool product_version_word(struct slice word);

/* Splits "A and all versions >= B" where both sides are wanted; false: no such text. */
bool product_text_and(struct slice s, struct slice *left, struct slice *right);

/* Length of a separator of a list of versions at i (",", "|", " and ", " or "); 0: none. */
size_t product_text_list_separator(struct slice s, size_t i);

/* "2.0.3 and prior", "prior to 1.3", "from 1 to 2", "2.00 to 6.11", "between a and b (excluding)".
 */
struct product_worded {
    struct slice low, high;
    bool low_open, high_open;
};
bool product_text_worded(struct slice s, struct product_worded *out);

#endif
