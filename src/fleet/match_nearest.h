/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: of what an advisory lists, what came nearest to a class and did not count. */
#ifndef FLEET_MATCH_NEAREST_H
#define FLEET_MATCH_NEAREST_H

#include "fleet/match_combine.h"

/* At which step a comparison ended. */
enum fleet_step {
    FLEET_STEP_PRODUCT,      /* same vendor, another product */
    FLEET_STEP_VENDOR,       /* same product's name, another vendor */
    FLEET_STEP_ELSEWHERE,    /* the name stands in the title or the full name, not as the product */
    FLEET_STEP_CONFIDENCE,   /* the names are too far apart to count */
    FLEET_STEP_IDENTIFIER,   /* the same identifier, of something else: id->other says why */
    FLEET_STEP_ORDER,        /* the name is the same, the order number is a sibling's */
    FLEET_STEP_LINE,         /* the version is of another line */
    FLEET_STEP_RELATIONSHIP, /* something that must be there besides is not */
};

/* Remembers this comparison when none was nearer. nearest may be NULL. The slices of id are
 * borrowed until fleet_nearest_keep. */
void fleet_nearest_note(struct fleet_nearest *nearest, enum fleet_step step,
                        const struct fleet_target *target, const struct fleet_subject *subject,
                        const struct fleet_identified *id);

/* Nothing came near by the rules: the product of the same vendor with most words in common, the one
 * of that name by another vendor, or the one whose full name (or the title) has our name in it. */
void fleet_nearest_look(struct fleet_nearest *nearest, const struct fleet_criteria *criteria,
                        const struct fleet_subject *subjects, size_t count,
                        const struct fleet_aliases *aliases);

/* Components were identified, and nothing follows: which other product the advisory asks for. */
void fleet_nearest_relation(struct fleet_nearest *nearest, const struct fleet_criteria *criteria,
                            const struct fleet_touch *touches, size_t count);

/* Writes the sentence and copies what is borrowed into the result. 0, or -1 (ERR_MEMORY). */
int fleet_nearest_keep(struct fleet_result *result, const struct fleet_nearest *nearest,
                       struct err *e) MUST_CHECK;

#endif
