/* SPDX-License-Identifier: Apache-2.0 */
/* Missing Fixed Product (6.2.39.1): where something is affected, readers want to know what is not.
 */
#include "csaf/validate/reach.h"
#include "csaf/validate/tests.h"
#include "product/vers.h"

/* What of a product's way through the tree matters. */
struct line {
    const struct json_value *family; /* its product_name, without the versions below */
    bool fix_expected;               /* its range ends with "< X" */
};

struct lines {
    struct csaf_validation *v;
    struct line *of; /* by index of products */
};

static bool ends_below(struct csaf_validation *v, struct slice name)
{
    struct product_vers vers;
    bool uri = name.len > 5 && memcmp(name.data, "vers:", 5) == 0;

    if ((uri ? product_vers_read(v->arena, name, &vers, v->e)
             : product_vls_read(v->arena, name, &vers, v->e)) < 0 ||
        vers.count == 0)
        return false;
    return vers.constraints[vers.count - 1].comparator == PRODUCT_BELOW;
}

static void walk(struct lines *l, const struct json_value *list, struct line above, unsigned depth)
{
    if (!json_is(list, JSON_ARRAY) || depth > 128)
        return;
    json_each(branch, list)
    {
        struct line here = above;
        struct slice category = json_get_string(branch, "category");
        if (slice_is(category, "product_name") || !here.family)
            here.family = slice_is(category, "product_name") ? branch : NULL;
        if (slice_is(category, "product_version_range"))
            here.fix_expected = ends_below(l->v, json_get_string(branch, "name"));
        const struct csaf_definition *d =
            csaf_defined_product(l->v, json_get(json_get(branch, "product"), "product_id"));
        if (d)
            l->of[d->index] = here;
        walk(l, json_get(branch, "branches"), here, depth + 1);
    }
}

/* A product of a path is a version of what the path begins with. */
static void paths(struct lines *l)
{
    for (size_t i = 0; i < l->v->product_count; i++) {
        const struct csaf_definition *d = &l->v->products[i];
        if (d->in != CSAF_IN_PATH)
            continue;
        const struct csaf_definition *begin =
            csaf_defined_product(l->v, json_get(d->holder, "beginning_product_reference"));
        if (begin && begin->in == CSAF_IN_BRANCH)
            l->of[i] = l->of[begin->index];
    }
}

/* Marks of products: what remediations say of a fix. */
enum { NO_FIX = 1, FIX = 2 };

static void mark_remediations(struct csaf_reach *reach, const struct json_value *vulnerability)
{
    static const struct {
        const char *category;
        unsigned mark;
    } marks[] = {{"fix_planned", NO_FIX},
                 {"no_fix_planned", NO_FIX},
                 {"none_available", NO_FIX},
                 {"vendor_fix", FIX}};

    csaf_reach_begin(reach);
    json_each(
        remediation,
        csaf_array(vulnerability,
                   "remediations")) for (size_t i = 0; i < ARRAY_LEN(marks);
                                         i++) if (slice_is(json_get_string(remediation, "category"),
                                                           marks[i].category))
        csaf_reach_mark_item(reach, remediation, marks[i].mark);
}

/* Families that have a fixed product in this vulnerability; of a product without family, any will
 * do. */
static bool fixed_families(struct lines *l, const struct json_value *status, struct map *families)
{
    static const char *const fixed[] = {"first_fixed", "fixed"};
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        json_each(id, json_get(status, fixed[i]))
        {
            const struct csaf_definition *d = csaf_defined_product(l->v, id);
            any = true;
            if (d && l->of[d->index].family &&
                map_set(families, slice_of(&l->of[d->index].family, sizeof(void *)), l) < 0)
                csaf_no_memory(l->v);
        }
    return any;
}

static void vulnerability(struct lines *l, const struct json_value *vulnerability,
                          struct csaf_reach *reach)
{
    static const char *const affected[] = {"first_affected", "known_affected", "last_affected"};
    const struct json_value *status = json_get(vulnerability, "product_status");
    struct map families;

    map_init(&families);
    bool any = fixed_families(l, status, &families);
    mark_remediations(reach, vulnerability);
    for (size_t i = 0; i < ARRAY_LEN(affected); i++)
        json_each(id, json_get(status, affected[i]))
        {
            const struct csaf_definition *d = csaf_defined_product(l->v, id);
            if (!d)
                continue;
            const struct line *line = &l->of[d->index];
            if (line->family ? map_get(&families, slice_of(&line->family, sizeof(void *))) != NULL
                             : any)
                continue;
            if (csaf_reach_product(reach, d->id_value) == NO_FIX && !line->fix_expected)
                continue;
            csaf_find(l->v, id, "product %s is %s, and no version of it is listed as fixed",
                      csaf_quote(l->v, d->id), affected[i]);
            csaf_suggest(l->v,
                         "list the fixed version, or say by a remediation that there is none");
        }
    map_fini(&families);
}

void csaf_test_6_2_39_1(struct csaf_validation *v)
{
    struct lines l = {.v = v};

    if (!csaf_is_profile(v, "csaf_security_advisory"))
        return;
    struct csaf_reach *reach = csaf_reach(v);
    l.of = arena_new(v->arena, v->product_count + 1, sizeof *l.of);
    if (!reach)
        return;
    if (!l.of) {
        csaf_no_memory(v);
        return;
    }
    walk(&l, json_get(v->product_tree, "branches"), (struct line){0}, 0);
    paths(&l);
    json_each(item, v->vulnerabilities) vulnerability(&l, item, reach);
}
