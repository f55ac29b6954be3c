/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSV documents (OSV schema 1.x): one vulnerability, and per package the versions that it is in.
 * Versions that no range and no list names are not affected: the schema speaks of all versions of a
 * package that it names, as long as it gives ranges; a list alone is a snapshot, and says nothing
 * of versions that came later.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "csaf/source.h"

#include <stdlib.h>

enum event_kind { EVENT_INTRODUCED, EVENT_FIXED, EVENT_LAST_AFFECTED, EVENT_LIMIT };

struct event {
    enum event_kind kind;
    struct slice version;
    size_t order; /* in the text */
    const struct product_scheme *scheme;
};

/* Intervals of one package, as they are found. */
struct package {
    struct csaf_source_builder *b;
    const struct product_scheme *scheme;
    struct product_interval *intervals;
    size_t count, room;
    struct event *events; /* of the range that is being read */
    size_t event_room;
    struct slice fixed[8]; /* versions that mend it, the first ones */
    size_t fixed_count;
    bool ranges;   /* it gives ranges that are understood */
    bool doubtful; /* a second opinion says less */
    const char *ununderstood;
};

static int put_interval(struct package *p, struct product_interval interval)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 8;
        void *grown = mem_resize(p->intervals, room, sizeof *p->intervals);
        if (!grown)
            return err_memory(p->b->e);
        p->intervals = grown;
        p->room = room;
    }
    p->intervals[p->count++] = interval;
    return 0;
}

static bool everything(struct slice version)
{
    return slice_is(version, "0");
}

/* "introduced 0" comes before every version, also before 0.0.0-alpha */
static int by_version(const void *x, const void *y)
{
    const struct event *a = x, *b = y;
    bool first = a->kind == EVENT_INTRODUCED && everything(a->version);
    bool second = b->kind == EVENT_INTRODUCED && everything(b->version);
    if (first != second)
        return first ? -1 : 1;
    enum product_order order = product_version_compare(a->scheme, a->version, b->version);
    if (!first && (order == PRODUCT_LESS || order == PRODUCT_GREATER))
        return (int)order;
    return (a->order > b->order) - (a->order < b->order);
}

/* Sorting asks for an order among all: without it the events stay as they are written. */
static bool all_ordered(const struct package *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!everything(p->events[i].version) && !p->scheme->valid(p->events[i].version))
            return false;
    return true;
}

static bool below(const struct package *p, struct slice a, struct slice b)
{
    return product_version_compare(p->scheme, a, b) == PRODUCT_LESS;
}

/* The highest limit; without one: no bound. */
static struct slice limit_of(const struct package *p, size_t count)
{
    struct slice limit = slice_of(NULL, 0);
    for (size_t i = 0; i < count; i++) {
        const struct event *v = &p->events[i];
        if (v->kind != EVENT_LIMIT)
            continue;
        if (slice_is(v->version, "*"))
            return slice_of(NULL, 0);
        if (limit.len == 0 || below(p, limit, v->version))
            limit = v->version;
    }
    return limit;
}

static int close_interval(struct package *p, struct product_interval interval, struct slice limit)
{
    if (limit.len && (interval.high.len == 0 || below(p, limit, interval.high))) {
        interval.high = limit;
        interval.high_open = true;
        if (interval.low.len && !below(p, interval.low, limit))
            return 0;
    }
    interval.doubtful = p->doubtful && !interval.low.len && !interval.high.len;
    return put_interval(p, interval);
}

/* The schema's evaluation: events in the order of versions switch the state. */
static int put_events(struct package *p, size_t count)
{
    struct product_interval now = {0};
    bool inside = false;
    struct slice limit = limit_of(p, count);
    if (all_ordered(p, count))
        qsort(p->events, count, sizeof *p->events, by_version);
    for (size_t i = 0; i < count; i++) {
        const struct event *v = &p->events[i];
        switch (v->kind) {
        case EVENT_INTRODUCED:
            if (!inside)
                now = (struct product_interval){.low = everything(v->version) ? slice_of(NULL, 0)
                                                                              : v->version};
            inside = true;
            break;
        case EVENT_FIXED:
        case EVENT_LAST_AFFECTED:
            if (!inside)
                break;
            now.high = v->version;
            now.high_open = v->kind == EVENT_FIXED;
            inside = false;
            if (now.high_open && slice_equal(now.low, now.high))
                break; /* nothing between */
            if (close_interval(p, now, limit) != 0)
                return -1;
            break;
        case EVENT_LIMIT: break;
        }
    }
    return inside ? close_interval(p, now, limit) : 0;
}

