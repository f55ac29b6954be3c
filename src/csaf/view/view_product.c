/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products, put together by family: "Nordlicht / DC-7: 4.1, 4.2" instead of a list of ids. Every
 * list costs what it holds: each family has a place, in which its products of the list are chained.
 */
#include "base/memory.h"
#include "base/utf8.h"
#include "csaf/document.h"
#include "csaf/view/view_internal.h"

#include <stdio.h>

enum { RELATIONS = 6, GROUP_SHOWN = 12, EXPANDED_MOST = 200000 };

/*
 * Places: one a branch (as the family of products), then RELATIONS a product (paths of one step
 * that lead to it, by category), then two: products of no family, and paths of several steps.
 */
static size_t place_of_relation(const struct view *v, const struct csaf_reading_product *to,
                                struct slice category)
{
    static const char *const names[] = {"default_component_of", "external_component_of",
                                        "installed_on", "installed_with", "optional_component_of"};
    size_t i = 0;
    while (i < ARRAY_LEN(names) && !slice_is(category, names[i]))
        i++;
    return v->r->branch_count + to->index * RELATIONS + i;
}

static size_t place_of(const struct view *v, const struct csaf_reading_product *p)
{
    if (p->step_count == 1 && p->steps[0].product)
        return place_of_relation(v, p->steps[0].product, p->steps[0].category);
    if (p->step_count > 0)
        return v->places - 1;
    return p->family ? p->family->index : v->places - 2;
}

int view_products_init(struct view *v)
{
    v->places = v->r->branch_count + v->r->product_count * RELATIONS + 2;
    v->head = mem_new(v->places, sizeof *v->head);
    v->tail = mem_new(v->places, sizeof *v->tail);
    v->stamp = mem_new(v->places, sizeof *v->stamp);
    v->order = mem_new(v->places, sizeof *v->order);
    v->next = mem_new(v->r->product_count + 1, sizeof *v->next);
    v->seen = mem_new(v->r->product_count + 1, sizeof *v->seen);
    buf_init(&v->scratch);
    if (v->head && v->tail && v->stamp && v->order && v->next && v->seen)
        return 0;
    view_products_fini(v);
    return err_memory(v->e);
}

void view_products_fini(struct view *v)
{
    mem_free(v->head);
    mem_free(v->tail);
    mem_free(v->stamp);
    mem_free(v->order);
    mem_free(v->next);
    mem_free(v->seen);
    buf_fini(&v->scratch);
}

/* --- a list --- */

static void list_begin(struct view *v)
{
    v->turn++;
    v->order_count = 0;
}

static void list_add(struct view *v, const struct csaf_reading_product *p)
{
    size_t place = place_of(v, p);
    uint32_t index = (uint32_t)p->index;
    if (v->seen[index] == v->turn)
        return;
    v->seen[index] = v->turn;
    v->next[index] = UINT32_MAX;
    if (v->stamp[place] == v->turn) {
        v->next[v->tail[place]] = index;
    } else {
        v->stamp[place] = v->turn;
        v->head[place] = index;
        v->order[v->order_count++] = place;
    }
    v->tail[place] = index;
}

static void say_family(struct view *v, const struct csaf_reading_branch *family)
{
    const struct csaf_reading_branch *steps[8];
    size_t count = 0;
    for (; family && count < ARRAY_LEN(steps); family = family->parent)
        steps[count++] = family;
    while (count-- > 0) {
        size_t len = utf8_cut(steps[count]->name, 120);
        view_say(v, count ? VIEW_PLAIN : VIEW_STRONG, slice_of(steps[count]->name.data, len));
        view_say(v, VIEW_FAINT, slice_str(count ? " / " : ""));
    }
}

/* What a place is called; false: nothing. */
static bool say_place(struct view *v, size_t place, const struct csaf_reading_product *first)
{
    if (first->step_count == 1 && first->steps[0].product) {
        char words[40];
        csaf_reading_words(first->steps[0].category, words, sizeof words);
        VIEW_SAY(v, words);
        VIEW_SAY(v, " ");
        view_say(v, VIEW_STRONG, first->steps[0].product->label);
        return true;
    }
    if (place < v->r->branch_count) {
        say_family(v, first->family);
        return true;
    }
    return false;
}

