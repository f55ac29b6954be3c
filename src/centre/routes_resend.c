/* SPDX-License-Identifier: Apache-2.0 */
/* An advisory told again to whoever is silent. */
#include "base/map.h"
#include "base/memory.h"
#include "centre/advisory_named.h"
#include "centre/pack_export.h"
#include "centre/reminder.h"
#include "centre/routes.h"
#include "centre/streams.h"
#include "fleet/asset_store.h"

#include <stdio.h>
#include <stdlib.h>

/* Lines of the delivery ladder that are meant, by device and by owner. */
struct resending {
    struct arena arena;
    struct map assets; /* keys in the arena */
    struct map owners; /* person → struct resent_owner, in the arena */
    int64_t lines;
    int64_t ownerless;
};

static void resending_init(struct resending *r)
{
    *r = (struct resending){0};
    arena_init(&r->arena, 0);
    map_init(&r->assets);
    map_init(&r->owners);
}

static void resending_fini(struct resending *r)
{
    map_fini(&r->assets);
    map_fini(&r->owners);
    arena_fini(&r->arena);
}

static bool is_meant(struct slice state, struct slice wanted)
{
    bool silent = slice_is(state, "undelivered") || slice_is(state, "unacknowledged");

    return slice_is(wanted, "silent") ? silent : slice_equal(state, wanted);
}

static int add_owner(struct resending *r, const struct fleet_asset *asset, struct slice publication,
                     bool first, struct err *e)
{
    struct resent_owner *owner = map_get(&r->owners, slice_str(asset->owner));

    if (!owner) {
        owner = arena_new(&r->arena, 1, sizeof(*owner));
        if (!owner)
            return err_memory(e);
        snprintf(owner->person, ID_TEXT, "%s", asset->owner);
        snprintf(owner->organisation, ID_TEXT, "%s", asset->organisation);
        if (map_set(&r->owners, slice_str(owner->person), owner) != 0)
            return err_memory(e);
    }
    owner->assets += first;
    /* lines come in the order of the publications: the newest stays */
    snprintf(owner->publication, ID_TEXT, "%.*s", SLICE_ARG(publication));
    return 0;
}

static int add_line(struct worker *worker, struct resending *r, const struct json_value *line,
                    struct err *e)
{
    struct slice name = json_get_string(line, "asset");
    struct fleet_asset asset;
    int result = -1;

    fleet_asset_init(&asset);
    r->lines++;
    bool first = !map_get(&r->assets, name);
    char *id = arena_copy(&r->arena, name.data, name.len);
    if (!id || map_set(&r->assets, slice_of(id, name.len), r) != 0) {
        err_memory(e);
        goto out;
    }
    int found = fleet_asset_find(worker->db, id, &asset, e);
    if (found < 0)
        goto out;
    if (found == 1 && asset.owner[0])
        result = add_owner(r, &asset, json_get_string(line, "publication"), first, e);
    else
        result = 0;
    r->ownerless += found == 1 && !asset.owner[0] && first;
out:
    fleet_asset_fini(&asset);
    return result;
}

/* Devices about which somebody said that it is in progress or done are not asked again. */
static int collect(struct worker *worker, const char *advisory, struct slice state,
                   struct resending *r, struct err *e)
{
    const struct json_limits limits = {.bytes = (512 << 20) - 1, .depth = 16, .values = 100000000};
    struct json_doc *doc = NULL;
    struct json_writer w;
    struct buf text;
    int result = -1;

