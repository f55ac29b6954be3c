/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists in both directions (CSAF 2.0 sections 9.1.13, 9.1.17): assets, products and components on
 * one side, advisories on the other; components and assets. Each goes along an index and comes in
 * pages.
 */
#include "base/encoding.h"
#include "centre/advisory_named.h"
#include "centre/page.h"
#include "centre/routes.h"
#include "crypto/envelope.h"
#include "fleet/asset_store.h"
#include "fleet/listing_store.h"
#include "fleet/remediation.h"

#include <stdio.h>

static void text_member(struct page *p, const char *name, struct db_query *q, unsigned column)
{
    if (!db_is_null(q, column) && db_slice(q, column).len)
        json_member_slice(&p->w, name, db_slice(q, column));
}

/* What begins with a key ends before this. Empty: there is no such text. */
static int key_end(struct arena *a, struct slice key, const char **end, struct err *e)
{
    char *text = arena_copy(a, key.data, key.len);

    if (!text)
        return err_memory(e);
    size_t len = key.len;
    /* keys are UTF-8: a byte over all of its own stands behind every continuation */
    while (len > 0 && (uint8_t)text[len - 1] >= 0x7f)
        len--;
    if (len > 0)
        text[len - 1]++;
    text[len] = '\0';
    *end = text;
    return 0;
}

/* The part of a list that the query's `name` begins: from a key to its end. */
static int read_prefix(struct page *p, const char **from, const char **end)
{
    struct arena *arena = http_arena(p->call->x);
    const char *name = NULL;
    struct slice key;
    int found = http_query(p->call->x, "name", &name, &p->e);

    *from = *end = "";
    if (found != 1)
        return found;
    if (fleet_listing_key(arena, slice_str(name), &key, &p->e) != 0)
        return -1;
    *from = arena_copy(arena, key.data, key.len);
    if (!*from)
        return err_memory(&p->e);
    return key.len ? key_end(arena, key, end, &p->e) : 0;
}

/* ---- advisories, in a row of any list ----------------------------------------------------------
 */

/* One row about a revision that the caller may see. 1 written, 0 not for him, -1. */
static int write_advisory(struct page *p, const char *id, struct err *e)
{
    struct fleet_revision revision;

    fleet_revision_init(&revision);
    int found = fleet_revision_find(p->worker->db, id, &revision, e);
    if (found == 1)
        found = advisory_seen(p->worker->db, &p->call->caller, &revision, e);
    if (found == 1) {
        json_write_object(&p->w);
        json_member_string(&p->w, "advisory", revision.advisory);
        json_member_string(&p->w, "revision", revision.id);
        json_member_string(&p->w, "id", revision.tracking_id);
        json_member_string(&p->w, "namespace", revision.namespace);
        json_member_string(&p->w, "version", revision.version);
        json_member_string(&p->w, "title", revision.title);
        json_member_string(&p->w, "state", revision.state);
    }
    fleet_revision_fini(&revision);
    return found;
}

/* ---- products ----------------------------------------------------------------------------------
 */

