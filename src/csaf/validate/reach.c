/* SPDX-License-Identifier: Apache-2.0 */
/* Products and groups as numbers: members of each group, groups of each product, and marks. */
#include "csaf/validate/reach.h"
#include "base/memory.h"

/*
 * Marking a group marks its products, which is cheap up to LIGHT of them. Of larger groups a round
 * keeps up to HEAVY as groups, so that one group in many vulnerabilities costs nothing each time.
 */
enum { LIGHT = 256, HEAVY = 16 };

struct marked {
    uint32_t round; /* of csaf_reach_begin: older marks count for nothing */
    unsigned bits;
    bool heavy; /* a group whose products are not marked */
};

/* A mark that was set in this round, in order: groups catch up with those since they were asked. */
struct event {
    uint32_t product;
    unsigned bits; /* new ones */
};

enum { BITS = 8 };

/* What is known of a group's products as such, up to an event. */
struct asked {
    uint32_t round;
    uint32_t upto; /* events */
    unsigned bits;
    uint32_t witness[BITS]; /* for each bit a product that has it */
};

/* Lists of numbers, one behind the other: list i is at[start[i]] to at[start[i + 1]]. */
struct lists {
    uint32_t *start;
    uint32_t *at;
};

struct csaf_reach {
    struct csaf_validation *v;
    const struct csaf_numbered *products; /* by number, of the index */
    uint32_t product_count, group_count;
    struct lists members;   /* of each group: its products */
    struct lists groups;    /* of each product: the groups that have it, rising */
    struct marked *product; /* marks */
    struct marked *group;
    uint32_t round;
    struct event *events; /* of this round */
    uint32_t event_count, event_room;
    struct asked *asked; /* by group */
    uint32_t heavy[HEAVY];
    uint32_t heavy_count;
    struct map common; /* numbers of two large groups -> number of a product + 1 */
};

void csaf_reach_free(struct csaf_reach *r)
{
    if (!r)
        return;
    map_fini(&r->common);
    mem_free(r->members.start);
    mem_free(r->members.at);
    mem_free(r->groups.start);
    mem_free(r->groups.at);
    mem_free(r->product);
    mem_free(r->group);
    mem_free(r->events);
    mem_free(r->asked);
    mem_free(r);
}

/* The number of a product id, or product_count. */
static uint32_t product_number(const struct csaf_reach *r, const struct json_value *id)
{
    uint32_t number = csaf_product_number(r->v, id);

    return number == CSAF_NO_ID ? r->product_count : number;
}

/* The number of a group id, or group_count; groups of one id are one. */
static uint32_t group_number(const struct csaf_reach *r, const struct json_value *id)
{
    uint32_t number = csaf_group_number(r->v, id);
    const struct csaf_definition *d =
        number == CSAF_NO_ID ? NULL : r->v->group_ids.at[number].defined;

    return d ? (uint32_t)d->index : r->group_count;
}

/* Counts at start[i + 1] become places. */
static void sum_up(uint32_t *start, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        start[i + 1] += start[i];
}

/* Members of groups, in the order of the groups' first definitions, each once. */
static int fill_members(struct csaf_reach *r, uint32_t total)
{
    const struct csaf_validation *v = r->v;
    uint32_t *next = mem_new((size_t)r->group_count + 1, sizeof *next);

    r->members.start = mem_new((size_t)r->group_count + 2, sizeof *r->members.start);
    r->members.at = mem_new((size_t)total + 1, sizeof *r->members.at);
    if (!next || !r->members.start || !r->members.at) {
        mem_free(next);
        return -1;
    }
    for (size_t i = 0; i < v->group_count; i++)
        r->members.start[v->groups[i].first->index + 1] +=
            (uint32_t)json_count(csaf_array(v->groups[i].value, "product_ids"));
    sum_up(r->members.start, r->group_count);
    for (size_t i = 0; i < v->group_count; i++) {
        size_t g = v->groups[i].first->index;
        json_each(id, csaf_array(v->groups[i].value, "product_ids"))
        {
            /* what is no string has no number: the list keeps it as such */
            r->members.at[r->members.start[g] + next[g]++] = product_number(r, id);
        }
    }
    mem_free(next);
    return 0;
}

