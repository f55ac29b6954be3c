/* SPDX-License-Identifier: Apache-2.0 */
/* The product tree: every product id with its path, its helper and its relationships. */
#include "base/memory.h"
#include "csaf/model/model.h"

struct tree {
    struct csaf_document *d;
    struct csaf_check *check;
    struct csaf_product *products;
    size_t room;
    struct err *e;
};

static size_t count_products(const struct json_value *branches)
{
    size_t count = 0;
    json_each(branch, branches)
    {
        count += json_get(branch, "product") != NULL;
        count += count_products(json_get(branch, "branches"));
    }
    return count;
}

static int build_hashes(struct tree *t, const struct json_value *array, struct csaf_helper *helper)
{
    size_t count = 0;
    json_each(file, array) count += json_count(json_get(file, "file_hashes"));
    struct csaf_hash *hashes = csaf_new(t->d, count, sizeof *hashes, t->e);
    if (!hashes)
        return -1;
    helper->hashes = hashes;
    json_each(file, array) json_each(hash, json_get(file, "file_hashes"))
        hashes[helper->hash_count++] =
            (struct csaf_hash){.filename = json_get_string(file, "filename"),
                               .algorithm = json_get_string(hash, "algorithm"),
                               .value = json_get_string(hash, "value")};
    return 0;
}

/*
 * 2.1 has a list, whose items differ in their qualifiers at most (test 6.1.42). More than one stand
 * for the package without qualifiers: it is there in each of these forms.
 */
static struct slice purl_of(const struct json_value *helper)
{
    const struct json_value *purls = json_get(helper, "purls");
    struct slice first = json_string(json_first(purls));

    if (!purls)
        return json_get_string(helper, "purl");
    for (size_t i = 0; json_count(purls) > 1 && i < first.len; i++)
        if (first.data[i] == '?' || first.data[i] == '#')
            return slice_of(first.data, i);
    return first;
}

static int build_helper(struct tree *t, const struct json_value *v, const struct csaf_helper **out)
{
    if (!v)
        return 0;
    struct csaf_helper *helper = csaf_new(t->d, 1, sizeof *helper, t->e);
    if (!helper)
        return -1;
    *out = helper;
    helper->cpe = json_get_string(v, "cpe");
    helper->purl = purl_of(v);
    const struct json_value *array = json_get(v, "x_generic_uris");
    struct csaf_uri *uris = csaf_new(t->d, json_count(array), sizeof *uris, t->e);
    if (!uris)
        return -1;
    helper->uris = uris;
    json_each(item, array) uris[helper->uri_count++] = (struct csaf_uri){
        .namespace = json_get_string(item, "namespace"), .uri = json_get_string(item, "uri")};
    if (build_hashes(t, json_get(v, "hashes"), helper) != 0 ||
        csaf_build_strings(t->d, json_get(v, "model_numbers"), &helper->model_numbers, t->e) != 0 ||
        csaf_build_strings(t->d, json_get(v, "sbom_urls"), &helper->sbom_urls, t->e) != 0 ||
        csaf_build_strings(t->d, json_get(v, "serial_numbers"), &helper->serial_numbers, t->e) !=
            0 ||
        csaf_build_strings(t->d, json_get(v, "skus"), &helper->skus, t->e) != 0)
        return -1;
    return 0;
}

static int add_product(struct tree *t, const struct json_value *v, const char *parent,
                       const char *name, size_t index, const struct csaf_branch *branch,
                       const struct csaf_relationship *relationship)
{
    struct csaf_document *d = t->d;
    struct csaf_product *p = &t->products[d->product_count];
    p->index = d->product_count;
    p->id = json_get_string(v, "product_id");
    p->name = json_get_string(v, "name");
    p->branch = branch;
    p->relationship = relationship;
    if (csaf_place(d, v, parent, name, index, &p->place, t->e) != 0 ||
        build_helper(t, json_get(v, "product_identification_helper"), &p->helper) != 0)
        return -1;
    if (map_get(&d->model->products, p->id)) {
        csaf_fault(t->check, "csaf.duplicate", "section 6.1.2", json_get(v, "product_id"),
                   "the product id \"%.*s\" is defined twice", SLICE_ARG(p->id));
        return 0;
    }
    if (map_set(&d->model->products, p->id, p) != 0)
        return err_memory(t->e);
    d->product_count++;
    return 0;
}

