/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: which products an item speaks of, by their ids or through product groups. A test
 * marks what items of one vulnerability name, and asks for the marks of a product or a group.
 *
 * A group is never copied out for each of its uses. Marking costs what the item's text says;
 * asking for a product costs the smaller of the groups that have it and the groups that are
 * marked; asking for a group looks at the smaller side, too, and remembers what two groups have in
 * common.
 */
#ifndef CSAF_REACH_H
#define CSAF_REACH_H

#include "csaf/validate/validation.h"

struct csaf_reach;

/* That of the document, made when first asked for; without marks. NULL: no memory (said). */
struct csaf_reach *csaf_reach(struct csaf_validation *v) MUST_CHECK;
void csaf_reach_free(struct csaf_reach *r);

/* Forgets all marks: the next vulnerability. Marks are bits, of which there are eight. */
void csaf_reach_begin(struct csaf_reach *r);

void csaf_reach_mark_product(struct csaf_reach *r, const struct json_value *id, unsigned bits);
void csaf_reach_mark_group(struct csaf_reach *r, const struct json_value *id, unsigned bits);
/* Marks item's product_ids and group_ids. */
void csaf_reach_mark_item(struct csaf_reach *r, const struct json_value *item, unsigned bits);

/* The marks of a product: its own and those of marked groups that have it. */
unsigned csaf_reach_product(struct csaf_reach *r, const struct json_value *id);

/*
 * Looks for a product of the group that has one of the bits: 1, its id in *product and all its
 * marks in *bits; 0: none; -1: no memory (said).
 */
int csaf_reach_group(struct csaf_reach *r, const struct json_value *id, unsigned of,
                     struct slice *product, unsigned *bits) MUST_CHECK;

#endif