    buf_init(&text);
    json_write_init(&w, &text, 0);
    json_write_object(&w);
    if (delivery_ladder(worker, advisory, NULL, &w, e) != 0)
        goto out;
    json_write_object_end(&w);
    if (buf_check(&text, e) != 0 || json_parse(&doc, buf_slice(&text), &limits, e) != 0)
        goto out;
    result = 0;
    json_each(line, json_get(json_root(doc), "items"))
    {
        struct slice remedied = json_get_string(json_get(line, "remediation"), "state");
        if (result == 0 && is_meant(json_get_string(line, "state"), state) &&
            slice_is(remedied, "open"))
            result = add_line(worker, r, line, e);
    }
out:
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

static int read_state(const struct json_value *body, struct slice *state, struct err *e)
{
    static const char *const known[] = {"silent", "undelivered", "unacknowledged"};

    if (args_string(body, "state", 20, false, state, e) != 0)
        return -1;
    if (state->len == 0)
        *state = slice_str("silent");
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_is(*state, known[i]))
            return 0;
    err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%.*s\" is no state to be told again",
            SLICE_ARG(*state));
    return err_hint(e, "states are silent, undelivered and unacknowledged");
}

struct prepared {
    struct resent resent;
    struct arena arena;
};

static void free_prepared(void *context)
{
    struct prepared *p = context;

    arena_fini(&p->arena);
    mem_free(p);
}

static struct prepared *prepare(const struct resending *r, bool exercise)
{
    struct prepared *p = mem_new(1, sizeof(*p));
    const struct map_slot *slot;
    size_t at = 0;

    if (!p)
        return NULL;
    arena_init(&p->arena, 0);
    struct resent_owner *owners = arena_new(&p->arena, r->owners.count + 1, sizeof(*owners));
    if (!owners) {
        free_prepared(p);
        return NULL;
    }
    p->resent = (struct resent){.owners = owners,
                                .exercise = exercise,
                                .lines = r->lines,
                                .devices = (int64_t)r->assets.count,
                                .ownerless = r->ownerless};
    while ((slot = map_next(&r->owners, &at)) != NULL)
        owners[p->resent.count++] = *(const struct resent_owner *)slot->value;
    return p;
}

static int resend(struct worker *worker, struct route_call *call, const struct json_value *body,
                  struct err *e)
{
    struct fleet_revision revision;
    struct resending resending;
    struct prepared *prepared = NULL;
    struct slice state;
    struct slice name;
    char text[256];
    char args[256];
    int result = -1;

    resending_init(&resending);
    fleet_revision_init(&revision);
    if (caller_needs(&call->caller, ROLE_COORDINATOR, e) != 0 ||
        args_string(body, "advisory", 200, true, &name, e) != 0 || read_state(body, &state, e) != 0)
        goto out;
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(name));
    if (advisory_named(call->centre, worker->db, &call->caller, text, &revision, e) != 0 ||
        caller_acts_for(&call->caller, revision.organisation, text, e) != 0 ||
        collect(worker, revision.advisory, state, &resending, e) != 0)
        goto out;
    prepared = prepare(&resending, revision.exercise);
    if (!prepared) {
        err_memory(e);
        goto out;
    }
    prepared->resent.streams =
        (int64_t)streams_tell_again(call->centre->streams, &resending.assets);
    snprintf(args, sizeof(args), "{\"advisory\":\"%s\",\"state\":\"%.*s\"}", revision.advisory,
             SLICE_ARG(state));
    route_command(call, &command_advisory_resend, slice_str(args), prepared, free_prepared,
                  revision.organisation, revision.exercise);
    result = 0;
out:
    fleet_revision_fini(&revision);
    resending_fini(&resending);
    return result;
}

static void post_resend(struct worker *worker, struct route_call *call)
{
    struct json_doc *body = NULL;
    struct err e = {0};

    if (json_parse(&body, http_body(call->x), NULL, &e) != 0 ||
        resend(worker, call, json_root(body), &e) != 0)
        route_fail(call, &e);
    json_doc_free(body);
}

enum { OPERATORS = HTTP_AT(HTTP_DOOR_WEB) | HTTP_AT(HTTP_DOOR_LOCAL) };

static const struct route table[] = {
    {"POST", "/v1/advisories/resend", OPERATORS, ROUTE_OPERATOR, 4096, 0, post_resend},
};

const struct route_table routes_resend = {table, ARRAY_LEN(table)};
