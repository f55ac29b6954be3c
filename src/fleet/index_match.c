/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One advisory against all classes. Targets find products by their keys, and are compared with each
 * once; then with the product's versions. Versions of which all targets say the same make a
 * *group*. Versions lead to components, components to classes; classes that have the same touched
 * components share one answer. Which ones do is told by walking a tree of component sets: a class
 * starts at its root and moves on with every touched component that it has. The status of a set
 * follows from the groups of its components, and is found once for all sets of the same groups; its
 * reasons are made when they are asked for.
 */
#include "base/memory.h"
#include "fleet/index_run.h"
#include "fleet/match_combine.h"
#include "fleet/match_same.h"

#include <stdlib.h>

/* Components, versions and classes lie scattered in memory: they are asked for before they are
 * needed, as far as so many come in between. */
enum { AHEAD = 8 };

struct node {
    uint32_t parent;
    uint32_t component; /* position in run.touched */
    uint32_t next;      /* node behind this one for the component `round` */
    uint32_t round;
    uint32_t result[2]; /* + 1; 0: not made yet; by whether the class lists software */
};

struct candidate {
    const struct fleet_index_product *product;
    struct fleet_contact *contacts;
    size_t count, room;
    size_t targets;   /* of all its contacts */
    uint32_t profile; /* the same for all that were found to be the same targets as surely */
};

/* Versions, and products of the same profile, that all targets judge alike. */
struct group {
    const struct candidate *candidate;
    const struct fleet_subject *subject;
    const uint8_t *says; /* by target of the contacts */
    uint32_t number;
    uint32_t counted; /* how often it stands on the path that is being looked at */
    uint32_t round;
    uint8_t
        alone[2]; /* the status of a class with nothing else, + 1; by whether it lists software */
};

/* A class with a touched component, and how far it came. */
struct met {
    uint32_t class;
    uint32_t node;
};

struct touched {
    const struct fleet_index_component *component;
    struct group *group;
};

struct status {
    enum fleet_status status;
};

struct fleet_index_run {
    const struct fleet_index *index;
    const struct fleet_criteria *criteria;
    const struct fleet_options *options;
    struct arena scratch;
    struct arena combining; /* for one answer at a time */
    struct fleet_listener listener;
    struct fleet_sweep *sweep; /* NULL: this advisory alone */
    const uint32_t *products;  /* with a sweep: by target */
    struct fleet_meetings meetings;
    struct fleet_sparse known; /* by product: position in candidates + 1 */
    struct candidate **candidates;
    size_t candidate_count, candidate_room;
    struct map profiles; /* targets and how sure -> the first candidate */
    struct map groups;   /* profile and what is said -> group */
    struct map statuses; /* groups and software -> status */
    uint32_t group_count;
    uint32_t round;
    struct touched *touched;
    size_t touched_count, touched_room;
    struct node *nodes;
    size_t node_count, node_room;
    struct fleet_sparse known_classes; /* by class: position in classes + 1 */
    struct met *classes;
    size_t class_count, class_room;
    struct fleet_hits *hits;
    size_t answer_room;
    const struct touched **path; /* the components of one node, by their bytes */
    size_t path_room;
    struct fleet_touches touches; /* of one node */
    bool several;                 /* some criterion has more than one operand */
    struct err *e;
};

static int grow(void **list, size_t count, size_t *room, size_t size, struct err *e)
{
    return fleet_index_grow(list, count, room, size) == 0 ? 0 : err_memory(e);
}

/* ---- products ----------------------------------------------------------------------------------
 */

static struct candidate *candidate(struct fleet_index_run *r, uint32_t product)
{
    uint32_t *known = fleet_sparse_at(&r->known, product);
    if (known && *known)
        return r->candidates[*known - 1];
    struct candidate *c = arena_new(&r->scratch, 1, sizeof *c);
    if (!known || !c ||
        grow((void **)&r->candidates, r->candidate_count, &r->candidate_room,
             sizeof(struct candidate *), r->e) != 0) {
        err_memory(r->e);
        return NULL;
    }
    c->product = r->index->products[product];
    r->candidates[r->candidate_count++] = c;
    *known = (uint32_t)r->candidate_count;
    return c;
}

static int meet(struct fleet_index_run *r, uint32_t leader, const struct fleet_meeting *met)
{
    struct candidate *c = candidate(r, met->product);
    if (!c || grow((void **)&c->contacts, c->count, &c->room, sizeof *c->contacts, r->e) != 0)
        return -1;
    size_t targets = fleet_listener_targets(&r->listener, leader);
    c->contacts[c->count++] = (struct fleet_contact){leader, met->id};
    c->targets += targets;
    return targets ? 0 : err_memory(r->e);
}

