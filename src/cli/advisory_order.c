/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/advisory_order.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "csaf/document.h"
#include "csaf/source.h"

#include <stdlib.h>
#include <string.h>

/* What a document calls itself. */
struct head {
    struct slice name; /* namespace and tracking id; empty: not to be moved */
    struct slice version;
    size_t place; /* in the order of paths */
};

struct heads {
    struct head *items;
    struct arena arena;
};

static int copy(struct arena *a, struct slice text, struct slice *out, struct err *e)
{
    const char *kept = arena_copy(a, text.len ? (const void *)text.data : "", text.len);

    *out = slice_of(kept, text.len);
    return kept ? 0 : err_memory(e);
}

static int keep_head(struct heads *heads, struct slice namespace, struct slice id,
                     struct slice version, struct head *head, struct err *e)
{
    struct buf name;

    if (!id.len || !version.len)
        return 0;
    buf_init(&name);
    buf_put_slice(&name, namespace);
    buf_putc(&name, '\n');
    buf_put_slice(&name, id);
    int result = buf_check(&name, e);
    if (result == 0 && (copy(&heads->arena, buf_slice(&name), &head->name, e) != 0 ||
                        copy(&heads->arena, version, &head->version, e) != 0))
        result = -1;
    buf_fini(&name);
    return result;
}

/* Of the other formats only their readers know what an advisory is called and which of two is the
 * newer one; these documents are small. */
static int read_other(struct heads *heads, struct slice text, struct head *head, struct err *e)
{
    struct csaf_document *d = NULL;
    struct err unreadable = {0};

    if (csaf_load(&d, text, &unreadable) != 0)
        return unreadable.kind == ERR_MEMORY ? err_memory(e) : 0;
    int result = keep_head(heads, d->namespace, d->id, d->version, head, e);
    csaf_free(d);
    return result;
}

static int read_head(struct heads *heads, struct slice text, struct head *head, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err unreadable = {0};
    int result;

    if (json_parse(&doc, text, &json_limits_advisory, &unreadable) != 0)
        return unreadable.kind == ERR_MEMORY ? err_memory(e) : 0;
    const struct json_value *document = json_get(json_root(doc), "document");
    const struct json_value *tracking = json_get(document, "tracking");
    if (csaf_source_detect(json_root(doc)) != CSAF_SOURCE_CSAF)
        result = read_other(heads, text, head, e);
    else
        result = keep_head(heads, json_get_string(json_get(document, "publisher"), "namespace"),
                           json_get_string(tracking, "id"), json_get_string(tracking, "version"),
                           head, e);
    json_doc_free(doc);
    return result;
}

static int by_advisory(const void *left, const void *right)
{
    const struct head *a = left;
    const struct head *b = right;
    int order = slice_compare(a->name, b->name);

    if (order == 0 && (!a->name.len || !csaf_version_compare(a->version, b->version, &order)))
        order = 0;
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* Where the revisions of an advisory begin in the sorted heads; by the place of the first path. */
struct group {
    size_t first, count;
    size_t place;
};

static int by_place(const void *left, const void *right)
{
    const struct group *a = left;
    const struct group *b = right;

    return (a->place > b->place) - (a->place < b->place);
}

static size_t find_groups(const struct head *heads, size_t count, struct group *groups)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        struct group *last = found ? &groups[found - 1] : NULL;
        if (last && heads[i].name.len && slice_equal(heads[last->first].name, heads[i].name)) {
            last->count++;
            last->place = heads[i].place < last->place ? heads[i].place : last->place;
        } else {
            groups[found++] = (struct group){.first = i, .count = 1, .place = heads[i].place};
        }
    }
    return found;
}

static int arrange(struct documents *d, struct head *heads, struct err *e)
{
    struct document *before = mem_new(d->count, sizeof(*before));
    struct group *groups = mem_new(d->count, sizeof(*groups));
    int result = before && groups ? 0 : err_memory(e);
    size_t count = 0;
    size_t at = 0;

    if (result == 0) {
        memcpy(before, d->items, d->count * sizeof(*before));
        qsort(heads, d->count, sizeof(*heads), by_advisory);
        count = find_groups(heads, d->count, groups);
        qsort(groups, count, sizeof(*groups), by_place);
    }
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].count; i++) {
            d->items[at] = before[heads[groups[g].first + i].place];
            d->items[at++].follows = i + 1 < groups[g].count;
        }
    mem_free(before);
    mem_free(groups);
    return result;
}

int advisory_order(struct documents *d, size_t limit, struct progress *progress, struct err *e)
{
    struct heads heads = {.items = d->count > 1 ? mem_new(d->count, sizeof(*heads.items)) : NULL};
    struct buf text;
    int result = 0;

    if (d->count < 2)
        return 0;
    if (!heads.items)
        return err_memory(e);
    arena_init(&heads.arena, 0);
    buf_init(&text);
    progress_start(progress, "documents looked at", d->count);
    for (size_t i = 0; i < d->count && result == 0; i++) {
        struct err unreadable = {0};
        progress_to(progress, i);
        heads.items[i].place = i;
        buf_reset(&text);
        if (strcmp(d->items[i].path, "-") != 0 &&
            file_read(d->items[i].path, limit, &text, &unreadable) == 0)
            result = read_head(&heads, buf_slice(&text), &heads.items[i], e);
    }
    progress_end(progress);
    if (result == 0)
        result = arrange(d, heads.items, e);
    buf_fini(&text);
    arena_fini(&heads.arena);
    mem_free(heads.items);
    return result;
}
