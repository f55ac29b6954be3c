/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: which components, and which products of an advisory, are identified alike.
 * Whatever fleet_identify looks at stands in these texts, and nothing of versions does: of two with
 * the same text one can stand for the other. Who teaches fleet_identify to look at more adds it
 * here.
 */
#ifndef FLEET_MATCH_SAME_H
#define FLEET_MATCH_SAME_H

#include "fleet/match_identify.h"

/* Appends; a failed buffer is the caller's to see. */
void fleet_same_identity(struct buf *out, const struct fleet_identity *identity);
void fleet_same_target(struct buf *out, const struct fleet_target *target);

/*
 * Joins targets that are the same product in a chain: fills `leader` and `next` of those that some
 * criterion needs. 0, or -1 with ERR_MEMORY.
 */
int fleet_same_targets(struct fleet_target *targets, size_t count, struct err *e) MUST_CHECK;

/* What the leader of a chain was found to be, as said of another target in it. */
static inline struct fleet_identified fleet_same_identified(const struct fleet_identified *leader,
                                                            const struct fleet_target *target)
{
    struct fleet_identified id = *leader;
    if (id.rule == FLEET_BY_PURL)
        id.advisory = target->purl_full;
    return id;
}

/* The first target of each chain, and targets that stand alone; no criterion needs the others. */
static inline bool fleet_same_leads(const struct fleet_criteria *criteria, uint32_t target)
{
    const struct fleet_target *t = &criteria->targets[target];
    return t->criterion_count && (t->leader == 0 || t->leader == target + 1);
}

#endif