static int find_products(struct fleet_index_run *r)
{
    struct fleet_meetings *m = &r->meetings;
    for (uint32_t t = 0; t < r->criteria->target_count; t++) {
        if (!fleet_same_leads(r->criteria, t))
            continue;
        if ((r->sweep ? fleet_sweep_meetings(r->sweep, r->products[t], m, r->e)
                      : fleet_meetings_find(m, &r->criteria->targets[t], r->e)) != 0)
            return -1;
        for (size_t i = 0; i < m->count; i++)
            if (meet(r, t, &m->at[i]) != 0)
                return -1;
    }
    return 0;
}

/* All of an identification that a status depends on, but for what the version then says. */
struct profile_part {
    uint32_t leader;
    uint16_t rule;
    uint8_t confidence;
    uint8_t any_version;
};

static int set_profile(struct fleet_index_run *r, struct candidate *c, uint32_t number)
{
    const struct fleet_subject *subject = c->product->subject;
    size_t head = 2, len = head + c->count * sizeof(struct profile_part);
    uint8_t *text = arena_new(&r->scratch, len, 1);
    if (!text)
        return err_memory(r->e);
    text[0] = subject->identity->kind == FLEET_DEVICE;
    text[1] = subject->model_missing;
    for (size_t i = 0; i < c->count; i++) {
        const struct fleet_identified *id = &c->contacts[i].id;
        struct profile_part part = {c->contacts[i].leader, (uint16_t)id->rule,
                                    (uint8_t)id->confidence, id->any_version};
        memcpy(text + head + i * sizeof part, &part, sizeof part);
    }
    const struct candidate *first = map_get(&r->profiles, slice_of(text, len));
    c->profile = first ? first->profile : number;
    if (!first && map_set(&r->profiles, slice_of(text, len), c) != 0)
        return err_memory(r->e);
    return 0;
}

/* ---- versions ----------------------------------------------------------------------------------
 */

/* The product's subject with a version, for relations that look at it. */
static const struct fleet_subject *
with_version(struct fleet_index_run *r, const struct fleet_subject *of, struct slice version)
{
    struct fleet_identity *identity = arena_alloc(&r->scratch, sizeof *identity);
    struct fleet_subject *subject = arena_alloc(&r->scratch, sizeof *subject);
    if (!identity || !subject) {
        err_memory(r->e);
        return NULL;
    }
    *identity = *of->identity;
    identity->version = version;
    *subject = *of;
    subject->identity = identity;
    return subject;
}

/* says: the profile's number, then a byte a target; in the run's arena. */
static struct group *group_of(struct fleet_index_run *r, const struct candidate *c,
                              struct slice version, struct slice says)
{
    const struct fleet_subject *subject = c->product->subject;
    /* a relation may compare the firmware of a device itself */
    bool alone = r->several && subject->identity->kind == FLEET_DEVICE;
    struct group *group = alone ? NULL : map_get(&r->groups, says);
    if (group)
        return group;
    group = arena_new(&r->scratch, 1, sizeof *group);
    if (!group || (!alone && map_set(&r->groups, says, group) != 0)) {
        err_memory(r->e);
        return NULL;
    }
    group->candidate = c;
    group->says = says.data + sizeof c->profile;
    group->number = r->group_count++;
    group->subject = alone ? with_version(r, subject, version) : subject;
    return group->subject ? group : NULL;
}

/* What every target of a candidate's contacts says of a version. */
static int listen(struct fleet_index_run *r, const struct candidate *c,
                  const struct fleet_version *version, uint8_t *says, bool *any)
{
    size_t at = 0;
    *any = false;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t leader = c->contacts[i].leader;
        if (fleet_listener_hear(&r->listener, leader, c->product->subject, &c->contacts[i].id,
                                version, says + at, any, r->e) != 0)
            return -1;
        at += fleet_listener_targets(&r->listener, leader);
    }
    return 0;
}

static int look_at_version(struct fleet_index_run *r, const struct candidate *c,
                           const struct fleet_index_version *v)
{
    const struct fleet_version version = fleet_index_version_of(v);
    size_t len = sizeof c->profile + c->targets;
    uint8_t *says = arena_alloc(&r->scratch, len);
    bool any;
    if (!says)
        return err_memory(r->e);
    memcpy(says, &c->profile, sizeof c->profile);
    if (listen(r, c, &version, says + sizeof c->profile, &any) != 0)
        return -1;
    if (!any)
        return 0;
    struct group *group = group_of(r, c, version.text, slice_of(says, len));
    if (!group)
        return -1;
    struct fleet_index_component *const *components = fleet_index_components_of(v);
    for (size_t i = 0; i < v->component_count; i++) {
        if (grow((void **)&r->touched, r->touched_count, &r->touched_room, sizeof *r->touched,
                 r->e) != 0)
            return -1;
        r->touched[r->touched_count++] = (struct touched){components[i], group};
    }
    return 0;
}

