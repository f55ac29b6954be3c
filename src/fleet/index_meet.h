/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the index's products that a product of an advisory is, or may be. */
#ifndef FLEET_INDEX_MEET_H
#define FLEET_INDEX_MEET_H

#include "fleet/index_keys.h"
#include "fleet/index_store.h"
#include "fleet/sparse.h"

struct fleet_meeting {
    uint32_t product; /* its number in the index */
    struct fleet_identified id;
};

/* For one run; what it found is valid until it looks for more. */
struct fleet_meetings {
    const struct fleet_index *index;
    const struct fleet_options *options;
    struct fleet_meeting *at;
    size_t count;
    size_t room;
    struct fleet_sparse seen; /* by product: the last round that met it */
    uint32_t round;
    struct fleet_keys keys;
};

void fleet_meetings_init(struct fleet_meetings *m, const struct fleet_index *index,
                         const struct fleet_options *options);
void fleet_meetings_fini(struct fleet_meetings *m);

/* Everything of the index that is identified as the target. 0 or -1 (ERR_MEMORY). */
int fleet_meetings_find(struct fleet_meetings *m, const struct fleet_target *target,
                        struct err *e) MUST_CHECK;

#endif
