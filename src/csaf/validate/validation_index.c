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
    void *item = (uint8_t *)g->at + g->count++ * g->size;
    memset(item, 0, g->size);
    return item;
}

static void define(struct index *x, struct growing *list, const struct json_value *value,
                   const struct json_value *holder, const char *id, enum csaf_defined_in in)
{
    if (!json_is(value, JSON_OBJECT))
        return;
    struct csaf_definition *d = append(x, list);
    if (!d)
        return;
    d->id_value = json_get(value, id);
    d->id = json_string(d->id_value);
    d->value = value;
    d->holder = holder;
    d->in = in;
    d->index = list->count - 1;
}

static void use(struct index *x, struct growing *list, const struct json_value *value,
                struct csaf_use as)
{
    if (!json_is(value, JSON_STRING))
        return;
    struct csaf_use *u = append(x, list);
    if (u) {
        *u = as;
        u->value = value;
    }
}

static void use_list(struct index *x, struct growing *list, const struct json_value *values,
                     struct csaf_use as)
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
                         (struct csaf_use){.role = CSAF_USE_GROUP, .item = item});
            }
        } else if (slice_is(name, "relationships") && x->v->version == CSAF_2_0) {
            json_each(item, part)
            {
                define(x, &x->products, json_get(item, "full_product_name"), item, "product_id",
                       CSAF_IN_RELATIONSHIP);
                use(x, &x->product_uses, json_get(item, "product_reference"),
                    (struct csaf_use){.role = CSAF_USE_REFERENCE, .item = item});
                use(x, &x->product_uses, json_get(item, "relates_to_product_reference"),
                    (struct csaf_use){.role = CSAF_USE_RELATES_TO, .item = item});
            }
        } else if (slice_is(name, "product_paths") && x->v->version == CSAF_2_1) {
            json_each(item, part)
            {
                define(x, &x->products, json_get(item, "full_product_name"), item, "product_id",
                       CSAF_IN_PATH);
                use(x, &x->product_uses, json_get(item, "beginning_product_reference"),
                    (struct csaf_use){.role = CSAF_USE_REFERENCE, .item = item});
                const struct json_value *subpaths = json_get(item, "subpaths");
                if (json_is(subpaths, JSON_ARRAY))
                    json_each(subpath, subpaths)
                        use(x, &x->product_uses, json_get(subpath, "next_product_reference"),
                            (struct csaf_use){.role = CSAF_USE_RELATES_TO, .item = item});
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
                 json_get(item, role == CSAF_USE_METRIC ? "products" : "product_ids"), as);
        use_list(x, &x->group_uses, json_get(item, "group_ids"), as);
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
                                                   (struct csaf_use){.role = CSAF_USE_STATUS,
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

static void lead_to(const struct map *ids, const struct growing *uses)
{
    struct csaf_use *list = uses->at;
    for (size_t i = 0; i < uses->count; i++)
        list[i].defined = map_get(ids, json_string(list[i].value));
}

static int name_them(struct map *ids, struct csaf_definition *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list[i].first = &list[i];
        if (!list[i].id.data)
            continue;
        struct csaf_definition *first = map_get(ids, list[i].id);
        if (first)
            list[i].first = first;
        else if (map_set(ids, list[i].id, &list[i]) < 0)
            return -1;
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

    map_init(&v->product_ids);
    map_init(&v->group_ids);
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
    if (x.failed || name_them(&v->product_ids, v->products, v->product_count) < 0 ||
        name_them(&v->group_ids, v->groups, v->group_count) < 0)
        return err_memory(v->e);
    lead_to(&v->product_ids, &x.product_uses);
    lead_to(&v->group_ids, &x.group_uses);
    return 0;
}

void csaf_index_fini(struct csaf_validation *v)
{
    csaf_reach_free(v->reach);
    map_fini(&v->product_ids);
    map_fini(&v->group_ids);
    mem_free(v->products);
    mem_free(v->groups);
    mem_free((void *)(uintptr_t)v->product_uses);
    mem_free((void *)(uintptr_t)v->group_uses);
}

const struct csaf_definition *csaf_defined_product(const struct csaf_validation *v, struct slice id)
{
    return id.data ? map_get(&v->product_ids, id) : NULL;
}

const struct csaf_definition *csaf_defined_group(const struct csaf_validation *v, struct slice id)
{
    return id.data ? map_get(&v->group_ids, id) : NULL;
}

const struct json_value *csaf_array(const struct json_value *object, const char *name)
{
    const struct json_value *member = json_get(object, name);
    return json_is(member, JSON_ARRAY) ? member : NULL;
}

const struct json_value *csaf_object(const struct json_value *object, const char *name)
{
    const struct json_value *member = json_get(object, name);
    return json_is(member, JSON_OBJECT) ? member : NULL;
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