static int add_branches(struct tree *t, const struct json_value *array, const char *pointer,
                        const struct csaf_branch *parent)
{
    size_t index = 0;
    json_each(v, array)
    {
        struct csaf_branch *branch = csaf_new(t->d, 1, sizeof *branch, t->e);
        if (!branch || csaf_place(t->d, v, pointer, NULL, index++, &branch->place, t->e) != 0)
            return -1;
        branch->category = (enum csaf_branch_category)csaf_name_find(
            csaf_branch_categories, json_get_string(v, "category"));
        branch->name = json_get_string(v, "name");
        branch->parent = parent;
        const struct json_value *product = json_get(v, "product");
        const struct json_value *branches = json_get(v, "branches");
        if (!product && !branches)
            csaf_fault(t->check, "csaf.required", "section 3.1.2", v,
                       "the branch has neither \"branches\" nor \"product\"");
        if (product &&
            add_product(t, product, branch->place.pointer, "product", 0, branch, NULL) != 0)
            return -1;
        if (branches) {
            char *below = arena_printf(&t->d->model->arena, "%s/branches", branch->place.pointer);
            if (!below)
                return err_memory(t->e);
            if (add_branches(t, branches, below, branch) != 0)
                return -1;
        }
    }
    return 0;
}

/* Depth first over both operands, with a stack of our own: a document may chain a million. */
static int check_circles(struct tree *t, const struct json_value *array, size_t first)
{
    enum { NEW, FIRST, SECOND, DONE };
    size_t count = t->d->product_count, depth = 0;
    uint8_t *state = mem_new(count + 1, sizeof *state);
    size_t *stack = mem_new(count + 1, sizeof *stack);
    int result = 0;
    if (!state || !stack) {
        result = err_memory(t->e);
        goto out;
    }
    for (size_t i = first; i < count; i++) {
        if (state[i] != NEW)
            continue;
        stack[depth++] = i;
        while (depth > 0) {
            size_t at = stack[depth - 1];
            const struct csaf_relationship *r = t->products[at].relationship;
            if (!r || state[at] == SECOND) {
                state[at] = DONE;
                depth--;
                continue;
            }
            const struct csaf_product *next = state[at] == NEW ? r->product : r->relates_to;
            state[at]++;
            if (state[next->index] == NEW) {
                stack[depth++] = next->index;
            } else if (state[next->index] != DONE) {
                csaf_fault(t->check, "csaf.circular", "section 6.1.3", json_at(array, at - first),
                           "the product \"%.*s\" is defined by itself",
                           SLICE_ARG(t->products[at].id));
                goto out;
            }
        }
    }
out:
    mem_free(state);
    mem_free(stack);
    return result;
}

/* First the products, so that relationships may name each other in any order. */
static int add_relationships(struct tree *t, const struct json_value *array)
{
    size_t first = t->d->product_count, index = 0;
    struct csaf_relationship *all = csaf_new(t->d, json_count(array), sizeof *all, t->e);
    if (!all)
        return -1;
    json_each(v, array)
    {
        all[index].category =
            (enum csaf_relation)csaf_name_find(csaf_relations, json_get_string(v, "category"));
        char *pointer = arena_printf(&t->d->model->arena, "/product_tree/relationships/%zu", index);
        if (!pointer)
            return err_memory(t->e);
        if (add_product(t, json_get(v, "full_product_name"), pointer, "full_product_name", 0, NULL,
                        &all[index]) != 0)
            return -1;
        index++;
    }
    index = 0;
    json_each(v, array)
    {
        static const char *const names[] = {"product_reference", "relates_to_product_reference"};
        for (int i = 0; i < 2; i++) {
            const struct csaf_product *p =
                map_get(&t->d->model->products, json_get_string(v, names[i]));
            if (!p)
                csaf_fault(t->check, "csaf.reference", "section 6.1.1", json_get(v, names[i]),
                           "no product has the id \"%.*s\"",
                           SLICE_ARG(json_get_string(v, names[i])));
            *(i ? &all[index].relates_to : &all[index].product) = p;
        }
        index++;
    }
    return t->check->errors ? 0 : check_circles(t, array, first);
}

/*
 * 2.1: a path of n steps is a chain of n relationships; the last one makes the product that the
 * path names, those before it are products without id.
 */
static int add_path(struct tree *t, const struct json_value *v, const char *pointer,
                    struct csaf_relationship *chain)
{
    const struct json_value *subpaths = json_get(v, "subpaths");
    size_t steps = json_count(subpaths), at = 0;

