/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One advisory against all classes. Targets find distinct components by their keys; components lead
 * to classes; classes that have the same touched components share one answer. Which ones do is told
 * by walking a tree of component sets: a class starts at its root and moves on with every touched
 * component that it has, in rising order.
 */
#include "base/memory.h"
#include "fleet/index.h"
#include "fleet/index_keys.h"
#include "fleet/index_store.h"
#include "fleet/match_combine.h"

#include <stdlib.h>

struct node {
    uint32_t parent;
    uint32_t component; /* position in run.touched */
    uint32_t next;      /* node behind this one for the component `round` */
    uint32_t round;
    uint32_t result[2]; /* + 1; 0: not made yet; by whether the class lists software */
};

struct touched {
    uint32_t component; /* number in the index */
    struct fleet_identity identity;
    struct fleet_subject subject;
    struct fleet_touch *touches;
    size_t count, room;
};

struct run {
    const struct fleet_index *index;
    const struct fleet_criteria *criteria;
    const struct fleet_options *options;
    struct arena scratch;
    uint32_t *seen;  /* by component: the last target that met it, + 1 */
    uint32_t *known; /* by component: position in candidates + 1 */
    struct touched **candidates;
    size_t candidate_count, candidate_room;
    struct touched **touched; /* those with touches, by canonical bytes */
    size_t touched_count;
    struct node *nodes;
    size_t node_count, node_room;
    uint32_t *state; /* by class: its node; 0: the root */
    uint32_t *classes;
    size_t class_count, class_room;
    struct fleet_hits *hits;
    size_t result_room;
    bool several; /* some criterion has more than one operand */
    struct err *e;
};

static int grow(void **list, size_t count, size_t *room, size_t size, struct err *e)
{
    if (count < *room)
        return 0;
    size_t wanted = *room ? 2 * *room : 64;
    void *grown = mem_resize(*list, wanted, size);
    if (!grown)
        return err_memory(e);
    *list = grown;
    *room = wanted;
    return 0;
}

static struct touched *candidate(struct run *r, uint32_t component)
{
    if (r->known[component])
        return r->candidates[r->known[component] - 1];
    struct touched *t = arena_new(&r->scratch, 1, sizeof *t);
    if (!t) {
        err_memory(r->e);
        return NULL;
    }
    const struct fleet_index_component *c = r->index->components[component];
    t->component = component;
    if (grow((void **)&r->candidates, r->candidate_count, &r->candidate_room,
             sizeof(struct touched *), r->e) != 0 ||
        fleet_identity_parse(&r->scratch, slice_of(c->canonical, c->canonical_len), &t->identity,
                             r->e) != 0)
        return NULL;
    t->identity.canonical = slice_of(c->canonical, c->canonical_len);
    if (fleet_subject_prepare(&r->scratch, &t->identity, &t->subject, r->e) != 0)
        return NULL;
    r->candidates[r->candidate_count++] = t;
    r->known[component] = (uint32_t)r->candidate_count;
    return t;
}

static int touch(struct run *r, uint32_t target, uint32_t component)
{
    struct touched *t = candidate(r, component);
    struct fleet_touch found;
    if (!t)
        return -1;
    if (!fleet_touch_make(r->criteria, target, &t->subject, component, r->options, &found, NULL))
        return 0;
    if (grow((void **)&t->touches, t->count, &t->room, sizeof *t->touches, r->e) != 0)
        return -1;
    t->touches[t->count++] = found;
    return 0;
}

static int find_components(struct run *r)
{
    struct fleet_keys keys = {0};
    int result = 0;
    for (uint32_t t = 0; result == 0 && t < r->criteria->target_count; t++) {
        if (r->criteria->targets[t].criterion_count == 0)
            continue;
        keys.count = 0;
        fleet_keys_of_target(&r->criteria->targets[t], r->options->aliases, &keys);
        if (keys.failed)
            result = err_memory(r->e);
        for (size_t k = 0; result == 0 && k < keys.count; k++) {
            size_t count;
            const uint64_t *found = fleet_postings_find(&r->index->postings, keys.at[k], &count);
            for (size_t i = 0; result == 0 && i < count; i++) {
                uint32_t component = (uint32_t)found[i];
                if (r->seen[component] == t + 1)
                    continue;
                r->seen[component] = t + 1;
                result = touch(r, t, component);
            }
        }
    }
    fleet_keys_fini(&keys);
    return result;
}

static int by_canonical(const void *x, const void *y)
{
    const struct touched *a = *(struct touched *const *)x, *b = *(struct touched *const *)y;
    return slice_compare(a->identity.canonical, b->identity.canonical);
}

static int step(struct run *r, uint32_t class, uint32_t component)
{
    uint32_t at = r->state[class];
    if (at == 0) {
        if (grow((void **)&r->classes, r->class_count, &r->class_room, sizeof *r->classes, r->e) !=
            0)
            return -1;
        r->classes[r->class_count++] = class;
    }
    if (r->nodes[at].round != component + 1) {
        if (grow((void **)&r->nodes, r->node_count, &r->node_room, sizeof *r->nodes, r->e) != 0)
            return -1;
        r->nodes[r->node_count] = (struct node){.parent = at, .component = component};
        r->nodes[at].round = component + 1;
        r->nodes[at].next = (uint32_t)r->node_count++;
    }
    r->state[class] = r->nodes[at].next;
    return 0;
}

