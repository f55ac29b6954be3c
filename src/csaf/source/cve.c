/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVE records (record format 5). Each entry of `affected` says for which versions of a product
 * which of three statuses holds, and which holds for all others (defaultStatus, "unknown" unless it
 * is said). So an entry becomes up to three products of the model: its affected versions, its
 * unaffected ones, and those of which the record knows nothing.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "csaf/source.h"

#include <stdlib.h>

enum cve_status { AFFECTED, UNAFFECTED, UNKNOWN };
enum { CVE_STATUSES = 3 };

static const char *const status_names[] = {"affected", "unaffected", "unknown", NULL};

struct intervals {
    struct product_interval *at;
    size_t count, room;
};

/* One entry of `affected`, while it is read. */
struct entry {
    struct csaf_source_builder *b;
    const struct json_value *at;
    struct slice pointer;
    const struct product_scheme *scheme;
    struct intervals of[CVE_STATUSES];
    const char *problem[CVE_STATUSES]; /* a range of this status that was not understood */
    enum cve_status other;             /* defaultStatus */
};

static int put(struct entry *e, enum cve_status status, struct product_interval interval)
{
    struct intervals *i = &e->of[status];
    if (i->count == i->room) {
        size_t room = i->room ? 2 * i->room : 8;
        void *grown = mem_resize(i->at, room, sizeof *i->at);
        if (!grown)
            return err_memory(e->b->e);
        i->at = grown;
        i->room = room;
    }
    i->at[i->count++] = interval;
    return 0;
}

