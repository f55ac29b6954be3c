/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/member_store.h"
#include "crypto/digest.h"

int fleet_class_keep(struct change *c, const uint8_t class[32], struct slice canonical,
                     uint64_t since, struct err *e)
{
    return db_run(c->db, e, SQL_CLASS_KEEP, DB_BYTES(class, 32), DB_BLOB(canonical),
                  DB_INT((int64_t)since)) < 0
               ? -1
               : 0;
}

int fleet_member_event_json(const struct fleet_member_event *event, struct buf *json, struct err *e)
{
    char class_text[FLEET_CLASS_TEXT];
    struct json_writer w;

    fleet_class_format(event->class, class_text);
    json_write_init(&w, json, 0); /* members in the order that RFC 8785 asks for */
    json_write_object(&w);
    json_member_string(&w, "act", event->act);
    json_member_string(&w, "asset", event->asset);
    json_member_string(&w, "audience", event->audience);
    json_member_string(&w, "class", class_text);
    json_member_string(&w, "event", event->joined ? "joined" : "left");
    json_write_object_end(&w);
    return buf_check(json, e);
}

int fleet_member_event_leaf(const struct fleet_member_event *event, const uint8_t salt[FLEET_SALT],
                            uint8_t leaf[32], struct err *e)
{
    struct buf json;
    int result = -1;

    buf_init(&json);
    if (fleet_member_event_json(event, &json, e) == 0) {
        const struct slice parts[] = {slice_str("tocsin-member/v1\n"), slice_of(salt, FLEET_SALT),
                                      buf_slice(&json)};
        result = sha256_slices(parts, ARRAY_LEN(parts), leaf) == 0 ? 0 : err_memory(e);
    }
    buf_fini(&json);
    return result;
}

int fleet_event_tree_load(struct db *db, const char *audience, const uint8_t class[32],
                          struct fleet_event_tree *tree, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_MEMBER_TREE_FIND, DB_TEXT(audience), DB_BYTES(class, 32));

    memset(tree, 0, sizeof(*tree));
    if (found == 1) {
        tree->members = db_int(&q, 3);
        if (merkle_frontier_read(&tree->frontier, db_blob(&q, 1), e) != 0 ||
            !db_blob_copy(&q, 2, tree->root, 32))
            found = -1;
    }
    db_query_finish(&q);
    if (found == 0 && merkle_empty_root(tree->root) != 0)
        return err_memory(e);
    return found < 0 ? err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a member tree is damaged")
                     : 0;
}

int fleet_event_append(struct change *c, struct fleet_event_tree *tree,
                       const struct fleet_member_event *event, const uint8_t salt[FLEET_SALT],
                       uint64_t act, uint8_t leaf[32], int64_t *position, struct err *e)
{
    uint8_t leaf_hash[32];

    *position = (int64_t)tree->frontier.size;
    if (fleet_member_event_leaf(event, salt, leaf, e) != 0)
        return -1;
    if (merkle_leaf(slice_of(leaf, 32), leaf_hash) != 0 ||
        merkle_frontier_append(&tree->frontier, leaf_hash) != 0)
        return err_memory(e);
    tree->members += event->joined ? 1 : -1;
    return db_run(c->db, e, SQL_MEMBER_EVENT_INSERT, DB_TEXT(event->audience),
                  DB_BYTES(event->class, 32), DB_INT(*position), DB_TEXT(event->asset),
                  DB_TEXT(event->joined ? "joined" : "left"), DB_INT((int64_t)act),
                  DB_TEXT(event->act), DB_BYTES(salt, FLEET_SALT), DB_BYTES(leaf, 32)) < 0
               ? -1
               : 0;
}

int fleet_event_tree_store(struct change *c, const char *audience, const uint8_t class[32],
                           struct fleet_event_tree *tree, uint64_t act, struct err *e)
{
    uint8_t frontier[MERKLE_FRONTIER_MAX];

    if (merkle_frontier_root(&tree->frontier, tree->root) != 0)
        return err_memory(e);
    size_t len = merkle_frontier_write(&tree->frontier, frontier);
    return db_run(c->db, e, SQL_MEMBER_TREE_SET, DB_TEXT(audience), DB_BYTES(class, 32),
                  DB_INT((int64_t)tree->frontier.size), DB_BYTES(frontier, len),
                  DB_BYTES(tree->root, 32), DB_INT(tree->members), DB_INT((int64_t)act)) < 0
               ? -1
               : 0;
}

int fleet_membership_open(struct change *c, const struct fleet_member_event *event, uint64_t act,
                          const uint8_t leaf[32], int64_t position, struct err *e)
{
    return db_run(c->db, e, SQL_MEMBERSHIP_JOIN, DB_TEXT(event->asset), DB_INT((int64_t)act),
                  DB_TEXT(event->audience), DB_BYTES(event->class, 32), DB_BYTES(leaf, 32),
                  DB_INT(position)) < 0
               ? -1
               : 0;
}