static int read_events(struct package *p, const struct json_value *events)
{
    static const char *const kinds[] = {"introduced", "fixed", "last_affected", "limit"};
    size_t count = 0;
    if (json_count(events) > p->event_room) {
        void *grown = mem_resize(p->events, json_count(events), sizeof *p->events);
        if (!grown)
            return err_memory(p->b->e);
        p->events = grown;
        p->event_room = json_count(events);
    }
    bool introduced = false;
    json_each(one, events)
    {
        size_t known = 0;
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            const struct json_value *v = csaf_source_member(p->b, one, kinds[k], JSON_STRING);
            if (!v)
                continue;
            if (known++)
                break;
            introduced = introduced || k == EVENT_INTRODUCED;
            p->events[count] = (struct event){(enum event_kind)k, json_string(v), count, p->scheme};
            count++;
            if (k == EVENT_FIXED && p->fixed_count < ARRAY_LEN(p->fixed))
                p->fixed[p->fixed_count++] = json_string(v);
        }
        if (known != 1)
            csaf_fault(p->b->check, "osv.event", "affected[].ranges[].events", one,
                       "an event must have exactly one of introduced, fixed, last_affected, limit");
    }
    if (!introduced)
        csaf_fault(p->b->check, "osv.event", "affected[].ranges[].events", events,
                   "no event says where the vulnerability was introduced");
    return p->b->check->errors ? 0 : put_events(p, count);
}

static int read_ranges(struct package *p, const struct json_value *ranges)
{
    json_each(range, ranges)
    {
        struct slice type = json_get_string(range, "type");
        const struct json_value *events = csaf_source_member(p->b, range, "events", JSON_ARRAY);
        if (slice_is(type, "GIT")) {
            csaf_warn(p->b->check, "osv.git", "affected[].ranges[].type", range,
                      "a range of Git commits is not compared with versions");
            if (!p->ununderstood)
                p->ununderstood = "the range is one of Git commits, not of versions";
            continue;
        }
        if (!slice_is(type, "SEMVER") && !slice_is(type, "ECOSYSTEM")) {
            csaf_fault(p->b->check, "osv.type", "affected[].ranges[].type", range,
                       "the type of the range is not SEMVER, ECOSYSTEM or GIT");
            continue;
        }
        if (!events) {
            csaf_fault(p->b->check, "csaf.required", "affected[].ranges[].events", range,
                       "the member \"events\" is missing");
            continue;
        }
        if (read_events(p, events) != 0)
            return -1;
        p->ranges = true;
    }
    return 0;
}

static bool covered(const struct package *p, size_t count, struct slice version)
{
    for (size_t i = 0; i < count; i++) {
        const struct product_interval *at = &p->intervals[i];
        enum product_order low =
            at->low.len ? product_version_compare(p->scheme, version, at->low) : PRODUCT_GREATER;
        enum product_order high =
            at->high.len ? product_version_compare(p->scheme, version, at->high) : PRODUCT_LESS;
        if ((low == PRODUCT_GREATER || (low == PRODUCT_EQUAL && !at->low_open)) &&
            (high == PRODUCT_LESS || (high == PRODUCT_EQUAL && !at->high_open)))
            return true;
    }
    return false;
}

/* Beyond so many comparisons a listed version is kept without looking whether a range holds it. */
enum { LISTED_LOOKS = 1000000 };

