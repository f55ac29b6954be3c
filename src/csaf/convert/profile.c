/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /document/category: is it still a security advisory in the sense of CSAF 2.1 (profile 4)?
 * Products that a range's upper end names are added as fixed. Documents that say that they are
 * superseded or withdrawn.
 */
#include "csaf/convert/convert_internal.h"

#include <strings.h>

/* --- fixed products --- */

enum { STATUS_AFFECTED = 1, STATUS_OTHER = 2 };

static bool id_is_free(const struct converter *c, struct slice id)
{
    return !map_get(&c->products, id);
}

static struct slice id_for(struct converter *c, const struct convert_product *p)
{
    for (unsigned i = 1;; i++) {
        struct buf b;
        buf_init(&b);
        buf_put_slice(&b, p->id);
        if (i == 1)
            buf_puts(&b, "-fixed");
        else
            buf_printf(&b, "-fixed-%u", i);
        struct slice id = convert_slice(c, &b);
        if (convert_failed(c) || id_is_free(c, id))
            return id;
    }
}

/* The name of the range's product with the version in place of the range. */
static struct slice name_for(struct converter *c, const struct convert_product *p,
                             struct slice range, struct slice version)
{
    struct slice name = node_get_text(p->node, "name");
    struct buf b;
    buf_init(&b);
    const uint8_t *at =
        range.len && name.len ? memmem(name.data, name.len, range.data, range.len) : NULL;
    if (at) {
        buf_put(&b, name.data, (size_t)(at - name.data));
        buf_put_slice(&b, version);
        buf_put(&b, at + range.len, name.len - range.len - (size_t)(at - name.data));
    } else {
        if (p->group)
            buf_put_slice(&b, node_get_text(p->group, "name"));
        else
            buf_put_slice(&b, name);
        buf_putc(&b, ' ');
        buf_put_slice(&b, version);
    }
    return convert_slice(c, &b);
}

struct fixing {                    /* what is known of an affected product with an upper end */
    struct convert_product *fixed; /* NULL: not made yet */
    struct slice version;
    bool asked; /* the range was looked at */
};

/* parent: the branches that hold branch. versions: "parent pointer, name" -> product, for those
 * that are there already. */
struct fixer {
    struct converter *c;
    struct node **parents;  /* by product index: the array that its branch stands in */
    struct fixing *fixings; /* by product index */
    struct map versions;
    size_t count; /* products of the original */
};

static struct slice version_key(struct converter *c, const struct node *parent, struct slice name)
{
    struct buf b;
    buf_init(&b);
    buf_put(&b, &parent, sizeof(void *));
    buf_put_slice(&b, name);
    return convert_slice(c, &b);
}

static void find_parents(struct fixer *f, struct node *branches)
{
    node_each(branch, branches)
    {
        struct node *product = node_get(branch, "product");
        struct convert_product *p =
            convert_product_find(f->c, node_get_text(product, "product_id"));
        if (p && p->branch == branch && p->index < f->count) {
            f->parents[p->index] = branches;
            if (convert_category(node_get_text(branch, "category")) == BRANCH_VERSION) {
                struct slice key = version_key(f->c, branches, node_get_text(branch, "name"));
                if (!convert_failed(f->c) && map_set(&f->versions, key, p) != 0)
                    err_memory(f->c->e);
            }
        }
        find_parents(f, node_get(branch, "branches"));
    }
}

static struct convert_product *add_product(struct fixer *f, struct convert_product *p,
                                           struct slice version)
{
    struct converter *c = f->c;
    struct node *name = node_get(p->branch, "name"), *siblings = f->parents[p->index];
    struct slice key = version_key(c, siblings, version);
    struct convert_product *known = convert_failed(c) ? NULL : map_get(&f->versions, key);
    if (known || convert_failed(c))
        return known;
    struct convert_product *fresh = arena_new(&c->arena, 1, sizeof *fresh);
    struct node *branch = node_new(c, JSON_OBJECT, p->branch);
    struct node *product = node_new(c, JSON_OBJECT, p->node);
    struct slice id = id_for(c, p), text = name_for(c, p, node_text(name), version);
    if (!fresh || convert_failed(c)) {
        err_memory(c->e);
        return NULL;
    }
    node_set_text(c, branch, "category", slice_str("product_version"), p->branch);
    node_set_text(c, branch, "name", version, name);
    node_set_text(c, product, "name", text, p->node);
    node_set_text(c, product, "product_id", id, p->node);
    node_set(branch, "product", product);
    node_append(siblings, branch);
    *fresh = (struct convert_product){
        .id = id, .node = product, .branch = branch, .group = p->group, .index = SIZE_MAX};
    if (map_set(&c->products, id, fresh) != 0 || map_set(&f->versions, key, fresh) != 0)
        err_memory(c->e);
    return fresh;
}

