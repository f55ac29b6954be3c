/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/diff.h"
#include "base/clock.h"
#include "base/memory.h"
#include "csaf/view/diff_internal.h"

const char *csaf_diff_kind_name(enum csaf_diff_kind kind)
{
    static const char *const names[] = {"added", "removed", "changed"};
    return names[kind];
}

bool diff_failed(const struct diff *d)
{
    return err_is_set(d->e);
}

void *diff_new(struct diff *d, size_t count, size_t size)
{
    void *p = arena_new(&d->arena, count ? count : 1, size);
    if (!p)
        err_memory(d->e);
    return p;
}

struct slice diff_keep(struct diff *d, struct buf *b)
{
    void *copy = b->failed ? NULL : arena_copy(&d->arena, b->data, b->len);
    struct slice s = slice_of(copy ? copy : "", copy ? b->len : 0);
    if (!copy)
        err_memory(d->e);
    buf_reset(b);
    return s;
}

void diff_tell(struct diff *d, enum csaf_diff_kind kind, const char *what,
               struct slice vulnerability, struct slice product, struct slice before,
               struct slice after)
{
    if (diff_failed(d))
        return;
    if (d->count == d->room) {
        size_t room = d->room ? 2 * d->room : 64;
        void *grown = mem_resize(d->entries, room, sizeof *d->entries);
        if (!grown) {
            err_memory(d->e);
            return;
        }
        d->entries = grown;
        d->room = room;
    }
    d->entries[d->count++] =
        (struct csaf_diff_entry){kind, what, vulnerability, product, before, after};
}

void diff_value(struct diff *d, const char *what, struct slice vulnerability, struct slice before,
                struct slice after)
{
    if (!slice_equal(before, after))
        diff_tell(d,
                  before.len == 0  ? CSAF_DIFF_ADDED
                  : after.len == 0 ? CSAF_DIFF_REMOVED
                                   : CSAF_DIFF_CHANGED,
                  what, vulnerability, slice_str(""), before, after);
}

/* --- lists --- */

void diff_item_add(struct diff *d, struct diff_items *items, struct slice full, struct slice near,
                   struct slice far, struct slice shown)
{
    if (diff_failed(d) || shown.len == 0)
        return; /* what says nothing is no difference */
    if (items->count == items->room) {
        size_t room = items->room ? 2 * items->room : 16;
        void *grown = mem_resize(items->at, room, sizeof *items->at);
        if (!grown) {
            err_memory(d->e);
            return;
        }
        items->at = grown;
        items->room = room;
    }
    items->at[items->count++] =
        (struct diff_item){.full = full, .near = near, .far = far, .shown = shown};
}

static struct slice key_of(const struct diff_item *item, int pass)
{
    return pass == 0 ? item->full : pass == 1 ? item->near : item->far;
}

/* Items of A by key, those with the same one chained in their order; from the end, so that the
 * first stands in front. */
static void chain(struct diff *d, struct map *map, struct diff_items *a, int pass)
{
    for (size_t i = a->count; i-- > 0 && !diff_failed(d);) {
        struct slice key = key_of(&a->at[i], pass);
        if (a->at[i].met || key.len == 0)
            continue;
        a->at[i].next = map_get(map, key);
        if (map_set(map, key, &a->at[i]) != 0)
            err_memory(d->e);
    }
}

/* Of two that read the same, what differs is the products that they are for. */
static void tell_changed(struct diff *d, const char *what, struct slice vulnerability,
                         const struct diff_item *old, const struct diff_item *now)
{
    struct slice after = now->shown;
    struct buf b;

    buf_init(&b);
    if (old->of && now->of && slice_equal(old->shown, after)) {
        buf_put_slice(&b, after);
        diff_other_targets(d, (const struct json_value *const[]){old->of, now->of}, &b);
        after = diff_keep(d, &b);
    }
    buf_fini(&b);
    diff_tell(d, CSAF_DIFF_CHANGED, what, vulnerability, slice_str(""), old->shown, after);
}

