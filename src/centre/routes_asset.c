/* SPDX-License-Identifier: Apache-2.0 */
/* Assets, as operators see them. */
#include "base/memory.h"
#include "centre/commands.h"
#include "centre/importing.h"
#include "centre/routes.h"
#include "centre/streams.h"
#include "centre/why.h"
#include "centre/writer.h"
#include "crypto/envelope.h"
#include "fleet/asset_store.h"
#include "fleet/remediation.h"

#include <stdio.h>

enum { CSV_BODY = 16 << 20 };

/* ---- lists -------------------------------------------------------------------------------------
 */

static void write_row(struct route_call *call, struct json_writer *w, struct db_query *q)
{
    static const struct {
        const char *name;
        unsigned column;
    } texts[] = {{"asset", 0}, {"organisation", 1}, {"owner", 2},  {"state", 3}, {"way", 4},
                 {"label", 5}, {"serial", 7},       {"vendor", 8}, {"model", 9}, {"version", 10}};
    char hash[HASH_TEXT];
    uint8_t class[32];

    json_write_object(w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!db_is_null(q, texts[i].column))
            json_member_slice(w, texts[i].name, db_slice(q, texts[i].column));
    if (!db_is_null(q, 6) && db_blob_copy(q, 6, class, 32)) {
        hash_text_format(class, hash);
        json_member_string(w, "class", hash);
    }
    if (!db_is_null(q, 11))
        json_member_time(w, "inventory_at", db_int(q, 11));
    json_member_int(w, "acknowledged", db_int(q, 12));
    if (!db_is_null(q, 13))
        json_member_time(w, "acknowledged_at", db_int(q, 13));
    if (db_bool(q, 14))
        json_member_bool(w, "exercise", true);
    json_member_bool(w, "connected", streams_has(call->centre->streams, db_text(q, 0)));
    json_write_object_end(w);
}

static void get_list(struct worker *worker, struct route_call *call)
{
    char organisation[ID_TEXT];
    char last[ID_TEXT] = "";
    struct json_writer w;
    struct err e = {0};
    struct db_query q;
    struct buf text;
    const char *after;
    int64_t limit;
    int64_t rows = 0;
    int step;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    if (route_page(call, &after, &limit, &e) != 0 ||
        route_organisation(call, true, organisation, &e) != 0 ||
        db_select(&q, worker->db, &e, SQL_ASSET_LIST, DB_TEXT(organisation), DB_TEXT(after),
                  DB_INT(limit)) != 0)
        goto out;
    json_write_object(&w);
    json_write_name(&w, "items");
    json_write_array(&w);
    while ((step = db_step(&q, &e)) == 1) {
        rows++;
        snprintf(last, sizeof(last), "%s", db_text(&q, 0));
        write_row(call, &w, &q);
    }
    db_query_finish(&q);
    if (step < 0)
        goto out;
    json_write_array_end(&w);
    if (rows == limit)
        json_member_string(&w, "next", last);
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    buf_fini(&text);
}

/* The asset that the path names; unknown and not the caller's are the same thing outside. */
static int find_asset(struct worker *worker, struct route_call *call, struct fleet_asset *asset,
                      struct err *e)
{
    const char *id = http_param(call->x, "asset");
    int found = id && id_is(slice_str(id), "ast") ? fleet_asset_find(worker->db, id, asset, e) : 0;

    if (found == 0)
        return caller_finds_no(id ? id : "asset", e);
    return found == 1 ? caller_acts_for(&call->caller, asset->organisation, id, e) : -1;
}

static int write_remedied(struct db *db, struct json_writer *w, const struct fleet_asset *asset,
                          const char *advisory, const char *revision, struct err *e)
{
    struct fleet_remediation remediation;
    int found = fleet_remediation_of(db, asset->id, advisory, revision, &remediation, e);

    if (found == 1)
        fleet_remediation_write(w, &remediation, false);
    fleet_remediation_fini(&remediation);
    return found < 0 ? -1 : 0;
}

