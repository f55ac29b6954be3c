/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenVEX documents (0.0.1 to 0.2.0): statements that products have a status in a vulnerability. A
 * product is a package URL, a CPE, or an address that names nothing in an inventory. A statement on
 * subcomponents speaks of each of them in the product.
 */
#include "base/clock.h"
#include "csaf/source.h"

static const char *const status_names[] = {"not_affected", "affected", "fixed",
                                           "under_investigation", NULL};
static const enum csaf_status statuses[] = {CSAF_KNOWN_NOT_AFFECTED, CSAF_KNOWN_AFFECTED,
                                            CSAF_FIXED, CSAF_UNDER_INVESTIGATION};

/* "CVE-2026-1000", or an object with a name or an id */
static struct slice vulnerability_name(const struct json_value *v)
{
    struct slice name = json_is(v, JSON_STRING) ? json_string(v) : json_get_string(v, "name");
    return name.len ? name : json_get_string(v, "@id");
}

static size_t count_products(const struct json_value *statement)
{
    size_t count = 0;
    json_each(product, json_get(statement, "products"))
    {
        size_t parts = json_count(json_get(product, "subcomponents"));
        count += 1 + 2 * parts;
    }
    return count;
}

static struct slice name_of(struct csaf_source_builder *b, const struct json_value *statement)
{
    struct slice name = vulnerability_name(json_get(statement, "vulnerability"));
    if (name.len == 0)
        csaf_fault(b->check, "csaf.required", "statements[].vulnerability", statement,
                   "the statement names no vulnerability");
    return name;
}

static bool is_purl(struct slice s)
{
    return s.len > 4 && memcmp(s.data, "pkg:", 4) == 0;
}

static bool is_cpe(struct slice s)
{
    return s.len > 4 && memcmp(s.data, "cpe:", 4) == 0;
}

/* A product or a subcomponent: what identifies it. */
static void identify(const struct json_value *v, struct csaf_source_product *from)
{
    const struct json_value *identifiers = json_get(v, "identifiers");
    struct slice id = json_is(v, JSON_STRING) ? json_string(v) : json_get_string(v, "@id");
    from->at = v;
    from->purl = is_purl(id) ? id : json_get_string(identifiers, "purl");
    from->cpe = is_cpe(id) ? id : json_get_string(identifiers, "cpe23");
    if (from->cpe.len == 0)
        from->cpe = json_get_string(identifiers, "cpe22");
    from->product = id.len ? id : from->purl.len ? from->purl : from->cpe;
}

struct statement {
    struct csaf_source_builder *b;
    const struct json_value *at;
    const char *pointer;
    enum csaf_status status;
    const struct csaf_product **named; /* those that have the status */
    size_t count;
};

static int add_subcomponents(struct statement *s, const struct json_value *parts,
                             const char *pointer, const struct csaf_product *whole)
{
    struct csaf_source_builder *b = s->b;
    size_t index = 0;
    json_each(v, parts)
    {
        struct csaf_source_product from = {.part = ""};
        struct slice at = csaf_source_text(b, "%s/subcomponents/%zu", pointer, index++);
        if (!at.data)
            return -1;
        identify(v, &from);
        from.pointer = (const char *)at.data;
        const struct csaf_product *part =
            csaf_source_add(b, &from, (enum csaf_status)CSAF_STATUSES);
        const struct csaf_product *both =
            part ? csaf_source_combine(b, part, whole, s->status) : NULL;
        if (!both)
            return -1;
        s->named[s->count++] = both;
    }
    return 0;
}

static int add_products(struct statement *s)
{
    struct csaf_source_builder *b = s->b;
    size_t index = 0;
    json_each(v, csaf_source_member(b, s->at, "products", JSON_ARRAY))
    {
        const struct json_value *parts = json_get(v, "subcomponents");
        struct csaf_source_product from = {.part = ""};
        struct slice at = csaf_source_text(b, "%s/products/%zu", s->pointer, index++);
        if (!at.data)
            return -1;
        identify(v, &from);
        from.pointer = (const char *)at.data;
        if (from.product.len == 0) {
            csaf_fault(b->check, "csaf.required", "statements[].products[].@id", v,
                       "the product has no identifier");
            continue;
        }
        if (from.purl.len == 0 && from.cpe.len == 0)
            csaf_warn(b->check, "openvex.product", "statements[].products[].@id", v,
                      "\"%.*s\" names nothing that an inventory has",
                      (int)(from.product.len < 100 ? from.product.len : 100),
                      (const char *)from.product.data);
        bool whole = json_count(parts) == 0;
        const struct csaf_product *product =
            csaf_source_add(b, &from, whole ? s->status : (enum csaf_status)CSAF_STATUSES);
        if (!product)
            return -1;
        if (whole)
            s->named[s->count++] = product;
        else if (add_subcomponents(s, parts, from.pointer, product) != 0)
            return -1;
    }
    return 0;
}

