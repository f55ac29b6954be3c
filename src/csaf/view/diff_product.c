/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products by what they mean. A path is a number: that of (number of the path above, name), given
 * out in one table for both documents, so that each name is looked at once however many products
 * stand below it.
 */
#include "csaf/view/diff_internal.h"

#include <stdio.h>

struct numbers {
    struct map map;
    size_t count;
};

/* The number of a key, from 1; the key is copied. 0: no memory. */
static size_t number(struct diff *d, struct numbers *n, struct buf *key)
{
    size_t *known = key->failed ? NULL : map_get(&n->map, buf_slice(key));
    if (known) {
        buf_reset(key);
        return *known;
    }
    struct slice kept = diff_keep(d, key);
    size_t *fresh = diff_new(d, 1, sizeof *fresh);
    if (diff_failed(d) || !fresh)
        return 0;
    *fresh = ++n->count;
    if (map_set(&n->map, kept, fresh) != 0) {
        err_memory(d->e);
        return 0;
    }
    return *fresh;
}

/* "< V4.3" is "<V4.3": what stands between a sign and its version says nothing. */
static void put_name(struct buf *key, struct slice name)
{
    bool behind_sign = false;

    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == ' ' && behind_sign)
            continue;
        behind_sign = name.data[i] == '<' || name.data[i] == '>' || name.data[i] == '=';
        buf_putc(key, name.data[i]);
    }
}

/* Of a branch, through those above it that have none yet; the depth is bounded by the reader. */
static size_t branch_number(struct diff *d, struct numbers *n, const struct csaf_reading_branch *b,
                            size_t *done, struct buf *key)
{
    const struct csaf_reading_branch *steps[1100];
    size_t count = 0, above = 0;
    for (; b && count < ARRAY_LEN(steps); b = b->parent) {
        if (done[b->index]) {
            above = done[b->index];
            break;
        }
        steps[count++] = b;
    }
    while (count-- > 0 && !diff_failed(d)) {
        buf_printf(key, "b%zu ", above);
        put_name(key, steps[count]->name);
        above = number(d, n, key);
        done[steps[count]->index] = above;
    }
    return above;
}

static size_t product_number(struct diff *d, struct numbers *n,
                             const struct csaf_reading_product *p, size_t *branches,
                             const size_t *products, struct buf *key)
{
    if (p->branch)
        return branch_number(d, n, p->branch, branches, key);
    if (p->step_count == 0) {
        buf_puts(key, "n ");
        buf_put_slice(key, p->name);
        return number(d, n, key);
    }
    /* a path leads through products; one that has no number yet goes by its name */
    buf_puts(key, "p");
    if (p->begins && products[p->begins->index])
        buf_printf(key, "%zu", products[p->begins->index]);
    else
        buf_put_slice(key, p->begins ? p->begins->name : p->begins_id);
    for (size_t i = 0; i < p->step_count; i++) {
        const struct csaf_reading_step *s = &p->steps[i];
        buf_putc(key, ' ');
        buf_put_slice(key, s->category);
        if (s->product && products[s->product->index])
            buf_printf(key, " %zu", products[s->product->index]);
        else {
            buf_putc(key, ' ');
            buf_put_slice(key, s->product ? s->product->name : s->id);
        }
    }
    return number(d, n, key);
}

/* What identifies a product, without the stars that CSAF 2.1 has at the end of open numbers. */
static void put_list(const struct json_value *helper, const char *name, struct buf *out)
{
    json_each(one, json_get(helper, name))
    {
        struct slice s = json_string(one);
        if (s.len && s.data[s.len - 1] == '*')
            s.len--;
        buf_printf(out, "%s%s ", out->len ? ", " : "", name);
        buf_put_slice(out, s);
    }
}