static struct slice short_name(const struct view *v, const struct csaf_reading_product *p,
                               size_t place)
{
    struct slice name = p->label;
    if (place < v->r->branch_count)
        return p->which;
    if (p->step_count == 1 && p->steps[0].product)
        name = p->begins ? p->begins->label : p->begins_id;
    return slice_of(name.data, utf8_cut(name, CSAF_READING_LABEL));
}

static void list_end(struct view *v)
{
    if (v->order_count == 0)
        return;
    view_open(v, VIEW_LIST);
    for (size_t i = 0; i < v->order_count; i++) {
        size_t place = v->order[i];
        const struct csaf_reading_product *first = &v->r->products[v->head[place]];
        bool any = false;
        view_open(v, VIEW_ITEM);
        bool named = say_place(v, place, first);
        for (uint32_t at = v->head[place]; at != UINT32_MAX; at = v->next[at]) {
            struct slice name = short_name(v, &v->r->products[at], place);
            if (name.len == 0)
                continue;
            VIEW_SAY(v, any ? "," : named ? ":" : "");
            VIEW_SAY(v, any || named ? " " : "");
            view_say(v, VIEW_PLAIN, name);
            any = true;
        }
        view_close(v, VIEW_ITEM);
    }
    view_close(v, VIEW_LIST);
}

static void unknown_ids(struct view *v, const struct json_value *ids)
{
    size_t unknown = 0;
    json_each(id, ids) unknown += csaf_reading_product_find(v->r, json_string(id)) == NULL;
    if (unknown == 0)
        return;
    view_open(v, VIEW_LINE);
    view_printf(v, VIEW_FAINT, "%zu %s not defined in the document:", unknown,
                unknown == 1 ? "product id is" : "product ids are");
    size_t shown = 0;
    json_each(id, ids) if (!csaf_reading_product_find(v->r, json_string(id)) && shown++ < 10)
    {
        struct slice text = json_string(id);
        VIEW_SAY(v, " ");
        view_say(v, VIEW_CODE, slice_of(text.data, utf8_cut(text, 60)));
    }
    view_close(v, VIEW_LINE);
}

void view_product_list(struct view *v, const struct json_value *ids)
{
    list_begin(v);
    json_each(id, ids)
    {
        const struct csaf_reading_product *p = csaf_reading_product_find(v->r, json_string(id));
        if (p)
            list_add(v, p);
    }
    list_end(v);
    unknown_ids(v, ids);
}

/* --- what something is about --- */

/* Are these the same products as all? Costs both lists. */
static bool are_all(struct view *v, const struct json_value *ids, const struct json_value *groups,
                    const struct json_value *all)
{
    size_t wanted = 0, met = 0;
    uint32_t in_all = ++v->turn, counted = ++v->turn;
    if (json_count(all) == 0)
        return false;
    size_t named = json_count(ids);
    json_each(group, groups)
    {
        const struct csaf_reading_group *g = csaf_reading_group_find(v->r, json_string(group));
        named += g ? g->count : 1;
    }
    if (named < json_count(all))
        return false; /* without looking: a remedy for one of many products costs nothing here */
    v->references += named;
    if (v->references > CSAF_REFERENCES)
        return false;
    json_each(id, all)
    {
        const struct csaf_reading_product *p = csaf_reading_product_find(v->r, json_string(id));
        if (p && v->seen[p->index] != in_all) {
            v->seen[p->index] = in_all;
            wanted++;
        }
    }
    json_each(id, ids)
    {
        const struct csaf_reading_product *p = csaf_reading_product_find(v->r, json_string(id));
        if (!p || (v->seen[p->index] != in_all && v->seen[p->index] != counted))
            return false;
        met += v->seen[p->index] == in_all;
        v->seen[p->index] = counted;
    }
    json_each(group, groups)
    {
        const struct csaf_reading_group *g = csaf_reading_group_find(v->r, json_string(group));
        if (!g)
            return false;
        for (size_t i = 0; i < g->count; i++) {
            size_t at = g->products[i]->index;
            if (v->seen[at] != in_all && v->seen[at] != counted)
                return false;
            met += v->seen[at] == in_all;
            v->seen[at] = counted;
        }
    }
    return met == wanted && wanted > 0;
}

