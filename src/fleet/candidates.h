/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A product of an advisory that no inventory has: what comes nearest, and why it does not count.
 * For people who wonder whether a name is misspelt or an inventory is incomplete; nothing follows
 * from it for any asset.
 */
#ifndef FLEET_CANDIDATES_H
#define FLEET_CANDIDATES_H

#include "fleet/match.h"

enum { FLEET_CANDIDATES = 3 };

struct fleet_candidate {
    struct slice component; /* how reasons name it; lives as long as the pool */
    size_t owner;           /* as given to fleet_components_add, of the first that has it */
    int score;              /* 1 to 100: only for the order among candidates */
    const char *why;        /* it is not the product; a static sentence */
};

/* The distinct components of all inventories. */
struct fleet_components;

struct fleet_components *fleet_components_new(void) MUST_CHECK;
void fleet_components_free(struct fleet_components *pool);

/* The class must outlive the pool. 0, or -1 with ERR_MEMORY. */
int fleet_components_add(struct fleet_components *pool, const struct fleet_class *class,
                         size_t owner, struct err *e) MUST_CHECK;

/*
 * true: some component is the target, whatever its version. false: none is; then the best
 * candidates, the first one nearest. Takes time in proportion to the pool.
 */
bool fleet_components_has(const struct fleet_components *pool, const struct fleet_target *target,
                          const struct fleet_options *options,
                          struct fleet_candidate candidates[FLEET_CANDIDATES], size_t *count);

/* Components in the pool. */
size_t fleet_components_count(const struct fleet_components *pool);

#endif
