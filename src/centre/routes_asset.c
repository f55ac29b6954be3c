/* SPDX-License-Identifier: Apache-2.0 */
/* Assets, as operators see them. */
#include "base/memory.h"
#include "centre/asset_condition.h"
#include "centre/asset_history.h"
#include "centre/commands.h"
#include "centre/custody_about.h"
#include "centre/importing.h"
#include "centre/routes.h"
#include "centre/why.h"
#include "centre/writer.h"
#include "crypto/envelope.h"
#include "fleet/asset_store.h"
#include "fleet/remediation.h"

#include <stdio.h>
#include <stdlib.h>

enum { CSV_BODY = 16 << 20, ROWS_AT_ONCE = 1000 };

/* ---- lists -------------------------------------------------------------------------------------
 */

static void text_member(struct json_writer *w, const char *name, struct db_query *q,
                        unsigned column)
{
    if (!db_is_null(q, column))
        json_member_slice(w, name, db_slice(q, column));
}

/* A page of assets, and which of them are asked for. */
struct assets {
    struct worker *worker;
    struct route_call *call;
    struct json_writer w;
    struct open_counter counter;
    const char *condition;   /* NULL: any */
    const char *criticality; /* NULL: any */
    int64_t written;
    char last[ID_TEXT];
};

static int write_row(struct assets *a, struct db_query *q, const struct asset_condition *condition,
                     struct err *e)
{
    static const struct {
        const char *name;
        unsigned column;
    } texts[] = {{"asset", 0}, {"organisation", 1}, {"owner", 2},     {"state", 3},
                 {"way", 4},   {"label", 5},        {"serial", 7},    {"vendor", 8},
                 {"model", 9}, {"version", 10},     {"location", 15}, {"criticality", 16}};
    struct json_writer *w = &a->w;
    char hash[HASH_TEXT];
    uint8_t class[32];
    int64_t open;

    json_write_object(w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        text_member(w, texts[i].name, q, texts[i].column);
    if (!db_is_null(q, 6) && db_blob_copy(q, 6, class, 32)) {
        hash_text_format(class, hash);
        json_member_string(w, "class", hash);
        if (open_counter_count(&a->counter, a->last, class, db_bool(q, 14), &open, e) != 0)
            return -1;
        json_member_int(w, "open", open);
    }
    if (!db_is_null(q, 11))
        json_member_time(w, "inventory_at", db_int(q, 11));
    json_member_int(w, "acknowledged", db_int(q, 12));
    if (!db_is_null(q, 13))
        json_member_time(w, "acknowledged_at", db_int(q, 13));
    if (db_bool(q, 14))
        json_member_bool(w, "exercise", true);
    asset_condition_write(w, condition);
    json_write_object_end(w);
    a->written++;
    return 0;
}

/* "stale" also asks for those of which nothing was ever heard, when that is long ago. */
static bool is_wanted(const struct assets *a, struct db_query *q,
                      const struct asset_condition *condition)
{
    if (a->criticality && !slice_is(db_slice(q, 16), a->criticality))
        return false;
    if (!a->condition)
        return true;
    return strcmp(condition->word, a->condition) == 0 ||
           (strcmp(a->condition, "stale") == 0 && condition->stale);
}

/* Rows behind the last one until the page is full; *more: there may be others behind. */
static int write_rows(struct assets *a, const char *organisation, int64_t limit, bool *more,
                      struct err *e)
{
    /* few of those looked at may be asked for */
    int64_t room = a->condition || a->criticality ? ROWS_AT_ONCE : limit;
    struct db_query q;
    int64_t rows = 0;
    int step;

    *more = false;
    if (db_select(&q, a->worker->db, e, SQL_ASSET_LIST, DB_TEXT(organisation), DB_TEXT(a->last),
                  DB_INT(room)) != 0)
        return -1;
    while (a->written < limit && (step = db_step(&q, e)) == 1) {
        const struct asset_times times = {.inventory = db_int(&q, 11),
                                          .acknowledged = db_int(&q, 13),
                                          .stream = db_int(&q, 17),
                                          .created = db_int(&q, 18)};
        struct asset_condition condition;
        rows++;
        snprintf(a->last, sizeof(a->last), "%s", db_text(&q, 0));
        asset_condition_of(a->call->centre, a->last, db_text(&q, 3), &times, &condition);
        if (is_wanted(a, &q, &condition) && write_row(a, &q, &condition, e) != 0)
            break;
    }
    db_query_finish(&q);
    *more = a->written == limit || rows == room;
    return err_is_set(e) ? -1 : 0;
}

static int read_filters(struct assets *a, struct err *e)
{
    int condition = http_query(a->call->x, "condition", &a->condition, e);
    int criticality = http_query(a->call->x, "criticality", &a->criticality, e);

    if (condition < 0 || criticality < 0)
        return -1;
    if (condition == 1 && !asset_condition_is_word(a->condition)) {
        err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%.40s\" is no condition", a->condition);
        return err_hint(e, "conditions are connected, heard, stale, never and removed");
    }
    return criticality == 1 ? fleet_criticality_check(slice_str(a->criticality), e) : 0;
}