static void name_group(struct view *v, struct slice id)
{
    const struct csaf_reading_group *g = csaf_reading_group_find(v->r, id);
    view_open(v, VIEW_LINE);
    VIEW_SAY(v, "Group ");
    view_say(v, VIEW_STRONG,
             g && g->summary.len ? slice_of(g->summary.data, utf8_cut(g->summary, 200))
                                 : slice_of(id.data, utf8_cut(id, 60)));
    if (g)
        view_printf(v, VIEW_FAINT, " (%zu products, listed at the end)", g->count);
    else
        VIEW_SAY(v, " (which the document does not define)");
    view_close(v, VIEW_LINE);
}

void view_targets(struct view *v, const struct json_value *object, const struct json_value *ids,
                  const struct json_value *all)
{
    const struct json_value *groups = json_get(object, "group_ids");
    if (json_count(ids) == 0 && json_count(groups) == 0)
        return;
    if (all && are_all(v, ids, groups, all)) {
        view_open(v, VIEW_LINE);
        if (json_count(all) == 1)
            view_say(v, VIEW_FAINT, slice_str("For the affected product"));
        else
            view_printf(v, VIEW_FAINT, "For all %zu affected products", json_count(all));
        view_close(v, VIEW_LINE);
        return;
    }
    view_open(v, VIEW_LINE);
    view_say(v, VIEW_FAINT, slice_str("For:"));
    view_close(v, VIEW_LINE);
    list_begin(v);
    json_each(id, ids)
    {
        const struct csaf_reading_product *p = csaf_reading_product_find(v->r, json_string(id));
        if (p)
            list_add(v, p);
    }
    json_each(group, groups)
    {
        const struct csaf_reading_group *g = csaf_reading_group_find(v->r, json_string(group));
        if (!g || g->count > GROUP_SHOWN || v->references > EXPANDED_MOST)
            continue;
        v->references += g->count;
        for (size_t i = 0; i < g->count; i++)
            list_add(v, g->products[i]);
    }
    list_end(v);
    unknown_ids(v, ids);
    json_each(group, groups)
    {
        const struct csaf_reading_group *g = csaf_reading_group_find(v->r, json_string(group));
        if (!g || g->count > GROUP_SHOWN || v->references > EXPANDED_MOST)
            name_group(v, json_string(group));
    }
}

bool view_concerns_all(struct view *v, const struct json_value *object,
                       const struct json_value *ids, const struct json_value *all)
{
    return are_all(v, ids, json_get(object, "group_ids"), all);
}

void view_family_list(struct view *v, const struct json_value *vulnerabilities)
{
    static const char *const groups[] = {"known_affected", "first_affected", "last_affected"};
    enum { SHOWN = 8 };
    list_begin(v);
    json_each(one, vulnerabilities) for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        json_each(id, json_get(json_get(one, "product_status"), groups[i]))
    {
        const struct csaf_reading_product *p = csaf_reading_product_find(v->r, json_string(id));
        if (p)
            list_add(v, p);
    }
    for (size_t i = 0; i < v->order_count && i < SHOWN; i++) {
        size_t place = v->order[i];
        const struct csaf_reading_product *first = &v->r->products[v->head[place]];
        VIEW_SAY(v, i ? "; " : "");
        if (!say_place(v, place, first))
            view_say(v, VIEW_STRONG, first->label);
    }
    if (v->order_count > SHOWN)
        view_printf(v, VIEW_FAINT, "; and %zu more", v->order_count - SHOWN);
}

void view_products_inline(struct view *v, const struct json_value *object)
{
    bool any = false;
    json_each(id, json_get(object, "product_ids"))
    {
        const struct csaf_reading_product *p = csaf_reading_product_find(v->r, json_string(id));
        view_say(v, VIEW_FAINT, slice_str(any ? ", " : ", for "));
        view_say(v, VIEW_PLAIN, p ? p->label : json_string(id));
        any = true;
    }
    json_each(id, json_get(object, "group_ids"))
    {
        const struct csaf_reading_group *g = csaf_reading_group_find(v->r, json_string(id));
        struct slice name = g && g->summary.len ? g->summary : json_string(id);
        view_say(v, VIEW_FAINT, slice_str(any ? ", group " : ", for group "));
        view_say(v, VIEW_PLAIN, slice_of(name.data, utf8_cut(name, 120)));
        any = true;
    }
}