/* 1: the caller sees some advisory that names the product. */
static int sees_product(struct page *p, const char *product, struct err *e)
{
    struct db_query q;
    int sees = 0;
    int step;

    if (p->call->caller.everywhere)
        return 1;
    if (db_select(&q, p->worker->db, e, SQL_PRODUCT_ADVISORIES, DB_TEXT(product), DB_TEXT(""),
                  DB_INT(INT32_MAX)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1 && sees == 0) {
        struct fleet_revision revision;
        fleet_revision_init(&revision);
        sees = fleet_revision_find(p->worker->db, db_text(&q, 1), &revision, e);
        if (sees == 1)
            sees = advisory_seen(p->worker->db, &p->call->caller, &revision, e);
        fleet_revision_fini(&revision);
    }
    db_query_finish(&q);
    return step < 0 ? -1 : sees;
}

static int list_products(struct page *p)
{
    char vendor_key[512] = "";
    char name_key[512] = "";
    const char *from;
    const char *end;
    struct db_query q;
    int step;

    if (read_prefix(p, &from, &end) < 0)
        return -1;
    if (*p->after) {
        int found = db_find(&q, p->worker->db, &p->e, SQL_PRODUCT_FIND, DB_TEXT(p->after));
        if (found == 1) {
            snprintf(vendor_key, sizeof(vendor_key), "%s", db_text(&q, 2));
            snprintf(name_key, sizeof(name_key), "%s", db_text(&q, 3));
        }
        db_query_finish(&q);
        if (found < 0)
            return -1;
    }
    if (db_select(&q, p->worker->db, &p->e, SQL_PRODUCT_LIST, DB_TEXT(from), DB_TEXT(end),
                  DB_TEXT(name_key), DB_TEXT(vendor_key), DB_INT(p->limit)) != 0)
        return -1;
    while ((step = db_step(&q, &p->e)) == 1) {
        p->rows++;
        snprintf(p->next, sizeof(p->next), "%s", db_text(&q, 0));
        int sees = sees_product(p, p->next, &p->e);
        if (sees < 0) {
            step = -1;
            break;
        }
        if (sees == 0)
            continue;
        json_write_object(&p->w);
        json_member_slice(&p->w, "product", db_slice(&q, 0));
        text_member(p, "vendor", &q, 1);
        json_member_slice(&p->w, "name", db_slice(&q, 2));
        json_write_object_end(&p->w);
    }
    db_query_finish(&q);
    return step;
}

static void get_products(struct worker *worker, struct route_call *call)
{
    struct page p;
    int step = page_open(&p, worker, call) == 0 ? list_products(&p) : -1;

    page_close(&p, step);
}

/* The product that the path means: an id, or a name that only one vendor has. */
static int find_product(struct page *p, char id[ID_TEXT])
{
    const char *name = http_param(p->call->x, "product");
    struct slice key;
    struct db_query q;

    if (!name || id_is(slice_str(name), "prd")) {
        snprintf(id, ID_TEXT, "%s", name ? name : "");
        int found = db_find(&q, p->worker->db, &p->e, SQL_PRODUCT_FIND, DB_TEXT(id));
        db_query_finish(&q);
        return found == 0 ? caller_finds_no(id, &p->e) : found == 1 ? 0 : -1;
    }
    if (fleet_listing_key(http_arena(p->call->x), slice_str(name), &key, &p->e) != 0 ||
        db_select(&q, p->worker->db, &p->e, SQL_PRODUCT_BY_NAME, DB_SLICE(key)) != 0)
        return -1;
    int step = db_step(&q, &p->e);
    if (step == 1)
        snprintf(id, ID_TEXT, "%s", db_text(&q, 0));
    bool many = step == 1 && db_step(&q, &p->e) == 1;
    db_query_finish(&q);
    if (many) {
        err_set(&p->e, ERR_USAGE, "centre.product-ambiguous", NULL,
                "several vendors have a product of this name");
        return err_hint(&p->e, "name it by its id (prd_…), see tocsin product list");
    }
    return step == 0 ? caller_finds_no(name, &p->e) : step == 1 ? 0 : -1;
}

static int list_product_advisories(struct page *p)
{
    char last[ID_TEXT] = "";
    char product[ID_TEXT];
    struct db_query q;
    int step;

    if (find_product(p, product) != 0 ||
        db_select(&q, p->worker->db, &p->e, SQL_PRODUCT_ADVISORIES, DB_TEXT(product),
                  DB_TEXT(p->after), DB_INT(INT32_MAX)) != 0)
        return -1;
    while (p->rows < p->limit && (step = db_step(&q, &p->e)) == 1) {
        if (slice_is(db_slice(&q, 0), last))
            continue; /* the newest revision was shown */
        int written = write_advisory(p, db_text(&q, 1), &p->e);
        if (written < 0)
            break;
        if (written == 0)
            continue;
        json_write_object_end(&p->w);
        snprintf(last, sizeof(last), "%s", db_text(&q, 0));
        p->rows++;
    }
    db_query_finish(&q);
    snprintf(p->next, sizeof(p->next), "%s", last);
    return err_is_set(&p->e) ? -1 : 0;
}

static void get_product_advisories(struct worker *worker, struct route_call *call)
{
    struct page p;
    int step = page_open(&p, worker, call) == 0 ? list_product_advisories(&p) : -1;

    page_close(&p, step);
}

/* ---- of an advisory ----------------------------------------------------------------------------
 */

static int list_advisory_products(struct page *p, const struct fleet_revision *revision)
{
    int64_t after = -1;
    struct db_query q;
    int step;

    if (*p->after && sscanf(p->after, "%" SCNd64, &after) != 1)
        return err_set(&p->e, ERR_USAGE, "centre.argument", NULL, "\"after\" is no place here");
    if (db_select(&q, p->worker->db, &p->e, SQL_PRODUCTS_OF_REVISION, DB_TEXT(revision->id),
                  DB_INT(after), DB_INT(p->limit)) != 0)
        return -1;
    while ((step = db_step(&q, &p->e)) == 1) {
        p->rows++;
        snprintf(p->next, sizeof(p->next), "%lld", (long long)db_int(&q, 0));
        json_write_object(&p->w);
        json_member_slice(&p->w, "product_id", db_slice(&q, 1));
        json_member_slice(&p->w, "label", db_slice(&q, 2));
        json_member_slice(&p->w, "product", db_slice(&q, 4));
        text_member(p, "vendor", &q, 5);
        json_member_slice(&p->w, "name", db_slice(&q, 6));
        text_member(p, "version", &q, 3);
        json_write_object_end(&p->w);
    }
    db_query_finish(&q);
    return step;
}

static void get_advisory_products(struct worker *worker, struct route_call *call)
{
    struct fleet_revision revision;
    struct page p;
    int step = page_open(&p, worker, call);

    fleet_revision_init(&revision);
    if (step == 0 && route_advisory(p.worker, p.call, &revision, &p.e) == 0)
        step = list_advisory_products(&p, &revision);
    else
        step = -1;
    page_close(&p, step);
    fleet_revision_fini(&revision);
}

static void write_component(struct page *p, struct db_query *q)
{
    json_write_object(&p->w);
    json_member_slice(&p->w, "component", db_slice(q, 0));
    json_member_slice(&p->w, "name", db_slice(q, 1));
    text_member(p, "version", q, 2);
    text_member(p, "vendor", q, 3);
    text_member(p, "purl", q, 4);
}

/* All components that the statements call by one name. */
static int write_named(struct page *p, const struct fleet_revision *revision, const char *named)
{
    struct db_query q;
    int step;

    if (db_select(&q, p->worker->db, &p->e, SQL_COMPONENTS_OF_REVISION, DB_TEXT(named),
                  DB_TEXT(revision->id), DB_TEXT(p->organisation)) != 0)
        return -1;
    while ((step = db_step(&q, &p->e)) == 1) {
        p->rows++;
        write_component(p, &q);
        json_write_object_end(&p->w);
    }
    db_query_finish(&q);
    return step;
}

/* A page ends behind a name: what shares it stands together. */
static int list_advisory_components(struct page *p, const struct fleet_revision *revision)
{
    struct arena *arena = http_arena(p->call->x);
    const char *named = p->after;
    struct db_query q;

    for (;;) {
        int found = db_find(&q, p->worker->db, &p->e, SQL_REVISION_NEXT_COMPONENT,
                            DB_TEXT(revision->id), DB_TEXT(named));
        if (found == 1)
            named = arena_strdup(arena, db_text(&q, 0));
        db_query_finish(&q);
        if (found <= 0)
            return found;
        if (!named)
            return err_memory(&p->e);
        if (write_named(p, revision, named) != 0)
            return -1;
        if (p->rows >= p->limit) {
            json_write_array_end(&p->w);
            json_member_string(&p->w, "next", named);
            json_write_object_end(&p->w);
            return 1;
        }
    }
}

static void get_advisory_components(struct worker *worker, struct route_call *call)
{
    struct fleet_revision revision;
    struct page p;
    int step = page_open(&p, worker, call);

    fleet_revision_init(&revision);
    if (step == 0 && route_advisory(p.worker, p.call, &revision, &p.e) == 0)
        step = list_advisory_components(&p, &revision);
    else
        step = -1;
    p.limit = 0; /* its cursor is a name, and was written there */
    page_close(&p, step);
    fleet_revision_fini(&revision);
}

/* ---- components --------------------------------------------------------------------------------
 */

/* The rest of a page, of which each row begins with its cursor. */
static int write_components(struct page *p, struct db_query *q)
{
    int step;

    while ((step = db_step(q, &p->e)) == 1) {
        p->rows++;
        snprintf(p->next, sizeof(p->next), "%s", db_text(q, 0));
        write_component(p, q);
        json_write_object_end(&p->w);
    }
    db_query_finish(q);
    return step;
}

static int list_components(struct page *p)
{
    char name[1100] = "";
    const char *from;
    const char *end;
    struct db_query q;

    if (read_prefix(p, &from, &end) < 0)
        return -1;
    if (*p->after) {
        int found = db_find(&q, p->worker->db, &p->e, SQL_COMPONENT_FIND, DB_TEXT(p->after));
        if (found == 1)
            snprintf(name, sizeof(name), "%s", db_text(&q, 1));
        db_query_finish(&q);
        if (found < 0)
            return -1;
    }
    if (db_select(&q, p->worker->db, &p->e, SQL_COMPONENT_LIST, DB_TEXT(from), DB_TEXT(end),
                  DB_TEXT(name), DB_TEXT(p->after), DB_INT(p->limit),
                  DB_TEXT(p->organisation)) != 0)
        return -1;
    return write_components(p, &q);
}

static void get_components(struct worker *worker, struct route_call *call)
{
    struct page p;
    int step = page_open(&p, worker, call) == 0 ? list_components(&p) : -1;

    page_close(&p, step);
}

/* named: as statements call it. */
static int find_component(struct page *p, char id[ID_TEXT], const char **named)
{
    const char *text = http_param(p->call->x, "component");
    struct db_query q;
    int found = 0;

    snprintf(id, ID_TEXT, "%s", text ? text : "");
    if (id_is(slice_str(id), "cmp")) {
        found = db_find(&q, p->worker->db, &p->e, SQL_COMPONENT_FIND, DB_TEXT(id));
        if (found == 1)
            *named = arena_strdup(http_arena(p->call->x), db_text(&q, 0));
        db_query_finish(&q);
    }
    if (found == 0)
        return caller_finds_no(id, &p->e);
    return found == 1 && !*named ? err_memory(&p->e) : found == 1 ? 0 : -1;
}

/* "CLASS:ASSET", where a page of assets ended. */
static int read_place(struct page *p, uint8_t class[32], char asset[ID_TEXT])
{
    const char *colon = strrchr(p->after, ':');
    char text[HASH_TEXT];

    memset(class, 0, 32);
    asset[0] = '\0';
    if (!*p->after)
        return 0;
    snprintf(text, sizeof(text), "%.*s", colon ? (int)(colon - p->after) : 0, p->after);
    if (!colon || hash_text_parse(slice_str(text), class) != 0 ||
        !id_is(slice_str(colon + 1), "ast"))
        return err_set(&p->e, ERR_USAGE, "centre.argument", NULL, "\"after\" is no place here");
    snprintf(asset, ID_TEXT, "%s", colon + 1);
    return 0;
}

static int list_component_assets(struct page *p)
{
    static const struct {
        const char *name;
        unsigned column;
    } texts[] = {{"asset", 0}, {"organisation", 1}, {"label", 2}, {"vendor", 3},
                 {"model", 4}, {"version", 5},      {"way", 6},   {"owner", 7}};
    const char *named = NULL;
    char component[ID_TEXT];
    char asset[ID_TEXT];
    uint8_t class[32];
    struct db_query q;
    int step;

    if (find_component(p, component, &named) != 0 || read_place(p, class, asset) != 0 ||
        db_select(&q, p->worker->db, &p->e, SQL_COMPONENT_ASSETS, DB_TEXT(component),
                  DB_BYTES(class, 32), DB_TEXT(asset), DB_INT(p->limit),
                  DB_TEXT(p->organisation)) != 0)
        return -1;
    while ((step = db_step(&q, &p->e)) == 1) {
        char hash[HASH_TEXT];
        p->rows++;
        if (!db_blob_copy(&q, 8, class, 32)) {
            step = -1;
            break;
        }
        hash_text_format(class, hash);
        snprintf(p->next, sizeof(p->next), "%s:%s", hash, db_text(&q, 0));
        json_write_object(&p->w);
        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
            text_member(p, texts[i].name, &q, texts[i].column);
        json_member_string(&p->w, "class", hash);
        json_write_object_end(&p->w);
    }
    db_query_finish(&q);
    return step;
}

static void get_component_assets(struct worker *worker, struct route_call *call)
{
    struct page p;
    int step = page_open(&p, worker, call) == 0 ? list_component_assets(&p) : -1;

    page_close(&p, step);
}

/* What the statement says because of this component: by vulnerability, with its status. */
static int write_said(struct page *p, const char *revision, const uint8_t class[32],
                      const char *named, struct err *e)
{
    struct json_doc *doc = NULL;
    struct db_query q;
    int found =
        db_find(&q, p->worker->db, e, SQL_STATEMENT_FIND, DB_TEXT(revision), DB_BYTES(class, 32));

    if (found == 1 && json_parse(&doc, db_blob(&q, 1), NULL, e) != 0)
        found = -1;
    json_write_name(&p->w, "statements");
    json_write_array(&p->w);
    for (const struct json_value *s = found == 1 ? json_first(json_root(doc)) : NULL; s;
         s = json_next(s)) {
        bool about = false;
        json_each(reason, json_get(s, "reasons"))
        {
            about = about || slice_is(json_get_string(reason, "component"), named);
        }
        if (!about)
            continue;
        json_write_object(&p->w);
        json_member_slice(&p->w, "vulnerability", json_get_string(s, "vulnerability"));
        json_member_slice(&p->w, "status", json_get_string(s, "status"));
        json_write_object_end(&p->w);
    }
    json_write_array_end(&p->w);
    json_doc_free(doc);
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

/* Whether it is the newest revision of its advisory, or the one published last. */
static int is_current(struct db *db, const char *id, struct err *e)
{
    struct fleet_revision revision;

    fleet_revision_init(&revision);
    int found = fleet_revision_find(db, id, &revision, e);
    if (found == 1)
        found = strcmp(revision.newest, id) == 0 || strcmp(revision.published, id) == 0;
    fleet_revision_fini(&revision);
    return found;
}

static int list_component_advisories(struct page *p)
{
    char revision[ID_TEXT];
    char component[ID_TEXT];
    const char *named = NULL;
    struct db_query q;

    if (find_component(p, component, &named) != 0)
        return -1;
    snprintf(revision, sizeof(revision), "%s", p->after);
    while (p->rows < p->limit) {
        uint8_t class[32];
        int found = db_find(&q, p->worker->db, &p->e, SQL_COMPONENT_NEXT_REVISION, DB_TEXT(named),
                            DB_TEXT(component), DB_TEXT(revision), DB_TEXT(p->organisation));
        if (found == 1) {
            snprintf(revision, sizeof(revision), "%s", db_text(&q, 0));
            if (!db_blob_copy(&q, 1, class, 32))
                found = -1;
        }
        db_query_finish(&q);
        if (found <= 0)
            return found;
        int written = is_current(p->worker->db, revision, &p->e);
        if (written == 1)
            written = write_advisory(p, revision, &p->e);
        if (written < 0 || (written == 1 && write_said(p, revision, class, named, &p->e) != 0))
            return -1;
        if (written == 1) {
            json_write_object_end(&p->w);
            p->rows++;
        }
    }
    snprintf(p->next, sizeof(p->next), "%s", revision);
    return 0;
}

static void get_component_advisories(struct worker *worker, struct route_call *call)
{
    struct page p;
    int step = page_open(&p, worker, call) == 0 ? list_component_advisories(&p) : -1;

    page_close(&p, step);
}

/* ---- of an asset -------------------------------------------------------------------------------
 */

static int list_asset_components(struct page *p, const struct fleet_asset *asset)
{
    struct db_query q;

    if (!asset->has_class)
        return 0;
    if (db_select(&q, p->worker->db, &p->e, SQL_COMPONENTS_OF_CLASS, DB_BYTES(asset->class, 32),
                  DB_TEXT(p->after), DB_INT(p->limit)) != 0)
        return -1;
    return write_components(p, &q);
}

static void get_asset_components(struct worker *worker, struct route_call *call)
{
    struct fleet_asset asset;
    struct page p;
    int step = page_open(&p, worker, call);

    fleet_asset_init(&asset);
    step = step == 0 && route_asset(p.worker, p.call, &asset, &p.e) == 0
               ? list_asset_components(&p, &asset)
               : -1;
    page_close(&p, step);
    fleet_asset_fini(&asset);
}

static int write_asset_advisory(struct page *p, const struct fleet_asset *asset,
                                const char *revision, const char *advisory, const char *status)
{
    struct fleet_remediation remediation;
    int written = write_advisory(p, revision, &p->e);

    if (written != 1)
        return written;
    json_member_string(&p->w, "status", status);
    int found =
        fleet_remediation_of(p->worker->db, asset->id, advisory, revision, &remediation, &p->e);
    if (found == 1)
        fleet_remediation_write(&p->w, &remediation, true);
    fleet_remediation_fini(&remediation);
    json_write_object_end(&p->w);
    p->rows++;
    return found < 0 ? -1 : 1;
}

static int list_asset_advisories(struct page *p, const struct fleet_asset *asset)
{
    struct db_query q;
    int step = 0;

    if (!asset->has_class)
        return 0;
    if (db_select(&q, p->worker->db, &p->e, SQL_STATEMENT_OF_CLASS, DB_BYTES(asset->class, 32),
                  DB_TEXT(p->after), DB_INT(INT32_MAX)) != 0)
        return -1;
    while (p->rows < p->limit && (step = db_step(&q, &p->e)) == 1) {
        if (db_bool(&q, 10) != asset->exercise)
            continue;
        char advisory[ID_TEXT];
        snprintf(advisory, sizeof(advisory), "%s", db_text(&q, 3));
        snprintf(p->next, sizeof(p->next), "%s", advisory);
        if (write_asset_advisory(p, asset, db_text(&q, 0), advisory, db_text(&q, 1)) < 0)
            break;
    }
    db_query_finish(&q);
    return err_is_set(&p->e) ? -1 : 0;
}

static void get_asset_advisories(struct worker *worker, struct route_call *call)
{
    struct fleet_asset asset;
    struct page p;
    int step = page_open(&p, worker, call);

    fleet_asset_init(&asset);
    step = step == 0 && route_asset(p.worker, p.call, &asset, &p.e) == 0
               ? list_asset_advisories(&p, &asset)
               : -1;
    page_close(&p, step);
    fleet_asset_fini(&asset);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"GET", "/v1/products", OPERATORS, ROUTE_OPERATOR, 0, 0, get_products},
    {"GET", "/v1/products/{product}/advisories", OPERATORS, ROUTE_OPERATOR, 0, 0,
     get_product_advisories},
    {"GET", "/v1/advisory/{name}/products", OPERATORS, ROUTE_OPERATOR, 0, 0, get_advisory_products},
    {"GET", "/v1/advisory/{name}/components", OPERATORS, ROUTE_OPERATOR, 0, 0,
     get_advisory_components},
    {"GET", "/v1/components", OPERATORS, ROUTE_OPERATOR, 0, 0, get_components},
    {"GET", "/v1/components/{component}/assets", OPERATORS, ROUTE_OPERATOR, 0, 0,
     get_component_assets},
    {"GET", "/v1/components/{component}/advisories", OPERATORS, ROUTE_OPERATOR, 0, 0,
     get_component_advisories},
    {"GET", "/v1/assets/{asset}/components", OPERATORS, ROUTE_OPERATOR, 0, 0, get_asset_components},
    {"GET", "/v1/assets/{asset}/advisories", OPERATORS, ROUTE_OPERATOR, 0, 0, get_asset_advisories},
};

const struct route_table routes_listing = {table, ARRAY_LEN(table)};