/* Those that the ranges hold already say nothing new. */
static int read_versions(struct package *p, const struct json_value *versions)
{
    size_t ranges = p->count, looks = 0;
    json_each(v, versions)
    {
        struct slice version = json_string(v);
        if (version.len == 0) {
            csaf_fault(p->b->check, "csaf.type", "affected[].versions", v,
                       "a version must be a string that is not empty");
            continue;
        }
        looks += ranges;
        if (looks < LISTED_LOOKS && covered(p, ranges, version))
            continue;
        if (put_interval(p, (struct product_interval){.low = version, .high = version}) != 0)
            return -1;
    }
    return 0;
}

/*
 * Ranges that the Go database could not write as module versions. Where the range of the schema is
 * then every version, it holds more than is meant: what is in it only is in doubt.
 */
static int read_custom_ranges(struct package *p, const struct json_value *affected)
{
    const struct json_value *custom =
        json_get(json_get(affected, "ecosystem_specific"), "custom_ranges");
    p->doubtful = false;
    return custom ? read_ranges(p, custom) : 0;
}

/* "only on windows": all entries name systems or processors */
static int read_condition(struct package *p, const struct json_value *affected,
                          struct csaf_range *range)
{
    const struct json_value *imports =
        json_get(json_get(affected, "ecosystem_specific"), "imports");
    const struct json_value *first = NULL;
    json_each(one, imports)
    {
        const struct json_value *only = json_get(one, "goos");
        if (!only)
            only = json_get(one, "goarch");
        if (json_count(only) == 0)
            return 0;
        if (!first)
            first = only;
    }
    if (!first)
        return 0;
    range->condition =
        csaf_source_text(p->b, "only on %.*s%s", SLICE_ARG(json_string(json_first(first))),
                         json_count(first) > 1 ? " and others" : "");
    return range->condition.data ? 0 : -1;
}

static int keep_range(struct package *p, const struct json_value *affected,
                      const struct csaf_range **out)
{
    struct csaf_source_builder *b = p->b;
    struct csaf_range *r = csaf_new(b->d, 1, sizeof *r, b->e);
    struct product_interval *kept = csaf_new(b->d, p->count, sizeof *kept, b->e);
    if (!r || !kept || read_condition(p, affected, r) != 0)
        return -1;
    if (p->count)
        memcpy(kept, p->intervals, p->count * sizeof *kept);
    r->scheme = p->scheme;
    r->intervals = kept;
    r->count = p->count;
    r->closed = p->ranges;
    r->form = "osv";
    if (p->count == 0)
        r->problem = p->ununderstood ? p->ununderstood : "no affected version is named";
    *out = r;
    return 0;
}

static int put_remedies(struct package *p, const struct csaf_product *product)
{
    struct csaf_source_builder *b = p->b;
    struct csaf_vulnerability *v = b->vulnerability;
    for (size_t i = 0; i < p->fixed_count && v->remediation_count < b->remediation_room; i++) {
        const struct csaf_product **at = csaf_new(b->d, 1, sizeof *at, b->e);
        struct csaf_remediation *r = &b->remediations[v->remediation_count];
        if (!at)
            return -1;
        *at = product;
        r->category = CSAF_VENDOR_FIX;
        r->details = csaf_source_text(b, "fixed in version %.*s", SLICE_ARG(p->fixed[i]));
        r->products = (struct csaf_products){at, 1};
        r->place = product->place;
        if (!r->details.data)
            return -1;
        v->remediation_count++;
    }
    return 0;
}

