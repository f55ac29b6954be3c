/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/import_store.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "fleet/member_store.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_SALT = 16 };

enum { REGISTERS, MOVES, CHANGES, SAYS_NOTHING };

/* A row on its way in. */
struct row {
    const struct fleet_import_row *given;
    int does;
    char id[ID_TEXT];
    bool had_class;
    bool other_serial;  /* and stays in its class */
    uint8_t before[32]; /* the class that it leaves */
    int64_t position;   /* of its event; -1: it stays in its class */
    uint8_t id_random[ID_RANDOM];
    uint8_t line_salt[LINE_SALT];
    uint8_t event_salt[FLEET_SALT];
};

struct importing {
    struct change *c;
    const struct fleet_asset_rows *import;
    struct row *rows;
    struct row **joining; /* by class */
    size_t joining_count;
    struct act_ref act; /* of assets.imported, before it is written */
    struct err *e;
};

static int keep(struct arena *arena, struct slice text, struct slice *out, struct err *e)
{
    char *copy = arena_copy(arena, text.data, text.len);

    *out = slice_of(copy, text.len);
    return copy ? 0 : err_memory(e);
}

int fleet_import_prepare(struct fleet_import_row *row, const struct fleet_inventory *inventory,
                         struct arena *arena, struct err *e)
{
    const struct fleet_nameplate *plate = &inventory->nameplate;
    struct fleet_class *class = NULL;
    struct json_writer w;
    struct buf text;
    int result = -1;

    row->vendor = plate->vendor;
    row->model = fleet_nameplate_model(plate);
    row->version = plate->firmware;
    row->serial = plate->serial;
    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    fleet_inventory_write(&w, inventory);
    json_write_object_end(&w);
    if (buf_check(&text, e) != 0 || fleet_class_build(&class, inventory, e) != 0)
        goto out;
    memcpy(row->class, class->digest, sizeof(row->class));
    if (keep(arena, class->canonical, &row->canonical, e) != 0 ||
        keep(arena, buf_slice(&text), &row->inventory, e) != 0)
        goto out;
    result = sha256(row->inventory, row->hash) == 0 ? 0 : err_memory(e);
out:
    fleet_class_free(class);
    buf_fini(&text);
    return result;
}

/* ---- what each row does ---------------------------------------------------------------------- */

