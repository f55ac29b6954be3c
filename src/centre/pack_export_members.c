/* SPDX-License-Identifier: Apache-2.0 */
/* members.jsonl: the trees of events that entries name, whole or one customer's leaves of them. */
#include "base/encoding.h"
#include "base/memory.h"
#include "centre/pack_internal.h"
#include "crypto/digest.h"
#include "fleet/asset_store.h"
#include "journal/proof.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 500 };

/* A size at which an entry names the tree; the largest first. */
struct tree_size {
    uint64_t size;
    struct tree_size *smaller;
};

struct tree_wanted {
    char audience[ID_TEXT];
    char class_text[FLEET_CLASS_TEXT];
    struct tree_size *sizes;
};

static struct tree_wanted *find_wanted(struct exporting *x, struct slice audience,
                                       const char *class_text, struct err *e)
{
    char *key = arena_printf(&x->arena, "%.*s %s", SLICE_ARG(audience), class_text);
    struct tree_wanted *wanted = key ? map_get(&x->trees, slice_str(key)) : NULL;

    if (wanted)
        return wanted;
    wanted = key ? arena_new(&x->arena, 1, sizeof(*wanted)) : NULL;
    if (!wanted || map_set(&x->trees, slice_str(key), wanted) != 0) {
        err_memory(e);
        return NULL;
    }
    snprintf(wanted->audience, sizeof(wanted->audience), "%.*s", SLICE_ARG(audience));
    snprintf(wanted->class_text, sizeof(wanted->class_text), "%s", class_text);
    return wanted;
}

int export_want_tree(struct exporting *x, struct slice audience, const char *class_text,
                     uint64_t size, struct err *e)
{
    struct tree_wanted *wanted = find_wanted(x, audience, class_text, e);
    struct tree_size **at = wanted ? &wanted->sizes : NULL;

    if (!wanted)
        return -1;
    while (*at && (*at)->size > size)
        at = &(*at)->smaller;
    if (*at && (*at)->size == size)
        return 0;
    struct tree_size *added = arena_new(&x->arena, 1, sizeof(*added));
    if (!added)
        return err_memory(e);
    *added = (struct tree_size){.size = size, .smaller = *at};
    *at = added;
    return 0;
}

/* ---- one event, under each tree that needs it --------------------------------------------------
 */

/* `table` holds the leaves up to the largest size; NULL: the whole tree is shown, and no proof. */
struct tree_lines {
    const struct tree_wanted *wanted;
    struct merkle_table *table;
    struct pack_lines *lines;
};

static int put_proof(struct json_writer *w, struct merkle_table *table, uint64_t index,
                     uint64_t size, uint8_t root[MERKLE_HASH], struct err *e)
{
    struct merkle_source source = merkle_table_source(table);
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t count;

    if (merkle_source_inclusion(&source, index, size, proof, &count, e) != 0 ||
        merkle_source_root(&source, size, root, e) != 0)
        return -1;
    json_write_name(w, "proof");
    journal_hashes_write(w, (const uint8_t(*)[MERKLE_HASH])proof, count);
    return 0;
}

static int put_event(const struct tree_lines *t, struct db_query *q, uint64_t size, struct err *e)
{
    struct line line;
    char text[HASH_TEXT];
    uint8_t root[MERKLE_HASH];

    line_start(&line);
    json_member_string(&line.w, "audience", t->wanted->audience);
    json_member_string(&line.w, "class", t->wanted->class_text);
    json_write_name(&line.w, "event");
    json_write_object(&line.w);
    json_member_slice(&line.w, "act", db_slice(q, 4));
    json_member_slice(&line.w, "asset", db_slice(q, 2));
    json_member_string(&line.w, "audience", t->wanted->audience);
    json_member_string(&line.w, "class", t->wanted->class_text);
    json_member_slice(&line.w, "event", db_slice(q, 1));
    json_write_object_end(&line.w);
    json_member_int(&line.w, "index", db_int(q, 0));
    if (t->table) {
        if (put_proof(&line.w, t->table, (uint64_t)db_int(q, 0), size, root, e) != 0) {
            buf_fini(&line.text);
            return -1;
        }
        hash_text_format(root, text);
        json_member_string(&line.w, "root", text);
    }
    json_member_hex(&line.w, "salt", db_blob(q, 5));
    if (t->table)
        json_member_int(&line.w, "size", (int64_t)size);
    return line_put(&line, t->lines, e);
}