static void ask_ahead(const struct fleet_index_run *r, size_t i)
{
    if (i + 2 * AHEAD < r->candidate_count)
        __builtin_prefetch(r->candidates[i + 2 * AHEAD]->product);
    if (i + AHEAD < r->candidate_count)
        __builtin_prefetch(r->candidates[i + AHEAD]->product->versions);
    if (i + AHEAD / 2 >= r->candidate_count)
        return;
    const struct fleet_index_product *p = r->candidates[i + AHEAD / 2]->product;
    __builtin_prefetch(p->subject);
    for (size_t k = 0; k < p->version_count && k < AHEAD; k++)
        __builtin_prefetch(p->versions[k]);
}

static int find_components(struct fleet_index_run *r)
{
    for (size_t i = 0; i < r->candidate_count; i++) {
        struct candidate *c = r->candidates[i];
        ask_ahead(r, i);
        if (set_profile(r, c, (uint32_t)i) != 0)
            return -1;
        for (size_t k = 0; k < c->product->version_count; k++) {
            if (k + AHEAD < c->product->version_count)
                __builtin_prefetch(c->product->versions[k + AHEAD]);
            if (look_at_version(r, c, c->product->versions[k]) != 0)
                return -1;
        }
    }
    return 0;
}

/* ---- classes -----------------------------------------------------------------------------------
 */

static int step(struct fleet_index_run *r, uint32_t class, uint32_t component)
{
    uint32_t *known = fleet_sparse_at(&r->known_classes, class);
    if (!known)
        return err_memory(r->e);
    if (*known == 0) {
        if (grow((void **)&r->classes, r->class_count, &r->class_room, sizeof *r->classes, r->e) !=
            0)
            return -1;
        r->classes[r->class_count++] = (struct met){.class = class};
        *known = (uint32_t)r->class_count;
    }
    struct met *met = &r->classes[*known - 1];
    uint32_t at = met->node;
    if (r->nodes[at].round != component + 1) {
        if (grow((void **)&r->nodes, r->node_count, &r->node_room, sizeof *r->nodes, r->e) != 0)
            return -1;
        r->nodes[r->node_count] = (struct node){.parent = at, .component = component};
        r->nodes[at].round = component + 1;
        r->nodes[at].next = (uint32_t)r->node_count++;
    }
    met->node = r->nodes[at].next;
    return 0;
}

static int walk_classes(struct fleet_index_run *r)
{
    for (uint32_t i = 0; i < r->touched_count; i++) {
        const struct fleet_index_component *c = r->touched[i].component;
        const uint32_t *classes = fleet_index_classes_of(c);
        if (i + AHEAD < r->touched_count)
            __builtin_prefetch(r->touched[i + AHEAD].component);
        for (size_t k = 0; k < c->class_count; k++)
            if (step(r, classes[k], i) != 0)
                return -1;
    }
    return 0;
}

static struct slice bytes_of(const struct touched *t)
{
    return slice_of(t->component->canonical, t->component->canonical_len);
}

static int by_bytes(const void *x, const void *y)
{
    return slice_compare(bytes_of(*(const struct touched *const *)x),
                         bytes_of(*(const struct touched *const *)y));
}

/* The components on the way to a node into r->path, in the order in which a class has them. */
static int64_t path_to(struct fleet_index_run *r, uint32_t node, struct err *e)
{
    size_t count = 0;
    for (uint32_t n = node; n; n = r->nodes[n].parent) {
        if (grow((void **)&r->path, count, &r->path_room, sizeof(struct touched *), e) != 0)
            return -1;
        r->path[count++] = &r->touched[r->nodes[n].component];
    }
    if (count > 1)
        qsort(r->path, count, sizeof(struct touched *), by_bytes);
    size_t kept = 0;
    r->round++;
    for (size_t i = 0; i < count; i++) {
        struct group *g = r->path[i]->group;
        if (g->round != r->round)
            g->counted = 0;
        g->round = r->round;
        /* more of one group on a path say nothing new: see struct fleet_alike */
        if (g->counted++ < FLEET_ALIKE)
            r->path[kept++] = r->path[i];
    }
    return (int64_t)kept;
}

