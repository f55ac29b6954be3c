/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a sweep over many advisories and the run of one have of each other. */
#ifndef FLEET_INDEX_RUN_H
#define FLEET_INDEX_RUN_H

#include "fleet/index.h"
#include "fleet/index_meet.h"

/* As fleet_index_match; with a sweep (may be NULL) criteria are those of its advisories, products
 * by target the number of the product there. */
int fleet_index_run(const struct fleet_index *index, struct fleet_hits **hits,
                    const struct fleet_criteria *criteria, const struct fleet_options *options,
                    struct fleet_sweep *sweep, const uint32_t *products, struct err *e) MUST_CHECK;

/* As fleet_meetings_find, for a product of the advisories: into m, too. */
int fleet_sweep_meetings(struct fleet_sweep *sweep, uint32_t product, struct fleet_meetings *m,
                         struct err *e) MUST_CHECK;

#endif
