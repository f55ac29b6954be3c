/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /vulnerabilities[]/remediations: vendor_fix becomes optional_patch for products that are not
 * affected or fixed; none_available gives way to vendor_fix. Where only some products of a
 * remediation are concerned, it is divided; groups stay whole where all their products go together.
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "csaf/facts/combination.h"
#include "csaf/convert/convert_internal.h"

enum {               /* convert_product.status */
       HARMLESS = 1, /* known_not_affected, first_fixed, fixed */
};

enum {                 /* convert_product.fix */
       FIX_PAST = 1,   /* a vendor_fix that is there */
       FIX_FUTURE = 2, /* a vendor_fix with a date in the future, or none */
       NONE_NOW = 4,   /* none_available */
};

enum fate { STAYS, CHANGES, GOES };

/* Products carry marks of one vulnerability; those of an earlier one do not count. */
static struct convert_product *marked(struct convert_product *p, uint32_t stamp)
{
    if (p->stamp != stamp) {
        p->stamp = stamp;
        p->status = 0;
        p->fix = 0;
    }
    return p;
}

static bool is(const struct node *remediation, const char *category)
{
    return slice_is(node_get_text(remediation, "category"), category);
}

static bool in_past(const struct converter *c, const struct node *remediation)
{
    struct slice date = node_get_text(remediation, "date");
    struct err ignored = {0};
    int64_t at;
    return date.len && time_parse(date, &at, &ignored) == 0 && at <= c->options.now;
}

/* --- dividing --- */

static enum fate fate_of(const struct convert_product *p, uint32_t stamp, const char *rule)
{
    if (p->stamp != stamp)
        return STAYS; /* marked for an earlier vulnerability */
    if (strcmp(rule, "optional-patch") == 0)
        return p->status & HARMLESS ? CHANGES : STAYS;
    if (strcmp(rule, "fix-planned") == 0) { /* at none_available */
        if (p->fix & FIX_PAST)
            return GOES;
        return p->fix & FIX_FUTURE ? CHANGES : STAYS;
    }
    return (p->fix & NONE_NOW) && (p->fix & FIX_FUTURE) && !(p->fix & FIX_PAST) ? GOES : STAYS;
}

struct part {
    struct node *product_ids, *group_ids;
    size_t count; /* products named in it */
    struct buf told;
    uint32_t met; /* turn: which products are in already */
};

static void put(struct converter *c, struct part *part, const char *list, struct node *id)
{
    struct node **to = strcmp(list, "group_ids") == 0 ? &part->group_ids : &part->product_ids;
    if (!*to)
        *to = node_new(c, JSON_ARRAY, id);
    node_append(*to, node_string(c, id->text, id));
    if (part->told.len < 300) {
        buf_puts(&part->told, part->told.len ? ", " : "");
        buf_put(&part->told, id->text.data, utf8_cut(id->text, 60));
    } else if (part->told.len < 310) {
        buf_puts(&part->told, ", and others");
    }
    part->count++;
}

/* Sorts what a remediation names into three parts by the fate of the products. */
static void divide(struct converter *c, struct node *r, const char *rule, struct part parts[3])
{
    /* a product named alone and in a divided group stands in a part only once */
    c->turn++;
    node_each(id, node_get(r, "product_ids"))
    {
        struct convert_product *p = convert_product_find(c, node_text(id));
        if (p)
            p->seen = c->turn;
        put(c, &parts[p ? fate_of(p, c->stamp, rule) : STAYS], "product_ids", id);
    }
    node_each(id, node_get(r, "group_ids"))
    {
        const struct convert_group *g = map_get(&c->groups, node_text(id));
        enum fate first = g && g->count ? fate_of(g->products[0], c->stamp, rule) : STAYS;
        bool whole = true;
        for (size_t i = 1; g && i < g->count; i++)
            whole = whole && fate_of(g->products[i], c->stamp, rule) == first;
        if (whole) {
            put(c, &parts[first], "group_ids", id);
            continue;
        }
        for (size_t i = 0; i < g->count; i++) {
            struct node product = {.type = JSON_STRING, .source = id, .text = g->products[i]->id};
            if (g->products[i]->seen == c->turn)
                continue;
            g->products[i]->seen = c->turn;
            put(c, &parts[fate_of(g->products[i], c->stamp, rule)], "product_ids", &product);
        }
    }
}

static void name_products(struct node *r, struct part *part)
{
    (void)node_take(r, "product_ids");
    (void)node_take(r, "group_ids");
    node_set(r, "product_ids", part->product_ids);
    node_set(r, "group_ids", part->group_ids);
}

