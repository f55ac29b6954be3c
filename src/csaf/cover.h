/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the set of products that items of one vulnerability speak of, directly or through
 * product groups. Costs what is asked, never groups times items: a group is looked into by a
 * search for the product in it, and opened as a whole only once that is cheaper.
 */
#ifndef CSAF_COVER_H
#define CSAF_COVER_H

#include "csaf/validation.h"

struct csaf_cover;

/* For one test; dies with the validation's arena. NULL: no memory (said). */
struct csaf_cover *csaf_cover_new(struct csaf_validation *v) MUST_CHECK;

/* Forgets all products. */
void csaf_cover_clear(struct csaf_cover *c);
/* Adds what an array of product ids, and one of group ids, names; unknown ids are passed over. */
void csaf_cover_products(struct csaf_cover *c, const struct json_value *ids);
void csaf_cover_groups(struct csaf_cover *c, const struct json_value *ids);
/* Is the product in it? */
bool csaf_covers(struct csaf_cover *c, const struct csaf_definition *product);

#endif
