/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/reading.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>

enum { PART_MOST = 100, WHICH_MOST = 120, STEPS_SHOWN = 4, VALUES = 20000000 };

struct reading {
    struct csaf_reading open; /* first: what callers hold */
    struct json_doc *json;
    struct arena arena;
    struct map products; /* id -> product */
    struct map groups;
    struct csaf_reading_product *list;
    size_t room;
    struct err *e;
};

static struct reading *inside(const struct csaf_reading *r)
{
    return (struct reading *)(uintptr_t)r;
}

void csaf_reading_words(struct slice name, char *out, size_t size)
{
    size_t len = utf8_cut(name, size - 1);
    for (size_t i = 0; i < len; i++)
        out[i] = name.data[i] == '_' ? ' ' : (char)name.data[i];
    out[len] = 0;
}

static bool failed(const struct reading *r)
{
    return err_is_set(r->e);
}

static void *new (struct reading *r, size_t count, size_t size)
{
    void *p = arena_new(&r->arena, count ? count : 1, size);
    if (!p)
        err_memory(r->e);
    return p;
}

/* --- products --- */

static struct csaf_reading_product *add(struct reading *r, const struct json_value *v,
                                        const struct csaf_reading_branch *branch)
{
    struct slice id = json_get_string(v, "product_id");
    if (!v || failed(r))
        return NULL;
    if (r->open.product_count == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        void *grown = mem_resize(r->list, room, sizeof *r->list);
        if (!grown) {
            err_memory(r->e);
            return NULL;
        }
        r->list = grown;
        r->room = room;
    }
    struct csaf_reading_product *p = &r->list[r->open.product_count];
    *p = (struct csaf_reading_product){.id = id,
                                       .name = json_get_string(v, "name"),
                                       .helper = json_get(v, "product_identification_helper"),
                                       .branch = branch,
                                       .index = r->open.product_count++};
    if (!json_is(p->helper, JSON_OBJECT))
        p->helper = NULL;
    return p;
}

static bool is_family(struct slice category)
{
    return slice_is(category, "vendor") || slice_is(category, "product_name") ||
           slice_is(category, "product_family") || slice_is(category, "legacy");
}

/* As deep as the document, which the JSON reader bounds. */
static void branches(struct reading *r, const struct json_value *list,
                     const struct csaf_reading_branch *parent)
{
    json_each(v, list)
    {
        struct csaf_reading_branch *b = new (r, 1, sizeof *b);
        if (failed(r) || !b)
            return;
        *b = (struct csaf_reading_branch){.category = json_get_string(v, "category"),
                                          .name = json_get_string(v, "name"),
                                          .parent = parent,
                                          .index = r->open.branch_count++};
        if (json_is(json_get(v, "product"), JSON_OBJECT))
            (void)add(r, json_get(v, "product"), b);
        branches(r, json_get(v, "branches"), b);
    }
}

static void one_step(struct reading *r, const struct json_value *v, const char *reference,
                     struct csaf_reading_step *step)
{
    (void)r;
    *step = (struct csaf_reading_step){.category = json_get_string(v, "category"),
                                       .id = json_get_string(v, reference)};
}

static void paths(struct reading *r, const struct json_value *tree)
{
    json_each(v, json_get(tree, "relationships"))
    {
        struct csaf_reading_product *p = add(r, json_get(v, "full_product_name"), NULL);
        struct csaf_reading_step *step = new (r, 1, sizeof *step);
        if (failed(r))
            return;
        if (!p || !step)
            continue;
        p->begins_id = json_get_string(v, "product_reference");
        one_step(r, v, "relates_to_product_reference", step);
        p->steps = step;
        p->step_count = 1;
    }
    json_each(v, json_get(tree, "product_paths"))
    {
        struct csaf_reading_product *p = add(r, json_get(v, "full_product_name"), NULL);
        const struct json_value *steps = json_get(v, "subpaths");
        size_t count = json_is(steps, JSON_ARRAY) ? json_count(steps) : 0, at = 0;
        struct csaf_reading_step *all = new (r, count, sizeof *all);
        if (failed(r))
            return;
        if (!p || !all)
            continue;
        p->begins_id = json_get_string(v, "beginning_product_reference");
        if (count)
            json_each(one, steps) one_step(r, one, "next_product_reference", &all[at++]);
        p->steps = all;
        p->step_count = count;
    }
}

