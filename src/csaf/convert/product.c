/* SPDX-License-Identifier: Apache-2.0 */
/* /product_tree: every product found once, relationships to product paths, groups. */
#include "base/memory.h"
#include "csaf/convert/convert_internal.h"
#include "csaf/document.h"

struct convert_product *convert_product_find(const struct converter *c, struct slice id)
{
    return id.len ? map_get(&c->products, id) : NULL;
}

static struct convert_product *add(struct converter *c, struct node *n, struct node *branch,
                                   struct node *group)
{
    struct slice id = node_get_text(n, "product_id");
    if (!n || convert_failed(c))
        return NULL;
    convert_helper(c, n);
    if (map_get(&c->products, id) || id.len == 0)
        return NULL; /* the original is not valid, which is told elsewhere */
    if (c->product_count == c->product_room) {
        size_t room = c->product_room ? 2 * c->product_room : 64;
        void *grown = mem_resize(c->list, room, sizeof(struct convert_product *));
        if (!grown) {
            err_memory(c->e);
            return NULL;
        }
        c->list = grown;
        c->product_room = room;
    }
    struct convert_product *p = arena_new(&c->arena, 1, sizeof *p);
    if (!p || map_set(&c->products, id, p) != 0) {
        err_memory(c->e);
        return NULL;
    }
    *p = (struct convert_product){
        .id = id, .node = n, .branch = branch, .group = group, .index = c->product_count};
    c->list[c->product_count++] = p;
    return p;
}

static void walk(struct converter *c, struct node *branches, struct node *group)
{
    node_each(branch, branches)
    {
        unsigned category = convert_category(node_get_text(branch, "category"));
        struct node *here = category & (BRANCH_NAME | BRANCH_FAMILY) ? branch : group;
        (void)add(c, node_get(branch, "product"), branch, here);
        walk(c, node_get(branch, "branches"), here);
    }
}

/* "product, category, relates to" is a path of one step. */
static void paths(struct converter *c, struct node *tree)
{
    struct node *old = node_take(tree, "relationships");
    if (!old)
        return;
    struct node *all = node_new(c, JSON_ARRAY, old);
    node_each(relation, old)
    {
        struct node *path = node_new(c, JSON_OBJECT, relation);
        struct node *step = node_new(c, JSON_OBJECT, relation);
        struct node *steps = node_new(c, JSON_ARRAY, relation);
        struct node *begins = node_get(relation, "product_reference");
        struct node *relates = node_get(relation, "relates_to_product_reference");
        struct node *category = node_get(relation, "category");
        struct node *product = node_get(relation, "full_product_name");
        if (convert_failed(c))
            return;
        if (begins)
            node_set_text(c, path, "beginning_product_reference", begins->text, begins);
        if (category)
            node_set_text(c, step, "category", category->text, category);
        if (relates)
            node_set_text(c, step, "next_product_reference", relates->text, relates);
        node_append(steps, step);
        node_set(path, "subpaths", steps);
        if (product) {
            struct convert_product *p = add(c, product, NULL, NULL);
            node_set(path, "full_product_name", node_take(relation, "full_product_name"));
            if (p)
                p->begins = convert_product_find(c, node_text(begins));
        }
        node_append(all, path);
    }
    if (node_empty(all))
        return;
    node_set(tree, "product_paths", all);
}

static void groups(struct converter *c, struct node *tree)
{
    node_each(n, node_get(tree, "product_groups"))
    {
        struct slice id = node_get_text(n, "group_id");
        struct node *ids = node_get(n, "product_ids");
        size_t count = 0;
        if (id.len == 0 || map_get(&c->groups, id))
            continue;
        node_each(one, ids) count++;
        struct convert_group *g = arena_new(&c->arena, 1, sizeof *g);
        struct convert_product **products =
            arena_new(&c->arena, count + 1, sizeof(struct convert_product *));
        if (!g || !products || map_set(&c->groups, id, g) != 0) {
            err_memory(c->e);
            return;
        }
        *g = (struct convert_group){.id = id, .products = products};
        node_each(one, ids)
        {
            struct convert_product *p = convert_product_find(c, node_text(one));
            if (p)
                products[g->count++] = p;
        }
    }
}

void convert_products(struct converter *c)
{
    struct node *tree = node_get(c->root, "product_tree");
    walk(c, node_get(tree, "branches"), NULL);
    node_each(n, node_get(tree, "full_product_names"))(void) add(c, n, NULL, NULL);
    if (!convert_failed(c))
        paths(c, tree);
    if (!convert_failed(c))
        groups(c, tree);
}

void convert_count(struct converter *c, size_t more)
{
    c->references += more;
    if (c->references > CSAF_REFERENCES && !convert_failed(c))
        err_set(c->e, ERR_LIMIT, "csaf.limit", NULL,
                "the document refers to products more than %d times, groups resolved",
                CSAF_REFERENCES);
}

struct convert_product **convert_targets(struct converter *c, const struct node *object,
                                         size_t *count)
{
    const struct node *ids = node_get(object, "product_ids");
    const struct node *group_ids = node_get(object, "group_ids");
    size_t room = 1;
    *count = 0;
    node_each(one, ids) room++;
    node_each(one, group_ids)
    {
        const struct convert_group *g = map_get(&c->groups, node_text(one));
        room += g ? g->count : 0;
    }
    convert_count(c, room);
    if (convert_failed(c))
        return NULL;
    struct convert_product **all = arena_new(&c->arena, room, sizeof(struct convert_product *));
    if (!all) {
        err_memory(c->e);
        return NULL;
    }
    c->turn++;
    node_each(one, ids)
    {
        struct convert_product *p = convert_product_find(c, node_text(one));
        if (p && p->seen != c->turn) {
            p->seen = c->turn;
            all[(*count)++] = p;
        }
    }
    node_each(one, group_ids)
    {
        const struct convert_group *g = map_get(&c->groups, node_text(one));
        for (size_t i = 0; g && i < g->count; i++)
            if (g->products[i]->seen != c->turn) {
                g->products[i]->seen = c->turn;
                all[(*count)++] = g->products[i];
            }
    }
    return all;
}
