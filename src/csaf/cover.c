/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/cover.h"

#include <stdlib.h>

struct members {
    uint32_t *at; /* indices of products, sorted */
    size_t count;
    bool made;
};

struct csaf_cover {
    struct csaf_validation *v;
    uint32_t round;          /* of the present set */
    uint32_t *products;      /* round in which a product came in, by its index */
    uint32_t *groups;        /* the same of groups */
    struct members *members; /* of groups, made when first needed */
    size_t *pending;         /* groups of the set that were not opened */
    size_t pending_count;
    size_t pending_size; /* members of them all */
    size_t searched;     /* spent on searches in them */
};

struct csaf_cover *csaf_cover_new(struct csaf_validation *v)
{
    struct csaf_cover *c = arena_new(v->arena, 1, sizeof *c);

    if (c) {
        c->v = v;
        c->round = 1;
        c->products = arena_new(v->arena, v->product_count + 1, sizeof *c->products);
        c->groups = arena_new(v->arena, v->group_count + 1, sizeof *c->groups);
        c->members = arena_new(v->arena, v->group_count + 1, sizeof *c->members);
        c->pending = arena_new(v->arena, v->group_count + 1, sizeof *c->pending);
    }
    if (!c || !c->products || !c->groups || !c->members || !c->pending) {
        csaf_no_memory(v);
        return NULL;
    }
    return c;
}

void csaf_cover_clear(struct csaf_cover *c)
{
    c->round++;
    c->pending_count = c->pending_size = c->searched = 0;
}

void csaf_cover_products(struct csaf_cover *c, const struct json_value *ids)
{
    if (!json_is(ids, JSON_ARRAY))
        return;
    json_each(id, ids)
    {
        const struct csaf_definition *d = csaf_defined_product(c->v, json_string(id));
        if (d)
            c->products[d->index] = c->round;
    }
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void make_members(struct csaf_cover *c, size_t group)
{
    struct members *m = &c->members[group];
    const struct json_value *ids = json_get(c->v->groups[group].value, "product_ids");

    m->made = true;
    if (!json_is(ids, JSON_ARRAY))
        return;
    m->at = arena_new(c->v->arena, json_count(ids) + 1, sizeof *m->at);
    if (!m->at) {
        csaf_no_memory(c->v);
        return;
    }
    json_each(id, ids)
    {
        const struct csaf_definition *d = csaf_defined_product(c->v, json_string(id));
        if (d)
            m->at[m->count++] = (uint32_t)d->index;
    }
    if (m->count > 1)
        qsort(m->at, m->count, sizeof *m->at, by_index);
}

void csaf_cover_groups(struct csaf_cover *c, const struct json_value *ids)
{
    if (!json_is(ids, JSON_ARRAY))
        return;
    json_each(id, ids)
    {
        const struct csaf_definition *g = csaf_defined_group(c->v, json_string(id));
        if (!g || c->groups[g->index] == c->round)
            continue;
        c->groups[g->index] = c->round;
        if (!c->members[g->index].made)
            make_members(c, g->index);
        c->pending[c->pending_count++] = g->index;
        c->pending_size += c->members[g->index].count;
    }
}

static void open_all(struct csaf_cover *c)
{
    for (size_t i = 0; i < c->pending_count; i++) {
        const struct members *m = &c->members[c->pending[i]];
        for (size_t k = 0; k < m->count; k++)
            c->products[m->at[k]] = c->round;
    }
    c->pending_count = 0;
}

bool csaf_covers(struct csaf_cover *c, const struct csaf_definition *product)
{
    uint32_t index = (uint32_t)product->first->index;

    if (c->products[index] == c->round)
        return true;
    for (size_t i = 0; i < c->pending_count; i++) {
        const struct members *m = &c->members[c->pending[i]];
        if (m->count && bsearch(&index, m->at, m->count, sizeof index, by_index)) {
            c->products[index] = c->round;
            return true;
        }
    }
    c->searched += c->pending_count * 4;
    if (c->searched > c->pending_size)
        open_all(c);
    return false;
}
