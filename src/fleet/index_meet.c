/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/index_meet.h"
#include "base/memory.h"
#include "fleet/match_combine.h"

void fleet_meetings_init(struct fleet_meetings *m, const struct fleet_index *index,
                         const struct fleet_options *options)
{
    *m = (struct fleet_meetings){.index = index, .options = options};
    fleet_sparse_init(&m->seen, index->product_numbers.count);
}

void fleet_meetings_fini(struct fleet_meetings *m)
{
    fleet_keys_fini(&m->keys);
    fleet_sparse_fini(&m->seen);
    mem_free(m->at);
}

static int meet(struct fleet_meetings *m, const struct fleet_target *target, uint32_t product)
{
    uint32_t *seen = fleet_sparse_at(&m->seen, product);
    if (!seen)
        return -1;
    if (*seen == m->round)
        return 0;
    *seen = m->round;
    if (fleet_index_grow((void **)&m->at, m->count, &m->room, sizeof *m->at) != 0)
        return -1;
    struct fleet_meeting *met = &m->at[m->count];
    if (fleet_touch_identify(target, m->index->products[product]->subject, m->options, &met->id,
                             NULL)) {
        met->product = product;
        m->count++;
    }
    return 0;
}

int fleet_meetings_find(struct fleet_meetings *m, const struct fleet_target *target, struct err *e)
{
    m->round++;
    m->count = 0;
    m->keys.count = 0;
    fleet_keys_of_target(target, m->options->aliases, &m->keys);
    if (m->keys.failed)
        return err_memory(e);
    for (size_t k = 0; k < m->keys.count; k++) {
        size_t count;
        const uint64_t *found = fleet_postings_find(&m->index->postings, m->keys.at[k], &count);
        for (size_t i = 0; i < count; i++)
            if (meet(m, target, (uint32_t)found[i]) != 0)
                return err_memory(e);
    }
    return 0;
}
