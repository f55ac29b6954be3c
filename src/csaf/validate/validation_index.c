/* SPDX-License-Identifier: Apache-2.0 */
/* Where a document defines products and groups, and where it uses them: one walk, in the order of
 * its text. */
#include "base/clock.h"
#include "base/memory.h"
#include "csaf/validate/reach.h"

/* Arrays that grow; a document has as many entries as its size allows. */
struct growing {
    void *at;
    size_t count, room, size;
};

struct index {
    struct csaf_validation *v;
    struct growing products, groups, product_uses, group_uses;
    bool failed;
};

/* Room for one more; the caller fills it. */
static void *append(struct index *x, struct growing *g)
{
    if (g->count == g->room) {
        size_t room = g->room ? g->room * 2 : 64;
        void *at = mem_resize(g->at, room, g->size);
        if (!at) {
            x->failed = true;
            return NULL;
        }
        g->at = at;
        g->room = room;
    }
    return (uint8_t *)g->at + g->count++ * g->size;
}

static void define(struct index *x, struct growing *list, const struct json_value *value,
                   const struct json_value *holder, const char *id, enum csaf_defined_in in)
{
    if (!json_is(value, JSON_OBJECT))
        return;
    struct csaf_definition *d = append(x, list);
    if (!d)
        return;
    x->v->has_paths |= in == CSAF_IN_RELATIONSHIP || in == CSAF_IN_PATH;
    const struct json_value *id_value = json_get(value, id);
    *d = (struct csaf_definition){.id = json_string(id_value),
                                  .id_value = id_value,
                                  .value = value,
                                  .holder = holder,
                                  .in = in,
                                  .index = list->count - 1};
}

static inline void use(struct index *x, struct growing *list, const struct json_value *value,
                       const struct csaf_use *as)
{
    if (!json_is(value, JSON_STRING))
        return;
    struct csaf_use *u = append(x, list);
    if (u) {
        *u = *as;
        u->value = value;
    }
}

static void use_list(struct index *x, struct growing *list, const struct json_value *values,
                     const struct csaf_use *as)
{
    if (json_is(values, JSON_ARRAY))
        json_each(value, values) use(x, list, value, as);
}

/* Members in the order of the text, so that all lists are in that order, too. */
static void branches(struct index *x, const struct json_value *list, unsigned depth)
{
    if (!json_is(list, JSON_ARRAY) || depth > 128)
        return;
    json_each(branch, list)
    {
        json_each(member, branch)
        {
            if (slice_is(json_name(member), "branches"))
                branches(x, member, depth + 1);
            else if (slice_is(json_name(member), "product"))
                define(x, &x->products, member, branch, "product_id", CSAF_IN_BRANCH);
        }
    }
}

static void product_tree(struct index *x, const struct json_value *tree)
{
    json_each(part, tree)
    {
        struct slice name = json_name(part);
        if (slice_is(name, "branches")) {
            branches(x, part, 0);
        } else if (!json_is(part, JSON_ARRAY)) {
            continue;
        } else if (slice_is(name, "full_product_names")) {
            json_each(item, part) define(x, &x->products, item, item, "product_id", CSAF_IN_LIST);
        } else if (slice_is(name, "product_groups")) {
            json_each(item, part)
            {
                define(x, &x->groups, item, item, "group_id", CSAF_IN_GROUPS);
                use_list(x, &x->product_uses, json_get(item, "product_ids"),
                         &(struct csaf_use){.role = CSAF_USE_GROUP, .item = item});
            }
        } else if (slice_is(name, "relationships") && x->v->version == CSAF_2_0) {
            json_each(item, part)
            {
                define(x, &x->products, json_get(item, "full_product_name"), item, "product_id",
                       CSAF_IN_RELATIONSHIP);
                use(x, &x->product_uses, json_get(item, "product_reference"),
                    &(struct csaf_use){.role = CSAF_USE_REFERENCE, .item = item});
                use(x, &x->product_uses, json_get(item, "relates_to_product_reference"),
                    &(struct csaf_use){.role = CSAF_USE_RELATES_TO, .item = item});
            }
        } else if (slice_is(name, "product_paths") && x->v->version == CSAF_2_1) {
            json_each(item, part)
            {
                define(x, &x->products, json_get(item, "full_product_name"), item, "product_id",
                       CSAF_IN_PATH);
                use(x, &x->product_uses, json_get(item, "beginning_product_reference"),
                    &(struct csaf_use){.role = CSAF_USE_REFERENCE, .item = item});
                const struct json_value *subpaths = json_get(item, "subpaths");
                if (json_is(subpaths, JSON_ARRAY))
                    json_each(subpath, subpaths)
                        use(x, &x->product_uses, json_get(subpath, "next_product_reference"),
                            &(struct csaf_use){.role = CSAF_USE_RELATES_TO, .item = item});
            }
        }
    }
}

