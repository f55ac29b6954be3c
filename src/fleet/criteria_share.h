/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an advisory's *share* is what it says of one product, and of nothing else: the
 * ranges of its versions, and what vulnerabilities claim of them. Many advisories say the same of
 * many products; a share is kept once for all of them. Who knows the shares of all products that a
 * class meets needs nothing else of the advisory for its status.
 */
#ifndef FLEET_CRITERIA_SHARE_H
#define FLEET_CRITERIA_SHARE_H

#include "fleet/criteria_pool.h"

/* The number of no share: the advisory speaks of the product in relation to others. */
#define FLEET_NO_SHARE UINT32_MAX

/*
 * The share of the chain that the target leads, its ranges by target as the pool numbers them
 * (worded: + 1, or 0), claims by criterion as fleet_claims_condense gives them. 0: *number, for
 * fleet_share_leave, or FLEET_NO_SHARE; -1: no memory, and nothing changed.
 */
struct fleet_condensed;
int fleet_share_keep(struct fleet_pool *pool, const struct fleet_criteria *criteria,
                     uint32_t leader, const uint32_t *ranges, const uint32_t *worded,
                     const struct fleet_condensed *claims, uint32_t *number) MUST_CHECK;
void fleet_share_leave(struct fleet_pool *pool, uint32_t number);
void fleet_shares_fini(struct fleet_pool *pool);

/* What vulnerabilities claim, as far as a status needs it: each claim once, and of those that claim
 * the same one. */
struct fleet_condensed_claim {
    uint32_t vulnerability;
    uint32_t criterion;
    enum csaf_status status;
};

struct fleet_condensed {
    struct fleet_condensed_claim *claims; /* by vulnerability */
    size_t count;
    size_t vulnerabilities;
    size_t *first; /* by criterion: its first one in by_criterion; and one behind the last */
    uint32_t *by_criterion; /* positions in claims */
};

/* In the arena. 0, or -1: no memory. */
int fleet_claims_condense(struct fleet_condensed *out, const struct fleet_criteria *criteria,
                          struct arena *arena) MUST_CHECK;

/* A share, target by target. */
struct fleet_share_reading {
    const uint8_t *at, *end;
};

struct fleet_share_target {
    uint32_t range;  /* its number */
    uint32_t worded; /* + 1; 0: none */
    size_t serials;  /* patterns of serial numbers */
    size_t claim_count;
    struct slice claims; /* as they are kept: their number first, then vulnerability and status; the
                            same bytes claim the same */
};

void fleet_share_read(const struct fleet_pool *pool, uint32_t share, struct fleet_share_reading *r);
/* false: there is none left. */
bool fleet_share_next(struct fleet_share_reading *r, struct fleet_share_target *target);
/* The target itself, as far as one product and its ranges make it: for fleet_touch_decide. Its
 * parts are the pool's. */
void fleet_share_target_set(const struct fleet_pool *pool, uint32_t product,
                            const struct fleet_share_target *from, struct fleet_target *target);

/* A product, and an advisory's share of it. */
struct fleet_part {
    uint32_t product, share;
    uint32_t leader; /* out: the target that leads its chain */
};

/*
 * Criteria of these parts alone, one a product, all of one advisory: the same status follows from
 * them as from the whole advisory when nothing else of it is met. They live in the arena, and as
 * long as the pool is not changed. -1: ERR_MEMORY.
 */
int fleet_parts_criteria(const struct fleet_pool *pool, struct fleet_part *parts, size_t count,
                         struct arena *arena, const struct fleet_criteria **criteria,
                         struct err *e) MUST_CHECK;

#endif
