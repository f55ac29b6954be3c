/* SPDX-License-Identifier: Apache-2.0 */
/* What enrolled devices ask for (docs/formats.md section 5). */
#include "base/encoding.h"
#include "base/memory.h"
#include "centre/receiving.h"
#include "centre/routes.h"
#include "centre/streams.h"
#include "centre/trust.h"
#include "fleet/advisory_store.h"
#include "fleet/chain_store.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOTICES_A_PAGE = 100 };

static void get_trust(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct buf envelope;

    (void)worker;
    buf_init(&envelope);
    if (trust_statement(call->centre->trust, &envelope, &e) != 0)
        route_fail(call, &e);
    else
        route_json(call, 200, &envelope);
    buf_fini(&envelope);
}

static int find_asset(struct worker *worker, struct route_call *call, struct fleet_asset *asset,
                      struct err *e)
{
    int found = fleet_asset_find(worker->db, call->caller.id, asset, e);

    if (found == 0 || (found == 1 && strcmp(asset->state, "removed") == 0))
        return err_set(e, ERR_DENIED, "centre.asset-removed", NULL, "this asset is no more");
    return found == 1 ? 0 : -1;
}

static int read_count(const char *text, uint64_t *count, struct err *e)
{
    char *end = NULL;

    *count = strtoull(text, &end, 10);
    if (!*text || *end || *text == '-' || *count > INT64_MAX)
        return err_set(e, ERR_USAGE, "centre.argument", NULL,
                       "the position in the chain must be a whole number from 0");
    return 0;
}

static void get_stream(struct worker *worker, struct route_call *call)
{
    const char *last = http_last_event_id(call->x);
    struct fleet_position position;
    struct fleet_asset asset;
    struct err e = {0};
    uint64_t n = 0;

    fleet_asset_init(&asset);
    if (find_asset(worker, call, &asset, &e) != 0)
        goto out;
    n = asset.acked_n;
    if (last && *last && read_count(last, &n, &e) != 0)
        goto out;
    if (fleet_chain_seek(worker->db, &asset, n, &position, &e) != 0)
        goto out;
    streams_open(call->centre->streams, call->x, asset.id, call->caller.certificate, &position);
    fleet_asset_fini(&asset);
    return;
out:
    fleet_asset_fini(&asset);
    route_fail(call, &e);
}

struct listing {
    struct worker *worker;
    struct json_writer w;
    struct buf text;
    uint64_t last;
};

static int list_one(void *context, const struct fleet_link *link, struct err *e)
{
    struct listing *l = context;
    struct buf delivery;

    buf_init(&delivery);
    int result = fleet_delivery_write(l->worker->db, l->worker->centre->trees, link, &delivery, e);
    if (result == 0)
        json_write_raw(&l->w, buf_slice(&delivery));
    buf_fini(&delivery);
    l->last = link->position.n;
    return result;
}

static void get_notices(struct worker *worker, struct route_call *call)
{
    struct listing l = {.worker = worker};
    struct fleet_position position;
    struct fleet_asset asset;
    struct err e = {0};
    const char *after;
    int64_t limit;
    uint64_t n = 0;

    fleet_asset_init(&asset);
    buf_init(&l.text);
    json_write_init(&l.w, &l.text, 0);
    if (find_asset(worker, call, &asset, &e) != 0 || route_page(call, &after, &limit, &e) != 0 ||
        read_count(*after ? after : "0", &n, &e) != 0 ||
        fleet_chain_seek(worker->db, &asset, n, &position, &e) != 0)
        goto out;
    if (limit > NOTICES_A_PAGE)
        limit = NOTICES_A_PAGE;
    l.last = n;
    json_write_object(&l.w);
    json_write_name(&l.w, "notices");
    json_write_array(&l.w);
    int64_t seen =
        fleet_chain_walk(worker->db, asset.id, &position, (uint64_t)limit, list_one, &l, &e);
    if (seen < 0)
        goto out;
    json_write_array_end(&l.w);
    json_member_int(&l.w, "n", (int64_t)l.last);
    json_member_bool(&l.w, "more", seen == limit);
    json_write_object_end(&l.w);
    if (seen > 0)
        streams_note_sent(call->centre->streams, asset.id, l.last);
out:
    route_end(call, &l.w, &e);
    buf_fini(&l.text);
    fleet_asset_fini(&asset);
}

