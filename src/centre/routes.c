/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/advisory_named.h"
#include "centre/routes.h"
#include "base/log.h"
#include "base/memory.h"
#include "centre/writer.h"
#include "fleet/asset_store.h"

#include <stdio.h>
#include <stdlib.h>

struct route_context {
    struct centre *centre;
    const struct route *route;
};

static const struct route_table *const tables[] = {
    &routes_device,  &routes_enrol,       &routes_public,   &routes_advisory,
    &routes_asset,   &routes_admin,       &routes_approval, &routes_proof,
    &routes_listing, &routes_remediation, &routes_resend,   &routes_custody};

/* ---- who asks ----------------------------------------------------------------------------------
 */

static int load_operator(struct db *db, const char *id, struct caller *caller, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_OPERATOR_FIND, DB_TEXT(id));

    if (found == 1 && slice_is(db_slice(&q, 2), "active")) {
        snprintf(caller->id, sizeof(caller->id), "%s", id);
        snprintf(caller->organisation, sizeof(caller->organisation), "%s", db_text(&q, 0));
        caller->roles = (unsigned)db_int(&q, 1);
        caller->exercise = db_bool(&q, 3);
        caller->kind = CALLER_OPERATOR;
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int operator_by_uid(struct db *db, long uid, struct caller *caller, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_OPERATOR_BY_UID, DB_INT(uid));

    if (found == 1) {
        snprintf(caller->id, sizeof(caller->id), "%s", db_text(&q, 0));
        snprintf(caller->organisation, sizeof(caller->organisation), "%s", db_text(&q, 1));
        caller->roles = (unsigned)db_int(&q, 2);
        caller->exercise = db_bool(&q, 3);
        caller->kind = CALLER_OPERATOR;
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int identify(struct worker *worker, struct route_call *call, struct err *e)
{
    const struct net_peer *peer = http_peer(call->x);
    struct caller *caller = &call->caller;
    struct pki_live_entry entry;

    *caller = (struct caller){.kind = CALLER_STRANGER, .id = "stranger"};
    if (call->route->who == ROUTE_ANYONE)
        return 0;
    if (http_door(call->x) == HTTP_DOOR_LOCAL) {
        if (operator_by_uid(worker->db, http_peer_uid(call->x), caller, e) != 0)
            return -1;
    } else if (peer && pki_live_find(call->centre->live, peer->fingerprint,
                                     clock_now(call->centre->clock), &entry, NULL)) {
        caller->has_certificate = true;
        memcpy(caller->certificate, peer->fingerprint, 32);
        if (entry.subject == PKI_SUBJECT_DEVICE) {
            caller->kind = CALLER_ASSET;
            snprintf(caller->id, sizeof(caller->id), "%s", entry.subject_id);
            snprintf(caller->organisation, sizeof(caller->organisation), "%s", entry.organisation);
        } else if (entry.subject == PKI_SUBJECT_OPERATOR &&
                   load_operator(worker->db, entry.subject_id, caller, e) != 0) {
            return -1;
        }
    }
    enum caller_kind wanted = call->route->who == ROUTE_OPERATOR ? CALLER_OPERATOR : CALLER_ASSET;
    if (caller->kind != wanted) {
        err_set(e, ERR_DENIED, "centre.denied", NULL, "you are not known here");
        if (http_door(call->x) == HTTP_DOOR_LOCAL)
            err_hint(e, "an administrator can let your user id in: tocsin operator add --uid");
        return -1;
    }
    caller->everywhere = caller->kind == CALLER_OPERATOR &&
                         strcmp(caller->organisation, call->centre->organisation) == 0;
    return 0;
}

/* ---- from the loop to a worker -----------------------------------------------------------------
 */

static void work(struct worker *worker, void *context)
{
    struct route_call *call = context;
    struct err e = {0};

    if (identify(worker, call, &e) != 0) {
        route_fail(call, &e);
        return;
    }
    call->route->fn(worker, call);
}

static void on_request(struct http_exchange *x, void *context)
{
    const struct route_context *route = context;
    struct route_call *call = arena_new(http_arena(x), 1, sizeof(*call));
    struct err e = {0};

    if (!call) {
        err_memory(&e);
        http_problem(x, &e);
        return;
    }
    call->centre = route->centre;
    call->x = x;
    call->route = route->route;
    if (workers_post(route->centre->workers, work, call))
        return;
    err_set(&e, ERR_UNAVAILABLE, "centre.busy", NULL, "too much is waiting to be done");
    http_problem(x, &e);
}

static size_t body_limit(const struct config *config, size_t limit)
{
    if (limit == ROUTE_BODY_ADVISORY)
        return (size_t)config->limits_advisory;
    if (limit == ROUTE_BODY_DEVICE)
        return (size_t)config->limits_device_body;
    return limit;
}

int routes_build(struct centre *centre, struct http_route **out, size_t *count, struct err *e)
{
    size_t all = 0;

    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        all += tables[i]->count;
    struct http_route *routes =
        mem_new(all, sizeof(struct http_route) + sizeof(struct route_context));
    if (!routes)
        return err_memory(e);
    struct route_context *contexts = (struct route_context *)(routes + all);
    size_t at = 0;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (size_t k = 0; k < tables[i]->count; k++, at++) {
            const struct route *route = &tables[i]->routes[k];
            contexts[at] = (struct route_context){.centre = centre, .route = route};
            routes[at] =
                (struct http_route){.method = route->method,
                                    .pattern = route->pattern,
                                    .doors = route->doors,
                                    .body_limit = body_limit(centre->config, route->body_limit),
                                    .flags = route->flags,
                                    .handler = on_request,
                                    .context = &contexts[at]};
        }
    }
    *out = routes;
    *count = all;
    return 0;
}

void routes_free(struct http_route *routes)
{
    mem_free(routes);
}

/* ---- answers -----------------------------------------------------------------------------------
 */

void route_json(struct route_call *call, int status, struct buf *json)
{
    struct err e = {0};

    if (buf_check(json, &e) != 0)
        http_problem(call->x, &e);
    else
        http_reply_text(call->x, status, "application/json", buf_slice(json));
}

void route_fail(struct route_call *call, const struct err *e)
{
    http_problem(call->x, e);
}

void route_end(struct route_call *call, const struct json_writer *w, struct err *e)
{
    if (!err_is_set(e) && (w->depth > 0 || buf_slice(w->out).len == 0))
        err_set(e, ERR_INTERNAL, "centre.unanswered", NULL, "the answer was not completed");
    if (err_is_set(e))
        route_fail(call, e);
    else
        route_json(call, 200, w->out);
}

struct submitted {
    struct command command;
    struct http_exchange *x;
    void *prepared;
    void (*release)(void *prepared);
    struct buf args;
};

static void submitted_done(struct command *command)
{
    struct submitted *s = command->context;

    if (err_is_set(&command->err)) {
        http_problem(s->x, &command->err);
    } else {
        const struct http_header_line repeated = {"Idempotent-Replayed", "true"};
        const struct http_answer answer = {.status = 200,
                                           .content_type = "application/json",
                                           .body = buf_slice(&command->answer),
                                           .headers = &repeated,
                                           .header_count = command->repeated};
        http_reply(s->x, &answer);
    }
    if (s->release)
        s->release(s->prepared);
    command_fini(command);
    buf_fini(&s->args);
    mem_free(s);
}

void route_command(struct route_call *call, const struct command_type *type, struct slice args,
                   void *prepared, void (*release)(void *prepared), const char *organisation,
                   bool exercise)
{
    const char *key = http_header_text(call->x, "Idempotency-Key");
    struct submitted *s = mem_new(1, sizeof(*s));
    struct err e = {0};

    if (!s) {
        err_memory(&e);
        goto failed;
    }
    command_init(&s->command, type, &call->caller);
    buf_init(&s->args);
    buf_put_slice(&s->args, args);
    if (buf_check(&s->args, &e) != 0)
        goto failed;
    if (key && strlen(key) > COMMAND_KEY_MAX) {
        err_set(&e, ERR_USAGE, "centre.key", NULL, "Idempotency-Key is over %d bytes",
                COMMAND_KEY_MAX);
        goto failed;
    }
    if (key)
        snprintf(s->command.key, sizeof(s->command.key), "%s", key);
    if (organisation)
        snprintf(s->command.organisation, sizeof(s->command.organisation), "%s", organisation);
    s->x = call->x;
    s->prepared = prepared;
    s->release = release;
    s->command.args = buf_slice(&s->args);
    s->command.prepared = prepared;
    s->command.exercise = exercise;
    s->command.done = submitted_done;
    s->command.context = s;
    writer_submit(call->centre->writer, &s->command);
    return;
failed:
    if (release)
        release(prepared);
    if (s) {
        command_fini(&s->command);
        buf_fini(&s->args);
        mem_free(s);
    }
    route_fail(call, &e);
}

void route_body_command(struct route_call *call, const struct command_type *type,
                        const char *organisation)
{
    route_command(call, type, http_body(call->x), NULL, NULL, organisation, false);
}

/* ---- questions ---------------------------------------------------------------------------------
 */

int route_organisation(struct route_call *call, bool all_by_default, char organisation[ID_TEXT],
                       struct err *e)
{
    const char *named = NULL;
    int found = http_query(call->x, "organisation", &named, e);

    if (found < 0)
        return -1;
    if (found == 0) {
        snprintf(organisation, ID_TEXT, "%s",
                 all_by_default && call->caller.everywhere ? "" : call->caller.organisation);
        return 0;
    }
    if (!id_is(slice_str(named), "org"))
        return err_set(e, ERR_USAGE, "centre.argument", NULL,
                       "\"organisation\" must be an id that begins with org_");
    snprintf(organisation, ID_TEXT, "%s", named);
    return caller_acts_for(&call->caller, organisation, organisation, e);
}

int route_asset(struct worker *worker, struct route_call *call, struct fleet_asset *asset,
                struct err *e)
{
    const char *id = http_param(call->x, "asset");
    int found = id && id_is(slice_str(id), "ast") ? fleet_asset_find(worker->db, id, asset, e) : 0;

    if (found == 0)
        return caller_finds_no(id ? id : "asset", e);
    return found == 1 ? caller_acts_for(&call->caller, asset->organisation, id, e) : -1;
}

int route_advisory(struct worker *worker, struct route_call *call, struct fleet_revision *revision,
                   struct err *e)
{
    const char *name = http_param(call->x, "name");

    if (!name)
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "the advisory's name is missing");
    return advisory_named(call->centre, worker->db, &call->caller, name, revision, e);
}

int route_page(struct route_call *call, const char **after, int64_t *limit, struct err *e)
{
    const char *text = NULL;
    int found = http_query(call->x, "after", after, e);

    *limit = 100;
    if (found < 0)
        return -1;
    if (found == 0)
        *after = "";
    found = http_query(call->x, "limit", &text, e);
    if (found < 0)
        return -1;
    if (found == 1) {
        char *end = NULL;
        *limit = strtol(text, &end, 10);
        if (!*text || *end || *limit < 1 || *limit > 1000)
            return err_set(e, ERR_USAGE, "centre.argument", NULL,
                           "\"limit\" must be a whole number from 1 to 1000");
    }
    return 0;
}
