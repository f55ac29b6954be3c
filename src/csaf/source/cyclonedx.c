/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CycloneDX documents with vulnerabilities (1.4 and later): VEX, where an analysis says whether a
 * product is affected, and VDR, where being listed says so. Products are components of the same
 * document, or, by a BOM-Link, of another one: of those only such are understood whose reference is
 * a package URL.
 */
#include "base/clock.h"
#include "csaf/source.h"

struct document {
    struct csaf_source_builder *b;
    struct map components; /* bom-ref -> struct json_value */
    struct slice serial;
};

static const char *const states[] = {"resolved",  "resolved_with_pedigree", "exploitable",
                                     "in_triage", "false_positive",         "not_affected",
                                     NULL};
static const enum csaf_status state_statuses[] = {CSAF_FIXED,
                                                  CSAF_FIXED,
                                                  CSAF_KNOWN_AFFECTED,
                                                  CSAF_UNDER_INVESTIGATION,
                                                  CSAF_KNOWN_NOT_AFFECTED,
                                                  CSAF_KNOWN_NOT_AFFECTED};

/* Depth is bounded by the JSON reader. */
static int index_components(struct document *doc, const struct json_value *component)
{
    struct slice ref = json_get_string(component, "bom-ref");
    if (ref.len && !map_get(&doc->components, ref) &&
        map_set(&doc->components, ref, (void *)(uintptr_t)component) != 0)
        return err_memory(doc->b->e);
    json_each(below, json_get(component, "components"))
    {
        if (index_components(doc, below) != 0)
            return -1;
    }
    return 0;
}