static struct slice helper_text(struct diff *d, const struct json_value *helper, struct buf *out)
{
    struct slice cpe = json_get_string(helper, "cpe"), purl = json_get_string(helper, "purl");
    if (cpe.len) {
        buf_puts(out, "cpe ");
        buf_put_slice(out, cpe);
    }
    if (purl.len) {
        buf_puts(out, out->len ? ", purls " : "purls ");
        buf_put_slice(out, purl);
    }
    static const char *const lists[] = {"purls", "model_numbers", "serial_numbers", "skus",
                                        "sbom_urls"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        put_list(helper, lists[i], out);
    json_each(file, json_get(helper, "hashes"))
    {
        buf_puts(out, out->len ? ", " : "");
        buf_put_slice(out, json_get_string(file, "filename"));
        json_each(hash, json_get(file, "file_hashes"))
        {
            struct slice value = json_get_string(hash, "value");
            buf_putc(out, ' ');
            for (size_t i = 0; i < value.len; i++) /* either case in 2.0 */
                buf_putc(out, value.data[i] >= 'A' && value.data[i] <= 'F' ? value.data[i] | 0x20
                                                                           : value.data[i]);
        }
    }
    json_each(uri, json_get(helper, "x_generic_uris"))
    {
        buf_puts(out, out->len ? ", " : "");
        buf_put_slice(out, json_get_string(uri, "uri"));
    }
    return diff_keep(d, out);
}

struct meanings {
    struct numbers paths;
    size_t *path[2];     /* by product index */
    uint32_t *times[2];  /* by path number: products of that path */
    struct map products; /* "path", or "path helper" -> diff_product */
};

static void number_paths(struct diff *d, struct meanings *m, struct buf *key)
{
    for (int side = 0; side < 2 && !diff_failed(d); side++) {
        const struct csaf_reading *r = d->side[side];
        size_t *branches = diff_new(d, r->branch_count + 1, sizeof *branches);
        m->path[side] = diff_new(d, r->product_count + 1, sizeof(size_t));
        for (size_t i = 0; i < r->product_count && !diff_failed(d); i++)
            m->path[side][i] =
                product_number(d, &m->paths, &r->products[i], branches, m->path[side], key);
    }
    for (int side = 0; side < 2 && !diff_failed(d); side++) {
        m->times[side] = diff_new(d, m->paths.count + 1, sizeof(uint32_t));
        for (size_t i = 0; m->times[side] && i < d->side[side]->product_count; i++)
            m->times[side][m->path[side][i]]++;
    }
}

static void give_meaning(struct diff *d, struct meanings *m, int side, size_t index,
                         struct buf *key)
{
    const struct csaf_reading_product *p = &d->side[side]->products[index];
    size_t path = m->path[side][index];
    struct slice helper = p->helper ? helper_text(d, p->helper, key) : slice_str("");
    buf_printf(key, "%zu", path);
    if (m->times[0][path] > 1 || m->times[1][path] > 1) {
        buf_putc(key, ' ');
        buf_put_slice(key, helper);
    }
    struct diff_product *known = key->failed ? NULL : map_get(&m->products, buf_slice(key));
    if (!known) {
        struct slice kept = diff_keep(d, key);
        known = &d->products[d->product_count++];
        known->hash = map_hash(d->seed, kept);
        if (!diff_failed(d) && map_set(&m->products, kept, known) != 0)
            err_memory(d->e);
    }
    buf_reset(key);
    if (!known->in[side]) {
        known->in[side] = p;
        known->helper[side] = helper;
    }
    d->meaning[side][index] = known;
}

static void sum_groups(struct diff *d, int side)
{
    const struct csaf_reading *r = d->side[side];
    d->group_sum[side] = diff_new(d, r->group_count + 1, sizeof(uint64_t));
    for (size_t i = 0; d->group_sum[side] && i < r->group_count; i++)
        for (size_t k = 0; k < r->groups[i].count; k++)
            d->group_sum[side][i] += d->meaning[side][r->groups[i].products[k]->index]->hash;
}

static void tell(struct diff *d)
{
    struct slice none = slice_str("");
    for (size_t i = 0; i < d->product_count; i++) {
        const struct diff_product *p = &d->products[i];
        if (!p->in[1])
            diff_tell(d, CSAF_DIFF_REMOVED, "product", none, p->in[0]->label, p->in[0]->label,
                      none);
        else if (!p->in[0])
            diff_tell(d, CSAF_DIFF_ADDED, "product", none, p->in[1]->label, none, p->in[1]->label);
        else if (!slice_equal(p->helper[0], p->helper[1]))
            diff_tell(d,
                      p->helper[0].len == 0   ? CSAF_DIFF_ADDED
                      : p->helper[1].len == 0 ? CSAF_DIFF_REMOVED
                                              : CSAF_DIFF_CHANGED,
                      "product_identification", none, p->in[1]->label, p->helper[0], p->helper[1]);
    }
}

void diff_products(struct diff *d)
{
    struct meanings m = {0};
    struct buf key;
    size_t most = d->side[0]->product_count + d->side[1]->product_count;
    buf_init(&key);
    map_init(&m.paths.map);
    map_init(&m.products);
    d->products = diff_new(d, most, sizeof *d->products);
    number_paths(d, &m, &key);
    for (int side = 0; side < 2 && !diff_failed(d); side++) {
        size_t count = d->side[side]->product_count;
        d->meaning[side] = diff_new(d, count, sizeof(struct diff_product *));
        for (size_t i = 0; i < count && !diff_failed(d); i++)
            give_meaning(d, &m, side, i, &key);
        if (!diff_failed(d))
            sum_groups(d, side);
    }
    if (!diff_failed(d))
        tell(d);
    map_fini(&m.paths.map);
    map_fini(&m.products);
    buf_fini(&key);
}

const struct diff_product *diff_product_of(const struct diff *d, int side, struct slice id)
{
    const struct csaf_reading_product *p = csaf_reading_product_find(d->side[side], id);
    return p ? d->meaning[side][p->index] : NULL;
}

void diff_targets(const struct diff *d, int side, const struct json_value *object,
                  const char *member, struct buf *out)
{
    uint64_t sum = 0;
    size_t count = 0;
    json_each(id, json_get(object, member))
    {
        const struct diff_product *p = diff_product_of(d, side, json_string(id));
        sum += p ? p->hash : map_hash(d->seed, json_string(id));
        count++;
    }
    json_each(id, json_get(object, "group_ids"))
    {
        const struct csaf_reading_group *g =
            csaf_reading_group_find(d->side[side], json_string(id));
        sum += g ? d->group_sum[side][g - d->side[side]->groups] : 0;
        count += g ? g->count : 0;
    }
    buf_printf(out, "%zu/%016llx", count, (unsigned long long)sum);
}

enum { TARGETS_TOLD_MOST = 1000000, TARGETS_NAMED = 3 };

/* Notes with each product of an object that side's bit. false: too many to look at. */
static bool mark_targets(struct diff *d, int side, const struct json_value *object,
                         struct diff_product **met, size_t *count)
{
    const struct json_value *groups = json_get(object, "group_ids");
    const struct json_value *ids = json_get(object, "product_ids");
    size_t group = 0, member = 0;