static void use_both(struct index *x, const struct json_value *list, enum csaf_role role,
                     const struct json_value *vulnerability)
{
    if (!json_is(list, JSON_ARRAY))
        return;
    json_each(item, list)
    {
        struct csaf_use as = {.role = role, .item = item, .vulnerability = vulnerability};
        use_list(x, &x->product_uses,
                 json_get(item, role == CSAF_USE_METRIC ? "products" : "product_ids"), &as);
        use_list(x, &x->group_uses, json_get(item, "group_ids"), &as);
    }
}

static void vulnerability(struct index *x, const struct json_value *v)
{
    static const struct {
        const char *name;
        enum csaf_role role;
        unsigned versions;
    } lists[] = {
        {"scores", CSAF_USE_METRIC, CSAF_2_0},
        {"metrics", CSAF_USE_METRIC, CSAF_2_1},
        {"remediations", CSAF_USE_REMEDIATION, CSAF_2_0 | CSAF_2_1},
        {"threats", CSAF_USE_THREAT, CSAF_2_0 | CSAF_2_1},
        {"flags", CSAF_USE_FLAG, CSAF_2_0 | CSAF_2_1},
        {"notes", CSAF_USE_NOTE, CSAF_2_1},
        {"ids", CSAF_USE_ID, CSAF_2_1},
        {"involvements", CSAF_USE_INVOLVEMENT, CSAF_2_1},
        {"first_known_exploitation_dates", CSAF_USE_EXPLOITATION, CSAF_2_1},
    };
    json_each(member, v)
    {
        struct slice name = json_name(member);
        if (slice_is(name, "product_status")) {
            if (json_is(member, JSON_OBJECT))
                json_each(status, member) use_list(x, &x->product_uses, status,
                                                   &(struct csaf_use){.role = CSAF_USE_STATUS,
                                                                      .item = member,
                                                                      .vulnerability = v,
                                                                      .status = json_name(status)});
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
            if ((lists[i].versions & x->v->version) && slice_is(name, lists[i].name))
                use_both(x, member, lists[i].role, v);
    }
}

static inline bool is_at(const struct csaf_ids *ids, uint32_t number, struct slice id)
{
    return number < ids->count && ids->at[number].text.len == id.len &&
           slice_bytes_equal(ids->at[number].text.data, id.data, id.len);
}

/*
 * The number of an id, a new one when it has none. Lists of ids mostly go through the products as
 * the tree does, and begin where the last one did: that is tried before the id is looked for.
 */
static inline int number_id(struct csaf_ids *ids, struct slice id, uint32_t *number)
{
    void *before;

    if (is_at(ids, ids->next, id)) {
        *number = ids->next++;
        return 0;
    }
    if (is_at(ids, ids->start, id)) {
        *number = ids->start;
        ids->next = ids->start + 1;
        return 0;
    }
    if (map_add(&ids->numbers, id, (void *)((uintptr_t)ids->count + 1), &before) < 0)
        return -1;
    *number = before ? (uint32_t)((uintptr_t)before - 1) : ids->count;
    ids->start = *number;
    ids->next = *number + 1;
    if (before)
        return 0;
    if (ids->count == ids->room) {
        uint32_t room = ids->room ? ids->room * 2 : 64;
        struct csaf_numbered *at = mem_resize(ids->at, room, sizeof *at);
        if (!at)
            return -1; /* the result is void, and the map with it */
        ids->at = at;
        ids->room = room;
    }
    ids->at[ids->count++] = (struct csaf_numbered){.text = id};
    return 0;
}

static inline int number_value(struct csaf_validation *v, struct csaf_ids *ids,
                               const struct json_value *value, uint32_t *number)
{
    if (number_id(ids, json_string(value), number) < 0)
        return -1;
    v->id_numbers[json_order(v->doc, value)] = *number + 1;
    return 0;
}

/* Definitions first, so that uses mostly find the number that they try. */
static int number_them(struct csaf_validation *v, struct csaf_ids *ids, struct growing *definitions,
                       struct growing *uses)
{
    struct csaf_definition *defined = definitions->at;
    struct csaf_use *used = uses->at;
    uint32_t number;

    if (map_reserve(&ids->numbers, definitions->count) < 0)
        return -1;
    for (size_t i = 0; i < definitions->count; i++) {
        struct csaf_definition *d = &defined[i];
        d->first = d;
        if (!d->id.data)
            continue;
        if (number_value(v, ids, d->id_value, &number) < 0)
            return -1;
        if (ids->at[number].defined)
            d->first = ids->at[number].defined;
        else
            ids->at[number].defined = d;
    }
    ids->next = ids->start = 0;
    for (size_t i = 0; i < uses->count; i++) {
        if (number_value(v, ids, used[i].value, &number) < 0)
            return -1;
        used[i].defined = ids->at[number].defined;
    }
    return 0;
}

int csaf_index(struct csaf_validation *v)
{
    struct index x = {.v = v,
                      .products = {.size = sizeof(struct csaf_definition)},
                      .groups = {.size = sizeof(struct csaf_definition)},
                      .product_uses = {.size = sizeof(struct csaf_use)},
                      .group_uses = {.size = sizeof(struct csaf_use)}};

    map_init(&v->product_ids.numbers);
    map_init(&v->group_ids.numbers);
    v->id_numbers = mem_new(json_order_count(v->doc), sizeof *v->id_numbers);
    if (v->version == CSAF_2_1)
        use_both(&x, json_get(v->document, "notes"), CSAF_USE_NOTE, NULL);
    if (json_is(v->product_tree, JSON_OBJECT))
        product_tree(&x, v->product_tree);
    if (json_is(v->vulnerabilities, JSON_ARRAY))
        json_each(item, v->vulnerabilities) if (json_is(item, JSON_OBJECT)) vulnerability(&x, item);
    v->products = x.products.at;
    v->product_count = x.products.count;
    v->groups = x.groups.at;
    v->group_count = x.groups.count;
    v->product_uses = x.product_uses.at;
    v->product_use_count = x.product_uses.count;
    v->group_uses = x.group_uses.at;
    v->group_use_count = x.group_uses.count;
    if (x.failed || !v->id_numbers ||
        number_them(v, &v->product_ids, &x.products, &x.product_uses) < 0 ||
        number_them(v, &v->group_ids, &x.groups, &x.group_uses) < 0)
        return err_memory(v->e);
    return 0;
}

void csaf_index_fini(struct csaf_validation *v)
{
    csaf_reach_free(v->reach);
    mem_free(v->history.at);
    map_fini(&v->product_ids.numbers);
    map_fini(&v->group_ids.numbers);
    mem_free(v->product_ids.at);
    mem_free(v->group_ids.at);
    mem_free(v->id_numbers);
    mem_free(v->products);
    mem_free(v->groups);
    mem_free((void *)(uintptr_t)v->product_uses);
    mem_free((void *)(uintptr_t)v->group_uses);
}

static uint32_t number_of(const struct csaf_validation *v, const struct csaf_ids *ids,
                          const struct json_value *id)
{
    if (!json_is(id, JSON_STRING))
        return CSAF_NO_ID;
    uint32_t number = v->id_numbers[json_order(v->doc, id)];
    if (!number) /* an id where the standard has none */
        number = (uint32_t)(uintptr_t)map_get(&ids->numbers, json_string(id));
    return number ? number - 1 : CSAF_NO_ID;
}

uint32_t csaf_product_number(const struct csaf_validation *v, const struct json_value *id)
{
    return number_of(v, &v->product_ids, id);
}

uint32_t csaf_group_number(const struct csaf_validation *v, const struct json_value *id)
{
    return number_of(v, &v->group_ids, id);
}

const struct csaf_definition *csaf_defined_product(const struct csaf_validation *v,
                                                   const struct json_value *id)
{
    uint32_t number = csaf_product_number(v, id);

    return number == CSAF_NO_ID ? NULL : v->product_ids.at[number].defined;
}

struct slice csaf_category(const struct csaf_validation *v)
{
    return json_get_string(v->document, "category");
}

struct slice csaf_tracking_status_of(const struct csaf_validation *v)
{
    return json_get_string(v->tracking, "status");
}

struct slice csaf_tlp_label(const struct csaf_validation *v)
{
    return json_get_string(json_get(json_get(v->document, "distribution"), "tlp"), "label");
}

bool csaf_is_profile(const struct csaf_validation *v, const char *profile)
{
    return slice_is(csaf_category(v), profile);
}

bool csaf_time_of(const struct json_value *value, int64_t *time)
{
    struct err e = {0};
    return json_is(value, JSON_STRING) && time_parse(json_string(value), time, &e) == 0;
}