static int hex(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* "urn:cdx:UUID/1#ref": the reference behind '#', decoded; *own: the link leads to this document */
static int link_reference(struct document *doc, struct slice link, struct slice *ref, bool *own)
{
    static const char urn[] = "urn:cdx:", uuid[] = "urn:uuid:";
    const uint8_t *mark = memchr(link.data, '#', link.len);
    size_t front = sizeof urn - 1, serial = sizeof uuid - 1;
    *ref = link;
    *own = true;
    if (link.len < front || memcmp(link.data, urn, front) != 0 || !mark)
        return 0;
    struct slice id = slice_of(link.data + front, 0);
    while (id.data + id.len < mark && id.data[id.len] != '/')
        id.len++;
    *own = doc->serial.len == serial + id.len && id.len &&
           memcmp(doc->serial.data + serial, id.data, id.len) == 0;
    struct slice raw = slice_of(mark + 1, link.len - (size_t)(mark + 1 - link.data));
    uint8_t *text = arena_alloc(&doc->b->d->model->arena, raw.len + 1);
    size_t len = 0;
    if (!text)
        return err_memory(doc->b->e);
    for (size_t i = 0; i < raw.len; i++) {
        bool encoded = raw.data[i] == '%' && i + 2 < raw.len && hex(raw.data[i + 1]) >= 0 &&
                       hex(raw.data[i + 2]) >= 0;
        text[len++] =
            encoded ? (uint8_t)(hex(raw.data[i + 1]) * 16 + hex(raw.data[i + 2])) : raw.data[i];
        i += encoded ? 2 : 0;
    }
    *ref = slice_of(text, len);
    return 0;
}

static struct slice vendor_of(const struct json_value *component)
{
    static const char *const names[] = {"supplier", "manufacturer"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct slice name = json_get_string(json_get(component, names[i]), "name");
        if (name.len)
            return name;
    }
    return json_get_string(component, "publisher");
}

/* What a reference means; false: nothing that is known here. */
static int resolve(struct document *doc, struct slice link, struct csaf_source_product *from,
                   bool *known)
{
    struct slice ref;
    bool own;
    *known = false;
    if (link.len == 0)
        return 0;
    if (link_reference(doc, link, &ref, &own) != 0)
        return -1;
    const struct json_value *component = own ? map_get(&doc->components, ref) : NULL;
    if (component) {
        from->vendor = vendor_of(component);
        from->product = json_get_string(component, "name");
        from->version = json_get_string(component, "version");
        from->purl = json_get_string(component, "purl");
        from->cpe = json_get_string(component, "cpe");
    } else if (ref.len > 4 && memcmp(ref.data, "pkg:", 4) == 0) {
        from->product = from->purl = ref;
    }
    *known = from->product.len > 0;
    return 0;
}

static size_t count_products(const struct json_value *vulnerability)
{
    size_t count = 0;
    json_each(affects, json_get(vulnerability, "affects"))
    {
        size_t versions = json_count(json_get(affects, "versions"));
        count += versions ? versions : 1;
    }
    return count;
}

struct reading {
    struct document *doc;
    const struct json_value *at;
    const char *pointer;
    enum csaf_status status; /* by its analysis */
    const struct csaf_product **named;
    size_t count;
};

static int add_product(struct reading *r, const struct csaf_source_product *from,
                       enum csaf_status status)
{
    const struct csaf_product *p = csaf_source_add(r->doc->b, from, status);
    if (!p)
        return -1;
    if (status == r->status)
        r->named[r->count++] = p;
    return 0;
}

/* Each version with a status of its own; what it does not say, the analysis does. */
static int add_versions(struct reading *r, const struct json_value *versions,
                        struct csaf_source_product *from)
{
    static const char *const names[] = {"affected", "unaffected", "unknown", NULL};
    static const enum csaf_status statuses[] = {CSAF_KNOWN_AFFECTED, CSAF_KNOWN_NOT_AFFECTED,
                                                CSAF_UNDER_INVESTIGATION};
    size_t index = 0;
    json_each(v, versions)
    {
        int found = csaf_name_find(names, json_get_string(v, "status"));
        struct slice part = csaf_source_text(r->doc->b, "/versions/%zu", index++);
        if (!part.data)
            return -1;
        from->part = (const char *)part.data;
        from->version = json_get_string(v, "version");
        from->is_range = from->version.len == 0;
        if (from->is_range)
            from->version = json_get_string(v, "range");
        if (from->version.len == 0) {
            csaf_fault(r->doc->b->check, "csaf.required", "vulnerabilities[].affects[].versions", v,
                       "there is neither a version nor a range");
            continue;
        }
        if (add_product(r, from, found >= 0 ? statuses[found] : r->status) != 0)
            return -1;
    }
    return 0;
}

static int add_affects(struct reading *r)
{
    struct csaf_source_builder *b = r->doc->b;
    size_t index = 0;
    json_each(affects, csaf_source_member(b, r->at, "affects", JSON_ARRAY))
    {
        struct csaf_source_product from = {.at = affects, .part = ""};
        struct slice pointer = csaf_source_text(b, "%s/affects/%zu", r->pointer, index++);
        struct slice ref = json_get_string(affects, "ref");
        bool known;
        if (!pointer.data || resolve(r->doc, ref, &from, &known) != 0)
            return -1;
        from.pointer = (const char *)pointer.data;
        if (!known) {
            csaf_warn(b->check, "cyclonedx.reference", "vulnerabilities[].affects[].ref", affects,
                      "\"%.*s\" is no component of this document; the entry is not matched",
                      (int)(ref.len < 100 ? ref.len : 100), (const char *)ref.data);
            continue;
        }
        const struct json_value *versions = csaf_source_member(b, affects, "versions", JSON_ARRAY);
        int result = json_count(versions) ? add_versions(r, versions, &from)
                                          : add_product(r, &from, r->status);
        if (result != 0)
            return -1;
    }
    return 0;
}

/* Justification, detail and recommendation reach the products of the analysis. */
static int add_words(struct reading *r)
{
    struct csaf_source_builder *b = r->doc->b;
    struct csaf_vulnerability *v = b->vulnerability;
    const struct json_value *analysis = json_get(r->at, "analysis");
    struct csaf_products products = {r->named, r->count};
    struct slice label = json_get_string(analysis, "justification");
    struct slice detail = json_get_string(analysis, "detail");
    if (label.len)
        ((struct csaf_flag *)(uintptr_t)v->flags)[v->flag_count++] =
            (struct csaf_flag){.label = label, .products = products};
    if (detail.len)
        ((struct csaf_threat *)(uintptr_t)v->threats)[v->threat_count++] = (struct csaf_threat){
            .category = slice_str("impact"), .details = detail, .products = products};
    static const struct {
        const char *name;
        enum csaf_remedy category;
    } advice[] = {{"recommendation", CSAF_VENDOR_FIX}, {"workaround", CSAF_WORKAROUND}};
    for (size_t i = 0; i < ARRAY_LEN(advice); i++) {
        const struct json_value *text = json_get(r->at, advice[i].name);
        struct csaf_remediation *remedy = &b->remediations[v->remediation_count];
        if (json_string(text).len == 0)
            continue;
        remedy->category = advice[i].category;
        remedy->details = json_string(text);
        remedy->products = products;
        if (csaf_place(b->d, text, r->pointer, advice[i].name, 0, &remedy->place, b->e) != 0)
            return -1;
        v->remediation_count++;
    }
    return 0;
}

static int read_scores(struct csaf_source_builder *b, const struct json_value *ratings)
{
    static const char *const methods[][2] = {
        {"CVSSv2", "2.0"}, {"CVSSv3", "3.0"}, {"CVSSv31", "3.1"}, {"CVSSv4", "4.0"}};
    struct csaf_score *scores = csaf_new(b->d, json_count(ratings), sizeof *scores, b->e);
    if (!scores)
        return -1;
    b->vulnerability->scores = scores;
    json_each(rating, ratings)
    {
        for (size_t i = 0; i < ARRAY_LEN(methods); i++)
            if (slice_is(json_get_string(rating, "method"), methods[i][0]))
                scores[b->vulnerability->score_count++] =
                    (struct csaf_score){.version = slice_str(methods[i][1]),
                                        .vector = json_get_string(rating, "vector"),
                                        .base_score = json_number(json_get(rating, "score")),
                                        .severity = json_get_string(rating, "severity")};
    }
    return 0;
}

static int read_entry(struct document *doc, const struct json_value *at, size_t index)
{
    struct csaf_source_builder *b = doc->b;
    struct reading r = {.doc = doc, .at = at, .status = CSAF_KNOWN_AFFECTED};
    const struct json_value *state = json_get(json_get(at, "analysis"), "state");
    int found = csaf_name_find(states, json_string(state));
    struct slice pointer = csaf_source_text(b, "/vulnerabilities/%zu", index);
    r.named = csaf_new(b->d, count_products(at), sizeof *r.named, b->e);
    if (!pointer.data || !r.named)
        return -1;
    r.pointer = (const char *)pointer.data;
    if (state && found < 0)
        csaf_fault(b->check, "csaf.enum", "vulnerabilities[].analysis.state", state,
                   "the state is not one of resolved, resolved_with_pedigree, exploitable, "
                   "in_triage, false_positive, not_affected");
    if (found >= 0)
        r.status = state_statuses[found];
    return add_affects(&r) == 0 ? add_words(&r) : -1;
}

static struct slice name_of(struct csaf_source_builder *b, const struct json_value *vulnerability)
{
    (void)b;
    return json_get_string(vulnerability, "id");
}

static int read_group(struct document *doc, const struct csaf_source_groups *groups,
                      const struct csaf_source_group *g)
{
    struct csaf_source_builder *b = doc->b;
    const struct json_value *first = groups->entries[g->head - 1];
    struct slice pointer = csaf_source_text(b, "/vulnerabilities/%zu", g->head - 1);
    if (!pointer.data ||
        csaf_source_next(b, first, (const char *)pointer.data, g->products, 2 * g->count) != 0)
        return -1;
    struct csaf_vulnerability *v = b->vulnerability;
    struct csaf_note *note = csaf_new(b->d, 1, sizeof *note, b->e);
    struct csaf_id *id = csaf_new(b->d, 1, sizeof *id, b->e);
    v->flags = csaf_new(b->d, g->count, sizeof *v->flags, b->e);
    v->threats = csaf_new(b->d, g->count, sizeof *v->threats, b->e);
    if (!note || !id || !v->flags || !v->threats || read_scores(b, json_get(first, "ratings")) != 0)
        return -1;
    v->name = g->name.len ? g->name : slice_str(v->place.pointer + 1);
    if (csaf_format_cve.valid(v->name))
        v->cve = v->name;
    *id = (struct csaf_id){json_get_string(json_get(first, "source"), "name"), v->name};
    v->ids = id;
    v->id_count = v->cve.len == 0;
    note->category = slice_str("description");
    note->text = json_get_string(first, "description");
    v->notes = note;
    v->note_count = note->text.len > 0;
    for (size_t at = g->head; at; at = groups->next[at - 1])
        if (read_entry(doc, groups->entries[at - 1], at - 1) != 0)
            return -1;
    return 0;
}

static int read_tracking(struct document *doc, const struct json_value *root)
{
    struct csaf_source_builder *b = doc->b;
    struct csaf_document *d = b->d;
    const struct json_value *metadata = json_get(root, "metadata");
    const struct json_value *component = json_get(metadata, "component");
    struct err unused = {0};
    int64_t at = 0, version = 1;
    d->namespace = slice_str("https://cyclonedx.org");
    d->publisher = json_get_string(json_get(metadata, "supplier"), "name");
    if (d->publisher.len == 0)
        d->publisher = vendor_of(component);
    if (d->publisher.len == 0)
        d->publisher = slice_str("CycloneDX");
    d->publisher_category = slice_str("vendor");
    /* the number is optional; without it the product, or the vulnerability, names the document */
    d->id = doc->serial;
    if (d->id.len == 0 && json_get_string(component, "name").len)
        d->id = csaf_source_text(b, "%.*s %.*s", SLICE_ARG(json_get_string(component, "name")),
                                 SLICE_ARG(json_get_string(component, "version")));
    else if (d->id.len == 0)
        d->id = json_get_string(json_first(json_get(root, "vulnerabilities")), "id");
    if (d->id.len == 0)
        csaf_fault(b->check, "csaf.required", "serialNumber", root,
                   "nothing names the document: it has no serial number");
    d->title = d->id;
    if (time_parse(json_get_string(metadata, "timestamp"), &at, &unused) != 0)
        at = 0;
    json_int64(json_get(root, "version"), &version);
    struct slice number = csaf_source_text(b, "%lld", (long long)(version < 0 ? 1 : version));
    return number.data ? csaf_source_revise(b, number, at, at) : -1;
}

int csaf_cyclonedx_build(struct csaf_source_builder *b)
{
    const struct json_value *root = json_root(b->d->json);
    const struct json_value *array = csaf_source_member(b, root, "vulnerabilities", JSON_ARRAY);
    struct document doc = {.b = b, .serial = json_get_string(root, "serialNumber")};
    struct csaf_source_groups groups;
    size_t products = 0;
    map_init(&doc.components);
    json_each(one, array) products += count_products(one);
    int result = csaf_source_group(b, array, name_of, count_products, &groups);
    if (result == 0 &&
        (csaf_source_begin(b, products, groups.count) != 0 || read_tracking(&doc, root) != 0 ||
         index_components(&doc, json_get(json_get(root, "metadata"), "component")) != 0))
        result = -1;
    for (const struct json_value *one = json_first(json_get(root, "components"));
         one && result == 0; one = json_next(one))
        result = index_components(&doc, one);
    for (size_t i = 0; i < groups.count && result == 0; i++)
        result = read_group(&doc, &groups, &groups.at[i]);
    csaf_source_groups_fini(&groups);
    map_fini(&doc.components);
    return result;
}
