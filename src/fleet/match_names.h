/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: do two names of products mean one thing, and by which rule? */
#ifndef FLEET_MATCH_NAMES_H
#define FLEET_MATCH_NAMES_H

#include "fleet/match_identify.h"

/* What the rules that made two forms equal take from a confidence. */
int fleet_rule_cost(unsigned rules);

/* Two words, or one with a digit: less would be the beginning of anything. */
bool fleet_name_specific(struct slice form);

/* The same, or one word that somebody made up: "DOPSoft", but not "Sherlock". */
bool fleet_name_telling(struct slice form, struct slice raw);

/* Words that tell siblings apart: "lite", "server". What they stand behind alone is another
 * product. */
bool fleet_name_sibling_word(struct slice word);

/* "2711r t4t": as specific as an order number. */
bool fleet_number_like(struct slice form);

/* One form of a target against one of a component; rule FLEET_BY_NOTHING: nothing to do with each
 * other. vendor_sure: the vendors are one, so that a name may be misspelt or shortened. Who teaches
 * it another way in which two names are one lets fleet_sketch_may_meet (name_sketch.h) know it. */
struct fleet_identified fleet_names_compare(const struct fleet_target *t,
                                            const struct fleet_target_form *a,
                                            const struct fleet_subject *s,
                                            const struct fleet_subject_form *b,
                                            const struct fleet_aliases *aliases, bool vendor_sure);

#endif