static void get_list(struct worker *worker, struct route_call *call)
{
    struct assets a = {.worker = worker, .call = call};
    char organisation[ID_TEXT];
    struct err e = {0};
    struct buf text;
    const char *after;
    int64_t limit;
    bool more = true;

    buf_init(&text);
    json_write_init(&a.w, &text, 0);
    open_counter_init(&a.counter, worker, &call->caller);
    if (route_page(call, &after, &limit, &e) != 0 ||
        route_organisation(call, true, organisation, &e) != 0 || read_filters(&a, &e) != 0)
        goto out;
    snprintf(a.last, sizeof(a.last), "%s", after);
    json_write_object(&a.w);
    json_write_name(&a.w, "items");
    json_write_array(&a.w);
    while (more && a.written < limit)
        if (write_rows(&a, organisation, limit, &more, &e) != 0)
            goto out;
    json_write_array_end(&a.w);
    if (more)
        json_member_string(&a.w, "next", a.last);
    json_write_object_end(&a.w);
out:
    route_end(call, &a.w, &e);
    open_counter_fini(&a.counter);
    buf_fini(&text);
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

/* Condition, place, and how much waits to be done. */
static int write_condition(struct worker *worker, struct route_call *call, struct json_writer *w,
                           const struct fleet_asset *asset, struct err *e)
{
    struct asset_condition condition;
    struct asset_times times = {0};
    struct open_counter counter;
    struct db_query q;
    int64_t open = 0;
    int result = 0;

    int found = db_find(&q, worker->db, e, SQL_ASSET_TIMES, DB_TEXT(asset->id));
    if (found == 1)
        times = (struct asset_times){.inventory = db_int(&q, 0),
                                     .acknowledged = db_int(&q, 1),
                                     .stream = db_int(&q, 2),
                                     .created = db_int(&q, 3)};
    db_query_finish(&q);
    if (found != 1)
        return -1;
    asset_condition_of(call->centre, asset->id, asset->state, &times, &condition);
    asset_condition_write(w, &condition);
    found = db_find(&q, worker->db, e, SQL_PLACE_FIND, DB_TEXT(asset->id));
    if (found == 1) {
        text_member(w, "location", &q, 0);
        text_member(w, "criticality", &q, 1);
    }
    db_query_finish(&q);
    if (found < 0 || !asset->has_class)
        return found < 0 ? -1 : 0;
    open_counter_init(&counter, worker, &call->caller);
    result = open_counter_count(&counter, asset->id, asset->class, asset->exercise, &open, e);
    open_counter_fini(&counter);
    json_member_int(w, "open", open);
    return result;
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
    if (route_asset(worker, call, &asset, &e) != 0)
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
    if (write_condition(worker, call, &w, &asset, &e) != 0 ||
        write_details(worker->db, &w, asset.id, &e) != 0 ||
        write_statements(worker->db, &call->caller, &w, &asset, &e) != 0 ||
        custody_about(worker->db, &call->caller, "asset", asset.id, &w, &e) != 0)
        goto out;
    json_write_object_end(&w);
out:
    route_end(call, &w, &e);
    fleet_asset_fini(&asset);
    buf_fini(&text);
}

static void get_history(struct worker *worker, struct route_call *call)
{
    struct fleet_asset asset;
    struct json_writer w;
    struct err e = {0};
    struct buf text;
    const char *after;
    char *end = NULL;
    int64_t limit;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    fleet_asset_init(&asset);
    if (route_page(call, &after, &limit, &e) != 0 || route_asset(worker, call, &asset, &e) != 0)
        goto out;
    int64_t act = *after ? strtoll(after, &end, 10) : -1;
    if (*after && (*end || act < 0)) {
        err_set(&e, ERR_USAGE, "centre.argument", NULL, "\"after\" must be an act's index");
        goto out;
    }
    json_write_object(&w);
    if (asset_history(worker, &call->caller, &asset, act, limit, &w, &e) != 0)
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
    if (found == 1 && route_asset(worker, call, &asset, &e) == 0 &&
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

static void post_match(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_asset_match, NULL);
}

static void post_describe(struct worker *worker, struct route_call *call)
{
    (void)worker;
    route_body_command(call, &command_asset_describe, NULL);
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
    {"POST", "/v1/assets/describe", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_describe},
    {"POST", "/v1/assets/match", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_match},
    {"POST", "/v1/assets/remove", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_remove},
    {"POST", "/v1/assets/import", OPERATORS, ROUTE_OPERATOR, CSV_BODY, 0, assets_import},
    {"GET", "/v1/assets/{asset}", OPERATORS, ROUTE_OPERATOR, 0, 0, get_one},
    {"GET", "/v1/assets/{asset}/history", OPERATORS, ROUTE_OPERATOR, 0, 0, get_history},
    {"GET", "/v1/assets/{asset}/why", OPERATORS, ROUTE_OPERATOR, 0, 0, get_why},
};

const struct route_table routes_asset = {table, ARRAY_LEN(table)};