/* What the first `count` of r->path are touched by, as far as a status needs it. */
static int groups_touches(struct fleet_index_run *r, size_t count)
{
    r->touches.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct group *g = r->path[i]->group;
        const uint8_t *says = g->says;
        for (size_t k = 0; k < g->candidate->count; k++) {
            const struct fleet_contact *contact = &g->candidate->contacts[k];
            uint32_t target = contact->leader;
            do {
                struct fleet_touch t = {.target = target,
                                        .subject = i,
                                        .of = g->subject,
                                        .id = contact->id,
                                        .in = fleet_says_in(*says),
                                        .contested = *says >= FLEET_SAYS_CONTESTED};
                if (*says++ != FLEET_SAYS_NOTHING && fleet_touches_add(&r->touches, &t, r->e) != 0)
                    return -1;
                target = r->criteria->targets[target].next;
            } while (target);
        }
    }
    return 0;
}

/* Of a class with one touched component: most have no other. */
static int status_alone(struct fleet_index_run *r, uint32_t node, bool software,
                        enum fleet_status *status)
{
    uint8_t *known = &r->touched[r->nodes[node].component].group->alone[software];
    if (!*known) {
        if (path_to(r, node, r->e) < 0 || groups_touches(r, 1) != 0 ||
            fleet_combine_status(status, r->criteria, r->touches.at, r->touches.count, software,
                                 &r->combining, r->e) != 0)
            return -1;
        *known = (uint8_t)(*status + 1);
    }
    *status = (enum fleet_status)(*known - 1);
    return 0;
}

/* One status for all sets of components of the same groups in the same order. */
static int status_of(struct fleet_index_run *r, uint32_t node, bool software,
                     enum fleet_status *status)
{
    if (r->nodes[node].parent == 0)
        return status_alone(r, node, software, status);
    int64_t count = path_to(r, node, r->e);
    if (count < 0)
        return -1;
    size_t len = ((size_t)count + 1) * sizeof(uint32_t);
    uint32_t *key = arena_alloc(&r->scratch, len);
    if (!key)
        return err_memory(r->e);
    for (int64_t i = 0; i < count; i++)
        key[i] = r->path[i]->group->number;
    key[count] = software;
    const struct status *known = map_get(&r->statuses, slice_of(key, len));
    if (!known) {
        struct status *made = arena_alloc(&r->scratch, sizeof *made);
        if (!made)
            return err_memory(r->e);
        if (groups_touches(r, (size_t)count) != 0 ||
            fleet_combine_status(&made->status, r->criteria, r->touches.at, r->touches.count,
                                 software, &r->combining, r->e) != 0)
            return -1;
        if (map_set(&r->statuses, slice_of(key, len), made) != 0)
            return err_memory(r->e);
        known = made;
    }
    *status = known->status;
    return 0;
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
    enum fleet_status status = FLEET_NOT_LISTED;
    if (status_of(r, node, software && r->several, &status) != 0 ||
        grow((void **)&h->answers, h->answer_count, &r->answer_room, sizeof *h->answers, r->e) != 0)
        return -1;
    h->answers[h->answer_count] =
        (struct fleet_answer){.status = status, .node = node, .software = software};
    *number = (uint32_t)h->answer_count++;
    *known = *number + 1;
    return 0;
}

/* The class's own identity of these bytes; NULL: it has none. */
static const struct fleet_identity *own_identity(const struct fleet_class *class,
                                                 struct slice canonical)
{
    size_t low = 0, high = class->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(class->identities[middle].canonical, canonical) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < class->count && slice_equal(class->identities[low].canonical, canonical)
               ? &class->identities[low]
               : NULL;
}

/* A component as it is, compared again with the targets that it met: reasons name its own values.
 */
static int component_touches(struct fleet_index_run *r, uint32_t position,
                             const struct fleet_class *class, struct arena *a, struct err *e)
{
    const struct touched *t = r->path[position];
    const struct fleet_identity *identity = class ? own_identity(class, bytes_of(t)) : NULL;
    struct fleet_subject *subject = arena_new(a, 1, sizeof *subject);
    if (!subject)
        return err_memory(e);
    if (!identity) {
        struct fleet_identity *stored = arena_new(a, 1, sizeof *stored);
        if (!stored)
            return err_memory(e);
        if (fleet_identity_parse(a, bytes_of(t), stored, e) != 0)
            return -1;
        stored->canonical = bytes_of(t);
        identity = stored;
    }
    if (fleet_subject_prepare(a, identity, subject, e) != 0)
        return -1;
    for (size_t k = 0; k < t->group->candidate->count; k++) {
        uint32_t leader = t->group->candidate->contacts[k].leader;
        struct fleet_identified id;
        if (fleet_touch_identify(&r->criteria->targets[leader], subject, r->options, &id, NULL) &&
            fleet_touches_chain(&r->touches, r->criteria, leader, subject, position, &id, NULL,
                                e) != 0)
            return -1;
    }
    return 0;
}

