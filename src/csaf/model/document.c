/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/document.h"
#include "base/clock.h"
#include "base/memory.h"
#include "csaf/model/engine.h"
#include "csaf/model/model.h"
#include "csaf/source.h"

#include <stdlib.h>

void *csaf_new(struct csaf_document *d, size_t count, size_t size, struct err *e)
{
    void *block = arena_new(&d->model->arena, count ? count : 1, size);
    if (!block)
        err_memory(e);
    return block;
}

int csaf_place(struct csaf_document *d, const struct json_value *v, const char *parent,
               const char *name, size_t index, struct csaf_place *out, struct err *e)
{
    out->pointer = name ? arena_printf(&d->model->arena, "%s/%s", parent, name)
                        : arena_printf(&d->model->arena, "%s/%zu", parent, index);
    if (!out->pointer)
        return err_memory(e);
    csaf_line(d, json_offset(d->json, v), &out->line, &out->column);
    return 0;
}

static int index_lines(struct csaf_document *d, struct err *e)
{
    struct csaf_model *m = d->model;
    size_t lines = 1;
    const uint8_t *end = d->text.data + d->text.len;
    for (const uint8_t *p = d->text.data; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    m->lines = mem_new(lines, sizeof *m->lines);
    if (!m->lines)
        return err_memory(e);
    m->line_count = 1;
    for (const uint8_t *p = d->text.data; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        m->lines[m->line_count++] = (size_t)(p - d->text.data) + 1;
    return 0;
}

void csaf_line(const struct csaf_document *d, size_t offset, size_t *line, size_t *column)
{
    const struct csaf_model *m = d->model;
    size_t low = 0, high = m->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (m->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = low + 1;
    *column = offset - m->lines[low] + 1;
}

/* The shape has been checked: absent members are empty slices. */
int csaf_build_strings(struct csaf_document *d, const struct json_value *array,
                       struct csaf_strings *out, struct err *e)
{
    if (json_count(array) == 0)
        return 0;
    struct slice *at = csaf_new(d, json_count(array), sizeof *at, e);
    if (!at)
        return -1;
    out->at = at;
    json_each(item, array) at[out->count++] = json_string(item);
    return 0;
}

int csaf_build_notes(struct csaf_document *d, const struct json_value *array,
                     const struct csaf_note **out, size_t *count, struct err *e)
{
    struct csaf_note *notes = csaf_new(d, json_count(array), sizeof *notes, e);
    if (!notes)
        return -1;
    *out = notes;
    json_each(item, array) notes[(*count)++] =
        (struct csaf_note){.category = json_get_string(item, "category"),
                           .title = json_get_string(item, "title"),
                           .text = json_get_string(item, "text")};
    return 0;
}

int csaf_build_references(struct csaf_document *d, const struct json_value *array,
                          const struct csaf_reference **out, size_t *count, struct err *e)
{
    struct csaf_reference *references = csaf_new(d, json_count(array), sizeof *references, e);
    if (!references)
        return -1;
    *out = references;
    json_each(item, array) references[(*count)++] =
        (struct csaf_reference){.category = json_get_string(item, "category"),
                                .summary = json_get_string(item, "summary"),
                                .url = json_get_string(item, "url")};
    return 0;
}

static int by_date(const void *a, const void *b)
{
    const struct csaf_revision *x = a, *y = b;
    if (x->date != y->date)
        return x->date < y->date ? -1 : 1;
    int order = 0;
    csaf_version_compare(x->number, y->number, &order);
    return order;
}

static int build_tracking(struct csaf_document *d, const struct json_value *tracking, struct err *e)
{
    struct err unused = {0};
    d->id = json_get_string(tracking, "id");
    d->version = json_get_string(tracking, "version");
    d->status = (enum csaf_tracking_status)csaf_name_find(csaf_tracking_statuses,
                                                          json_get_string(tracking, "status"));
    /* the shape check has parsed both already */
    if (time_parse(json_get_string(tracking, "initial_release_date"), &d->initial_release,
                   &unused) != 0 ||
        time_parse(json_get_string(tracking, "current_release_date"), &d->current_release,
                   &unused) != 0)
        return err_set(e, ERR_INTERNAL, "csaf.internal", NULL, "a checked date does not parse");
    if (csaf_build_strings(d, json_get(tracking, "aliases"), &d->aliases, e) != 0)
        return -1;
    const struct json_value *history = json_get(tracking, "revision_history");
    struct csaf_revision *revisions = csaf_new(d, json_count(history), sizeof *revisions, e);
    if (!revisions)
        return -1;
    json_each(item, history)
    {
        struct csaf_revision *r = &revisions[d->revision_count++];
        r->number = json_get_string(item, "number");
        r->summary = json_get_string(item, "summary");
        if (time_parse(json_get_string(item, "date"), &r->date, &unused) != 0)
            return err_set(e, ERR_INTERNAL, "csaf.internal", NULL, "a checked date does not parse");
    }
    qsort(revisions, d->revision_count, sizeof *revisions, by_date);
    d->revisions = revisions;
    return 0;
}

static int build_document(struct csaf_document *d, struct csaf_check *check, struct err *e)
{
    const struct json_value *root = json_root(d->json);
    const struct json_value *document = json_get(root, "document");
    const struct json_value *publisher = json_get(document, "publisher");
    const struct json_value *distribution = json_get(document, "distribution");
    d->title = json_get_string(document, "title");
    d->category = json_get_string(document, "category");
    d->lang = json_get_string(document, "lang");
    d->publisher = json_get_string(publisher, "name");
    d->publisher_category = json_get_string(publisher, "category");
    d->namespace = json_get_string(publisher, "namespace");
    d->distribution = json_get_string(distribution, "text");
    struct slice label = json_get_string(json_get(distribution, "tlp"), "label");
    d->tlp = label.len ? (enum csaf_tlp)(csaf_name_find(csaf_tlp_labels, label) + CSAF_TLP_AMBER)
                       : CSAF_TLP_NONE;
    d->severity = json_get_string(json_get(document, "aggregate_severity"), "text");
    if (csaf_build_notes(d, json_get(document, "notes"), &d->notes, &d->note_count, e) != 0 ||
        csaf_build_references(d, json_get(document, "references"), &d->references,
                              &d->reference_count, e) != 0 ||
        build_tracking(d, json_get(document, "tracking"), e) != 0)
        return -1;
    if (d->initial_release > d->current_release)
        csaf_warn(check, "csaf.dates", "section 3.2.1.12.5",
                  json_resolve(d->json, slice_str("/document/tracking/initial_release_date")),
                  "the initial release is later than the current one");
    if (csaf_build_tree(d, check, e) != 0)
        return -1;
    /* product ids are needed from here on: without them every reference would be a follow-up */
    if (check->errors)
        return 0;
    return csaf_build_vulnerabilities(d, check, e);
}

/* CSAF 2.1 section 2.4.1: who takes a document in must hear that something crucial of it is not
 * understood. */
static void warn_of_essentials(struct csaf_document *d, struct csaf_check *check)
{
    struct csaf_extensions_met met = csaf_extensions_find(json_root(d->json), "essential");
    struct slice first =
        met.named_count ? met.named[0] : slice_str("an extension without a schema");
    if (met.count)
        csaf_warn(check, "csaf.extension", "section 2.4.1", NULL,
                  "what %zu extension%s say%s is crucial to understand the document, and is not "
                  "known here: %.*s%s",
                  met.count, met.count == 1 ? "" : "s", met.count == 1 ? "s" : "", SLICE_ARG(first),
                  met.named_count > 1 ? ", …" : "");
}

int csaf_load_report(struct csaf_document **document, struct slice text, struct csaf_report *report,
                     struct err *e)
{
    *document = NULL;
    if (report)
        report->error_count = report->warning_count = 0;
    struct err found = {0};
    struct csaf_document *d = mem_new(1, sizeof *d);
    struct csaf_model *m = mem_new(1, sizeof *m);
    uint8_t *copy = mem_new(text.len + 1, 1);
    if (!d || !m || !copy) {
        mem_free(d);
        mem_free(m);
        mem_free(copy);
        return err_memory(e);
    }
    if (text.len)
        memcpy(copy, text.data, text.len);
    d->model = m;
    m->text = copy;
    d->text = slice_of(copy, text.len);
    arena_init(&m->arena, 0);
    map_init(&m->products);
    map_init(&m->groups);
    struct csaf_check check = {.document = d, .report = report, .first = &found};
    if (json_parse(&d->json, d->text, &json_limits_advisory, e) != 0) {
        if (report) {
            report->errors[0] = *e;
            report->error_count = 1;
        }
        goto out;
    }
    if (index_lines(d, e) != 0)
        goto out;
    d->source = csaf_source_detect(json_root(d->json));
    if (d->source != CSAF_SOURCE_CSAF) {
        if (csaf_source_build(d, &check, e) != 0)
            goto out;
    } else if (csaf_check_whole(&check, &d->csaf_version, e) != 0 ||
               (check.errors == 0 && build_document(d, &check, e) != 0)) {
        goto out;
    }
    if (report && check.errors == 0 && d->source == CSAF_SOURCE_CSAF)
        warn_of_essentials(d, &check);
    if (check.errors) {
        if (!err_is_set(e))
            *e = found;
        if (check.errors > 1)
            err_hint(e, "%zu more faults follow in this document", check.errors - 1);
        goto out;
    }
    *document = d;
    return 0;
out:
    csaf_free(d);
    return -1;
}

int csaf_load(struct csaf_document **document, struct slice text, struct err *e)
{
    return csaf_load_report(document, text, NULL, e);
}

void csaf_free(struct csaf_document *d)
{
    if (!d)
        return;
    json_doc_free(d->json);
    map_fini(&d->model->products);
    map_fini(&d->model->groups);
    arena_fini(&d->model->arena);
    mem_free(d->model->lines);
    mem_free(d->model->text);
    mem_free(d->model);
    mem_free(d);
}

const struct csaf_product *csaf_product_find(const struct csaf_document *d, struct slice id)
{
    return map_get(&d->model->products, id);
}

const struct csaf_group *csaf_group_find(const struct csaf_document *d, struct slice id)
{
    return map_get(&d->model->groups, id);
}

const struct csaf_branch *csaf_branch_find(const struct csaf_product *product,
                                           enum csaf_branch_category category)
{
    const struct csaf_branch *b = product->branch;
    while (b && b->category != category)
        b = b->parent;
    return b;
}