void diff_items_compare(struct diff *d, const char *what, struct slice vulnerability,
                        struct diff_items lists[2])
{
    struct diff_items *a = &lists[0], *b = &lists[1];
    for (int pass = 0; pass < 3 && !diff_failed(d); pass++) {
        struct map map;
        map_init(&map);
        chain(d, &map, a, pass);
        for (size_t i = 0; i < b->count && !diff_failed(d); i++) {
            struct slice key = key_of(&b->at[i], pass);
            struct diff_item *old = b->at[i].met || key.len == 0 ? NULL : map_get(&map, key);
            if (!old)
                continue;
            old->met = b->at[i].met = true;
            if (pass > 0)
                tell_changed(d, what, vulnerability, old, &b->at[i]);
            if (!old->next)
                (void)map_remove(&map, key);
            else if (map_set(&map, key, old->next) != 0)
                err_memory(d->e);
        }
        map_fini(&map);
    }
    for (size_t i = 0; i < a->count; i++)
        if (!a->at[i].met)
            diff_tell(d, CSAF_DIFF_REMOVED, what, vulnerability, slice_str(""), a->at[i].shown,
                      slice_str(""));
    for (size_t i = 0; i < b->count; i++)
        if (!b->at[i].met)
            diff_tell(d, CSAF_DIFF_ADDED, what, vulnerability, slice_str(""), slice_str(""),
                      b->at[i].shown);
    for (int side = 0; side < 2; side++) {
        mem_free(lists[side].at);
        lists[side] = (struct diff_items){0};
    }
}

/* "a: b" */
static struct slice pair(struct diff *d, struct buf *b, struct slice first, struct slice second)
{
    buf_put_slice(b, first);
    if (first.len && second.len)
        buf_puts(b, ": ");
    buf_put_slice(b, second);
    return diff_keep(d, b);
}

void diff_notes(struct diff *d, struct slice vulnerability, const struct json_value *a,
                const struct json_value *b)
{
    const struct json_value *side[2] = {a, b};
    struct diff_items lists[2] = {{0}};
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < 2; i++)
        json_each(note, side[i])
        {
            struct slice title = json_get_string(note, "title");
            struct slice kind = json_get_string(note, "category");
            struct slice near = pair(d, &text, kind, title);
            struct slice full = pair(d, &text, near, json_get_string(note, "text"));
            struct slice shown =
                pair(d, &text, title.len ? title : kind, json_get_string(note, "text"));
            diff_item_add(d, &lists[i], full, near, slice_str(""), shown);
        }
    buf_fini(&text);
    diff_items_compare(d, "note", vulnerability, lists);
}

void diff_references(struct diff *d, struct slice vulnerability, const struct json_value *a,
                     const struct json_value *b)
{
    const struct json_value *side[2] = {a, b};
    struct diff_items lists[2] = {{0}};
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < 2; i++)
        json_each(one, side[i])
        {
            struct slice url = json_get_string(one, "url");
            struct slice shown = pair(d, &text, json_get_string(one, "summary"), url);
            diff_item_add(d, &lists[i], shown, url, slice_str(""), shown);
        }
    buf_fini(&text);
    diff_items_compare(d, "reference", vulnerability, lists);
}

void diff_acknowledgments(struct diff *d, struct slice vulnerability, const struct json_value *a,
                          const struct json_value *b)
{
    const struct json_value *side[2] = {a, b};
    struct diff_items lists[2] = {{0}};
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < 2; i++)
        json_each(one, side[i])
        {
            json_each(name, json_get(one, "names"))
            {
                buf_puts(&text, text.len ? ", " : "");
                buf_put_slice(&text, json_string(name));
            }
            struct slice names = diff_keep(d, &text);
            struct slice who = pair(d, &text, names, json_get_string(one, "organization"));
            struct slice shown = pair(d, &text, who, json_get_string(one, "summary"));
            diff_item_add(d, &lists[i], shown, who, slice_str(""), shown);
        }
    buf_fini(&text);
    diff_items_compare(d, "acknowledgment", vulnerability, lists);
}