/* "<V" as last constraint of the range of an affected product: V is not affected any more. */
static struct convert_product *fixed_of(struct fixer *f, struct convert_product *p)
{
    if (p->index >= f->count || !p->branch || !f->parents[p->index])
        return NULL;
    struct fixing *fixing = &f->fixings[p->index];
    if (!fixing->asked) {
        fixing->asked = true;
        struct convert_range r = {0};
        if (convert_category(node_get_text(p->branch, "category")) == BRANCH_RANGE)
            r = convert_range_read(node_get_text(p->branch, "name"));
        if (r.understood && slice_is(r.last_comparator, "<"))
            fixing->fixed = add_product(f, p, convert_range_version(f->c, r.last_version));
        fixing->version = r.last_version;
    }
    return fixing->fixed;
}

static void fix_in(struct fixer *f, struct node *vulnerability)
{
    static const char *const affected[] = {"known_affected", "first_affected", "last_affected"};
    struct converter *c = f->c;
    struct node *status = node_get(vulnerability, "product_status"), *fixed;
    uint32_t stamp = ++c->stamp;
    node_each(group, status) node_each(id, group)
    {
        struct convert_product *p = convert_product_find(c, node_text(id));
        if (p)
            p->stamp = stamp; /* has a status here: it gets no second one */
    }
    for (size_t i = 0; i < ARRAY_LEN(affected); i++)
        node_each(id, node_get(status, affected[i]))
        {
            struct convert_product *p = convert_product_find(c, node_text(id));
            struct convert_product *with = p ? fixed_of(f, p) : NULL;
            if (convert_failed(c))
                return;
            if (!with || with->stamp == stamp)
                continue;
            with->stamp = stamp;
            fixed = node_get(status, "fixed");
            if (!fixed)
                node_set(status, "fixed", fixed = node_new(c, JSON_ARRAY, status));
            node_append(fixed, node_string(c, with->id, id));
            convert_tell_value(c, CSAF_CONVERT_WARNING, "fixed-product", id,
                               node_get_text(p->branch, "name"),
                               "the product \"%.*s\" (%.*s) was added as fixed, the version that "
                               "the affected range ends before",
                               SLICE_ARG(node_get_text(with->node, "name")), SLICE_ARG(with->id));
        }
}

static void fixed_products(struct converter *c)
{
    struct fixer f = {.c = c, .count = c->product_count};
    f.parents = arena_new(&c->arena, f.count + 1, sizeof(struct node *));
    f.fixings = arena_new(&c->arena, f.count + 1, sizeof *f.fixings);
    map_init(&f.versions);
    if (!f.parents || !f.fixings) {
        err_memory(c->e);
        return;
    }
    find_parents(&f, node_get(node_get(c->root, "product_tree"), "branches"));
    node_each(v, node_get(c->root, "vulnerabilities")) if (!convert_failed(c)) fix_in(&f, v);
    map_fini(&f.versions);
}

/* --- profile 4 --- */

/* What a product and its other versions share: the branch of the name, else the one around it. */
static struct node *family_of(struct converter *c, struct slice id)
{
    const struct convert_product *p = convert_product_find(c, id);
    for (unsigned steps = 0; p && p->begins && steps < 8; steps++)
        p = p->begins;
    return p ? p->group ? p->group : p->branch ? p->branch : p->node : NULL;
}

/* Why a vulnerability is not as profile 4 wants it; NULL: it is. */
static const char *unlike_advisory(struct converter *c, const struct node *v)
{
    struct node *status = node_get(v, "product_status");
    const char *why = NULL;
    if (!node_get(v, "notes"))
        return "a vulnerability has no notes";
    if (!node_get(status, "known_affected"))
        return "a vulnerability names no known affected product (test 6.1.27.18)";
    /* every fixed product needs an affected version of the same product (test 6.1.27.19) */
    struct map families;
    map_init(&families);
    node_each(id, node_get(status, "known_affected"))
    {
        struct node *family = family_of(c, node_text(id));
        struct slice key = version_key(c, family, slice_str(""));
        if (family && !convert_failed(c) && map_set(&families, key, family) != 0)
            err_memory(c->e);
    }
    node_each(id, node_get(status, "fixed"))
    {
        struct slice key = version_key(c, family_of(c, node_text(id)), slice_str(""));
        if (!convert_failed(c) && !map_get(&families, key))
            why = "a fixed product has no affected version beside it (test 6.1.27.19)";
    }
    map_fini(&families);
    return why;
}