static void index_products(struct reading *r)
{
    r->open.products = r->list;
    for (size_t i = 0; i < r->open.product_count; i++) {
        struct csaf_reading_product *p = &r->list[i];
        if (p->id.len == 0 || map_get(&r->products, p->id))
            continue; /* defined twice: the first holds */
        if (map_set(&r->products, p->id, p) != 0) {
            err_memory(r->e);
            return;
        }
    }
}

const struct csaf_reading_product *csaf_reading_product_find(const struct csaf_reading *r,
                                                             struct slice id)
{
    return id.len ? map_get(&inside(r)->products, id) : NULL;
}

const struct csaf_reading_group *csaf_reading_group_find(const struct csaf_reading *r,
                                                         struct slice id)
{
    return id.len ? map_get(&inside(r)->groups, id) : NULL;
}

/* --- what to call them --- */

static void put_cut(struct buf *b, struct slice s, size_t most)
{
    size_t len = utf8_cut(s, most);
    buf_put(b, s.data, len);
    if (len < s.len)
        buf_puts(b, "\xe2\x80\xa6");
}

/* A branch's name as a reader says it: VERS without its scheme, "vers:all/ *" in words. */
static void put_name(struct buf *b, const struct csaf_reading_branch *branch)
{
    struct slice name = branch->name;
    const uint8_t *slash = name.len > 5 ? memchr(name.data, '/', name.len) : NULL;
    if (slice_is(name, "vers:all/*")) {
        buf_puts(b, "all versions");
        return;
    }
    if (slash && memcmp(name.data, "vers:", 5) == 0 &&
        slice_is(branch->category, "product_version_range"))
        name = slice_of(slash + 1, name.len - (size_t)(slash + 1 - name.data));
    size_t from = b->len;
    put_cut(b, name, PART_MOST);
    if (!slice_is(branch->category, "product_version_range") || b->failed)
        return;
    size_t to = from; /* "%20" is a space */
    for (size_t i = from; i < b->len; i++) {
        bool space = b->len - i >= 3 && memcmp(b->data + i, "%20", 3) == 0;
        b->data[to++] = space ? ' ' : b->data[i];
        i += space ? 2 : 0;
    }
    b->len = to;
    b->data[to] = 0;
}

/* The names from above `until` (not itself) down to b, with " / " between. */
static void put_path(struct buf *out, const struct csaf_reading_branch *b,
                     const struct csaf_reading_branch *until, size_t most)
{
    const struct csaf_reading_branch *steps[80];
    size_t count = 0;
    for (; b && b != until && count < 80; b = b->parent)
        steps[count++] = b;
    while (count-- > 0) {
        if (out->len + PART_MOST > most && count > 0) {
            buf_puts(out, " / \xe2\x80\xa6");
            return;
        }
        if (out->len)
            buf_puts(out, " / ");
        put_name(out, steps[count]);
    }
}

static struct slice keep(struct reading *r, struct buf *b)
{
    void *copy = b->failed ? NULL : arena_copy(&r->arena, b->data, b->len);
    struct slice s = slice_of(copy ? copy : "", copy ? b->len : 0);
    if (!copy)
        err_memory(r->e);
    buf_reset(b);
    return s;
}

static struct slice known_as(const struct csaf_reading_product *p, struct slice id)
{
    if (!p)
        return id;
    return p->label.len ? p->label : p->name.len ? p->name : p->id;
}

static void label_path(struct csaf_reading_product *p, struct buf *b)
{
    put_cut(b, known_as(p->begins, p->begins_id), PART_MOST);
    for (size_t i = 0; i < p->step_count; i++) {
        char words[40];
        if (i == STEPS_SHOWN || b->len + PART_MOST > 2 * CSAF_READING_LABEL) {
            buf_puts(b, " \xe2\x80\xa6");
            break;
        }
        csaf_reading_words(p->steps[i].category, words, sizeof words);
        buf_printf(b, " %s ", words);
        put_cut(b, known_as(p->steps[i].product, p->steps[i].id), PART_MOST);
    }
}