/* --- the whole tree --- */

static void say_helper(struct view *v, const struct json_value *helper)
{
    static const char *const texts[] = {"cpe", "purl"};
    static const char *const lists[] = {"purls", "model_numbers", "serial_numbers", "skus",
                                        "sbom_urls"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice text = json_get_string(helper, texts[i]);
        if (text.len == 0)
            continue;
        view_printf(v, VIEW_FAINT, " %s ", texts[i]);
        view_say(v, VIEW_CODE, text);
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct json_value *list = json_get(helper, lists[i]);
        char words[40];
        csaf_reading_words(slice_str(lists[i]), words, sizeof words);
        if (json_count(list))
            view_printf(v, VIEW_FAINT, " %s", words);
        json_each(one, list)
        {
            VIEW_SAY(v, " ");
            if (strcmp(lists[i], "sbom_urls") == 0)
                view_link(v, json_string(one), slice_str(""));
            else
                view_say(v, VIEW_CODE, json_string(one));
        }
    }
    json_each(hashes, json_get(helper, "hashes"))
    {
        VIEW_SAY(v, " ");
        view_say(v, VIEW_PLAIN, json_get_string(hashes, "filename"));
        json_each(file, json_get(hashes, "file_hashes"))
        {
            VIEW_SAY(v, " ");
            view_say(v, VIEW_FAINT, json_get_string(file, "algorithm"));
            VIEW_SAY(v, " ");
            view_say(v, VIEW_CODE, json_get_string(file, "value"));
        }
    }
    json_each(uri, json_get(helper, "x_generic_uris"))
    {
        VIEW_SAY(v, " ");
        view_say(v, VIEW_FAINT, json_get_string(uri, "namespace"));
        VIEW_SAY(v, " ");
        view_say(v, VIEW_CODE, json_get_string(uri, "uri"));
    }
}

static void one_product(struct view *v, const struct csaf_reading_product *p, size_t place)
{
    struct slice shown = short_name(v, p, place);
    view_open(v, VIEW_ITEM);
    if (shown.len) {
        view_say(v, VIEW_PLAIN, shown);
        VIEW_SAY(v, " ");
    }
    if (!slice_equal(p->name, shown))
        view_say(v, VIEW_FAINT, p->name);
    view_say(v, VIEW_FAINT, slice_str(" \xc2\xb7 "));
    view_say(v, VIEW_CODE, p->id);
    if (p->helper)
        say_helper(v, p->helper);
    view_close(v, VIEW_ITEM);
}

static void groups(struct view *v)
{
    if (v->r->group_count == 0)
        return;
    view_heading(v, VIEW_SUBHEADING, "Groups");
    for (size_t i = 0; i < v->r->group_count; i++) {
        const struct csaf_reading_group *g = &v->r->groups[i];
        view_open(v, VIEW_LABEL);
        view_say(v, VIEW_PLAIN, g->summary.len ? g->summary : slice_str("Group"));
        VIEW_SAY(v, " ");
        view_say(v, VIEW_CODE, g->id);
        view_close(v, VIEW_LABEL);
        list_begin(v);
        for (size_t k = 0; k < g->count; k++)
            list_add(v, g->products[k]);
        list_end(v);
    }
}

void view_product_tree(struct view *v)
{
    if (v->r->product_count == 0)
        return;
    view_open(v, VIEW_SECTION);
    view_heading(v, VIEW_HEADING, "Products of this document");
    list_begin(v);
    for (size_t i = 0; i < v->r->product_count; i++)
        list_add(v, &v->r->products[i]);
    for (size_t i = 0; i < v->order_count; i++) {
        size_t place = v->order[i];
        const struct csaf_reading_product *first = &v->r->products[v->head[place]];
        view_open(v, VIEW_LABEL);
        if (!say_place(v, place, first))
            VIEW_SAY(v, first->step_count ? "Paths of several products" : "By their names");
        view_close(v, VIEW_LABEL);
        view_open(v, VIEW_LIST);
        for (uint32_t at = v->head[place]; at != UINT32_MAX; at = v->next[at])
            one_product(v, &v->r->products[at], place);
        view_close(v, VIEW_LIST);
    }
    groups(v);
    view_close(v, VIEW_SECTION);
}
