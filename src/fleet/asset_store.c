/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/asset_store.h"
#include "crypto/digest.h"
#include "fleet/member_store.h"

#include <stdio.h>

static const char *const way_names[] = {"online", "offline", "none"};

const char *fleet_way_name(enum fleet_way way)
{
    return way_names[way];
}

int fleet_way_parse(struct slice text, enum fleet_way *way, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(way_names); i++) {
        if (slice_is(text, way_names[i])) {
            *way = (enum fleet_way)i;
            return 0;
        }
    }
    err_set(e, ERR_USAGE, "fleet.way", NULL, "\"%.*s\" is no way to reach an asset",
            (int)(text.len < 40 ? text.len : 40), (const char *)text.data);
    return err_hint(e, "ways are online, offline and none");
}

void fleet_asset_init(struct fleet_asset *asset)
{
    *asset = (struct fleet_asset){.acked_notice = -1};
    buf_init(&asset->serial);
}

void fleet_asset_fini(struct fleet_asset *asset)
{
    buf_fini(&asset->serial);
}

static void copy_text(struct db_query *q, unsigned col, char *out, size_t size)
{
    const char *text = db_text(q, col);

    snprintf(out, size, "%s", text ? text : "");
}

int fleet_asset_find(struct db *db, const char *id, struct fleet_asset *asset, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ASSET_FIND, DB_TEXT(id));

    if (found == 1) {
        snprintf(asset->id, sizeof(asset->id), "%s", id);
        copy_text(&q, 0, asset->organisation, sizeof(asset->organisation));
        copy_text(&q, 1, asset->audience, sizeof(asset->audience));
        copy_text(&q, 2, asset->owner, sizeof(asset->owner));
        asset->exercise = db_bool(&q, 3);
        copy_text(&q, 4, asset->state, sizeof(asset->state));
        if (fleet_way_parse(db_slice(&q, 5), &asset->way, e) != 0)
            found = -1;
        copy_text(&q, 6, asset->label, sizeof(asset->label));
        asset->has_class = !db_is_null(&q, 7);
        if (asset->has_class && !db_blob_copy(&q, 7, asset->class, 32))
            found = err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a class digest is not 32 bytes");
        asset->class_since = (uint64_t)db_int(&q, 8);
        buf_reset(&asset->serial);
        buf_put_slice(&asset->serial, db_slice(&q, 9));
        asset->acked_n = (uint64_t)db_int(&q, 10);
        if (!db_is_null(&q, 11) && !db_blob_copy(&q, 11, asset->acked_head, 32))
            found = err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "a chain head is not 32 bytes");
        asset->acked_as_of = (uint64_t)db_int(&q, 12);
        asset->acked_notice = db_int(&q, 13);
        asset->acked_at = db_int(&q, 14);
        if (buf_check(&asset->serial, e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    return found;
}

int fleet_audience_of(struct db *db, const char *organisation, char audience[ID_TEXT],
                      struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_AUDIENCE_OF_ORGANISATION, DB_TEXT(organisation));

    if (found == 1)
        copy_text(&q, 0, audience, ID_TEXT);
    db_query_finish(&q);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "fleet.no-audience", NULL,
                       "the organisation %s is not there, or has no audience", organisation);
    return found == 1 ? 0 : -1;
}

int fleet_asset_register(struct change *c, const struct fleet_registration *r, char id[ID_TEXT],
                         struct err *e)
{
    const char *owner = r->owner && r->owner[0] ? r->owner : NULL;