    for (const struct json_value *id = json_first(ids); id || group < json_count(groups);) {
        const struct csaf_reading_group *g =
            id ? NULL : csaf_reading_group_find(d->side[side], json_string(json_at(groups, group)));
        struct diff_product *p = NULL;
        if (id) {
            const struct csaf_reading_product *r =
                csaf_reading_product_find(d->side[side], json_string(id));
            p = r ? d->meaning[side][r->index] : NULL;
            id = json_next(id);
        } else if (g && member < g->count) {
            p = d->meaning[side][g->products[member++]->index];
        } else {
            group++;
            member = 0;
        }
        if (++d->targets_told > TARGETS_TOLD_MOST)
            return false;
        if (!p)
            continue;
        if (p->turn != d->turn) {
            p->turn = d->turn;
            p->status[0] = p->status[1] = 0;
            met[(*count)++] = p;
        }
        p->status[side] = 1;
    }
    return true;
}

static size_t targets_most(const struct diff *d, int side, const struct json_value *object)
{
    size_t most = json_count(json_get(object, "product_ids"));
    json_each(id, json_get(object, "group_ids"))
    {
        const struct csaf_reading_group *g =
            csaf_reading_group_find(d->side[side], json_string(id));
        most += g ? g->count : 0;
    }
    return most;
}

/* Those of one side only; the number of them. */
static size_t put_only(struct diff_product *const *met, size_t count, int side, const char *before,
                       struct buf *out)
{
    size_t named = 0;

    for (size_t i = 0; i < count; i++) {
        if (!met[i]->status[side] || met[i]->status[!side])
            continue;
        if (named < TARGETS_NAMED) {
            buf_puts(out, named ? ", " : before);
            buf_put_slice(out, met[i]->in[side]->label);
        }
        named++;
    }
    if (named > TARGETS_NAMED)
        buf_printf(out, " and %zu more", named - TARGETS_NAMED);
    return named;
}

void diff_other_targets(struct diff *d, const struct json_value *const of[2], struct buf *out)
{
    size_t most = targets_most(d, 0, of[0]) + targets_most(d, 1, of[1]), count = 0;
    struct diff_product **met =
        most < TARGETS_TOLD_MOST ? diff_new(d, most, sizeof(struct diff_product *)) : NULL;

    d->turn++;
    if (!met || !mark_targets(d, 0, of[0], met, &count) ||
        !mark_targets(d, 1, of[1], met, &count)) {
        buf_puts(out, " [for other products than before]");
        return;
    }
    size_t added = put_only(met, count, 1, " [now also for ", out);
    size_t gone = put_only(met, count, 0, added ? "; no longer for " : " [no longer for ", out);
    buf_puts(out, added || gone ? "]" : " [for products that are named otherwise]");
}
