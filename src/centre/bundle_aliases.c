/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/bundle_aliases.h"
#include "fleet/advisory_store.h"
#include "fleet/alias_file.h"
#include "fleet/alias_store.h"
#include "fleet/criteria.h"

#include <stdio.h>

int bundle_aliases_init(struct bundle_aliases *b, struct db *db, struct err *e)
{
    struct db_query q;

    *b = (struct bundle_aliases){0};
    arena_init(&b->arena, 0);
    map_init(&b->used[0]);
    map_init(&b->used[1]);
    int found = db_find(&q, db, e, SQL_ALIAS_LIST, DB_TEXT(""), DB_TEXT(""), DB_INT(1));
    db_query_finish(&q);
    b->any = found == 1;
    return found < 0 ? -1 : fleet_aliases_load(db, &b->all, e);
}

void bundle_aliases_fini(struct bundle_aliases *b)
{
    fleet_aliases_free(b->all);
    map_fini(&b->used[0]);
    map_fini(&b->used[1]);
    arena_fini(&b->arena);
    *b = (struct bundle_aliases){0};
}

static int use(struct bundle_aliases *b, enum fleet_name_kind kind, struct slice form,
               struct err *e)
{
    struct slice other;

    if (fleet_aliases_of(b->all, kind, form, &other, 1) == 0 || map_get(&b->used[kind], form))
        return 0;
    char *key = arena_copy(&b->arena, form.data, form.len);
    if (!key || map_set(&b->used[kind], slice_of(key, form.len), b) != 0)
        return err_memory(e);
    return 0;
}

static int use_target(struct bundle_aliases *b, const struct fleet_target *t, struct err *e)
{
    for (size_t i = 0; i < t->vendor.count; i++)
        if (use(b, FLEET_NAME_VENDOR, t->vendor.forms[i].text, e) != 0)
            return -1;
    for (size_t i = 0; i < t->form_count; i++)
        if (use(b, FLEET_NAME_PRODUCT, t->forms[i].text, e) != 0)
            return -1;
    return 0;
}

int bundle_aliases_document(struct bundle_aliases *b, struct db *db, const uint8_t digest[32],
                            struct err *e)
{
    struct csaf_document *document = NULL;
    struct fleet_criteria *criteria = NULL;
    struct buf content;
    int result = -1;

    if (!b->any)
        return 0;
    buf_init(&content);
    if (fleet_document_load(db, digest, &content, e) == 1 &&
        csaf_load(&document, buf_slice(&content), e) == 0 &&
        fleet_criteria_build(&criteria, document, e) == 0)
        result = 0;
    for (size_t i = 0; result == 0 && i < criteria->target_count; i++)
        result = use_target(b, &criteria->targets[i], e);
    fleet_criteria_free(criteria);
    csaf_free(document);
    buf_fini(&content);
    return result;
}

/* 1: a name of some document is, by the table, the same as this one. */
static int is_used(const struct bundle_aliases *b, enum fleet_name_kind kind, struct slice from,
                   struct err *e)
{
    const struct map_slot *slot;
    struct fleet_name name;
    struct arena arena;
    size_t at = 0;
    int result = 0;

    arena_init(&arena, 0);
    if (fleet_name_normalise(&arena, kind, from, &name, e) != 0)
        result = -1;
    while (result == 0 && name.count > 0 && (slot = map_next(&b->used[kind], &at)) != NULL)
        result = slice_equal(slot->key, name.forms[0].text) ||
                 fleet_aliases_same(b->all, kind, slot->key, name.forms[0].text, NULL);
    arena_fini(&arena);
    return result;
}

static int put_used(const struct bundle_aliases *b, struct db *db, struct json_writer *w,
                    size_t *count, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, db, e, SQL_ALIAS_LIST, DB_TEXT(""), DB_TEXT(""), DB_INT(INT32_MAX)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        enum fleet_name_kind kind =
            slice_is(db_slice(&q, 0), "vendor") ? FLEET_NAME_VENDOR : FLEET_NAME_PRODUCT;
        int used = is_used(b, kind, db_slice(&q, 1), e);
        if (used < 0) {
            step = -1;
            break;
        }
        if (used == 0)
            continue;
        fleet_alias_file_put(w, kind, db_slice(&q, 1), db_slice(&q, 2), db_slice(&q, 3));
        (*count)++;
    }
    db_query_finish(&q);
    return step;
}

int bundle_aliases_write(const struct bundle_aliases *b, struct db *db, struct buf *out,
                         struct err *e)
{
    struct json_writer w;
    size_t count = 0;

    if (b->used[0].count + b->used[1].count == 0)
        return 0;
    json_write_init(&w, out, 0);
    fleet_alias_file_begin(&w);
    if (put_used(b, db, &w, &count, e) != 0)
        return -1;
    fleet_alias_file_end(&w);
    return buf_check(out, e);
}
