/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/source.h"
#include "base/clock.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

const char *csaf_source_name(enum csaf_source source)
{
    static const char *const names[] = {[CSAF_SOURCE_CSAF] = "CSAF",
                                        [CSAF_SOURCE_OSV] = "OSV",
                                        [CSAF_SOURCE_CVE] = "CVE",
                                        [CSAF_SOURCE_OPENVEX] = "OpenVEX",
                                        [CSAF_SOURCE_CYCLONEDX] = "CycloneDX"};
    return names[source];
}

enum csaf_source csaf_source_detect(const struct json_value *root)
{
    static const char openvex[] = "https://openvex.dev/ns";
    struct slice context = json_get_string(root, "@context");
    if (!json_is(root, JSON_OBJECT) || json_get(root, "document"))
        return CSAF_SOURCE_CSAF;
    if (context.len >= sizeof openvex - 1 && memcmp(context.data, openvex, sizeof openvex - 1) == 0)
        return CSAF_SOURCE_OPENVEX;
    if (slice_is(json_get_string(root, "bomFormat"), "CycloneDX"))
        return json_count(json_get(root, "vulnerabilities")) ? CSAF_SOURCE_CYCLONEDX
                                                             : CSAF_SOURCE_CSAF;
    if (slice_is(json_get_string(root, "dataType"), "CVE_RECORD") ||
        json_is(json_get(root, "cveMetadata"), JSON_OBJECT))
        return CSAF_SOURCE_CVE;
    if (json_is(json_get(root, "id"), JSON_STRING) &&
        json_is(json_get(root, "modified"), JSON_STRING) &&
        (json_get(root, "affected") || json_get(root, "schema_version") ||
         json_get(root, "withdrawn") || json_get(root, "details")))
        return CSAF_SOURCE_OSV;
    return CSAF_SOURCE_CSAF;
}

int csaf_source_build(struct csaf_document *d, struct csaf_check *check, struct err *e)
{
    /* two are published for everyone; who may see a VEX document, it does not say */
    static const struct {
        int (*build)(struct csaf_source_builder *b);
        const char *category, *standard;
        enum csaf_tlp tlp;
    } readers[] = {
        [CSAF_SOURCE_OSV] = {csaf_osv_build, "osv", "OSV schema:", CSAF_TLP_WHITE},
        [CSAF_SOURCE_CVE] = {csaf_cve_build, "cve", "CVE record format 5:", CSAF_TLP_WHITE},
        [CSAF_SOURCE_OPENVEX] = {csaf_openvex_build, "openvex", "OpenVEX:", CSAF_TLP_NONE},
        [CSAF_SOURCE_CYCLONEDX] = {csaf_cyclonedx_build, "cyclonedx", "CycloneDX:", CSAF_TLP_NONE},
    };
    struct csaf_source_builder b = {.d = d, .check = check, .e = e};
    d->tlp = readers[d->source].tlp;
    d->category = slice_str(readers[d->source].category);
    d->status = CSAF_FINAL;
    check->standard = readers[d->source].standard;
    return readers[d->source].build(&b);
}

int csaf_source_begin(struct csaf_source_builder *b, size_t products, size_t vulnerabilities)
{
    struct csaf_document *d = b->d;
    if (products > CSAF_SOURCE_PRODUCTS)
        return err_set(b->e, ERR_LIMIT, "csaf.limit", NULL,
                       "the document names products %zu times; at most %d are read", products,
                       CSAF_SOURCE_PRODUCTS);
    b->room = products;
    b->vulnerability_room = vulnerabilities;
    b->products = csaf_new(d, products, sizeof *b->products, b->e);
    b->vulnerabilities = csaf_new(d, vulnerabilities, sizeof *b->vulnerabilities, b->e);
    d->products = b->products;
    d->vulnerabilities = b->vulnerabilities;
    return b->products && b->vulnerabilities ? 0 : -1;
}

int csaf_source_next(struct csaf_source_builder *b, const struct json_value *at,
                     const char *pointer, size_t products, size_t remediations)
{
    struct csaf_document *d = b->d;
    if (d->vulnerability_count == b->vulnerability_room)
        return err_set(b->e, ERR_INTERNAL, "csaf.internal", NULL, "a vulnerability too many");
    b->vulnerability = &b->vulnerabilities[d->vulnerability_count++];
    memset(b->status, 0, sizeof b->status);
    b->status_room = products;
    b->remediation_room = remediations;
    b->remediations = csaf_new(d, remediations, sizeof *b->remediations, b->e);
    if (!b->remediations)
        return -1;
    b->vulnerability->remediations = b->remediations;
    b->vulnerability->place.pointer = pointer;
    csaf_line(d, json_offset(d->json, at), &b->vulnerability->place.line,
              &b->vulnerability->place.column);
    return 0;
}