static int read_package(struct package *p, const struct json_value *affected, size_t index,
                        bool withdrawn)
{
    struct csaf_source_builder *b = p->b;
    const struct json_value *package = csaf_source_member(b, affected, "package", JSON_OBJECT);
    const struct json_value *versions = csaf_source_member(b, affected, "versions", JSON_ARRAY);
    const struct json_value *ranges = csaf_source_member(b, affected, "ranges", JSON_ARRAY);
    struct slice ecosystem = json_get_string(package, "ecosystem");
    struct csaf_source_product from = {.vendor = ecosystem,
                                       .product = json_get_string(package, "name"),
                                       .purl = json_get_string(package, "purl"),
                                       .at = affected,
                                       .part = ""};
    if (!package) {
        /* only commits of a repository are affected: nothing that an inventory names */
        csaf_warn(b->check, "osv.package", "affected[].package", affected,
                  "no package is named; the entry is not matched");
        return 0;
    }
    if (ecosystem.len == 0 || from.product.len == 0) {
        csaf_fault(b->check, "csaf.required", "affected[].package", package,
                   "the package has no \"ecosystem\" or no \"name\"");
        return 0;
    }
    p->scheme = csaf_ecosystem_scheme(ecosystem);
    bool custom = json_get(json_get(affected, "ecosystem_specific"), "custom_ranges") != NULL;
    p->doubtful = custom;
    struct slice pointer = csaf_source_text(b, "/affected/%zu", index);
    if (!pointer.data || read_ranges(p, ranges) != 0)
        return -1;
    if (custom && read_custom_ranges(p, affected) != 0)
        return -1;
    from.pointer = (const char *)pointer.data;
    if (read_versions(p, versions) != 0 || keep_range(p, affected, &from.range) != 0)
        return -1;
    if (from.purl.len == 0 && csaf_ecosystem_purl(b, ecosystem, from.product, &from.purl) != 0)
        return -1;
    if (withdrawn || b->check->errors)
        return 0;
    const struct csaf_product *product = csaf_source_add(b, &from, CSAF_KNOWN_AFFECTED);
    return product ? put_remedies(p, product) : -1;
}

static int read_affected(struct csaf_source_builder *b, const struct json_value *all,
                         bool withdrawn)
{
    struct package p = {.b = b};
    int result = 0;
    size_t index = 0;
    json_each(affected, all)
    {
        p.count = p.fixed_count = 0;
        p.ranges = false;
        p.ununderstood = NULL;
        result = read_package(&p, affected, index++, withdrawn);
        if (result != 0)
            break;
    }
    mem_free(p.intervals);
    mem_free(p.events);
    return result;
}

static bool is_cve(struct slice id)
{
    return csaf_format_cve.valid(id);
}

static int read_names(struct csaf_source_builder *b, const struct json_value *root)
{
    const struct json_value *aliases = csaf_source_member(b, root, "aliases", JSON_ARRAY);
    struct csaf_vulnerability *v = b->vulnerability;
    struct csaf_id *ids = csaf_new(b->d, json_count(aliases) + 1, sizeof *ids, b->e);
    size_t cves = is_cve(b->d->id);
    if (!ids || csaf_build_strings(b->d, aliases, &b->d->aliases, b->e) != 0)
        return -1;
    v->ids = ids;
    v->cve = cves ? b->d->id : slice_of(NULL, 0);
    if (!cves)
        ids[v->id_count++] = (struct csaf_id){slice_str("OSV"), b->d->id};
    json_each(alias, aliases)
    {
        struct slice id = json_string(alias);
        if (is_cve(id)) {
            if (cves++ == 0)
                v->cve = id;
        } else if (id.len) {
            bool github = id.len > 5 && memcmp(id.data, "GHSA-", 5) == 0;
            ids[v->id_count++] = (struct csaf_id){slice_str(github ? "GitHub" : "OSV"), id};
        }
    }
    /* one document on several CVEs speaks of neither alone */
    if (cves > 1 && !is_cve(b->d->id))
        v->cve = slice_of(NULL, 0);
    v->name = v->cve.len ? v->cve : b->d->id;
    return 0;
}

static int read_scores(struct csaf_source_builder *b, const struct json_value *root)
{
    const struct json_value *array = csaf_source_member(b, root, "severity", JSON_ARRAY);
    struct csaf_score *scores = csaf_new(b->d, json_count(array), sizeof *scores, b->e);
    if (!scores)
        return -1;
    b->vulnerability->scores = scores;
    json_each(one, array)
    {
        struct slice type = json_get_string(one, "type"), vector = json_get_string(one, "score");
        struct slice version = slice_str(slice_is(type, "CVSS_V2") ? "2.0" : "");
        if (vector.len > 9 && memcmp(vector.data, "CVSS:", 5) == 0 && vector.data[8] == '/')
            version = slice_of(vector.data + 5, 3);
        if (version.len && vector.len)
            scores[b->vulnerability->score_count++] =
                (struct csaf_score){.version = version, .vector = vector};
    }
    return 0;
}

