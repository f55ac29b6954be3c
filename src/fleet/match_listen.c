/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_listen.h"

#include <stdlib.h>

/* Chains are ranked when so many comparisons were made without: for a few it does not pay. */
enum { COMPARED_FIRST = 24 };

/* The bounds of a chain, each once, in order. */
struct fleet_ranks {
    const struct product_scheme *scheme; /* NULL: no range has a bound */
    struct slice family;
    struct slice *bounds; /* keys */
    size_t count;
};

struct fleet_chain {
    size_t targets; /* 0: not counted yet */
    size_t compared;
    const struct fleet_ranks *ranks;
    bool tried; /* ranks NULL: it has none */
};

void fleet_version_key(const struct product_scheme *scheme, struct slice text, struct buf *out,
                       struct fleet_version *version)
{
    struct product_version_key key;
    struct err e = {0};
    size_t before = out->len;

    *version = (struct fleet_version){.text = text};
    if (text.len == 0 || product_version_key(scheme, text, out, &key, &e) != 0 || key.doubtful) {
        if (!out->failed)
            out->len = before;
        return;
    }
    version->scheme = scheme;
    version->key = slice_of(out->data + before, out->len - before);
    version->family = key.family;
}

void fleet_listener_init(struct fleet_listener *l, const struct fleet_criteria *criteria,
                         struct arena *arena)
{
    *l = (struct fleet_listener){.criteria = criteria, .arena = arena};
    map_init(&l->said);
    buf_init(&l->key);
}

void fleet_listener_fini(struct fleet_listener *l)
{
    map_fini(&l->said);
    buf_fini(&l->key);
}

static struct fleet_chain *chain_of(struct fleet_listener *l, uint32_t leader)
{
    if (!l->chains)
        l->chains = arena_new(l->arena, l->criteria->target_count + 1, sizeof *l->chains);
    if (!l->chains)
        return NULL;
    struct fleet_chain *c = &l->chains[leader];
    if (c->targets == 0) {
        c->targets = 1;
        for (uint32_t t = l->criteria->targets[leader].next; t; t = l->criteria->targets[t].next)
            c->targets++;
    }
    return c;
}

size_t fleet_listener_targets(struct fleet_listener *l, uint32_t leader)
{
    const struct fleet_chain *c = chain_of(l, leader);
    return c ? c->targets : 0;
}

/* ---- ranks -------------------------------------------------------------------------------------
 */

static int by_bytes(const void *x, const void *y)
{
    return slice_compare(*(const struct slice *)x, *(const struct slice *)y);
}

/* false: the bound has no place in one order with the others. */
static bool add_bound(struct fleet_listener *l, struct fleet_ranks *r, struct slice version)
{
    struct fleet_version v;
    if (version.len == 0)
        return true;
    buf_reset(&l->key);
    fleet_version_key(r->scheme, version, &l->key, &v);
    if (!v.scheme)
        return false;
    if (r->count == 0) {
        char *family = arena_copy(l->arena, v.key.data, v.family);
        if (!family)
            return false;
        r->family = slice_of(family, v.family);
    }
    if (!slice_equal(r->family, slice_of(v.key.data, v.family)))
        return false;
    char *key = arena_copy(l->arena, v.key.data, v.key.len);
    if (!key)
        return false;
    r->bounds[r->count++] = slice_of(key, v.key.len);
    return true;
}

static bool add_range(struct fleet_listener *l, struct fleet_ranks *r,
                      const struct product_range *range)
{
    if (range->kind == PRODUCT_RANGE_ALL || range->kind == PRODUCT_RANGE_OPAQUE)
        return true;
    /* a prefix is looked for in the version's text */
    if (range->prefix.len || (r->scheme && r->scheme != range->scheme))
        return false;
    r->scheme = range->scheme;
    for (size_t i = 0; i < range->count; i++)
        if (!add_bound(l, r, range->intervals[i].low) || !add_bound(l, r, range->intervals[i].high))
            return false;
    return true;
}