/* Why not affected, in label and words; what to do when affected. */
static int add_words(struct statement *s)
{
    struct csaf_source_builder *b = s->b;
    struct csaf_vulnerability *v = b->vulnerability;
    struct csaf_products products = {s->named, s->count};
    struct slice label = json_get_string(s->at, "justification");
    struct slice impact = json_get_string(s->at, "impact_statement");
    struct slice action = json_get_string(s->at, "action_statement");
    if (label.len)
        ((struct csaf_flag *)(uintptr_t)v->flags)[v->flag_count++] =
            (struct csaf_flag){.label = label, .products = products};
    if (impact.len)
        ((struct csaf_threat *)(uintptr_t)v->threats)[v->threat_count++] = (struct csaf_threat){
            .category = slice_str("impact"), .details = impact, .products = products};
    if (action.len && v->remediation_count < b->remediation_room) {
        struct csaf_remediation *r = &b->remediations[v->remediation_count++];
        r->category = CSAF_MITIGATION;
        r->details = action;
        r->products = products;
        r->place.pointer = s->pointer;
        csaf_line(b->d, json_offset(b->d->json, s->at), &r->place.line, &r->place.column);
    }
    return 0;
}

static int read_statement(struct csaf_source_builder *b, const struct json_value *at, size_t index)
{
    struct statement s = {.b = b, .at = at};
    struct slice status = json_get_string(s.at, "status");
    int found = csaf_name_find(status_names, status);
    struct slice pointer = csaf_source_text(b, "/statements/%zu", index);
    if (!pointer.data)
        return -1;
    s.pointer = (const char *)pointer.data;
    if (found < 0) {
        csaf_fault(b->check, "csaf.enum", "statements[].status", s.at,
                   "the status is not one of not_affected, affected, fixed, under_investigation");
        return 0;
    }
    s.status = statuses[found];
    if (!json_get(s.at, "products")) {
        csaf_warn(b->check, "openvex.product", "statements[].products", s.at,
                  "the statement names no product; it is not matched");
        return 0;
    }
    s.named = csaf_new(b->d, count_products(s.at), sizeof *s.named, b->e);
    return s.named && add_products(&s) == 0 ? add_words(&s) : -1;
}

static int read_group(struct csaf_source_builder *b, const struct csaf_source_groups *groups,
                      const struct csaf_source_group *g)
{
    const struct json_value *first = json_get(groups->entries[g->head - 1], "vulnerability");
    struct slice pointer = csaf_source_text(b, "/statements/%zu/vulnerability", g->head - 1);
    if (!pointer.data ||
        csaf_source_next(b, first, (const char *)pointer.data, g->products, g->count) != 0)
        return -1;
    struct csaf_vulnerability *v = b->vulnerability;
    struct csaf_id *id = csaf_new(b->d, 1, sizeof *id, b->e);
    v->flags = csaf_new(b->d, g->count, sizeof *v->flags, b->e);
    v->threats = csaf_new(b->d, g->count, sizeof *v->threats, b->e);
    if (!id || !v->flags || !v->threats)
        return -1;
    v->name = g->name;
    v->title = json_get_string(first, "description");
    if (csaf_format_cve.valid(g->name))
        v->cve = g->name;
    *id = (struct csaf_id){slice_str("OpenVEX"), g->name};
    v->ids = id;
    v->id_count = v->cve.len == 0;
    for (size_t at = g->head; at; at = groups->next[at - 1])
        if (read_statement(b, groups->entries[at - 1], at - 1) != 0)
            return -1;
    return 0;
}

static int read_tracking(struct csaf_source_builder *b, const struct json_value *root)
{
    struct csaf_document *d = b->d;
    struct err unused = {0};
    int64_t published = 0, updated = 0, version = 1;
    d->id = json_get_string(root, "@id");
    d->namespace = slice_str("https://openvex.dev");
    d->publisher = json_get_string(root, "author");
    d->publisher_category = slice_str("vendor");
    d->title = d->id;
    if (d->publisher.len == 0)
        d->publisher = slice_str("OpenVEX");
    if (!csaf_format_tracking_id.valid(d->id))
        csaf_fault(b->check, "csaf.required", "@id", root, "the document has no \"@id\"");
    if (time_parse(json_get_string(root, "timestamp"), &published, &unused) != 0)
        csaf_fault(b->check, "csaf.format", "timestamp", root,
                   "the document has no \"timestamp\" such as 2026-11-21T10:00:00Z");
    err_clear(&unused);
    if (time_parse(json_get_string(root, "last_updated"), &updated, &unused) != 0)
        updated = published;
    json_int64(json_get(root, "version"), &version);
    struct slice number = csaf_source_text(b, "%lld", (long long)(version < 0 ? 1 : version));
    return number.data ? csaf_source_revise(b, number, published, updated) : -1;
}

int csaf_openvex_build(struct csaf_source_builder *b)
{
    const struct json_value *root = json_root(b->d->json);
    const struct json_value *array = csaf_source_member(b, root, "statements", JSON_ARRAY);
    struct csaf_source_groups groups;
    size_t products = 0;
    json_each(one, array) products += count_products(one);
    if (json_count(array) == 0)
        csaf_fault(b->check, "csaf.required", "statements", root, "there are no statements");
    int result = csaf_source_group(b, array, name_of, count_products, &groups);
    if (result == 0 &&
        (csaf_source_begin(b, products, groups.count) != 0 || read_tracking(b, root) != 0))
        result = -1;
    /* what a statement without a vulnerability says is a fault already */
    for (size_t i = 0; i < groups.count && result == 0 && b->check->errors == 0; i++)
        result = read_group(b, &groups, &groups.at[i]);
    csaf_source_groups_fini(&groups);
    return result;
}
