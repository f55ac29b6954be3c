/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/source.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>

const char *csaf_source_name(enum csaf_source source)
{
    static const char *const names[] = {
        [CSAF_SOURCE_CSAF] = "CSAF", [CSAF_SOURCE_OSV] = "OSV", [CSAF_SOURCE_CVE] = "CVE"};
    return names[source];
}

enum csaf_source csaf_source_detect(const struct json_value *root)
{
    if (!json_is(root, JSON_OBJECT) || json_get(root, "document"))
        return CSAF_SOURCE_CSAF;
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
    struct csaf_source_builder b = {.d = d, .check = check, .e = e};
    d->tlp = CSAF_TLP_WHITE; /* both are published for everyone */
    d->status = CSAF_FINAL;
    if (d->source == CSAF_SOURCE_OSV) {
        check->standard = "OSV schema:";
        d->category = slice_str("osv");
        return csaf_osv_build(&b);
    }
    check->standard = "CVE record format 5:";
    d->category = slice_str("cve");
    return csaf_cve_build(&b);
}

int csaf_source_begin(struct csaf_source_builder *b, size_t products, size_t remediations)
{
    struct csaf_document *d = b->d;
    b->room = products;
    b->remediation_room = remediations;
    b->products = csaf_new(d, products, sizeof *b->products, b->e);
    b->vulnerability = csaf_new(d, 1, sizeof *b->vulnerability, b->e);
    b->remediations = csaf_new(d, remediations, sizeof *b->remediations, b->e);
    if (!b->products || !b->vulnerability || !b->remediations)
        return -1;
    d->products = b->products;
    d->vulnerabilities = b->vulnerability;
    d->vulnerability_count = 1;
    b->vulnerability->remediations = b->remediations;
    b->vulnerability->place = (struct csaf_place){"", 1, 1};
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

/* The range as a `vers:` text, for people. */
static int range_text(struct csaf_source_builder *b, const struct csaf_range *r, struct slice *out)
{
    struct buf text;
    buf_init(&text);
    buf_printf(&text, "vers:%s/", r->scheme->name[0] ? r->scheme->name : "generic");
    for (size_t i = 0; i < r->count; i++) {
        const struct product_interval *at = &r->intervals[i];
        if (at->low.len && slice_equal(at->low, at->high)) {
            put_version(&text, "", at->low);
            continue;
        }
        put_version(&text, at->low_open ? ">" : ">=", at->low);
        put_version(&text, at->high_open ? "<" : "<=", at->high);
    }
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

struct csaf_product *csaf_source_add(struct csaf_source_builder *b,
                                     const struct csaf_source_product *from,
                                     enum csaf_status status)
{
    struct csaf_document *d = b->d;
    struct csaf_product *p = &b->products[d->product_count];
    struct csaf_helper *helper = csaf_new(d, 1, sizeof *helper, b->e);
    struct csaf_branch *branch = NULL;
    struct slice versions;
    if (!helper || d->product_count >= b->room)
        return NULL;
    helper->purl = from->purl;
    helper->cpe = from->cpe;
    p->place.pointer = from->pointer;
    csaf_line(d, json_offset(d->json, from->at), &p->place.line, &p->place.column);
    if (range_text(b, from->range, &versions) != 0)
        return NULL;
    const struct {
        enum csaf_branch_category category;
        struct slice name;
    } steps[] = {{CSAF_BRANCH_VENDOR, from->vendor},
                 {CSAF_BRANCH_PRODUCT_NAME, from->product},
                 {CSAF_BRANCH_PRODUCT_VERSION_RANGE, versions}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (steps[i].name.len == 0)
            continue;
        branch = add_branch(b, steps[i].category, steps[i].name, branch, p->place);
        if (!branch)
            return NULL;
    }
    p->index = d->product_count;
    p->branch = branch;
    p->helper = from->purl.len || from->cpe.len ? helper : NULL;
    p->range = from->range;
    p->id = csaf_source_text(b, "%s%s", from->pointer + 1, from->part);
    p->name = csaf_source_text(b, "%.*s%s%.*s %.*s", SLICE_ARG(from->vendor),
                               from->vendor.len ? ": " : "", SLICE_ARG(from->product),
                               SLICE_ARG(versions));
    if (!p->id.data || !p->name.data)
        return NULL;
    if (!b->status[status]) {
        b->status[status] = csaf_new(d, b->room, sizeof *b->status[status], b->e);
        if (!b->status[status])
            return NULL;
        b->vulnerability->status[status].at = b->status[status];
        b->vulnerability->status_place[status] = p->place;
    }
    if (map_set(&d->model->products, p->id, p) != 0) {
        err_memory(b->e);
        return NULL;
    }
    b->status[status][b->vulnerability->status[status].count++] = p;
    d->product_count++;
    return p;
}

int csaf_source_revision(struct csaf_source_builder *b, int64_t published, int64_t modified,
                         bool dated)
{
    struct csaf_document *d = b->d;
    struct csaf_revision *revision = csaf_new(d, 1, sizeof *revision, b->e);
    char text[TIME_TEXT];
    char digits[TIME_TEXT];
    size_t len = 0;
    if (!revision)
        return -1;
    time_format(modified, text);
    for (size_t i = 0; text[i] && len < 14; i++)
        if (text[i] >= '0' && text[i] <= '9' && (len || text[i] != '0'))
            digits[len++] = text[i];
    d->version = dated ? csaf_source_text(b, "%.*s", (int)len, digits) : slice_str("1");
    if (!d->version.data)
        return -1;
    d->initial_release = published;
    d->current_release = modified;
    *revision = (struct csaf_revision){d->version, slice_str("as published"), modified};
    d->revisions = revision;
    d->revision_count = 1;
    return 0;
}