/* NULL: the chain's ranges have no common order; they are compared one by one. */
static const struct fleet_ranks *rank(struct fleet_listener *l, uint32_t leader)
{
    const struct fleet_target *targets = l->criteria->targets;
    struct fleet_ranks *r = arena_new(l->arena, 1, sizeof *r);
    size_t bounds = 0;
    for (uint32_t t = leader, next = leader + 1; next; t = next) {
        bounds += 2 * (targets[t].range.count + targets[t].worded.count);
        next = targets[t].next;
    }
    if (!r || !(r->bounds = arena_alloc(l->arena, (bounds + 1) * sizeof *r->bounds)))
        return NULL;
    for (uint32_t t = leader, next = leader + 1; next; t = next) {
        if (!add_range(l, r, &targets[t].range) || !add_range(l, r, &targets[t].worded))
            return NULL;
        next = targets[t].next;
    }
    if (r->count)
        qsort(r->bounds, r->count, sizeof *r->bounds, by_bytes);
    size_t unique = 0;
    for (size_t i = 0; i < r->count; i++)
        if (unique == 0 || !slice_equal(r->bounds[unique - 1], r->bounds[i]))
            r->bounds[unique++] = r->bounds[i];
    r->count = unique;
    return r;
}

/* 2 × the bounds below the version, and one more when it is the next of them. */
static bool place(const struct fleet_ranks *r, const struct fleet_version *v, uint32_t *rank)
{
    size_t low = 0, high = r->count;
    if (!v->scheme || v->scheme != r->scheme ||
        !slice_equal(r->family, slice_of(v->key.data, v->family)))
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(r->bounds[middle], v->key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *rank = (uint32_t)(2 * low + (low < r->count && slice_equal(r->bounds[low], v->key)));
    return true;
}

/* ---- what is said ------------------------------------------------------------------------------
 */

static void compare(const struct fleet_listener *l, uint32_t leader,
                    const struct fleet_subject *subject, const struct fleet_identified *id,
                    struct slice version, uint8_t *says)
{
    uint32_t target = leader;
    do {
        struct fleet_touch t = {.target = target, .id = *id};
        bool said = fleet_touch_decide(&l->criteria->targets[target], subject, version, &t, NULL);
        *says++ = said
                      ? (uint8_t)(FLEET_SAYS + (int)t.in + (t.contested ? FLEET_SAYS_CONTESTED : 0))
                      : FLEET_SAYS_NOTHING;
        target = l->criteria->targets[target].next;
    } while (target);
}

/* All of an identification that fleet_touch_decide looks at, but for the line of versions. */
struct heard {
    uint32_t leader;
    uint32_t rank;
    uint8_t any_version, edition_open, sku_missing, only_unknown, distribution, unused[3];
};

/* The chain's ranks, when it has some and they pay. */
static const struct fleet_ranks *ranks_of(struct fleet_listener *l, struct fleet_chain *c,
                                          uint32_t leader)
{
    if (!c->tried && c->compared >= COMPARED_FIRST) {
        c->tried = true;
        c->ranks = rank(l, leader);
    }
    return c->ranks;
}

int fleet_listener_hear(struct fleet_listener *l, uint32_t leader,
                        const struct fleet_subject *subject, const struct fleet_identified *id,
                        const struct fleet_version *version, uint8_t *says, bool *any,
                        struct err *e)
{
    struct fleet_chain *c = chain_of(l, leader);
    const struct fleet_ranks *r;
    struct fleet_version keyed = *version;
    struct heard heard = {.leader = leader,
                          .any_version = id->any_version,
                          .edition_open = id->edition_open,
                          .sku_missing = id->sku_missing,
                          .only_unknown = id->only_unknown,
                          .distribution = subject->distribution};
    if (!c)
        return err_memory(e);
    r = id->line.len == 0 && version->text.len ? ranks_of(l, c, leader) : NULL;
    if (r && r->scheme && keyed.scheme != r->scheme) {
        buf_reset(&l->key);
        fleet_version_key(r->scheme, version->text, &l->key, &keyed);
    }
    if (!r || !place(r, &keyed, &heard.rank)) {
        compare(l, leader, subject, id, version->text, says);
        c->compared += c->targets;
    } else {
        const uint8_t *known = map_get(&l->said, slice_of(&heard, sizeof heard));
        if (!known) {
            struct heard *key = arena_alloc(l->arena, sizeof *key);
            uint8_t *made = arena_alloc(l->arena, c->targets);
            if (!key || !made)
                return err_memory(e);
            *key = heard;
            compare(l, leader, subject, id, version->text, made);
            if (map_set(&l->said, slice_of(key, sizeof *key), made) != 0)
                return err_memory(e);
            known = made;
        }
        memcpy(says, known, c->targets);
    }
    for (size_t i = 0; i < c->targets && !*any; i++)
        *any = says[i] != FLEET_SAYS_NOTHING;
    return 0;
}

/* ---- components --------------------------------------------------------------------------------
 */

void fleet_alike_init(struct fleet_alike *alike, const struct fleet_criteria *criteria,
                      struct arena *arena)
{
    fleet_listener_init(&alike->listener, criteria, arena);
    map_init(&alike->said);
}

void fleet_alike_fini(struct fleet_alike *alike)
{
    fleet_listener_fini(&alike->listener);
    map_fini(&alike->said);
}

/* All of a contact that a status depends on; behind it stands what its targets say. */
struct met {
    uint32_t leader;
    uint16_t rule;
    uint8_t confidence;
    uint8_t any_version;
};

/* What is said of a component, as bytes in the run's arena. *any: that is something. */
static int hear_all(struct fleet_listener *l, const struct fleet_subject *subject,
                    const struct fleet_contact *contacts, size_t count, struct slice *said,
                    bool *any, struct err *e)
{
    const struct fleet_version version = {.text = subject->identity->version};
    size_t len = 1;
    *any = false;
    for (size_t i = 0; i < count; i++) {
        size_t targets = fleet_listener_targets(l, contacts[i].leader);
        if (targets == 0)
            return err_memory(e);
        len += sizeof(struct met) + targets;
    }
    uint8_t *text = arena_alloc(l->arena, len), *at = text;
    if (!text)
        return err_memory(e);
    *at++ = subject->model_missing;
    for (size_t i = 0; i < count; i++) {
        const struct fleet_identified *id = &contacts[i].id;
        struct met met = {contacts[i].leader, (uint16_t)id->rule, (uint8_t)id->confidence,
                          id->any_version};
        memcpy(at, &met, sizeof met);
        at += sizeof met;
        if (fleet_listener_hear(l, contacts[i].leader, subject, id, &version, at, any, e) != 0)
            return -1;
        at += fleet_listener_targets(l, contacts[i].leader);
    }
    *said = slice_of(text, len);
    return 0;
}

int fleet_alike_touch(struct fleet_alike *alike, const struct fleet_subject *subject,
                      uint32_t number, const struct fleet_contact *contacts, size_t count,
                      struct fleet_touches *touches, struct fleet_nearest *nearest, struct err *e)
{
    const struct fleet_criteria *criteria = alike->listener.criteria;
    /* relations may compare the firmware of a device itself; and there is one a class */
    if (subject->identity->kind != FLEET_DEVICE) {
        struct slice said;
        bool any;
        if (hear_all(&alike->listener, subject, contacts, count, &said, &any, e) != 0)
            return -1;
        uintptr_t known = any ? (uintptr_t)map_get(&alike->said, said) : 0;
        if (known == FLEET_ALIKE)
            return 0;
        if (any && map_set(&alike->said, said, (void *)(known + 1)) != 0)
            return err_memory(e);
    }
    for (size_t i = 0; i < count; i++)
        if (fleet_touches_chain(touches, criteria, contacts[i].leader, subject, number,
                                &contacts[i].id, nearest, e) != 0)
            return -1;
    return 0;
}