static void security_advisory(struct converter *c, struct node *category)
{
    const char *why = NULL;
    if (!c->options.no_fixed_products)
        fixed_products(c);
    if (!node_get(c->root, "product_tree"))
        why = "there is no product tree";
    else if (node_empty(node_get(c->root, "vulnerabilities")))
        why = "there are no vulnerabilities";
    node_each(v, node_get(c->root, "vulnerabilities"))
    {
        if (why || convert_failed(c))
            break;
        why = unlike_advisory(c, v);
    }
    if (!why)
        return;
    convert_tell(c, CSAF_CONVERT_WARNING, "profile-deprecated", category,
                 "the document is no security advisory in the sense of CSAF 2.1 (%s): the category "
                 "is \"csaf_deprecated_security_advisory\" now",
                 why);
    node_set_text(c, c->document, "category", slice_str("csaf_deprecated_security_advisory"),
                  category);
}

/* --- profiles 7 and 8 --- */

static bool begins(struct slice s, const char *word)
{
    return s.len >= strlen(word) && memcmp(s.data, word, strlen(word)) == 0;
}

static bool is_word(struct slice s, const char *word)
{
    return s.len == strlen(word) && strncasecmp((const char *)s.data, word, s.len) == 0;
}

static const char *unlike_ended(const struct converter *c, const char *reason, bool superseded)
{
    size_t descriptions = 0, revisions = 0;
    bool titled = false, refers = false;
    node_each(note, node_get(c->document, "notes")) if (slice_is(node_get_text(note, "category"),
                                                                 "description"))
    {
        descriptions++;
        titled = slice_is(node_get_text(note, "title"), reason);
    }
    node_each(one, node_get(node_get(c->document, "tracking"), "revision_history")) revisions +=
        node_is(one, JSON_OBJECT);
    node_each(reference, node_get(c->document, "references")) refers =
        refers || (begins(node_get_text(reference, "summary"), "Superseding Document") &&
                   !slice_is(node_get_text(reference, "category"), "self"));
    if (node_get(c->root, "product_tree") || node_get(c->root, "vulnerabilities"))
        return "it has a product tree or vulnerabilities";
    if (descriptions != 1 || !titled)
        return superseded ? "it has not exactly one description, \"Reasoning for Supersession\""
                          : "it has not exactly one description, \"Reasoning for Withdrawal\"";
    if (revisions < 2)
        return "its revision history has fewer than two entries";
    if (superseded && !refers)
        return "no external reference begins with \"Superseding Document\"";
    return NULL;
}

/* true: the document says that it is one. */
static bool ended(struct converter *c, struct node *category, const char *word, const char *reason,
                  const char *profile)
{
    if (!begins(node_get_text(c->document, "title"), word) && !is_word(node_text(category), word))
        return false;
    const char *why = unlike_ended(c, reason, strcmp(word, "Superseded") == 0);
    if (why) {
        convert_tell(c, CSAF_CONVERT_WARNING, "profile-ended", category,
                     "a potentially %s document was found, which would be invalid in the profile "
                     "\"%s\" of CSAF 2.1 (%s): its category stays",
                     strcmp(word, "Superseded") == 0 ? "superseded" : "withdrawn", profile, why);
        return true;
    }
    /* an external reference has the category in words */
    node_each(reference,
              node_get(c->document, "references")) if (!node_get(reference, "category") &&
                                                       begins(node_get_text(reference, "summary"),
                                                              "Superseding Document"))
        node_set_text(c, reference, "category", slice_str("external"), reference);
    convert_tell(c, CSAF_CONVERT_WARNING, "profile-ended", category,
                 "the document is of the profile \"%s\" of CSAF 2.1 now", profile);
    node_set_text(c, c->document, "category", slice_str(profile), category);
    return true;
}

void convert_profile(struct converter *c)
{
    struct node *category = node_get(c->document, "category");
    if (!category)
        return;
    bool over =
        c->english &&
        (ended(c, category, "Superseded", "Reasoning for Supersession", "csaf_superseded") ||
         ended(c, category, "Withdrawn", "Reasoning for Withdrawal", "csaf_withdrawn"));
    if (!over && slice_is(node_text(category), "csaf_security_advisory"))
        security_advisory(c, category);
    if (over && slice_is(node_get_text(c->document, "category"), "csaf_security_advisory"))
        security_advisory(c, node_get(c->document, "category"));
}
