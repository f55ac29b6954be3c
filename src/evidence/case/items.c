/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/case/items.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "evidence/bundle/manifest.h"
#include "evidence/custody/holder.h"
#include "evidence/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct looking {
    struct evidence_items *items;
    const char *holder;
    const struct json_value *given;
    bool *seen; /* of the given ones */
};

static int not_same(struct evidence_items *items, struct evidence_item *item, const char *why,
                    struct err *e)
{
    item->same = false;
    item->why = arena_strdup(&items->arena, why);
    if (items->all_same)
        snprintf(items->why, sizeof items->why, "%s: %s", item->path, why);
    items->all_same = false;
    return item->why ? 0 : err_memory(e);
}

static int hold_against(struct looking *l, struct evidence_item *item, struct err *e)
{
    uint8_t wanted[SHA256_LEN];
    size_t at = 0;
    if (!l->given)
        return 0;
    json_each(g, l->given)
    {
        if (slice_is(json_get_string(g, "path"), item->path)) {
            l->seen[at] = true;
            if (evidence_hash_parse(json_get_string(g, "sha256"), wanted) != 0 ||
                memcmp(wanted, item->sha256, sizeof wanted) != 0)
                return not_same(l->items, item, "it has another hash than what was given", e);
            return 0;
        }
        at++;
    }
    return not_same(l->items, item, "it is not among what was given", e);
}

static struct evidence_item *add(struct evidence_items *items, const char *path, struct err *e)
{
    if (items->count == items->room) {
        size_t room = items->room ? items->room * 2 : 8;
        void *more = mem_resize(items->list, room, sizeof *items->list);
        if (!more) {
            err_memory(e);
            return NULL;
        }
        items->list = more;
        items->room = room;
    }
    struct evidence_item *item = &items->list[items->count];
    *item = (struct evidence_item){.path = arena_strdup(&items->arena, path), .same = true};
    if (!item->path) {
        err_memory(e);
        return NULL;
    }
    items->count++;
    return item;
}

/* All of a bundle is read and hashed. */
static int look_at_bundle(struct looking *l, struct evidence_item *item, const char *bundle,
                          struct err *e)
{
    const struct evidence_verify_options options = {0};
    struct evidence_verdict verdict;
    struct evidence_custody_state state;
    struct err why = {0};
    uint64_t bytes;
    char text[400] = "";
    item->is_bundle = true;
    int result = evidence_verify(bundle, &options, &verdict, e);
    if (result == 0 && !verdict.sound)
        snprintf(text, sizeof text, "%s: %s",
                 verdict.problem_count ? verdict.problems[0].what : "the bundle",
                 verdict.problem_count ? verdict.problems[0].text : "it is not complete");
    if (result == 0 && verdict.image_checked) {
        memcpy(item->image, verdict.sha256, sizeof item->image);
        item->has_image = true;
    }
    evidence_verdict_fini(&verdict);
    if (result == 0 && text[0] && not_same(l->items, item, text, e) != 0)
        result = -1;
    if (result != 0)
        return -1;
    if (evidence_file_digest(bundle, "tagmanifest-sha256.txt", item->sha256, &bytes, &why) != 0)
        return item->same ? not_same(l->items, item, why.text, e) : 0;
    /* A bundle below an exhibit has a log of its own, which travels with it. */
    if (strcmp(item->path, ".") != 0) {
        result = evidence_custody_verify(bundle, NULL, &state, &why);
        if (result == 0 && !state.sound && item->same) {
            snprintf(text, sizeof text, "its custody log: %s: %s", state.problems[0].what,
                     state.problems[0].text);
            result = not_same(l->items, item, text, e);
        }
        evidence_custody_state_fini(&state);
        if (result != 0 && err_is_set(e))
            return -1;
    }
    return item->same ? hold_against(l, item, e) : 0;
}

static int take(void *context, const char *path, struct err *e)
{
    struct looking *l = context;
    size_t skip = strlen(l->holder);
    const char *below = strlen(path) > skip ? path + skip + 1 : ".";
    struct evidence_item *item = add(l->items, below, e);
    if (!item || look_at_bundle(l, item, path, e) != 0)
        return -1;
    if (utf8_check(slice_str(below)) == strlen(below))
        return 0;
    return not_same(l->items, item,
                    "the name of its folder is no UTF-8, and no record can name it: rename it", e);
}

static int look_at_exhibit(struct looking *l, struct err *e)
{
    uint64_t bytes;
    struct err why = {0};
    struct evidence_item *item = add(l->items, ".", e);
    if (!item)
        return -1;
    if (evidence_file_digest(l->holder, "exhibit.json", item->sha256, &bytes, &why) != 0)
        return not_same(l->items, item, why.text, e);
    return hold_against(l, item, e);
}

static int missing_ones(struct looking *l, struct err *e)
{
    size_t at = 0;
    json_each(g, l->given) if (!l->seen[at++])
    {
        char path[400];
        struct evidence_item *item;
        snprintf(path, sizeof path, "%.*s", SLICE_ARG(json_get_string(g, "path")));
        if (!(item = add(l->items, path, e)) ||
            not_same(l->items, item, "it was given, and is not here", e) != 0)
            return -1;
    }
    return 0;
}

int evidence_items_look(const char *holder, const struct json_value *given,
                        struct evidence_items *items, struct err *e)
{
    struct looking l = {.items = items, .holder = holder, .given = given};
    *items = (struct evidence_items){.all_same = true};
    arena_init(&items->arena, 0);
    l.seen = arena_new(&items->arena, json_count(given) + 1, sizeof *l.seen);
    if (!l.seen)
        return err_memory(e);
    enum evidence_holder_kind kind = evidence_holder_kind(holder);
    if (kind != EVIDENCE_HOLDER_EXHIBIT && kind != EVIDENCE_HOLDER_BUNDLE)
        return err_set(e, ERR_USAGE, "evidence.holder", NULL,
                       "an exhibit or a bundle is handed over, and %s is neither", holder);
    if (kind == EVIDENCE_HOLDER_EXHIBIT && look_at_exhibit(&l, e) != 0)
        return -1;
    if (evidence_holder_bundles(holder, take, &l, e) != 0)
        return -1;
    return given ? missing_ones(&l, e) : 0;
}

void evidence_items_fini(struct evidence_items *items)
{
    mem_free(items->list);
    arena_fini(&items->arena);
    *items = (struct evidence_items){0};
}

void evidence_items_write(const struct evidence_items *items, struct json_writer *w)
{
    json_write_name(w, "items");
    json_write_array(w);
    for (size_t i = 0; i < items->count; i++) {
        const struct evidence_item *item = &items->list[i];
        json_write_object(w);
        json_member_string(w, "path", item->path);
        json_member_string(w, "what", item->is_bundle ? "bundle" : "exhibit");
        evidence_hash_member(w, "sha256", item->sha256);
        if (item->has_image)
            evidence_hash_member(w, "image_sha256", item->image);
        json_member_bool(w, "same", item->same);
        if (item->why)
            json_member_string(w, "why", item->why);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}
