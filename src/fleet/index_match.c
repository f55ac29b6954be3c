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

struct fleet_index_run {
    const struct fleet_index *index;
    const struct fleet_criteria *criteria;
    const struct fleet_options *options;
    struct arena scratch;
    struct arena combining; /* for one answer at a time */
    uint32_t *seen;         /* by component: the last target that met it, + 1 */
    uint32_t *known;        /* by component: position in candidates + 1 */
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
    size_t answer_room;
    struct fleet_touch *touches; /* of one node */
    size_t touch_room;
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

static struct touched *candidate(struct fleet_index_run *r, uint32_t component)
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

static int touch(struct fleet_index_run *r, uint32_t target, uint32_t component)
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

static int find_components(struct fleet_index_run *r)
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

static int step(struct fleet_index_run *r, uint32_t class, uint32_t component)
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

static int walk_classes(struct fleet_index_run *r)
{
    for (uint32_t i = 0; i < r->touched_count; i++) {
        const struct fleet_index_component *c = r->index->components[r->touched[i]->component];
        for (size_t k = 0; k < c->class_count; k++)
            if (step(r, c->classes[k], i) != 0)
                return -1;
    }
    return 0;
}

/* All touches on the way to a node into r->touches; their number, or -1. */
static int64_t touches_of(struct fleet_index_run *r, uint32_t node, struct err *e)
{
    size_t count = 0;
    for (uint32_t n = node; n; n = r->nodes[n].parent)
        count += r->touched[r->nodes[n].component]->count;
    if (count > r->touch_room) {
        void *grown = mem_resize(r->touches, 2 * count, sizeof *r->touches);
        if (!grown)
            return err_memory(e);
        r->touches = grown;
        r->touch_room = 2 * count;
    }
    count = 0;
    for (uint32_t n = node; n; n = r->nodes[n].parent) {
        const struct touched *t = r->touched[r->nodes[n].component];
        for (size_t i = 0; i < t->count; i++) {
            r->touches[count] = t->touches[i];
            /* numbered in the order of canonical bytes, as in a class */
            r->touches[count++].subject = r->nodes[n].component;
        }
    }
    return (int64_t)count;
}

/* The answer for all classes that ended at this node: its status alone. */
static int answer(struct fleet_index_run *r, uint32_t node, bool software, uint32_t *number)
{
    uint32_t *known = &r->nodes[node].result[software && r->several];
    if (*known) {
        *number = *known - 1;
        return 0;
    }
    struct fleet_hits *h = r->hits;
    enum fleet_status status;
    int64_t count = touches_of(r, node, r->e);
    if (count < 0 || fleet_combine_status(&status, r->criteria, r->touches, (size_t)count, software,
                                          &r->combining, r->e) != 0)
        return -1;
    if (grow((void **)&h->answers, h->answer_count, &r->answer_room, sizeof *h->answers, r->e) != 0)
        return -1;
    h->answers[h->answer_count] =
        (struct fleet_answer){.status = status, .node = node, .software = software};
    *number = (uint32_t)h->answer_count++;
    *known = *number + 1;
    return 0;
}

int fleet_hits_result(struct fleet_hits *hits, uint32_t number, struct fleet_result **result,
                      struct err *e)
{
    struct fleet_index_run *r = hits->run;
    const struct fleet_answer *a = &hits->answers[number];
    int64_t count = touches_of(r, a->node, e);

    return count < 0
               ? -1
               : fleet_combine(result, r->criteria, r->touches, (size_t)count, a->software, e);
}

static int collect(struct fleet_index_run *r)
{
    r->hits->hits = mem_new(r->class_count + 1, sizeof *r->hits->hits);
    if (!r->hits->hits)
        return err_memory(r->e);
    for (size_t i = 0; i < r->class_count; i++) {
        const struct fleet_index_class *class = &r->index->classes[r->classes[i]];
        uint32_t number = 0;
        if (answer(r, r->state[r->classes[i]], class->software, &number) != 0)
            return -1;
        if (r->hits->answers[number].status != FLEET_NOT_LISTED)
            r->hits->hits[r->hits->count++] = (struct fleet_hit){class->id, number};
    }
    return 0;
}

static int run(struct fleet_index_run *r)
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

static void run_free(struct fleet_index_run *r)
{
    for (size_t i = 0; i < r->candidate_count; i++)
        mem_free(r->candidates[i]->touches);
    mem_free(r->candidates);
    mem_free(r->touched);
    mem_free(r->touches);
    mem_free(r->nodes);
    mem_free(r->seen);
    mem_free(r->known);
    mem_free(r->state);
    mem_free(r->classes);
    arena_fini(&r->combining);
    arena_fini(&r->scratch);
    mem_free(r);
}

int fleet_index_match(const struct fleet_index *index, struct fleet_hits **hits,
                      const struct fleet_criteria *criteria, const struct fleet_options *options,
                      struct err *e)
{
    struct fleet_hits *h = mem_new(1, sizeof *h);
    struct fleet_index_run *r = mem_new(1, sizeof *r);
    *hits = NULL;
    if (!h || !r) {
        mem_free(h);
        mem_free(r);
        return err_memory(e);
    }
    *r = (struct fleet_index_run){.index = index,
                                  .criteria = criteria,
                                  .options = options ? options : &fleet_options_default,
                                  .hits = h,
                                  .e = e};
    h->run = r;
    arena_init(&r->scratch, 0);
    arena_init(&r->combining, 0);
    if (run(r) != 0) {
        fleet_hits_free(h);
        return -1;
    }
    r->e = NULL;
    *hits = h;
    return 0;
}

void fleet_hits_free(struct fleet_hits *hits)
{
    if (!hits)
        return;
    run_free(hits->run);
    mem_free(hits->answers);
    mem_free(hits->hits);
    mem_free(hits);
}