/* The order of versions that versionType names; NULL: they have none. */
static const struct product_scheme *scheme_of(struct slice type)
{
    static const struct {
        const char *type, *scheme;
    } types[] = {{"", "generic"},  {"custom", "generic"}, {"python", "pypi"},
                 {"dpkg", "deb"},  {"date", "datetime"},  {"unspecified", "generic"},
                 {"commit", NULL}, {"git", NULL},         {"original_commit_for_fix", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (slice_is(type, types[i].type))
            return types[i].scheme ? product_scheme_find(slice_str(types[i].scheme)) : NULL;
    const struct product_scheme *found = product_scheme_find(type);
    /* a word of the publisher's own says nothing of the order */
    return found == &product_scheme_exact ? &product_scheme_generic : found;
}

static bool nothing(struct slice version)
{
    static const char *const words[] = {"", "n/a", "unspecified", "unknown", "-", "N/A"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (slice_is(version, words[i]))
            return true;
    return false;
}

static bool status_of(struct entry *e, const struct json_value *v, const char *name,
                      enum cve_status *out)
{
    const struct json_value *at = json_get(v, name);
    int found = csaf_name_find(status_names, json_string(at));
    if (at && found < 0)
        csaf_fault(e->b->check, "csaf.enum", "affected[].versions[].status", at,
                   "the status is not one of affected, unaffected, unknown");
    if (found < 0)
        return false;
    *out = (enum cve_status)found;
    return true;
}

/* "affected from 1.0, unaffected from 1.2 on": one piece of the range for each change */
static int put_range(struct entry *e, const struct json_value *v, enum cve_status status,
                     struct product_interval whole)
{
    struct slice from = whole.low;
    json_each(change, json_get(v, "changes"))
    {
        struct slice at = json_get_string(change, "at");
        enum cve_status next;
        if (at.len == 0 || !status_of(e, change, "status", &next))
            continue;
        struct product_interval piece = {.low = from, .high = at, .high_open = true};
        bool empty = from.len && product_version_compare(e->scheme, from, at) != PRODUCT_LESS;
        if (!empty && put(e, status, piece) != 0)
            return -1;
        from = at;
        status = next;
    }
    whole.low = from;
    if (json_count(json_get(v, "changes")) && from.len && whole.high.len &&
        product_version_compare(e->scheme, from, whole.high) != PRODUCT_LESS)
        return 0;
    return put(e, status, whole);
}

/* A text in the place of one version: "1.2.3", ">= 1.0, < 1.2", "*", "all versions" */
static int put_single(struct entry *e, enum cve_status status, struct slice text)
{
    struct product_range range;
    struct arena *arena = &e->b->d->model->arena;
    if (product_range_parse(arena, text, true, e->scheme, &range, e->b->e) != 0)
        return -1;
    switch (range.kind) {
    case PRODUCT_RANGE_ALL:
        if (!range.conditional)
            return put(e, status, (struct product_interval){0});
        break;
    case PRODUCT_RANGE_LIST:
    case PRODUCT_RANGE_BOUNDED:
        if (range.conditional || range.prefix.len)
            break;
        for (size_t i = 0; i < range.count; i++)
            if (put(e, status, range.intervals[i]) != 0)
                return -1;
        return 0;
    case PRODUCT_RANGE_OPAQUE: break;
    }
    if (e->scheme->valid(text))
        return put(e, status, (struct product_interval){.low = text, .high = text});
    e->problem[status] = range.problem ? range.problem : "the versions are not understood";
    return 0;
}

static int read_version(struct entry *e, const struct json_value *v)
{
    struct slice version = json_get_string(v, "version");
    const struct json_value *below = json_get(v, "lessThan"),
                            *up_to = json_get(v, "lessThanOrEqual");
    enum cve_status status;
    if (!json_is(v, JSON_OBJECT) || !status_of(e, v, "status", &status)) {
        csaf_fault(e->b->check, "csaf.required", "affected[].versions[].status", v,
                   "the version has no status");
        return 0;
    }
    const struct product_scheme *scheme = scheme_of(json_get_string(v, "versionType"));
    if (!scheme) {
        csaf_warn(e->b->check, "cve.git", "affected[].versions[].versionType", v,
                  "a range of Git commits is not compared with versions");
        e->problem[status] = "the range is one of Git commits, not of versions";
        return 0;
    }
    if (!e->scheme)
        e->scheme = scheme;
    if (scheme != e->scheme) {
        e->problem[status] = "the entry counts versions in several ways";
        return 0;
    }
    if (!below && !up_to) {
        if (!nothing(version))
            return put_single(e, status, version);
        e->problem[status] = "the record names no version";
        return 0;
    }
    struct slice limit = json_string(below ? below : up_to);
    struct product_interval whole = {.low = version, .high = limit, .high_open = below != NULL};
    if (nothing(version) || slice_is(version, "0") || slice_is(version, "*"))
        whole.low = slice_of(NULL, 0);
    if (slice_is(limit, "*"))
        whole.high = slice_of(NULL, 0);
    return put_range(e, v, status, whole);
}

/* ---- what no version names -------------------------------------------------------------------
 */

struct bound {
    struct product_interval interval;
    const struct product_scheme *scheme;
    size_t order;
};

static int by_low(const void *x, const void *y)
{
    const struct bound *a = x, *b = y;
    if (a->interval.low.len == 0 || b->interval.low.len == 0)
        return (a->interval.low.len > 0) - (b->interval.low.len > 0);
    enum product_order order = product_version_compare(a->scheme, a->interval.low, b->interval.low);
    if (order == PRODUCT_LESS || order == PRODUCT_GREATER)
        return (int)order;
    if (a->interval.low_open != b->interval.low_open)
        return a->interval.low_open ? 1 : -1;
    return (a->order > b->order) - (a->order < b->order);
}

/* Of two ends, is the first the lower one? An empty end is no bound. */
static bool ends_before(const struct product_scheme *scheme, const struct product_interval *a,
                        const struct product_interval *b)
{
    if (a->high.len == 0 || b->high.len == 0)
        return a->high.len > 0;
    enum product_order order = product_version_compare(scheme, a->high, b->high);
    return order == PRODUCT_LESS || (order == PRODUCT_EQUAL && a->high_open && !b->high_open);
}

/* All versions that none of the bounds holds, as intervals of the entry's other status. */
static int put_gaps(struct entry *e, struct bound *bounds, size_t count)
{
    struct product_interval covered = {0}; /* what lies up to its end is spoken of */
    bool any = false;
    qsort(bounds, count, sizeof *bounds, by_low);
    for (size_t i = 0; i < count; i++) {
        const struct product_interval *at = &bounds[i].interval;
        struct product_interval gap = {.low = covered.high,
                                       .low_open = any && !covered.high_open,
                                       .high = at->low,
                                       .high_open = !at->low_open};
        bool gap_there = at->low.len > 0;
        if (gap_there && any) {
            enum product_order order = product_version_compare(e->scheme, covered.high, at->low);
            gap_there = order == PRODUCT_LESS ||
                        (order == PRODUCT_EQUAL && covered.high_open && at->low_open);
        }
        if (gap_there && put(e, e->other, gap) != 0)
            return -1;
        if (!any || ends_before(e->scheme, &covered, at))
            covered = *at;
        any = true;
        if (covered.high.len == 0)
            return 0;
    }
    return put(e, e->other,
               (struct product_interval){.low = covered.high, .low_open = !covered.high_open});
}

static int put_others(struct entry *e)
{
    size_t count = 0, total = 0;
    for (size_t s = 0; s < CVE_STATUSES; s++)
        if (s != e->other)
            total += e->of[s].count;
    struct bound *bounds = mem_new(total + 1, sizeof *bounds);
    if (!bounds)
        return err_memory(e->b->e);
    bool ordered = true;
    for (size_t s = 0; s < CVE_STATUSES; s++)
        for (size_t i = 0; s != e->other && i < e->of[s].count; i++) {
            const struct product_interval *at = &e->of[s].at[i];
            ordered = ordered && !at->doubtful && (!at->low.len || e->scheme->valid(at->low)) &&
                      (!at->high.len || e->scheme->valid(at->high));
            bounds[count] = (struct bound){*at, e->scheme, count};
            count++;
        }
    for (size_t s = 0; s < CVE_STATUSES; s++)
        ordered = ordered && (s == e->other || !e->problem[s]);
    int result = 0;
    if (count == 0 && ordered)
        result = put(e, e->other, (struct product_interval){0});
    else if (ordered)
        result = put_gaps(e, bounds, count);
    else if (!e->problem[e->other])
        e->problem[e->other] = "the versions that the record names are not understood";
    mem_free(bounds);
    return result;
}

/* ---- products --------------------------------------------------------------------------------
 */

static int read_condition(struct entry *e, struct csaf_range *range)
{
    const struct json_value *platforms = json_get(e->at, "platforms");
    if (json_count(platforms) == 0)
        return 0;
    struct slice first = json_string(json_first(platforms));
    range->condition = csaf_source_text(e->b, "only on %.*s%s", SLICE_ARG(first),
                                        json_count(platforms) > 1 ? " and others" : "");
    return range->condition.data ? 0 : -1;
}

static int keep_range(struct entry *e, enum cve_status status, const struct csaf_range **out)
{
    struct csaf_source_builder *b = e->b;
    const struct intervals *i = &e->of[status];
    struct csaf_range *r = csaf_new(b->d, 1, sizeof *r, b->e);
    struct product_interval *kept = csaf_new(b->d, i->count + 1, sizeof *kept, b->e);
    if (!r || !kept || read_condition(e, r) != 0)
        return -1;
    if (i->count)
        memcpy(kept, i->at, i->count * sizeof *kept);
    r->count = i->count;
    /* beside what is understood there is something that may hold any version */
    if (i->count && e->problem[status])
        kept[r->count++] = (struct product_interval){.doubtful = true};
    r->scheme = e->scheme;
    r->intervals = kept;
    r->closed = status == AFFECTED && e->other == UNAFFECTED && e->of[UNKNOWN].count == 0 &&
                !e->problem[UNKNOWN];
    r->form = "cve";
    r->problem = i->count ? NULL : e->problem[status];
    *out = r;
    return 0;
}

/* The package: as the record says, or by the registry that it is listed in. A Go package is part of
 * a module, which the Go project's records name as the vendor; the standard library is one, too. */
static int find_purl(struct entry *e, struct slice vendor, struct slice *purl)
{
    struct slice name = json_get_string(e->at, "packageName");
    struct slice ecosystem = csaf_ecosystem_of_url(json_get_string(e->at, "collectionURL"));
    *purl = json_get_string(e->at, "packageURL");
    if (purl->len || ecosystem.len == 0 || name.len == 0)
        return 0;
    if (slice_is(ecosystem, "Go")) {
        if (slice_is(vendor, "Go standard library"))
            name = slice_str("stdlib");
        else if (slice_is(vendor, "Go toolchain"))
            name = slice_str("toolchain");
        else if (vendor.len && vendor.len < name.len && name.data[vendor.len] == '/' &&
                 memcmp(vendor.data, name.data, vendor.len) == 0)
            name = vendor;
    }
    return csaf_ecosystem_purl(e->b, ecosystem, name, purl);
}

static int add_products(struct entry *e)
{
    static const enum csaf_status statuses[] = {[AFFECTED] = CSAF_KNOWN_AFFECTED,
                                                [UNAFFECTED] = CSAF_KNOWN_NOT_AFFECTED,
                                                [UNKNOWN] = CSAF_UNDER_INVESTIGATION};
    struct csaf_source_builder *b = e->b;
    struct csaf_source_product from = {.vendor = json_get_string(e->at, "vendor"),
                                       .product = json_get_string(e->at, "product"),
                                       .pointer = (const char *)e->pointer.data,
                                       .at = e->at};
    if (from.product.len == 0)
        from.product = json_get_string(e->at, "packageName");
    if (nothing(from.product) && !json_get(e->at, "packageURL") && !json_get(e->at, "cpes")) {
        csaf_warn(b->check, "cve.product", "affected[].product", e->at,
                  "no product is named; the entry is not matched");
        return 0;
    }
    if (find_purl(e, from.vendor, &from.purl) != 0)
        return -1;
    const struct csaf_range *ranges[CVE_STATUSES] = {NULL};
    for (size_t s = 0; s < CVE_STATUSES; s++)
        if ((e->of[s].count || e->problem[s]) && keep_range(e, (enum cve_status)s, &ranges[s]) != 0)
            return -1;
    /* one status after the other: products that share a range stand together */
    for (size_t s = 0; s < CVE_STATUSES; s++) {
        const struct json_value *cpe = json_first(json_get(e->at, "cpes"));
        size_t n = 0;
        if (!ranges[s])
            continue;
        do {
            struct slice part = csaf_source_text(b, "/%s%s%.0zu", status_names[s], n ? "/" : "", n);
            struct csaf_source_product one = from;
            if (!part.data)
                return -1;
            one.part = (const char *)part.data;
            one.range = ranges[s];
            one.cpe = json_string(cpe);
            /* its other names are names of the same product; by one of them it is found */
            if (n++)
                one.purl = slice_of(NULL, 0);
            if (!csaf_source_add(b, &one, statuses[s]))
                return -1;
            cpe = cpe ? json_next(cpe) : NULL;
        } while (cpe);
    }
    return 0;
}

static int read_entry(struct entry *e)
{
    struct csaf_source_builder *b = e->b;
    const struct json_value *versions = csaf_source_member(b, e->at, "versions", JSON_ARRAY);
    if (!json_is(e->at, JSON_OBJECT)) {
        csaf_fault(b->check, "csaf.type", "affected", e->at, "this must be an object");
        return 0;
    }
    e->other = UNKNOWN;
    status_of(e, e->at, "defaultStatus", &e->other);
    json_each(v, versions) if (read_version(e, v) != 0) return -1;
    if (!e->scheme)
        e->scheme = &product_scheme_generic;
    /* what stays unknown needs no product of its own: it is what is left */
    bool whole = e->of[AFFECTED].count == 0 && e->of[UNAFFECTED].count == 0;
    if (e->other == AFFECTED || (whole && !e->problem[AFFECTED] && !e->problem[UNAFFECTED]) ||
        (e->other == UNAFFECTED && (e->of[UNKNOWN].count || e->of[AFFECTED].count == 0)))
        if (put_others(e) != 0)
            return -1;
    return b->check->errors ? 0 : add_products(e);
}

static int read_affected(struct csaf_source_builder *b, const struct json_value *container,
                         const char *pointer)
{
    size_t index = 0;
    json_each(at, csaf_source_member(b, container, "affected", JSON_ARRAY))
    {
        struct entry e = {.b = b, .at = at};
        e.pointer = csaf_source_text(b, "%s/affected/%zu", pointer, index++);
        int result = e.pointer.data ? read_entry(&e) : -1;
        for (size_t s = 0; s < CVE_STATUSES; s++)
            mem_free(e.of[s].at);
        if (result != 0)
            return -1;
    }
    return b->check->errors ? 0 : csaf_applicability_read(b, container, pointer);
}

/* ---- the record ------------------------------------------------------------------------------
 */

static size_t count_products(const struct json_value *container)
{
    size_t count = csaf_applicability_count(container);
    json_each(at, json_get(container, "affected"))
    {
        size_t names = json_count(json_get(at, "cpes"));
        count += CVE_STATUSES * (names ? names : 1);
    }
    return count;
}

static int read_scores(struct csaf_source_builder *b, const struct json_value *metrics)
{
    static const char *const names[] = {"cvssV2_0", "cvssV3_0", "cvssV3_1", "cvssV4_0"};
    struct csaf_vulnerability *v = b->vulnerability;
    struct csaf_score *scores =
        csaf_new(b->d, ARRAY_LEN(names) * json_count(metrics), sizeof *scores, b->e);
    if (!scores)
        return -1;
    v->scores = scores;
    json_each(metric, metrics) for (size_t i = 0; i < ARRAY_LEN(names); i++)
    {
        const struct json_value *cvss = json_get(metric, names[i]);
        if (json_is(cvss, JSON_OBJECT))
            scores[v->score_count++] =
                (struct csaf_score){.version = json_get_string(cvss, "version"),
                                    .vector = json_get_string(cvss, "vectorString"),
                                    .base_score = json_number(json_get(cvss, "baseScore")),
                                    .severity = json_get_string(cvss, "baseSeverity")};
    }
    return 0;
}

static bool english(const struct json_value *text)
{
    struct slice lang = json_get_string(text, "lang");
    return lang.len >= 2 && lang.data[0] == 'e' && lang.data[1] == 'n';
}

/* What the publisher advises: meant for all products of the record. */
static int read_advice(struct csaf_source_builder *b, const struct json_value *texts,
                       enum csaf_remedy category, const char *pointer)
{
    size_t index = 0;
    json_each(text, texts)
    {
        struct csaf_remediation *r = &b->remediations[b->vulnerability->remediation_count];
        size_t at = index++;
        if (!english(text) || b->vulnerability->remediation_count == b->remediation_room)
            continue;
        r->category = category;
        r->details = json_get_string(text, "value");
        r->everywhere = true;
        if (csaf_place(b->d, text, pointer, NULL, at, &r->place, b->e) != 0)
            return -1;
        b->vulnerability->remediation_count++;
    }
    return 0;
}

static int read_texts(struct csaf_source_builder *b, const struct json_value *cna)
{
    struct csaf_document *d = b->d;
    struct csaf_vulnerability *v = b->vulnerability;
    const struct json_value *descriptions = csaf_source_member(b, cna, "descriptions", JSON_ARRAY);
    const struct json_value *array = csaf_source_member(b, cna, "references", JSON_ARRAY);
    struct csaf_note *note = csaf_new(d, 1, sizeof *note, b->e);
    struct csaf_reference *references = csaf_new(d, json_count(array), sizeof *references, b->e);
    if (!note || !references)
        return -1;
    note->category = slice_str("description");
    json_each(one, descriptions) if (note->text.len == 0 && english(one)) note->text =
        json_get_string(one, "value");
    d->title = json_get_string(cna, "title");
    if (d->title.len == 0)
        d->title = d->id;
    v->title = d->title;
    if (note->text.len) {
        d->notes = v->notes = note;
        d->note_count = v->note_count = 1;
    }
    json_each(one, array) references[d->reference_count++] =
        (struct csaf_reference){.category = slice_str("external"),
                                .summary = json_get_string(one, "name"),
                                .url = json_get_string(one, "url")};
    d->references = v->references = references;
    v->reference_count = d->reference_count;
    json_each(type, json_get(cna, "problemTypes")) json_each(one, json_get(type, "descriptions"))
    {
        struct slice id = json_get_string(one, "cweId");
        if (v->cwe.len == 0 && csaf_format_cwe.valid(id))
            v->cwe = id;
    }
    return 0;
}

static int read_tracking(struct csaf_source_builder *b, const struct json_value *root)
{
    struct csaf_document *d = b->d;
    const struct json_value *data = csaf_source_member(b, root, "cveMetadata", JSON_OBJECT);
    struct err unused = {0};
    int64_t published = 0, updated = 0;
    d->id = json_get_string(data, "cveId");
    d->namespace = slice_str("https://www.cve.org");
    d->publisher = json_get_string(data, "assignerShortName");
    if (d->publisher.len == 0)
        d->publisher = slice_str("CVE");
    d->publisher_category = slice_str("coordinator");
    if (!csaf_format_cve.valid(d->id))
        csaf_fault(b->check, "csaf.format", "cveMetadata.cveId", data,
                   "the record has no id such as CVE-2026-12345");
    const struct {
        const char *name;
        int64_t *time;
    } times[] = {{"datePublished", &published}, {"dateUpdated", &updated}};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        const struct json_value *at = json_get(data, times[i].name);
        if (!at || time_parse(json_string(at), times[i].time, &unused) == 0)
            continue;
        /* records of the first years have no zone */
        struct slice zoned = csaf_source_text(b, "%.*sZ", SLICE_ARG(json_string(at)));
        if (!zoned.data)
            return -1;
        err_clear(&unused);
        if (time_parse(zoned, times[i].time, &unused) != 0)
            csaf_fault(b->check, "csaf.format", times[i].name, at,
                       "this is not a date and time such as 2026-11-21T10:00:00Z");
        err_clear(&unused);
    }
    if (updated == 0)
        updated = published;
    return csaf_source_revision(b, published, updated, updated > 0);
}

int csaf_cve_build(struct csaf_source_builder *b)
{
    const struct json_value *root = json_root(b->d->json);
    const struct json_value *containers = csaf_source_member(b, root, "containers", JSON_OBJECT);
    const struct json_value *cna = csaf_source_member(b, containers, "cna", JSON_OBJECT);
    const struct json_value *adp = csaf_source_member(b, containers, "adp", JSON_ARRAY);
    struct slice state = json_get_string(json_get(root, "cveMetadata"), "state");
    size_t products = count_products(cna), index = 0;
    json_each(one, adp) products += count_products(one);
    if (csaf_source_begin(b, products, 1) != 0 ||
        csaf_source_next(b, root, "", products,
                         json_count(json_get(cna, "solutions")) +
                             json_count(json_get(cna, "workarounds"))) != 0 ||
        read_tracking(b, root) != 0)
        return -1;
    b->vulnerability->cve = b->vulnerability->name = b->d->id;
    if (!cna)
        csaf_fault(b->check, "csaf.required", "containers.cna", root,
                   "the member \"cna\" of \"containers\" is missing");
    if (read_texts(b, cna) != 0 || read_scores(b, json_get(cna, "metrics")) != 0 ||
        read_advice(b, json_get(cna, "solutions"), CSAF_VENDOR_FIX, "/containers/cna/solutions") !=
            0 ||
        read_advice(b, json_get(cna, "workarounds"), CSAF_WORKAROUND,
                    "/containers/cna/workarounds") != 0)
        return -1;
    if (slice_is(state, "REJECTED")) {
        csaf_warn(b->check, "cve.rejected", "cveMetadata.state", json_get(root, "cveMetadata"),
                  "the record is rejected: it says nothing of any product");
        return 0;
    }
    if (read_affected(b, cna, "/containers/cna") != 0)
        return -1;
    json_each(one, adp)
    {
        struct slice pointer = csaf_source_text(b, "/containers/adp/%zu", index++);
        if (!pointer.data || read_affected(b, one, (const char *)pointer.data) != 0)
            return -1;
    }
    return 0;
}