    if (change_id(c, "ast", id, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "asset.registered", r->organisation);
    json_member_string(data, "asset", id);
    struct act_ref act;
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_ASSET_INSERT, DB_TEXT(id), DB_TEXT(r->organisation),
                  DB_TEXT(r->audience), DB_BOOL(r->exercise), DB_TEXT(fleet_way_name(r->way)),
                  DB_TEXT(r->label), DB_TEXT(owner), DB_INT(c->now), DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

static int find_living(struct db *db, const char *id, struct fleet_asset *asset, struct err *e)
{
    int found = fleet_asset_find(db, id, asset, e);

    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "fleet.no-asset", NULL, "there is no asset %s", id);
    if (strcmp(asset->state, "removed") == 0)
        return err_set(e, ERR_CONFLICT, "fleet.asset-removed", NULL, "the asset %s was removed",
                       id);
    return 0;
}

int fleet_asset_set_owner(struct change *c, const char *id, const char *owner, struct err *e)
{
    int64_t changed = db_run(c->db, e, SQL_ASSET_SET_OWNER, DB_TEXT(id),
                             DB_TEXT(owner && owner[0] ? owner : NULL));

    if (changed == 0)
        return err_set(e, ERR_NOT_FOUND, "fleet.no-asset", NULL, "there is no asset %s", id);
    return changed < 0 ? -1 : 0;
}

int fleet_asset_remove(struct change *c, const char *id, const char *reason, struct err *e)
{
    struct fleet_asset asset;
    struct act_ref act;
    int result = -1;

    fleet_asset_init(&asset);
    if (find_living(c->db, id, &asset, e) != 0)
        goto out;
    struct json_writer *data = change_act(c, "asset.removed", asset.organisation);
    json_member_string(data, "asset", id);
    json_member_string(data, "reason", reason);
    if (change_act_end(c, &act, e) != 0)
        goto out;
    if (asset.has_class && fleet_member_leave(c, &asset, &act, e) != 0)
        goto out;
    result =
        db_run(c->db, e, SQL_ASSET_REMOVE, DB_TEXT(id), DB_INT((int64_t)act.index)) < 0 ? -1 : 0;
out:
    fleet_asset_fini(&asset);
    return result;
}

static int keep_inventory(struct change *c, const struct fleet_asset *asset,
                          const struct fleet_inventory *inventory, const struct fleet_class *class,
                          const uint8_t payload_hash[32], struct err *e)
{
    const struct fleet_nameplate *plate = &inventory->nameplate;
    struct slice version = plate->firmware;
    struct slice model = fleet_nameplate_model(plate);
    struct json_writer w;
    struct buf text;
    int result = -1;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    fleet_inventory_write(&w, inventory);
    json_write_object_end(&w);
    if (buf_check(&text, e) != 0)
        goto out;
    struct slice none = slice_of(NULL, 0);
    if (db_run(c->db, e, SQL_ASSET_SET_INVENTORY, DB_TEXT(asset->id), DB_BYTES(class->digest, 32),
               DB_SLICE(plate->serial.len ? plate->serial : none),
               DB_SLICE(plate->vendor.len ? plate->vendor : none),
               DB_SLICE(model.len ? model : none), DB_SLICE(version.len ? version : none),
               DB_BLOB(buf_slice(&text)), DB_BYTES(payload_hash, 32), DB_INT(c->now)) < 0)
        goto out;
    result = 0;
out:
    buf_fini(&text);
    return result;
}

int fleet_asset_serial_act(struct change *c, const char *organisation, const char *id,
                           struct err *e)
{
    struct json_writer *data = change_act(c, "asset.serial", organisation);

    json_member_string(data, "asset", id);
    return change_act_end(c, NULL, e);
}

int fleet_asset_inventory(struct change *c, const char *id, const struct fleet_inventory *inventory,
                          const struct fleet_class *class, struct slice payload, const char *via,
                          bool *changed, struct err *e)
{
    char class_text[FLEET_CLASS_TEXT];
    char hash_text[FLEET_CLASS_TEXT];
    uint8_t payload_hash[32];
    struct fleet_asset asset;
    struct act_ref act;
    bool moves = false;
    int result = -1;

    fleet_asset_init(&asset);
    if (sha256(payload, payload_hash) != 0) {
        err_memory(e);
        goto out;
    }
    if (find_living(c->db, id, &asset, e) != 0)
        goto out;
    moves = !asset.has_class || memcmp(asset.class, class->digest, 32) != 0;
    fleet_class_format(class->digest, class_text);
    fleet_class_format(payload_hash, hash_text);
    struct json_writer *data = change_act(c, "inventory.accepted", asset.organisation);
    json_member_string(data, "asset", id);
    json_member_string(data, "class", class_text);
    json_member_string(data, "inventory", hash_text);
    json_member_string(data, "via", via);
    if (change_act_end(c, &act, e) != 0)
        goto out;
    if (moves && asset.has_class && fleet_member_leave(c, &asset, &act, e) != 0)
        goto out;
    if (moves && fleet_class_keep(c, class->digest, class->canonical, change_next_index(c), e) != 0)
        goto out;
    if (keep_inventory(c, &asset, inventory, class, payload_hash, e) != 0)
        goto out;
    if (moves && fleet_member_join(c, &asset, class->digest, &act, e) != 0)
        goto out;
    if (!moves && !slice_equal(buf_slice(&asset.serial), inventory->nameplate.serial) &&
        fleet_asset_serial_act(c, asset.organisation, asset.id, e) != 0)
        goto out;
    result = 0;
out:
    if (changed)
        *changed = moves;
    fleet_asset_fini(&asset);
    return result;
}