    json_each(step, subpaths)
    {
        chain[at].category =
            (enum csaf_relation)csaf_name_find(csaf_relations, json_get_string(step, "category"));
        if (++at == steps)
            break;
        struct csaf_product *p = &t->products[t->d->product_count];
        *p =
            (struct csaf_product){.name = json_get_string(json_get(v, "full_product_name"), "name"),
                                  .relationship = &chain[at - 1],
                                  .index = t->d->product_count++};
        if (csaf_place(t->d, v, pointer, "subpaths", 0, &p->place, t->e) != 0)
            return -1;
        chain[at].product = p;
    }
    return add_product(t, json_get(v, "full_product_name"), pointer, "full_product_name", 0, NULL,
                       &chain[steps - 1]);
}

static const struct csaf_product *referred(struct tree *t, const struct json_value *id)
{
    const struct csaf_product *p = map_get(&t->d->model->products, json_string(id));
    if (!p)
        csaf_fault(t->check, "csaf.reference", "section 6.1.1", id,
                   "no product has the id \"%.*s\"", SLICE_ARG(json_string(id)));
    return p;
}

static int add_paths(struct tree *t, const struct json_value *array)
{
    size_t count = 0, at = 0, index = 0;
    json_each(v, array) count += json_count(json_get(v, "subpaths"));
    struct csaf_relationship *all = csaf_new(t->d, count, sizeof *all, t->e);
    if (!all)
        return -1;
    json_each(v, array)
    {
        size_t steps = json_count(json_get(v, "subpaths"));
        char *pointer =
            arena_printf(&t->d->model->arena, "/product_tree/product_paths/%zu", index++);
        if (!pointer)
            return err_memory(t->e);
        if (steps > 0 && add_path(t, v, pointer, &all[at]) != 0)
            return -1;
        at += steps;
    }
    at = 0;
    json_each(v, array)
    {
        const struct json_value *subpaths = json_get(v, "subpaths");
        if (json_count(subpaths) > 0)
            all[at].product = referred(t, json_get(v, "beginning_product_reference"));
        json_each(step, subpaths) all[at++].relates_to =
            referred(t, json_get(step, "next_product_reference"));
    }
    return 0;
}

static int add_groups(struct tree *t, const struct json_value *array)
{
    struct csaf_document *d = t->d;
    struct csaf_group *groups = csaf_new(d, json_count(array), sizeof *groups, t->e);
    if (!groups)
        return -1;
    d->groups = groups;
    json_each(v, array)
    {
        struct csaf_group *g = &groups[d->group_count];
        g->id = json_get_string(v, "group_id");
        g->summary = json_get_string(v, "summary");
        if (csaf_build_products(d, t->check, json_get(v, "product_ids"), NULL, &g->products,
                                t->e) != 0)
            return -1;
        if (map_get(&d->model->groups, g->id)) {
            csaf_fault(t->check, "csaf.duplicate", "section 6.1.5", json_get(v, "group_id"),
                       "the group id \"%.*s\" is defined twice", SLICE_ARG(g->id));
            continue;
        }
        if (map_set(&d->model->groups, g->id, g) != 0)
            return err_memory(t->e);
        d->group_count++;
    }
    return 0;
}

int csaf_build_tree(struct csaf_document *d, struct csaf_check *check, struct err *e)
{
    const struct json_value *v = json_get(json_root(d->json), "product_tree");
    const struct json_value *branches = json_get(v, "branches");
    const struct json_value *names = json_get(v, "full_product_names");
    const struct json_value *relationships =
        d->csaf_version == CSAF_2_1 ? NULL : json_get(v, "relationships");
    struct tree t = {.d = d, .check = check, .e = e};
    const struct json_value *paths =
        d->csaf_version == CSAF_2_1 ? json_get(v, "product_paths") : NULL;
    t.room = count_products(branches) + json_count(names) + json_count(relationships);
    json_each(path, paths) t.room += json_count(json_get(path, "subpaths")) + 1;
    /* one more: a product that is defined twice is built before that is seen */
    t.products = csaf_new(d, t.room + 1, sizeof *t.products, e);
    if (!t.products)
        return -1;
    d->products = t.products;
    if (add_branches(&t, branches, "/product_tree/branches", NULL) != 0)
        return -1;
    size_t index = 0;
    json_each(name, names) if (add_product(&t, name, "/product_tree/full_product_names", NULL,
                                           index++, NULL, NULL) != 0) return -1;
    if (add_relationships(&t, relationships) != 0 || add_paths(&t, paths) != 0)
        return -1;
    return add_groups(&t, json_get(v, "product_groups"));
}