int fleet_hits_result_for(struct fleet_hits *hits, uint32_t number, const struct fleet_class *class,
                          struct fleet_result **result, struct err *e)
{
    struct fleet_index_run *r = hits->run;
    const struct fleet_answer *a = &hits->answers[number];
    int64_t count = path_to(r, a->node, e);
    int done = count < 0 ? -1 : 0;

    *result = NULL;
    arena_reset(&r->combining);
    r->touches.count = 0;
    for (uint32_t i = 0; done == 0 && i < count; i++)
        done = component_touches(r, i, class, &r->combining, e);
    return done == 0
               ? fleet_combine(result, r->criteria, r->touches.at, r->touches.count, a->software, e)
               : -1;
}

int fleet_hits_result(struct fleet_hits *hits, uint32_t number, struct fleet_result **result,
                      struct err *e)
{
    return fleet_hits_result_for(hits, number, NULL, result, e);
}

static int collect(struct fleet_index_run *r)
{
    r->hits->hits = mem_new(r->class_count + 1, sizeof *r->hits->hits);
    if (!r->hits->hits)
        return err_memory(r->e);
    for (size_t i = 0; i < r->class_count; i++) {
        const struct fleet_index_class *class = &r->index->classes[r->classes[i].class];
        uint32_t number = 0;
        if (i + AHEAD < r->class_count)
            __builtin_prefetch(&r->index->classes[r->classes[i + AHEAD].class]);
        if (answer(r, r->classes[i].node, class->software, &number) != 0)
            return -1;
        if (r->hits->answers[number].status != FLEET_NOT_LISTED)
            r->hits->hits[r->hits->count++] = (struct fleet_hit){class->id, number};
    }
    return 0;
}

static int run(struct fleet_index_run *r)
{
    for (size_t i = 0; i < r->criteria->criterion_count; i++)
        r->several = r->several || r->criteria->criteria[i].operand_count > 1;
    if (find_products(r) != 0 || find_components(r) != 0)
        return -1;
    if (r->touched_count) {
        if (grow((void **)&r->nodes, 0, &r->node_room, sizeof *r->nodes, r->e) != 0)
            return err_memory(r->e);
        r->nodes[r->node_count++] = (struct node){0};
    }
    return walk_classes(r) == 0 ? collect(r) : -1;
}

static void run_free(struct fleet_index_run *r)
{
    for (size_t i = 0; i < r->candidate_count; i++)
        mem_free(r->candidates[i]->contacts);
    mem_free(r->candidates);
    mem_free(r->touched);
    mem_free(r->path);
    mem_free(r->touches.at);
    mem_free(r->nodes);
    fleet_meetings_fini(&r->meetings);
    fleet_sparse_fini(&r->known);
    fleet_sparse_fini(&r->known_classes);
    mem_free(r->classes);
    fleet_listener_fini(&r->listener);
    map_fini(&r->profiles);
    map_fini(&r->groups);
    map_fini(&r->statuses);
    arena_fini(&r->combining);
    arena_fini(&r->scratch);
    mem_free(r);
}

int fleet_index_run(const struct fleet_index *index, struct fleet_hits **hits,
                    const struct fleet_criteria *criteria, const struct fleet_options *options,
                    struct fleet_sweep *sweep, const uint32_t *products, struct err *e)
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
                                  .sweep = sweep,
                                  .products = products,
                                  .hits = h,
                                  .e = e};
    h->run = r;
    arena_init(&r->scratch, 0);
    arena_init(&r->combining, 0);
    fleet_meetings_init(&r->meetings, index, r->options);
    fleet_sparse_init(&r->known, index->product_numbers.count);
    fleet_sparse_init(&r->known_classes, index->class_numbers.count);
    fleet_listener_init(&r->listener, criteria, &r->scratch);
    map_init(&r->profiles);
    map_init(&r->groups);
    map_init(&r->statuses);
    if (run(r) != 0) {
        fleet_hits_free(h);
        return -1;
    }
    r->e = NULL;
    *hits = h;
    return 0;
}

int fleet_index_match(const struct fleet_index *index, struct fleet_hits **hits,
                      const struct fleet_criteria *criteria, const struct fleet_options *options,
                      struct err *e)
{
    return fleet_index_run(index, hits, criteria, options, NULL, NULL, e);
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