static void name_products(struct reading *r)
{
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < r->open.product_count && !failed(r); i++) {
        struct csaf_reading_product *p = &r->list[i];
        for (p->family = p->branch; p->family && !is_family(p->family->category);)
            p->family = p->family->parent;
        if (p->branch) {
            put_path(&b, p->branch, NULL, CSAF_READING_LABEL);
            p->label = keep(r, &b);
            put_path(&b, p->branch, p->family, WHICH_MOST);
            p->which = keep(r, &b);
        } else if (p->step_count == 0) {
            put_cut(&b, p->name.len ? p->name : p->id, CSAF_READING_LABEL);
            p->label = keep(r, &b);
        }
    }
    for (size_t i = 0; i < r->open.product_count && !failed(r); i++) {
        struct csaf_reading_product *p = &r->list[i];
        if (p->step_count == 0)
            continue;
        p->begins = csaf_reading_product_find(&r->open, p->begins_id);
        struct csaf_reading_step *steps = (struct csaf_reading_step *)(uintptr_t)p->steps;
        for (size_t s = 0; s < p->step_count; s++)
            steps[s].product = csaf_reading_product_find(&r->open, steps[s].id);
        label_path(p, &b);
        p->label = keep(r, &b);
    }
    buf_fini(&b);
}

static void groups(struct reading *r, const struct json_value *tree)
{
    const struct json_value *list = json_get(tree, "product_groups");
    if (!json_is(list, JSON_ARRAY))
        return;
    struct csaf_reading_group *all = new (r, json_count(list), sizeof *all);
    r->open.groups = all;
    json_each(v, list)
    {
        const struct json_value *ids = json_get(v, "product_ids");
        size_t count = json_is(ids, JSON_ARRAY) ? json_count(ids) : 0;
        const struct csaf_reading_product **products =
            new (r, count, sizeof(struct csaf_reading_product *));
        if (failed(r))
            return;
        struct csaf_reading_group *g = &all[r->open.group_count++];
        *g = (struct csaf_reading_group){.id = json_get_string(v, "group_id"),
                                         .summary = json_get_string(v, "summary"),
                                         .products = products};
        if (count)
            json_each(id, ids)
            {
                const struct csaf_reading_product *p =
                    csaf_reading_product_find(&r->open, json_string(id));
                if (p)
                    products[g->count++] = p;
            }
        if (g->id.len && !map_get(&r->groups, g->id) && map_set(&r->groups, g->id, g) != 0)
            err_memory(r->e);
    }
}

static const struct json_value *object_at(const struct json_value *v, const char *name)
{
    const struct json_value *found = json_get(v, name);
    return json_is(found, JSON_OBJECT) ? found : NULL;
}

static void read_all(struct reading *r)
{
    struct csaf_reading *o = &r->open;
    o->root = json_root(r->json);
    o->document = object_at(o->root, "document");
    if (!o->document) {
        err_set(r->e, ERR_INPUT, "csaf.not-csaf", "CSAF 2.1 section 3.2",
                "this is JSON, but no CSAF document: it has no object /document");
        return;
    }
    o->tracking = object_at(o->document, "tracking");
    o->publisher = object_at(o->document, "publisher");
    o->vulnerabilities = json_get(o->root, "vulnerabilities");
    if (!json_is(o->vulnerabilities, JSON_ARRAY))
        o->vulnerabilities = NULL;
    o->version = json_get_string(o->document, "csaf_version");
    o->is_2_1 = slice_is(o->version, "2.1");
    const struct json_value *tree = object_at(o->root, "product_tree");
    branches(r, json_get(tree, "branches"), NULL);
    json_each(v, json_get(tree, "full_product_names"))(void) add(r, v, NULL);
    paths(r, tree);
    if (!failed(r))
        index_products(r);
    if (!failed(r))
        name_products(r);
    if (!failed(r))
        groups(r, tree);
}

int csaf_reading_open(struct csaf_reading **out, struct slice text, struct err *e)
{
    struct json_limits limits = json_limits_advisory;
    limits.values = VALUES;
    struct reading *r = mem_new(1, sizeof *r);
    if (!r)
        return err_memory(e);
    arena_init(&r->arena, 0);
    map_init(&r->products);
    map_init(&r->groups);
    r->e = e;
    if (json_parse(&r->json, text, &limits, e) == 0)
        read_all(r);
    if (failed(r)) {
        csaf_reading_free(&r->open);
        return -1;
    }
    r->e = NULL;
    *out = &r->open;
    return 0;
}

void csaf_reading_free(struct csaf_reading *r)
{
    if (!r)
        return;
    struct reading *all = inside(r);
    map_fini(&all->products);
    map_fini(&all->groups);
    mem_free(all->list);
    json_doc_free(all->json);
    arena_fini(&all->arena);
    mem_free(all);
}