/* The other way round; groups of a product rise because they are filled in that order. */
static int fill_groups(struct csaf_reach *r, uint32_t total)
{
    uint32_t *next = mem_new((size_t)r->product_count + 1, sizeof *next);

    r->groups.start = mem_new((size_t)r->product_count + 2, sizeof *r->groups.start);
    r->groups.at = mem_new((size_t)total + 1, sizeof *r->groups.at);
    if (!next || !r->groups.start || !r->groups.at) {
        mem_free(next);
        return -1;
    }
    for (uint32_t i = 0; i < total; i++)
        if (r->members.at[i] < r->product_count)
            r->groups.start[r->members.at[i] + 1]++;
    sum_up(r->groups.start, r->product_count);
    for (uint32_t g = 0; g < r->group_count; g++)
        for (uint32_t i = r->members.start[g]; i < r->members.start[g + 1]; i++) {
            uint32_t p = r->members.at[i];
            if (p < r->product_count)
                r->groups.at[r->groups.start[p] + next[p]++] = g;
        }
    mem_free(next);
    return 0;
}

static int build(struct csaf_reach *r)
{
    const struct csaf_validation *v = r->v;
    size_t total = 0;

    for (size_t i = 0; i < v->group_count; i++)
        total += json_count(csaf_array(v->groups[i].value, "product_ids"));
    r->products = v->product_ids.at;
    r->product_count = v->product_ids.count;
    /* documents have at most 50,000,000 values: all counts fit */
    r->group_count = (uint32_t)v->group_count;
    r->product = mem_new((size_t)r->product_count + 1, sizeof *r->product);
    r->asked = mem_new((size_t)r->group_count + 1, sizeof *r->asked);
    r->group = mem_new((size_t)r->group_count + 1, sizeof *r->group);
    if (!r->product || !r->asked || !r->group)
        return -1;
    return fill_members(r, (uint32_t)total) < 0 || fill_groups(r, (uint32_t)total) < 0 ? -1 : 0;
}

struct csaf_reach *csaf_reach(struct csaf_validation *v)
{
    if (!v->reach) {
        struct csaf_reach *r = mem_new(1, sizeof *r);
        if (r) {
            r->v = v;
            map_init(&r->common);
        }
        if (!r || build(r) < 0) {
            csaf_reach_free(r);
            csaf_no_memory(v);
            return NULL;
        }
        v->reach = r;
    }
    csaf_reach_begin(v->reach);
    return v->reach;
}

void csaf_reach_begin(struct csaf_reach *r)
{
    r->round++; /* at most one for each vulnerability and test: never wraps */
    r->event_count = r->heavy_count = 0;
}

static void mark_product(struct csaf_reach *r, uint32_t p, unsigned bits)
{
    struct marked *m = &r->product[p];

    if (m->round != r->round)
        *m = (struct marked){.round = r->round};
    bits &= ~m->bits;
    if (!bits)
        return;
    m->bits |= bits;
    if (r->event_count == r->event_room) {
        uint32_t room = r->event_room ? r->event_room * 2 : 256;
        struct event *more = mem_resize(r->events, room, sizeof *more);
        if (!more) {
            csaf_no_memory(r->v); /* nothing that is found from here on is kept */
            return;
        }
        r->events = more;
        r->event_room = room;
    }
    r->events[r->event_count++] = (struct event){p, bits};
}

void csaf_reach_mark_product(struct csaf_reach *r, const struct json_value *id, unsigned bits)
{
    uint32_t p = product_number(r, id);

    if (p < r->product_count)
        mark_product(r, p, bits);
}

static uint32_t size_of(const struct csaf_reach *r, uint32_t g)
{
    return r->members.start[g + 1] - r->members.start[g];
}

void csaf_reach_mark_group(struct csaf_reach *r, const struct json_value *id, unsigned bits)
{
    uint32_t g = group_number(r, id);

    if (g == r->group_count)
        return;
    struct marked *m = &r->group[g];
    if (m->round != r->round) {
        *m = (struct marked){.round = r->round};
        if (size_of(r, g) > LIGHT && r->heavy_count < HEAVY) {
            m->heavy = true;
            r->heavy[r->heavy_count++] = g;
        }
    }
    if ((m->bits | bits) == m->bits)
        return;
    m->bits |= bits;
    if (m->heavy)
        return;
    for (uint32_t i = r->members.start[g]; i < r->members.start[g + 1]; i++)
        if (r->members.at[i] < r->product_count)
            mark_product(r, r->members.at[i], bits);
}

void csaf_reach_mark_item(struct csaf_reach *r, const struct json_value *item, unsigned bits)
{
    json_each(id, csaf_array(item, "product_ids")) csaf_reach_mark_product(r, id, bits);
    json_each(id, csaf_array(item, "group_ids")) csaf_reach_mark_group(r, id, bits);
}

static unsigned own_bits(const struct csaf_reach *r, uint32_t p)
{
    return r->product[p].round == r->round ? r->product[p].bits : 0;
}