/* --- the document --- */

static struct slice at(const struct csaf_reading *r, const char *object, const char *name)
{
    return json_get_string(object ? json_get(r->document, object) : r->document, name);
}

static struct slice tlp(const struct csaf_reading *r)
{
    struct slice label =
        json_get_string(json_get(json_get(r->document, "distribution"), "tlp"), "label");
    return slice_is(label, "WHITE") ? slice_str("CLEAR") : label; /* the same since TLP 2.0 */
}

/* "2024-03-01T10:00:00Z" and "…+00:00" are the same. */
static struct slice time_of(struct diff *d, struct slice time)
{
    int64_t when;
    struct err ignored = {0};
    char text[TIME_TEXT];
    if (time_parse(time, &when, &ignored) != 0)
        return time;
    time_format(when, text);
    char *kept = arena_strdup(&d->arena, text);
    if (!kept)
        err_memory(d->e);
    return slice_str(kept);
}

static void revisions(struct diff *d)
{
    struct diff_items lists[2] = {{0}};
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < 2; i++)
        json_each(one, json_get(d->side[i]->tracking, "revision_history"))
        {
            struct slice number = json_get_string(one, "number");
            struct slice shown = pair(d, &text, number, json_get_string(one, "summary"));
            diff_item_add(d, &lists[i], shown, number, slice_str(""), shown);
        }
    buf_fini(&text);
    diff_items_compare(d, "revision", slice_str(""), lists);
}

static void document(struct diff *d)
{
    static const struct {
        const char *what, *object, *name;
    } values[] = {{"title", NULL, "title"},
                  {"severity", "aggregate_severity", "text"},
                  {"publisher", "publisher", "name"},
                  {"tracking_id", "tracking", "id"},
                  {"version", "tracking", "version"},
                  {"tracking_status", "tracking", "status"},
                  {"distribution", "distribution", "text"},
                  {"contact", "publisher", "contact_details"}};
    const struct csaf_reading *a = d->side[0], *b = d->side[1];
    struct slice none = slice_str("");
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        diff_value(d, values[i].what, none, at(a, values[i].object, values[i].name),
                   at(b, values[i].object, values[i].name));
    diff_value(d, "tlp", none, tlp(a), tlp(b));
    diff_value(d, "current_release_date", none,
               time_of(d, at(a, "tracking", "current_release_date")),
               time_of(d, at(b, "tracking", "current_release_date")));
    revisions(d);
    diff_notes(d, none, json_get(a->document, "notes"), json_get(b->document, "notes"));
    diff_references(d, none, json_get(a->document, "references"),
                    json_get(b->document, "references"));
    diff_acknowledgments(d, none, json_get(a->document, "acknowledgments"),
                         json_get(b->document, "acknowledgments"));
}

int csaf_diff_make(struct csaf_diff **out, const struct csaf_reading *a,
                   const struct csaf_reading *b, struct err *e)
{
    void (*const parts[])(struct diff * d) = {diff_products, document, diff_vulnerabilities};
    struct diff *d = mem_new(1, sizeof *d);
    if (!d)
        return err_memory(e);
    arena_init(&d->arena, 0);
    d->side[0] = a;
    d->side[1] = b;
    d->e = e;
    if (random_fill(&random_system, d->seed, sizeof d->seed, e) == 0)
        for (size_t i = 0; i < ARRAY_LEN(parts) && !diff_failed(d); i++)
            parts[i](d);
    if (diff_failed(d)) {
        csaf_diff_free(&d->result);
        return -1;
    }
    d->e = NULL;
    d->result = (struct csaf_diff){d->entries, d->count};
    *out = &d->result;
    return 0;
}

void csaf_diff_free(struct csaf_diff *result)
{
    struct diff *d = (struct diff *)(void *)result;
    if (!d)
        return;
    mem_free(d->entries);
    arena_fini(&d->arena);
    mem_free(d);
}