static int walk_classes(struct run *r)
{
    for (uint32_t i = 0; i < r->touched_count; i++) {
        const struct fleet_index_component *c = r->index->components[r->touched[i]->component];
        for (size_t k = 0; k < c->class_count; k++)
            if (step(r, c->classes[k], i) != 0)
                return -1;
    }
    return 0;
}

/* The answer for all classes that ended at this node. */
static int answer(struct run *r, uint32_t node, bool software, uint32_t *number)
{
    uint32_t *known = &r->nodes[node].result[software && r->several];
    if (*known) {
        *number = *known - 1;
        return 0;
    }
    size_t count = 0;
    for (uint32_t n = node; n; n = r->nodes[n].parent)
        count += r->touched[r->nodes[n].component]->count;
    struct fleet_touch *touches = mem_new(count + 1, sizeof *touches);
    if (!touches)
        return err_memory(r->e);
    count = 0;
    for (uint32_t n = node; n; n = r->nodes[n].parent) {
        const struct touched *t = r->touched[r->nodes[n].component];
        for (size_t i = 0; i < t->count; i++) {
            touches[count] = t->touches[i];
            /* numbered in the order of canonical bytes, as in a class */
            touches[count++].subject = r->nodes[n].component;
        }
    }
    struct fleet_hits *h = r->hits;
    struct fleet_result *result;
    int outcome = grow((void **)&h->results, h->result_count, &r->result_room,
                       sizeof(struct fleet_result *), r->e);
    if (outcome == 0)
        outcome = fleet_combine(&result, r->criteria, touches, count, software, r->e);
    mem_free(touches);
    if (outcome != 0)
        return -1;
    *number = (uint32_t)h->result_count;
    h->results[h->result_count++] = result;
    *known = *number + 1;
    return 0;
}

static int collect(struct run *r)
{
    r->hits->hits = mem_new(r->class_count + 1, sizeof *r->hits->hits);
    if (!r->hits->hits)
        return err_memory(r->e);
    for (size_t i = 0; i < r->class_count; i++) {
        const struct fleet_index_class *class = &r->index->classes[r->classes[i]];
        uint32_t number = 0;
        if (answer(r, r->state[r->classes[i]], class->software, &number) != 0)
            return -1;
        if (r->hits->results[number]->count)
            r->hits->hits[r->hits->count++] = (struct fleet_hit){class->id, number};
    }
    return 0;
}

static int run(struct run *r)
{
    r->seen = mem_new(r->index->component_count + 1, sizeof *r->seen);
    r->known = mem_new(r->index->component_count + 1, sizeof *r->known);
    r->state = mem_new(r->index->class_count + 1, sizeof *r->state);
    if (!r->seen || !r->known || !r->state ||
        grow((void **)&r->nodes, 0, &r->node_room, sizeof *r->nodes, r->e) != 0)
        return err_memory(r->e);
    r->nodes[r->node_count++] = (struct node){0};
    for (size_t i = 0; i < r->criteria->criterion_count; i++)
        r->several = r->several || r->criteria->criteria[i].operand_count > 1;
    if (find_components(r) != 0)
        return -1;
    r->touched = mem_new(r->candidate_count + 1, sizeof(struct touched *));
    if (!r->touched)
        return err_memory(r->e);
    for (size_t i = 0; i < r->candidate_count; i++)
        if (r->candidates[i]->count)
            r->touched[r->touched_count++] = r->candidates[i];
    if (r->touched_count)
        qsort(r->touched, r->touched_count, sizeof(struct touched *), by_canonical);
    return walk_classes(r) == 0 ? collect(r) : -1;
}

int fleet_index_match(const struct fleet_index *index, struct fleet_hits **hits,
                      const struct fleet_criteria *criteria, const struct fleet_options *options,
                      struct err *e)
{
    struct run r = {.index = index,
                    .criteria = criteria,
                    .options = options ? options : &fleet_options_default,
                    .e = e};
    *hits = NULL;
    r.hits = mem_new(1, sizeof *r.hits);
    if (!r.hits)
        return err_memory(e);
    arena_init(&r.scratch, 0);
    int result = run(&r);
    for (size_t i = 0; i < r.candidate_count; i++)
        mem_free(r.candidates[i]->touches);
    mem_free(r.candidates);
    mem_free(r.touched);
    mem_free(r.nodes);
    mem_free(r.seen);
    mem_free(r.known);
    mem_free(r.state);
    mem_free(r.classes);
    arena_fini(&r.scratch);
    if (result == 0)
        *hits = r.hits;
    else
        fleet_hits_free(r.hits);
    return result;
}

void fleet_hits_free(struct fleet_hits *hits)
{
    if (!hits)
        return;
    for (size_t i = 0; i < hits->result_count; i++)
        fleet_result_free(hits->results[i]);
    mem_free(hits->results);
    mem_free(hits->hits);
    mem_free(hits);
}