const struct json_value *csaf_source_member(struct csaf_source_builder *b,
                                            const struct json_value *object, const char *name,
                                            enum json_type type)
{
    static const char *const types[] = {
        [JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object"};
    const struct json_value *v = json_get(object, name);
    if (!v || json_is(v, type) || json_is(v, JSON_NULL))
        return json_is(v, JSON_NULL) ? NULL : v;
    csaf_fault(b->check, "csaf.type", name, v, "this must be %s", types[type]);
    return NULL;
}

struct slice csaf_source_text(struct csaf_source_builder *b, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = len < 0 ? NULL : arena_alloc(&b->d->model->arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    else
        err_memory(b->e);
    va_end(again);
    return slice_of(text, text ? (size_t)len : 0);
}

static struct csaf_branch *add_branch(struct csaf_source_builder *b,
                                      enum csaf_branch_category category, struct slice name,
                                      const struct csaf_branch *parent, struct csaf_place place)
{
    struct csaf_branch *branch = csaf_new(b->d, 1, sizeof *branch, b->e);
    if (branch)
        *branch = (struct csaf_branch){category, name, parent, place};
    return branch;
}

static void put_version(struct buf *out, const char *sign, struct slice version)
{
    if (version.len == 0)
        return;
    if (out->len && out->data[out->len - 1] != '/')
        buf_putc(out, '|');
    buf_puts(out, sign);
    for (size_t i = 0; i < version.len; i++) {
        uint8_t c = version.data[i];
        if (c <= ' ' || c >= 0x7f || memchr("%|,<>=!*&", c, 9))
            buf_printf(out, "%%%02X", c);
        else
            buf_putc(out, c);
    }
}

/* More of them nobody reads. */
enum { WORDED_INTERVALS = 20 };

/* The range as a `vers:` text, for people. */
static int range_text(struct csaf_source_builder *b, const struct csaf_range *r, struct slice *out)
{
    struct buf text;
    buf_init(&text);
    buf_printf(&text, "vers:%s/", r->scheme->name[0] ? r->scheme->name : "generic");
    for (size_t i = 0; i < r->count && i < WORDED_INTERVALS; i++) {
        const struct product_interval *at = &r->intervals[i];
        if (at->low.len && slice_equal(at->low, at->high)) {
            put_version(&text, "", at->low);
            continue;
        }
        put_version(&text, at->low_open ? ">" : ">=", at->low);
        put_version(&text, at->high_open ? "<" : "<=", at->high);
    }
    if (r->count > WORDED_INTERVALS)
        buf_puts(&text, "|...");
    if (text.len && text.data[text.len - 1] == '/')
        buf_puts(&text, r->problem ? "?" : "*");
    int result = buf_check(&text, b->e);
    char *kept = result == 0 ? arena_copy(&b->d->model->arena, text.data, text.len) : NULL;
    if (kept)
        *out = slice_of(kept, text.len);
    else if (result == 0)
        result = err_memory(b->e);
    buf_fini(&text);
    return result;
}

static int add_branches(struct csaf_source_builder *b, const struct csaf_source_product *from,
                        struct slice versions, struct csaf_product *p)
{
    const struct {
        enum csaf_branch_category category;
        struct slice name;
    } steps[] = {{CSAF_BRANCH_VENDOR, from->vendor},
                 {CSAF_BRANCH_PRODUCT_NAME, from->product},
                 {from->range || from->is_range ? CSAF_BRANCH_PRODUCT_VERSION_RANGE
                                                : CSAF_BRANCH_PRODUCT_VERSION,
                  versions}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].name.len == 0)
            continue;
        p->branch = add_branch(b, steps[i].category, steps[i].name, p->branch, p->place);
        if (!p->branch)
            return -1;
    }
    return 0;
}

/* Keeps a product that is built, under its id and with its status. */
static struct csaf_product *keep_product(struct csaf_source_builder *b, struct csaf_product *p,
                                         enum csaf_status status)
{
    struct csaf_document *d = b->d;
    if (map_set(&d->model->products, p->id, p) != 0) {
        err_memory(b->e);
        return NULL;
    }
    d->product_count++;
    if ((int)status == CSAF_STATUSES)
        return p;
    struct csaf_products *list = &b->vulnerability->status[status];
    if (!b->status[status]) {
        b->status[status] = csaf_new(d, b->status_room, sizeof *b->status[status], b->e);
        if (!b->status[status])
            return NULL;
        list->at = b->status[status];
        b->vulnerability->status_place[status] = p->place;
    }
    if (list->count == b->status_room) {
        err_set(b->e, ERR_INTERNAL, "csaf.internal", NULL, "a product too many");
        return NULL;
    }
    b->status[status][list->count++] = p;
    return p;
}

static struct csaf_product *next_product(struct csaf_source_builder *b)
{
    struct csaf_document *d = b->d;
    if (d->product_count == b->room) {
        err_set(b->e, ERR_INTERNAL, "csaf.internal", NULL, "a product too many");
        return NULL;
    }
    struct csaf_product *p = &b->products[d->product_count];
    *p = (struct csaf_product){.index = d->product_count};
    return p;
}

struct csaf_product *csaf_source_add(struct csaf_source_builder *b,
                                     const struct csaf_source_product *from,
                                     enum csaf_status status)
{
    struct csaf_document *d = b->d;
    struct csaf_product *p = next_product(b);
    struct csaf_helper *helper = csaf_new(d, 1, sizeof *helper, b->e);
    struct slice versions = from->version;
    if (!helper || !p)
        return NULL;
    helper->purl = from->purl;
    helper->cpe = from->cpe;
    p->place.pointer = from->pointer;
    csaf_line(d, json_offset(d->json, from->at), &p->place.line, &p->place.column);
    if ((from->range && range_text(b, from->range, &versions) != 0) ||
        add_branches(b, from, versions, p) != 0)
        return NULL;
    p->helper = from->purl.len || from->cpe.len ? helper : NULL;
    p->range = from->range;
    p->id = csaf_source_text(b, "%s%s", from->pointer + 1, from->part);
    p->name = csaf_source_text(b, "%.*s%s%.*s%s%.*s", SLICE_ARG(from->vendor),
                               from->vendor.len ? ": " : "", SLICE_ARG(from->product),
                               versions.len ? " " : "", SLICE_ARG(versions));
    if (!p->id.data || !p->name.data)
        return NULL;
    return keep_product(b, p, status);
}

struct csaf_product *csaf_source_combine(struct csaf_source_builder *b,
                                         const struct csaf_product *component,
                                         const struct csaf_product *whole, enum csaf_status status)
{
    struct csaf_product *p = next_product(b);
    struct csaf_relationship *r = csaf_new(b->d, 1, sizeof *r, b->e);
    if (!p || !r)
        return NULL;
    *r = (struct csaf_relationship){CSAF_DEFAULT_COMPONENT_OF, component, whole};
    p->relationship = r;
    p->place = component->place;
    p->id = csaf_source_text(b, "%.*s/in", SLICE_ARG(component->id));
    p->name =
        csaf_source_text(b, "%.*s in %.*s", SLICE_ARG(component->name), SLICE_ARG(whole->name));
    return p->id.data && p->name.data ? keep_product(b, p, status) : NULL;
}

static int put_entry(struct csaf_source_groups *g, struct map *names, struct slice name,
                     size_t index, size_t products, struct err *e)
{
    struct csaf_source_group *group = name.len ? map_get(names, name) : NULL;
    if (!group) {
        group = &g->at[g->count++];
        *group = (struct csaf_source_group){.name = name};
        if (name.len && map_set(names, name, group) != 0)
            return err_memory(e);
    }
    if (group->tail)
        g->next[group->tail - 1] = index + 1;
    else
        group->head = index + 1;
    group->tail = index + 1;
    group->count++;
    group->products += products;
    return 0;
}

int csaf_source_group(struct csaf_source_builder *b, const struct json_value *array,
                      struct slice (*name)(struct csaf_source_builder *b,
                                           const struct json_value *entry),
                      size_t (*products)(const struct json_value *entry),
                      struct csaf_source_groups *out)
{
    struct map names;
    size_t count = json_count(array), index = 0;
    int result = 0;
    *out = (struct csaf_source_groups){.entries = mem_new(count + 1, sizeof *out->entries),
                                       .next = mem_new(count + 1, sizeof *out->next),
                                       .at = mem_new(count + 1, sizeof *out->at)};
    map_init(&names);
    if (!out->entries || !out->next || !out->at)
        result = err_memory(b->e);
    for (const struct json_value *v = json_first(array); v && result == 0; v = json_next(v)) {
        out->entries[index] = v;
        result = put_entry(out, &names, name(b, v), index, products(v), b->e);
        index++;
    }
    map_fini(&names);
    return result;
}

void csaf_source_groups_fini(struct csaf_source_groups *g)
{
    mem_free(g->entries);
    mem_free(g->next);
    mem_free(g->at);
}

int csaf_source_revise(struct csaf_source_builder *b, struct slice number, int64_t published,
                       int64_t modified)
{
    struct csaf_document *d = b->d;
    struct csaf_revision *revision = csaf_new(d, 1, sizeof *revision, b->e);
    if (!revision)
        return -1;
    d->version = number;
    d->initial_release = published;
    d->current_release = modified;
    *revision = (struct csaf_revision){number, slice_str("as published"), modified};
    d->revisions = revision;
    d->revision_count = 1;
    return 0;
}

int csaf_source_revision(struct csaf_source_builder *b, int64_t published, int64_t modified,
                         bool dated)
{
    char text[TIME_TEXT], digits[TIME_TEXT];
    size_t len = 0;
    time_format(modified, text);
    for (size_t i = 0; text[i] && len < 14; i++)
        if (text[i] >= '0' && text[i] <= '9' && (len || text[i] != '0'))
            digits[len++] = text[i];
    struct slice number = dated ? csaf_source_text(b, "%.*s", (int)len, digits) : slice_str("1");
    return number.data ? csaf_source_revise(b, number, published, modified) : -1;
}