static unsigned group_bits(const struct csaf_reach *r, uint32_t g)
{
    return r->group[g].round == r->round ? r->group[g].bits : 0;
}

static bool is_member(const struct csaf_reach *r, uint32_t p, uint32_t g)
{
    uint32_t low = r->groups.start[p], high = r->groups.start[p + 1];

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->groups.at[middle] == g)
            return true;
        if (r->groups.at[middle] < g)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static unsigned bits_of(const struct csaf_reach *r, uint32_t p)
{
    unsigned bits = own_bits(r, p);

    if (r->groups.start[p + 1] - r->groups.start[p] <= r->heavy_count) {
        for (uint32_t i = r->groups.start[p]; i < r->groups.start[p + 1]; i++)
            bits |= group_bits(r, r->groups.at[i]);
        return bits;
    }
    for (uint32_t i = 0; i < r->heavy_count; i++) {
        uint32_t g = r->heavy[i];
        if ((group_bits(r, g) | bits) != bits && is_member(r, p, g))
            bits |= group_bits(r, g);
    }
    return bits;
}

unsigned csaf_reach_product(struct csaf_reach *r, const struct json_value *id)
{
    uint32_t p = product_number(r, id);

    return p < r->product_count ? bits_of(r, p) : 0;
}

static uint32_t look_for_common(const struct csaf_reach *r, uint32_t small, uint32_t large)
{
    for (uint32_t i = r->members.start[small]; i < r->members.start[small + 1]; i++) {
        uint32_t p = r->members.at[i];
        if (p < r->product_count && is_member(r, p, large))
            return p;
    }
    return r->product_count;
}

/* A product that both groups have, or product_count; *failed: no memory. */
static uint32_t common_product(struct csaf_reach *r, uint32_t a, uint32_t b, bool *failed)
{
    uint32_t small = size_of(r, a) < size_of(r, b) ? a : b, large = small == a ? b : a;
    uint32_t pair[2] = {a < b ? a : b, a < b ? b : a};

    if (size_of(r, small) <= LIGHT)
        return look_for_common(r, small, large);
    const void *known = map_get(&r->common, slice_of(pair, sizeof pair));
    if (known)
        return (uint32_t)((uintptr_t)known - 1);
    uint32_t found = look_for_common(r, small, large);
    const char *key = arena_copy(r->v->kept_arena, pair, sizeof pair);
    if (!key ||
        map_set(&r->common, slice_of(key, sizeof pair), (void *)((uintptr_t)found + 1)) < 0) {
        csaf_no_memory(r->v);
        *failed = true;
    }
    return found;
}

static void witness(struct asked *a, uint32_t p, unsigned bits)
{
    bits &= ~a->bits;
    a->bits |= bits;
    for (unsigned i = 0; i < BITS && bits >> i; i++)
        if (bits >> i & 1)
            a->witness[i] = p;
}

/* A product of the group that is marked itself, or product_count. */
static uint32_t marked_member(struct csaf_reach *r, uint32_t g, unsigned of)
{
    struct asked *a = &r->asked[g];

    if (a->round != r->round)
        *a = (struct asked){.round = r->round};
    if (r->event_count - a->upto < size_of(r, g)) {
        for (uint32_t i = a->upto; i < r->event_count; i++)
            if ((r->events[i].bits & ~a->bits) && is_member(r, r->events[i].product, g))
                witness(a, r->events[i].product, r->events[i].bits);
    } else {
        for (uint32_t i = r->members.start[g]; i < r->members.start[g + 1]; i++)
            if (r->members.at[i] < r->product_count)
                witness(a, r->members.at[i], own_bits(r, r->members.at[i]));
    }
    a->upto = r->event_count;
    for (unsigned i = 0; i < BITS; i++)
        if ((a->bits & of) >> i & 1)
            return a->witness[i];
    return r->product_count;
}

int csaf_reach_group(struct csaf_reach *r, const struct json_value *id, unsigned of,
                     struct slice *product, unsigned *bits)
{
    uint32_t g = group_number(r, id), found;
    bool failed = false;

    if (g == r->group_count)
        return 0;
    found = marked_member(r, g, of);
    for (uint32_t i = 0; i < r->heavy_count && found == r->product_count && !failed; i++)
        if (group_bits(r, r->heavy[i]) & of)
            found = common_product(r, g, r->heavy[i], &failed);
    if (failed)
        return -1;
    if (found == r->product_count)
        return 0;
    *product = r->products[found].text;
    *bits = bits_of(r, found);
    return 1;
}