/* What the newest revisions of all advisories say of the asset's class. */
static int write_statements(struct db *db, const struct caller *caller, struct json_writer *w,
                            const struct fleet_asset *asset, struct err *e)
{
    char after[ID_TEXT] = "";
    int step = 0;

    json_write_name(w, "advisories");
    json_write_array(w);
    for (bool more = asset->has_class; more;) {
        struct db_query q;
        unsigned rows = 0;
        if (db_select(&q, db, e, SQL_STATEMENT_OF_CLASS, DB_BYTES(asset->class, 32), DB_TEXT(after),
                      DB_INT(500)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1) {
            rows++;
            snprintf(after, sizeof(after), "%s", db_text(&q, 3));
            const struct caller_shown shown = {.organisation = db_text(&q, 8),
                                               .tlp = db_text(&q, 9),
                                               .revision = db_text(&q, 0),
                                               .exercise = db_bool(&q, 10),
                                               .draft = !slice_is(db_slice(&q, 7), "published")};
            int sees = shown.exercise == asset->exercise ? caller_sees(db, caller, &shown, e) : 0;
            if (sees < 0) {
                step = -1;
                break;
            }
            if (sees == 0)
                continue;
            json_write_object(w);
            json_member_slice(w, "revision", db_slice(&q, 0));
            json_member_slice(w, "status", db_slice(&q, 1));
            json_member_slice(w, "advisory", db_slice(&q, 3));
            json_member_slice(w, "id", db_slice(&q, 4));
            json_member_slice(w, "namespace", db_slice(&q, 5));
            json_member_slice(w, "version", db_slice(&q, 6));
            json_member_slice(w, "state", db_slice(&q, 7));
            if (write_remedied(db, w, asset, db_text(&q, 3), db_text(&q, 0), e) != 0) {
                step = -1;
                break;
            }
            json_write_object_end(w);
        }
        db_query_finish(&q);
        more = step == 0 && rows == 500;
    }
    json_write_array_end(w);
    return step;
}

static int write_details(struct db *db, struct json_writer *w, const char *id, struct err *e)
{
    static const char *const names[] = {"vendor", "model", "version"};
    char hash[HASH_TEXT];
    uint8_t digest[32];
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ASSET_SHOW, DB_TEXT(id));

    for (unsigned i = 0; found == 1 && i < ARRAY_LEN(names); i++)
        if (!db_is_null(&q, i))
            json_member_slice(w, names[i], db_slice(&q, i));
    if (found == 1 && !db_is_null(&q, 3)) {
        json_write_name(w, "inventory");
        json_write_raw(w, db_blob(&q, 3));
        if (db_blob_copy(&q, 4, digest, 32)) {
            hash_text_format(digest, hash);
            json_member_string(w, "inventory_hash", hash);
        }
        json_member_time(w, "inventory_at", db_int(&q, 5));
    }
    if (found == 1) {
        json_member_time(w, "registered", db_int(&q, 6));
        json_member_int(w, "registered_act", db_int(&q, 7));
        if (!db_is_null(&q, 8))
            json_member_int(w, "removed_act", db_int(&q, 8));
    }
    db_query_finish(&q);
    return found == 1 ? 0 : -1;
}

static void get_one(struct worker *worker, struct route_call *call)
{
    char class_text[FLEET_CLASS_TEXT];
    struct fleet_asset asset;
    struct json_writer w;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    fleet_asset_init(&asset);
    if (find_asset(worker, call, &asset, &e) != 0)
        goto out;
    json_write_object(&w);
    json_member_string(&w, "asset", asset.id);
    json_member_string(&w, "organisation", asset.organisation);
    json_member_string(&w, "audience", asset.audience);
    json_member_string(&w, "state", asset.state);
    json_member_string(&w, "way", fleet_way_name(asset.way));
    if (asset.label[0])
        json_member_string(&w, "label", asset.label);
    if (asset.owner[0])
        json_member_string(&w, "owner", asset.owner);
    if (asset.serial.len)
        json_member_slice(&w, "serial", buf_slice(&asset.serial));
    if (asset.has_class) {
        fleet_class_format(asset.class, class_text);
        json_member_string(&w, "class", class_text);
    }
    json_member_int(&w, "acknowledged", (int64_t)asset.acked_n);
    if (asset.acked_at)
        json_member_time(&w, "acknowledged_at", asset.acked_at);
    if (asset.exercise)
        json_member_bool(&w, "exercise", true);
    json_member_bool(&w, "connected", streams_has(call->centre->streams, asset.id));
    if (write_details(worker->db, &w, asset.id, &e) != 0 ||
        write_statements(worker->db, &call->caller, &w, &asset, &e) != 0)
        goto out;
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    fleet_asset_fini(&asset);
    buf_fini(&text);
}

static void get_why(struct worker *worker, struct route_call *call)
{
    const char *advisory = NULL;
    struct fleet_asset asset;
    struct err e = {0};
    struct buf text;

    buf_init(&text);
    fleet_asset_init(&asset);
    int found = http_query(call->x, "advisory", &advisory, &e);
    if (found == 0)
        err_set(&e, ERR_USAGE, "centre.argument", NULL, "\"advisory\" is missing");
    if (found == 1 && find_asset(worker, call, &asset, &e) == 0 &&
        why_write(worker, &call->caller, &asset, advisory, &text, &e) == 0)
        route_json(call, 200, &text);
    if (err_is_set(&e))
        route_fail(call, &e);
    fleet_asset_fini(&asset);
    buf_fini(&text);
}

/* ---- changes -----------------------------------------------------------------------------------
 */

static void post_register(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_asset_register, NULL);
}

static void post_owner(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_asset_owner, NULL);
}

static void post_remove(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_asset_remove, NULL);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"GET", "/v1/assets", OPERATORS, ROUTE_OPERATOR, 0, 0, get_list},
    {"POST", "/v1/assets", OPERATORS, ROUTE_OPERATOR, 65536, 0, post_register},
    {"POST", "/v1/assets/owner", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_owner},
    {"POST", "/v1/assets/remove", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_remove},
    {"POST", "/v1/assets/import", OPERATORS, ROUTE_OPERATOR, CSV_BODY, 0, assets_import},
    {"GET", "/v1/assets/{asset}", OPERATORS, ROUTE_OPERATOR, 0, 0, get_one},
    {"GET", "/v1/assets/{asset}/why", OPERATORS, ROUTE_OPERATOR, 0, 0, get_why},
};

const struct route_table routes_asset = {table, ARRAY_LEN(table)};