/* A device may have the documents that its notices name, and no others. */
struct sought {
    char text[HASH_TEXT];
    bool found;
};

static int names_document(void *context, const struct fleet_link *link, struct err *e)
{
    struct sought *sought = context;

    (void)e;
    sought->found = memmem(link->body.data, link->body.len, sought->text, strlen(sought->text));
    return sought->found;
}

static void get_document(struct worker *worker, struct route_call *call)
{
    const char *name = http_param(call->x, "document");
    struct fleet_position position;
    struct sought sought = {0};
    struct err e = {0};
    struct buf content;
    uint8_t digest[32];

    buf_init(&content);
    if (!name || hash_text_parse(slice_str(name), digest) != 0) {
        err_set(&e, ERR_NOT_FOUND, "centre.not-found", NULL, "there is no such document");
        goto out;
    }
    hash_text_format(digest, sought.text);
    if (fleet_chain_start(call->caller.id, &position, &e) != 0 ||
        fleet_chain_walk(worker->db, call->caller.id, &position, UINT64_MAX, names_document,
                         &sought, &e) < 0)
        goto out;
    int found = sought.found ? fleet_document_load(worker->db, digest, &content, &e) : 0;
    if (found == 0)
        err_set(&e, ERR_NOT_FOUND, "centre.not-found", NULL, "there is no such document");
    if (found == 1)
        route_json(call, 200, &content);
out:
    if (err_is_set(&e))
        route_fail(call, &e);
    buf_fini(&content);
}

static void put_inventory(struct worker *worker, struct route_call *call)
{
    struct receiving *received = NULL;
    struct err e = {0};

    if (receive_inventory(worker, &call->caller, http_body(call->x), "device", &received, &e) != 0)
        route_fail(call, &e);
    else
        route_command(call, &command_inventory_accept, slice_str("{}"), received, receiving_free,
                      NULL, received->exercise);
}

static void post_receipt(struct worker *worker, struct route_call *call)
{
    struct receiving *received = NULL;
    struct err e = {0};

    if (receive_receipt(worker, &call->caller, http_body(call->x), "device", &received, &e) != 0)
        route_fail(call, &e);
    else
        route_command(call, &command_receipt_accept, slice_str("{}"), received, receiving_free,
                      NULL, received->exercise);
}

static void post_outcome(struct worker *worker, struct route_call *call)
{
    struct receiving *received = NULL;
    struct err e = {0};

    if (receive_outcome(worker, &call->caller, http_body(call->x), "device", &received, &e) != 0)
        route_fail(call, &e);
    else
        route_command(call, &command_outcome_accept, slice_str("{}"), received, receiving_free,
                      NULL, received->exercise);
}

enum { DEVICE = HTTP_AT(HTTP_DOOR_DEVICE) };

static const struct route table[] = {
    {"GET", "/v1/trust", HTTP_AT_ALL, ROUTE_ANYONE, 0, 0, get_trust},
    {"GET", "/v1/stream", DEVICE, ROUTE_ASSET, 0, 0, get_stream},
    {"GET", "/v1/notices", DEVICE, ROUTE_ASSET, 0, 0, get_notices},
    {"GET", "/v1/advisories/{document}", DEVICE, ROUTE_ASSET, 0, 0, get_document},
    {"PUT", "/v1/inventory", DEVICE, ROUTE_ASSET, ROUTE_BODY_DEVICE, 0, put_inventory},
    {"POST", "/v1/receipts", DEVICE, ROUTE_ASSET, 65536, 0, post_receipt},
    {"POST", "/v1/outcomes", DEVICE, ROUTE_ASSET, 65536, 0, post_outcome},
};

const struct route_table routes_device = {table, ARRAY_LEN(table)};