static int put_events(const struct tree_lines *t, struct db_query *q, struct err *e)
{
    const struct tree_size *size = t->wanted->sizes;

    if (!t->table)
        return put_event(t, q, size->size, e);
    for (; size && size->size > (uint64_t)db_int(q, 0); size = size->smaller)
        if (put_event(t, q, size->size, e) != 0)
            return -1;
    return 0;
}

/* ---- a tree ------------------------------------------------------------------------------------
 */

typedef int event_fn(void *context, struct db_query *q, struct err *e);

/* The events up to the largest size, in their order; of one organisation, or ("") of all. */
static int each_event(struct exporting *x, const struct tree_wanted *wanted,
                      const char *organisation, event_fn *fn, void *context, struct err *e)
{
    uint64_t size = wanted->sizes->size;
    uint8_t class[32];
    int64_t after = -1;

    if (hash_text_parse(slice_str(wanted->class_text), class) != 0)
        return err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a class digest is damaged");
    for (bool more = true; more;) {
        struct db_query q;
        unsigned rows = 0;
        int step;
        if (db_select(&q, x->db, e, SQL_MEMBER_EVENT_LIST, DB_TEXT(wanted->audience),
                      DB_BYTES(class, 32), DB_INT(after), DB_INT((int64_t)size), DB_INT(PAGE),
                      DB_TEXT(organisation)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1) {
            rows++;
            after = db_int(&q, 0);
            if (fn(context, &q, e) != 0) {
                step = -1;
                break;
            }
        }
        db_query_finish(&q);
        if (step < 0)
            return -1;
        more = rows == PAGE;
    }
    return 0;
}

static int put_events_fn(void *context, struct db_query *q, struct err *e)
{
    return put_events(context, q, e);
}

struct leaves {
    uint8_t (*at)[MERKLE_HASH];
    uint64_t count;
    uint64_t size;
};

static int take_leaf(void *context, struct db_query *q, struct err *e)
{
    struct leaves *leaves = context;

    if (leaves->count >= leaves->size || (uint64_t)db_int(q, 0) != leaves->count)
        return err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a tree of members has a gap");
    return merkle_leaf(db_blob(q, 6), leaves->at[leaves->count++]) == 0 ? 0 : digest_failed(e);
}

/* A customer's leaves are proven, so all leaves are needed here, though his alone are shown. */
static struct merkle_table *load_table(struct exporting *x, const struct tree_wanted *wanted,
                                       struct err *e)
{
    struct leaves leaves = {.size = wanted->sizes->size};
    struct merkle_table *table = NULL;

    leaves.at = mem_new((size_t)leaves.size, sizeof(*leaves.at));
    if (!leaves.at) {
        err_memory(e);
        return NULL;
    }
    if (each_event(x, wanted, "", take_leaf, &leaves, e) == 0) {
        if (leaves.count == leaves.size)
            table = merkle_table_new((const uint8_t(*)[MERKLE_HASH])leaves.at, leaves.count, e);
        else
            err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a tree of members is too short");
    }
    mem_free(leaves.at);
    return table;
}

static int put_tree(struct exporting *x, const struct tree_wanted *wanted, struct pack_lines *lines,
                    struct err *e)
{
    struct tree_lines t = {.wanted = wanted, .lines = lines};

    if (wanted->sizes->size == 0)
        return 0; /* a class that nobody was ever in */
    if (*x->organisation && !(t.table = load_table(x, wanted, e)))
        return -1;
    int result = each_event(x, wanted, x->organisation, put_events_fn, &t, e);
    merkle_table_free(t.table);
    return result;
}

static int by_key(const void *a, const void *b)
{
    const struct map_slot *const *x = a;
    const struct map_slot *const *y = b;

    return slice_compare((*x)->key, (*y)->key);
}

int export_members(struct exporting *x, struct err *e)
{
    const struct map_slot **sorted = mem_new(x->trees.count + 1, sizeof(*sorted));
    const struct map_slot *slot;
    struct pack_lines *lines;
    size_t count = 0;
    size_t at = 0;
    int result = -1;

    if (!sorted)
        return err_memory(e);
    while ((slot = map_next(&x->trees, &at)) != NULL)
        sorted[count++] = slot;
    qsort(sorted, count, sizeof(*sorted), by_key);
    if (pack_lines_open(x->pack, "members.jsonl", &lines, e) != 0)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (put_tree(x, sorted[i]->value, lines, e) != 0)
            goto out;
    result = pack_lines_close(lines, e);
out:
    mem_free(sorted);
    return result;
}
