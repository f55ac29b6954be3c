/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many advisories against the same classes. Of all that is done for one advisory, comparing names
 * takes longest, and advisories name the same products again and again: so the products of the
 * index that one of theirs is are found once, by whichever thread comes first, and kept until the
 * end. No thread waits for another one: two that look for the same product at once both find it,
 * and one of the two lists is thrown away.
 */
#include "base/memory.h"
#include "fleet/index_advisories.h"
#include "fleet/index_run.h"

#include <stdatomic.h>

/* A meeting, as far as a status needs it: what only reasons name is left out. */
struct acquaintance {
    uint32_t product;
    uint32_t rules;
    uint8_t confidence, rule, vendor;
    bool any_version : 1, only_unknown : 1, order_open : 1, edition_open : 1, sku_missing : 1;
    const char *open;
    struct slice advisory, inventory, line, version;
};

struct fleet_acquaintances {
    size_t count;
    struct acquaintance at[];
};

struct fleet_sweep {
    const struct fleet_index *index;
    const struct fleet_advisories *advisories;
    const struct fleet_options *options;
    size_t products;
    _Atomic(struct fleet_acquaintances *) of[]; /* by product of the advisories; NULL: not yet */
};

int fleet_sweep_new(struct fleet_sweep **out, const struct fleet_index *index,
                    const struct fleet_advisories *advisories, const struct fleet_options *options,
                    struct err *e)
{
    size_t products = fleet_advisories_pool(advisories)->products.numbers.count;
    struct fleet_sweep *s = mem_new(1, sizeof *s + products * sizeof s->of[0]);
    *out = s;
    if (!s)
        return err_memory(e);
    s->index = index;
    s->advisories = advisories;
    s->options = options ? options : &fleet_options_default;
    s->products = products;
    return 0;
}

void fleet_sweep_free(struct fleet_sweep *s)
{
    for (size_t i = 0; s && i < s->products; i++)
        mem_free(atomic_load_explicit(&s->of[i], memory_order_relaxed));
    mem_free(s);
}

static struct acquaintance acquaintance(const struct fleet_meeting *met)
{
    const struct fleet_identified *id = &met->id;
    return (struct acquaintance){.product = met->product,
                                 .rules = id->rules,
                                 .confidence = (uint8_t)id->confidence,
                                 .rule = (uint8_t)id->rule,
                                 .vendor = (uint8_t)id->vendor,
                                 .any_version = id->any_version,
                                 .only_unknown = id->only_unknown,
                                 .order_open = id->order_open,
                                 .edition_open = id->edition_open,
                                 .sku_missing = id->sku_missing,
                                 .open = id->open,
                                 .advisory = id->advisory,
                                 .inventory = id->inventory,
                                 .line = id->line,
                                 .version = id->version};
}

static struct fleet_identified identified(const struct acquaintance *a)
{
    return (struct fleet_identified){.confidence = a->confidence,
                                     .rule = (enum fleet_identity_rule)a->rule,
                                     .vendor = (enum fleet_vendor_rule)a->vendor,
                                     .rules = a->rules,
                                     .advisory = a->advisory,
                                     .inventory = a->inventory,
                                     .line = a->line,
                                     .any_version = a->any_version,
                                     .only_unknown = a->only_unknown,
                                     .order_open = a->order_open,
                                     .edition_open = a->edition_open,
                                     .open = a->open,
                                     .version = a->version,
                                     .sku_missing = a->sku_missing};
}

static const struct fleet_acquaintances *find(struct fleet_sweep *s, uint32_t product,
                                              struct fleet_meetings *m, struct err *e)
{
    /* the advisories' own copy of the target: what the list quotes of it stays */
    const struct fleet_target *target =
        fleet_advisories_pool(s->advisories)->products.at[product]->target;
    if (fleet_meetings_find(m, target, e) != 0)
        return NULL;
    struct fleet_acquaintances *made = mem_new(1, sizeof *made + m->count * sizeof made->at[0]);
    struct fleet_acquaintances *before = NULL;
    if (!made) {
        err_memory(e);
        return NULL;
    }
    made->count = m->count;
    for (size_t i = 0; i < m->count; i++)
        made->at[i] = acquaintance(&m->at[i]);
    if (atomic_compare_exchange_strong(&s->of[product], &before, made))
        return made;
    mem_free(made);
    return before;
}

int fleet_sweep_meetings(struct fleet_sweep *s, uint32_t product, struct fleet_meetings *m,
                         struct err *e)
{
    const struct fleet_acquaintances *known =
        atomic_load_explicit(&s->of[product], memory_order_acquire);
    if (!known)
        known = find(s, product, m, e);
    if (!known)
        return -1;
    m->count = 0;
    for (size_t i = 0; i < known->count; i++) {
        if (fleet_index_grow((void **)&m->at, m->count, &m->room, sizeof *m->at) != 0)
            return err_memory(e);
        m->at[m->count++] = (struct fleet_meeting){known->at[i].product, identified(&known->at[i])};
    }
    return 0;
}

int fleet_sweep_match(struct fleet_sweep *s, uint64_t id, struct arena *arena,
                      struct fleet_hits **hits, struct err *e)
{
    const struct fleet_frozen *frozen = fleet_advisories_frozen(s->advisories, id, e);
    const struct fleet_criteria *criteria;
    const uint32_t *products;
    *hits = NULL;
    if (!frozen || fleet_pool_thaw(fleet_advisories_pool(s->advisories), frozen, NULL, arena,
                                   &criteria, &products, e) != 0)
        return -1;
    return fleet_index_run(s->index, hits, criteria, s->options, s, products, e);
}