/* Applies a rule to one remediation; gives false when nothing of it is left. added: NULL, or a
 * remediation to stand behind it. */
static bool apply(struct converter *c, struct node *r, const char *rule, const char *category,
                  struct node **added)
{
    struct part parts[3] = {0};
    for (size_t i = 0; i < 3; i++)
        buf_init(&parts[i].told);
    divide(c, r, rule, parts);
    *added = NULL;
    bool left = parts[STAYS].count || parts[CHANGES].count ||
                !(parts[STAYS].count || parts[CHANGES].count || parts[GOES].count);
    struct slice old = node_get_text(r, "category");
    if (parts[GOES].count && left)
        convert_tell_value(c, CSAF_CONVERT_WARNING, rule, r, old,
                           "products were taken out of the remediation \"%.*s\": %s",
                           SLICE_ARG(old), buf_text(&parts[GOES].told));
    else if (parts[GOES].count)
        convert_tell_value(c, CSAF_CONVERT_WARNING, rule, r, old,
                           "the remediation \"%.*s\" was deleted with its last products: %s",
                           SLICE_ARG(old), buf_text(&parts[GOES].told));
    if (parts[CHANGES].count && parts[STAYS].count) {
        *added = node_copy(c, r);
        convert_tell_value(c, CSAF_CONVERT_WARNING, rule, r, old,
                           "a remediation \"%s\" was added, out of \"%.*s\", for: %s", category,
                           SLICE_ARG(old), buf_text(&parts[CHANGES].told));
        if (*added) {
            name_products(*added, &parts[CHANGES]);
            node_set_text(c, *added, "category", slice_str(category), r);
        }
        name_products(r, &parts[STAYS]);
    } else if (parts[CHANGES].count) {
        convert_tell_value(c, CSAF_CONVERT_WARNING, rule, r, old,
                           "the category \"%.*s\" became \"%s\" for: %s", SLICE_ARG(old), category,
                           buf_text(&parts[CHANGES].told));
        name_products(r, &parts[CHANGES]);
        node_set_text(c, r, "category", slice_str(category), node_get(r, "category"));
    } else if (parts[GOES].count && left) {
        name_products(r, &parts[STAYS]);
    }
    for (size_t i = 0; i < 3; i++)
        buf_fini(&parts[i].told);
    return left;
}

/* A rule for all remediations of a category. */
static void apply_all(struct converter *c, struct node *all, const char *from, const char *rule,
                      const char *category)
{
    struct node *r = all->in.first;
    all->in.first = all->in.last = NULL;
    while (r && !convert_failed(c)) {
        struct node *next = r->next, *added = NULL;
        if (!is(r, from)) {
            node_append(all, r);
        } else if (apply(c, r, rule, category, &added)) {
            node_append(all, r);
            node_append(all, added);
        }
        r = next;
    }
}

static void mark(struct converter *c, const struct node *object, uint32_t stamp, uint8_t fix)
{
    size_t count;
    struct convert_product **products = convert_targets(c, object, &count);
    for (size_t i = 0; products && i < count; i++)
        marked(products[i], stamp)->fix |= fix;
}

/* A group is looked at only where a rule may ask for it: where none can apply, none is resolved. */
void convert_remediations(struct converter *c, struct node *vulnerability)
{
    static const char *const harmless[] = {"known_not_affected", "first_fixed", "fixed"};
    struct node *all = node_get(vulnerability, "remediations");
    struct node *status = node_get(vulnerability, "product_status");
    bool any_harmless = false, none = false, fix = false;
    if (!all)
        return;
    uint32_t stamp = ++c->stamp;
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        node_each(id, node_get(status, harmless[i]))
        {
            struct convert_product *p = convert_product_find(c, node_text(id));
            if (p)
                marked(p, stamp)->status |= HARMLESS;
            any_harmless = true;
        }
    if (any_harmless)
        apply_all(c, all, "vendor_fix", "optional-patch", "optional_patch");
    node_each(r, all)
    {
        none = none || is(r, "none_available");
        fix = fix || is(r, "vendor_fix");
    }
    if (none && fix) {
        node_each(r, all)
        {
            if (is(r, "vendor_fix"))
                mark(c, r, stamp, in_past(c, r) ? FIX_PAST : FIX_FUTURE);
            else if (is(r, "none_available"))
                mark(c, r, stamp, NONE_NOW);
        }
        apply_all(c, all, "none_available", "fix-planned", "fix_planned");
        apply_all(c, all, "vendor_fix", "vendor-fix-planned", "");
    }
    if (node_empty(all))
        (void)node_take(vulnerability, "remediations");
}