static int read_texts(struct csaf_source_builder *b, const struct json_value *root)
{
    struct csaf_document *d = b->d;
    struct csaf_note *note = csaf_new(d, 1, sizeof *note, b->e);
    const struct json_value *array = csaf_source_member(b, root, "references", JSON_ARRAY);
    struct csaf_reference *references = csaf_new(d, json_count(array), sizeof *references, b->e);
    if (!note || !references)
        return -1;
    d->title = json_get_string(root, "summary");
    if (d->title.len == 0)
        d->title = d->id;
    b->vulnerability->title = d->title;
    *note = (struct csaf_note){.category = slice_str("description"),
                               .text = json_get_string(root, "details")};
    if (note->text.len) {
        b->vulnerability->notes = d->notes = note;
        b->vulnerability->note_count = d->note_count = 1;
    }
    d->references = b->vulnerability->references = references;
    json_each(one, array) references[d->reference_count++] =
        (struct csaf_reference){.category = slice_str("external"),
                                .summary = json_get_string(one, "type"),
                                .url = json_get_string(one, "url")};
    b->vulnerability->reference_count = d->reference_count;
    return 0;
}

/* "GO-2020-0001": the database is named in front of the first '-' */
static int read_tracking(struct csaf_source_builder *b, const struct json_value *root)
{
    struct csaf_document *d = b->d;
    struct err unused = {0};
    int64_t modified, published;
    const struct json_value *at = json_get(root, "modified");
    d->id = json_get_string(root, "id");
    d->namespace = slice_str("https://osv.dev");
    d->publisher_category = slice_str("coordinator");
    size_t prefix = 0;
    while (prefix < d->id.len && d->id.data[prefix] != '-')
        prefix++;
    d->publisher = csaf_source_text(b, "OSV (%.*s)", (int)(prefix < 60 ? prefix : 60),
                                    (const char *)d->id.data);
    if (!d->publisher.data)
        return -1;
    if (!csaf_format_tracking_id.valid(d->id))
        csaf_fault(b->check, "csaf.format", "id", json_get(root, "id"),
                   "the id is not one line without white space around it");
    if (time_parse(json_string(at), &modified, &unused) != 0) {
        csaf_fault(b->check, "csaf.format", "modified", at,
                   "this is not a date and time such as 2026-11-21T10:00:00Z");
        return 0;
    }
    if (time_parse(json_get_string(root, "published"), &published, &unused) != 0)
        published = modified;
    /* a database that does not keep the time of changes writes the year 1 */
    bool dated = modified > 0;
    if (!dated)
        modified = published;
    return csaf_source_revision(b, published < modified ? published : modified, modified,
                                modified > 0);
}

int csaf_osv_build(struct csaf_source_builder *b)
{
    const struct json_value *root = json_root(b->d->json);
    const struct json_value *affected = csaf_source_member(b, root, "affected", JSON_ARRAY);
    bool withdrawn =
        json_get(root, "withdrawn") && !json_is(json_get(root, "withdrawn"), JSON_NULL);
    size_t remedies = 0;
    json_each(one, affected) json_each(range, json_get(one, "ranges")) remedies +=
        json_count(json_get(range, "events"));
    if (csaf_source_begin(b, json_count(affected), 1) != 0 ||
        csaf_source_next(b, root, "", json_count(affected), remedies) != 0 ||
        read_tracking(b, root) != 0 || read_names(b, root) != 0 || read_scores(b, root) != 0 ||
        read_texts(b, root) != 0)
        return -1;
    if (withdrawn)
        csaf_warn(b->check, "osv.withdrawn", "withdrawn", json_get(root, "withdrawn"),
                  "the document is withdrawn: it says nothing of any package");
    return read_affected(b, affected, withdrawn);
}