static int look_up(struct importing *i, struct row *row)
{
    const struct fleet_import_row *given = row->given;
    struct db_query q;
    int found = db_find(&q, i->c->db, i->e, SQL_ASSET_FOR_IMPORT, DB_TEXT(i->import->organisation),
                        DB_SLICE(given->label));

    row->does = REGISTERS;
    row->position = -1;
    if (found == 1) {
        snprintf(row->id, sizeof(row->id), "%s", db_text(&q, 0));
        row->had_class = !db_is_null(&q, 1);
        if (row->had_class)
            row->had_class = db_blob_copy(&q, 1, row->before, 32);
        bool stays = row->had_class && memcmp(row->before, given->class, 32) == 0;
        bool same = stays && !db_is_null(&q, 2) &&
                    slice_equal(db_blob(&q, 2), slice_of(given->hash, 32)) &&
                    (given->owner.len == 0 || slice_equal(db_slice(&q, 3), given->owner));
        row->does = same ? SAYS_NOTHING : stays ? CHANGES : MOVES;
        row->other_serial = stays && !slice_equal(db_slice(&q, 4), given->serial);
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int by_class(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int order = memcmp(x->given->class, y->given->class, 32);

    return order ? order : (x > y) - (x < y);
}

/* Looks everything up, and draws what is random for all rows together. */
static int plan(struct importing *i, struct fleet_imported *imported)
{
    enum { EACH = ID_RANDOM + LINE_SALT + FLEET_SALT };
    size_t count = i->import->count;
    uint8_t *random = arena_alloc(i->c->arena, count * EACH);

    i->rows = arena_new(i->c->arena, count, sizeof(*i->rows));
    i->joining = arena_new(i->c->arena, count, sizeof(struct row *));
    if (!random || !i->rows || !i->joining)
        return err_memory(i->e);
    if (random_fill(i->c->random, random, count * EACH, i->e) != 0)
        return -1;
    for (size_t k = 0; k < count; k++) {
        struct row *row = &i->rows[k];
        row->given = &i->import->rows[k];
        memcpy(row->id_random, random + k * EACH, ID_RANDOM);
        memcpy(row->line_salt, random + k * EACH + ID_RANDOM, LINE_SALT);
        memcpy(row->event_salt, random + k * EACH + ID_RANDOM + LINE_SALT, FLEET_SALT);
        if (look_up(i, row) != 0)
            return -1;
        if (row->does == REGISTERS)
            id_in_order("ast", i->c->now, row->id_random, row->id);
        imported->registered += row->does == REGISTERS;
        imported->unchanged += row->does == SAYS_NOTHING;
        if (row->does == REGISTERS || row->does == MOVES)
            i->joining[i->joining_count++] = row;
    }
    qsort(i->joining, i->joining_count, sizeof(struct row *), by_class);
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Whoever moves leaves first, each by an act of its own: a proof that a device left needs it. */
static int leave(struct importing *i)
{
    struct fleet_asset asset;
    int result = 0;

    fleet_asset_init(&asset);
    snprintf(asset.organisation, sizeof(asset.organisation), "%s", i->import->organisation);
    snprintf(asset.audience, sizeof(asset.audience), "%s", i->import->audience);
    for (size_t k = 0; result == 0 && k < i->joining_count; k++) {
        const struct row *row = i->joining[k];
        if (!row->had_class)
            continue;
        memcpy(asset.id, row->id, sizeof(asset.id));
        memcpy(asset.class, row->before, 32);
        result = fleet_member_leave(i->c, &asset, &i->act, i->e);
    }
    fleet_asset_fini(&asset);
    return result;
}

static struct db_value maybe(struct slice text)
{
    return DB_SLICE(text.len ? text : slice_of(NULL, 0));
}

static int insert(struct importing *i, const struct row *row)
{
    const struct fleet_import_row *given = row->given;

    return db_run(i->c->db, i->e, SQL_ASSET_INSERT_WHOLE, DB_TEXT(row->id),
                  DB_TEXT(i->import->organisation), DB_TEXT(i->import->audience),
                  DB_BOOL(i->import->exercise), DB_TEXT(fleet_way_name(FLEET_NO_AGENT)),
                  DB_SLICE(given->label), maybe(given->owner), DB_BYTES(given->class, 32),
                  DB_INT((int64_t)i->act.index), maybe(given->serial), maybe(given->vendor),
                  maybe(given->model), maybe(given->version), DB_BLOB(given->inventory),
                  DB_BYTES(given->hash, 32), DB_INT(i->c->now)) < 0
               ? -1
               : 0;
}

static int update(struct importing *i, const struct row *row)
{
    const struct fleet_import_row *given = row->given;

    if (db_run(i->c->db, i->e, SQL_ASSET_SET_INVENTORY, DB_TEXT(row->id),
               DB_BYTES(given->class, 32), maybe(given->serial), maybe(given->vendor),
               maybe(given->model), maybe(given->version), DB_BLOB(given->inventory),
               DB_BYTES(given->hash, 32), DB_INT(i->c->now)) < 0)
        return -1;
    if (row->does == MOVES && db_run(i->c->db, i->e, SQL_ASSET_SET_CLASS, DB_TEXT(row->id),
                                     DB_BYTES(given->class, 32), DB_INT((int64_t)i->act.index)) < 0)
        return -1;
    return given->owner.len && db_run(i->c->db, i->e, SQL_ASSET_SET_OWNER, DB_TEXT(row->id),
                                      DB_SLICE(given->owner)) < 0
               ? -1
               : 0;
}

static int join(struct importing *i, struct fleet_event_tree *tree, struct row *row)
{
    const struct fleet_member_event event = {.asset = row->id,
                                             .audience = i->import->audience,
                                             .class = row->given->class,
                                             .joined = true,
                                             .act = i->act.id};
    uint8_t leaf[32];

    if ((row->does == REGISTERS ? insert(i, row) : update(i, row)) != 0 ||
        fleet_event_append(i->c, tree, &event, row->event_salt, i->act.index, leaf, &row->position,
                           i->e) != 0)
        return -1;
    return fleet_membership_open(i->c, &event, i->act.index, leaf, row->position, i->e);
}

/* All that join the class of the first; *at moves behind them. */
static int join_class(struct importing *i, size_t *at)
{
    const struct fleet_import_row *first = i->joining[*at]->given;
    const char *audience = i->import->audience;
    struct fleet_event_tree tree;

    if (fleet_event_tree_load(i->c->db, audience, first->class, &tree, i->e) != 0)
        return -1;
    /* nobody of this audience was in it before: perhaps it is new */
    if (tree.frontier.size == 0 &&
        fleet_class_keep(i->c, first->class, first->canonical, i->act.index, i->e) != 0)
        return -1;
    for (; *at < i->joining_count; ++*at) {
        struct row *row = i->joining[*at];
        if (memcmp(row->given->class, first->class, 32) != 0)
            break;
        if (join(i, &tree, row) != 0)
            return -1;
    }
    return fleet_event_tree_store(i->c, audience, first->class, &tree, i->act.index, i->e);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void write_line(const struct row *row, struct buf *lines)
{
    char text[FLEET_CLASS_TEXT];
    struct json_writer w;

    json_write_init(&w, lines, 0); /* members in the order that RFC 8785 asks for */
    json_write_object(&w);
    json_member_string(&w, "asset", row->id);
    fleet_class_format(row->given->class, text);
    json_member_string(&w, "class", text);
    fleet_class_format(row->given->hash, text);
    json_member_string(&w, "inventory", text);
    if (row->given->owner.len)
        json_member_slice(&w, "owner", row->given->owner);
    if (row->does == REGISTERS)
        json_member_bool(&w, "registered", true);
    json_member_base64(&w, "salt", slice_of(row->line_salt, LINE_SALT));
    if (row->position >= 0)
        json_member_int(&w, "size", row->position + 1);
    json_write_object_end(&w);
}

static int append_line(struct merkle_frontier *tree, struct slice line, struct err *e)
{
    const struct slice parts[] = {slice_str("tocsin-import/v1\n"), line};
    uint8_t data[32];
    uint8_t leaf[32];

    return sha256_slices(parts, ARRAY_LEN(parts), data) == 0 &&
                   merkle_leaf(slice_of(data, sizeof(data)), leaf) == 0 &&
                   merkle_frontier_append(tree, leaf) == 0
               ? 0
               : err_memory(e);
}

static int write_lines(struct importing *i, struct buf *lines, uint8_t root[32], int64_t *count)
{
    struct merkle_frontier tree = {0};

    for (size_t k = 0; k < i->import->count; k++) {
        size_t begin = lines->len;
        if (i->rows[k].does == SAYS_NOTHING)
            continue;
        write_line(&i->rows[k], lines);
        if (buf_check(lines, i->e) != 0 ||
            append_line(&tree, slice_of(lines->data + begin, lines->len - begin), i->e) != 0)
            return -1;
        buf_putc(lines, '\n');
    }
    *count = (int64_t)tree.size;
    if (buf_check(lines, i->e) != 0)
        return -1;
    return merkle_frontier_root(&tree, root) == 0 ? 0 : err_memory(i->e);
}

static int write_act(struct importing *i, const struct fleet_imported *imported)
{
    char text[FLEET_CLASS_TEXT];
    uint8_t root[32];
    struct buf lines;
    int64_t count = 0;
    int result = -1;

    buf_init(&lines);
    if (write_lines(i, &lines, root, &count) != 0 ||
        db_run(i->c->db, i->e, SQL_ASSET_IMPORT_INSERT, DB_INT((int64_t)i->act.index),
               DB_BLOB(buf_slice(&lines))) < 0)
        goto out;
    struct json_writer *data = change_act(i->c, "assets.imported", i->import->organisation);
    i->c->act_id = i->act.id;
    json_member_int(data, "assets", count);
    json_member_string(data, "audience", i->import->audience);
    fleet_class_format(root, text);
    json_member_string(data, "lines", text);
    json_member_int(data, "registered", (int64_t)imported->registered);
    result = change_act_end(i->c, NULL, i->e);
out:
    buf_fini(&lines);
    return result;
}

int fleet_assets_import(struct change *c, const struct fleet_asset_rows *import,
                        struct fleet_imported *imported, struct err *e)
{
    struct importing i = {.c = c, .import = import, .e = e};

    *imported = (struct fleet_imported){0};
    if (plan(&i, imported) != 0)
        return -1;
    if (imported->unchanged == import->count)
        return 0;
    if (change_act_id(c, i.act.id, e) != 0 || leave(&i) != 0)
        return -1;
    i.act.index = change_next_index(c);
    for (size_t at = 0; at < i.joining_count;)
        if (join_class(&i, &at) != 0)
            return -1;
    for (size_t k = 0; k < import->count; k++)
        if (i.rows[k].does == CHANGES && update(&i, &i.rows[k]) != 0)
            return -1;
    if (write_act(&i, imported) != 0)
        return -1;
    for (size_t k = 0; k < import->count; k++)
        if (i.rows[k].other_serial &&
            fleet_asset_serial_act(c, import->organisation, i.rows[k].id, e) != 0)
            return -1;
    return 0;
}

/* ---- for whoever follows --------------------------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
    const struct fleet_import_class *x = a, *y = b;
    int order = memcmp(x->class, y->class, 32);

    return order ? order : (x->first > y->first) - (x->first < y->first);
}

static int read_line(struct slice line, struct fleet_import_class *out, struct err *e)
{
    struct json_doc *doc = NULL;
    int result = -1;

    if (json_parse(&doc, line, NULL, e) != 0)
        return -1;
    const struct json_value *size = json_get(json_root(doc), "size");
    if (!size)
        result = 0;
    else if (json_int64(size, &out->first) &&
             hash_text_parse(json_get_string(json_root(doc), "class"), out->class) == 0)
        result = 1;
    else
        err_set(e, ERR_INTERNAL, "fleet.import", NULL, "a line of an import is damaged");
    json_doc_free(doc);
    out->last = --out->first;
    return result;
}

static size_t merge(struct fleet_import_class *all, size_t count)
{
    size_t kept = 0;

    if (count)
        qsort(all, count, sizeof(*all), by_digest);
    for (size_t i = 0; i < count; i++) {
        if (kept && memcmp(all[kept - 1].class, all[i].class, 32) == 0)
            all[kept - 1].last = all[i].last;
        else
            all[kept++] = all[i];
    }
    return kept;
}

static size_t lines_in(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    return count;
}

int fleet_import_classes(struct db *db, uint64_t act, struct fleet_import_class **classes,
                         size_t *count, struct err *e)
{
    struct fleet_import_class *all = NULL;
    struct db_query q;
    size_t seen = 0;
    int found = db_find(&q, db, e, SQL_ASSET_IMPORT_FIND, DB_INT((int64_t)act));

    if (found == 0)
        err_set(e, ERR_INTERNAL, "fleet.import", NULL, "the lines of an import are gone");
    struct slice text = found == 1 ? db_blob(&q, 0) : slice_of(NULL, 0);
    if (found == 1 && !(all = mem_new(lines_in(text) + 1, sizeof(*all))))
        found = err_memory(e);
    for (size_t at = 0; found == 1 && at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - (text.data + at)) : text.len - at;
        int read = read_line(slice_of(text.data + at, len), &all[seen], e);
        seen += read == 1;
        at += len + 1;
        found = read < 0 ? -1 : 1;
    }
    db_query_finish(&q);
    if (found != 1) {
        mem_free(all);
        return -1;
    }
    *classes = all;
    *count = merge(all, seen);
    return 0;
}