/* One event with an act of its own; the act says what the tree is after it. */
static int append_event(struct change *c, const struct fleet_asset *asset,
                        const struct fleet_member_event *event, uint8_t leaf[32], uint64_t *at,
                        int64_t *position, struct err *e)
{
    uint8_t salt[FLEET_SALT];
    char text[FLEET_CLASS_TEXT];
    struct fleet_event_tree tree;
    struct act_ref act;

    *at = change_next_index(c);
    if (random_fill(c->random, salt, sizeof(salt), e) != 0 ||
        fleet_event_tree_load(c->db, asset->audience, event->class, &tree, e) != 0 ||
        fleet_event_append(c, &tree, event, salt, *at, leaf, position, e) != 0 ||
        fleet_event_tree_store(c, asset->audience, event->class, &tree, *at, e) != 0)
        return -1;
    struct json_writer *data =
        change_act(c, event->joined ? "membership.joined" : "membership.left", asset->organisation);
    json_member_string(data, "audience", asset->audience);
    fleet_class_format(event->class, text);
    json_member_string(data, "class", text);
    fleet_class_format(leaf, text);
    json_member_string(data, "leaf", text);
    json_member_int(data, "size", *position + 1);
    fleet_class_format(tree.root, text);
    json_member_string(data, "root", text);
    return change_act_end(c, &act, e);
}

int fleet_member_join(struct change *c, const struct fleet_asset *asset, const uint8_t class[32],
                      const struct act_ref *cause, struct err *e)
{
    const struct fleet_member_event event = {.asset = asset->id,
                                             .audience = asset->audience,
                                             .class = class,
                                             .joined = true,
                                             .act = cause->id};
    uint8_t leaf[32];
    int64_t position;
    uint64_t act;

    if (append_event(c, asset, &event, leaf, &act, &position, e) != 0 ||
        fleet_membership_open(c, &event, act, leaf, position, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_ASSET_SET_CLASS, DB_TEXT(asset->id), DB_BYTES(class, 32),
                  DB_INT((int64_t)act)) < 0
               ? -1
               : 0;
}

int fleet_member_leave(struct change *c, const struct fleet_asset *asset,
                       const struct act_ref *cause, struct err *e)
{
    const struct fleet_member_event event = {.asset = asset->id,
                                             .audience = asset->audience,
                                             .class = asset->class,
                                             .joined = false,
                                             .act = cause->id};
    uint8_t leaf[32];
    int64_t position;
    uint64_t act;

    if (append_event(c, asset, &event, leaf, &act, &position, e) != 0)
        return -1;
    int64_t changed =
        db_run(c->db, e, SQL_MEMBERSHIP_LEAVE, DB_TEXT(asset->id), DB_INT((int64_t)act));
    if (changed == 0)
        return err_set(e, ERR_INTERNAL, "fleet.membership", NULL,
                       "the asset %s has a class but no open membership", asset->id);
    return changed < 0 ? -1 : 0;
}

int fleet_members_now(struct db *db, const char *audience, const uint8_t class[32], int64_t *count,
                      struct err *e)
{
    struct fleet_event_tree tree;

    if (fleet_event_tree_load(db, audience, class, &tree, e) != 0)
        return -1;
    *count = tree.members;
    return 0;
}

/* The tree has grown since as_of: computes what it was from its events. */
static int tree_from_events(struct db *db, const char *audience, const uint8_t class[32],
                            uint64_t as_of, struct fleet_member_tree *out, struct err *e)
{
    struct merkle_frontier frontier = {0};
    struct db_query q;
    int64_t after = -1;
    int64_t members = 0;
    int step = 1;

    while (step == 1) {
        unsigned rows = 0;
        if (db_select(&q, db, e, SQL_MEMBER_EVENT_LEAVES, DB_TEXT(audience), DB_BYTES(class, 32),
                      DB_INT((int64_t)as_of), DB_INT(after), DB_INT(10000)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1) {
            uint8_t leaf[32];
            uint8_t hash[32];
            after = db_int(&q, 0);
            members += slice_is(db_slice(&q, 1), "joined") ? 1 : -1;
            if (!db_blob_copy(&q, 2, leaf, 32) || merkle_leaf(slice_of(leaf, 32), hash) != 0 ||
                merkle_frontier_append(&frontier, hash) != 0) {
                db_query_finish(&q);
                return err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a member event is damaged");
            }
            rows++;
        }
        db_query_finish(&q);
        if (step < 0)
            return -1;
        step = rows == 10000;
    }
    out->size = frontier.size;
    out->members = members;
    return merkle_frontier_root(&frontier, out->root) == 0 ? 0 : err_memory(e);
}

int fleet_member_tree_at(struct db *db, const char *audience, const uint8_t class[32],
                         uint64_t as_of, struct fleet_member_tree *tree, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_MEMBER_TREE_FIND, DB_TEXT(audience), DB_BYTES(class, 32));
    bool current = false;

    if (found == 1 && (uint64_t)db_int(&q, 4) < as_of) {
        tree->size = (uint64_t)db_int(&q, 0);
        tree->members = db_int(&q, 3);
        current = db_blob_copy(&q, 2, tree->root, 32);
    }
    db_query_finish(&q);
    if (found < 0)
        return -1;
    return current ? 0 : tree_from_events(db, audience, class, as_of, tree, e);
}
