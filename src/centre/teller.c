/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "centre/centre.h"
#include "centre/courier_delivery.h"
#include "centre/teller_internal.h"

#include <stdio.h>

enum {
    DUE_AT_ONCE = 32,
    ATTEMPTS_MAX = 12,
    RETRY_FIRST_US = 30000000,
    RETRY_LAST_US = 3600000000LL,
    ANSWER_US = 60000000, /* over the time that a delivery has, for the courier to say so */
    LAST_US = 10000000,
    LOOK_MS = 200,
};

/* ---- intent ------------------------------------------------------------------------------------
 */

static int plan_one(struct command_run *run, const char *publication, const char *organisation,
                    const char *owner, const char *way, const char *state, int64_t assets,
                    bool exercise, struct err *e)
{
    struct change *c = &run->change;
    struct act_ref act;
    char id[ID_TEXT];

    if (change_id(c, "dlv", id, e) != 0)
        return -1;
    c->exercise = exercise;
    struct json_writer *data = change_act(c, "owner.intended", organisation);
    json_member_string(data, "delivery", id);
    json_member_string(data, "publication", publication);
    json_member_string(data, "organisation", organisation);
    json_member_string(data, "way", way);
    json_member_string(data, "result", state);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_OWNER_DELIVERY_INSERT, DB_TEXT(id), DB_TEXT(publication),
                  DB_TEXT(organisation), DB_BOOL(exercise), DB_TEXT(owner), DB_TEXT(way),
                  DB_INT(assets), DB_TEXT(state), DB_INT(c->now), DB_INT(c->now),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

struct planned {
    char organisation[ID_TEXT];
    char owner[ID_TEXT];
    int64_t assets;
    bool mail, webhook, opted_out;
};

static int owners_plan(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    struct planned *owners;
    char publication[ID_TEXT];
    size_t count = 0;
    size_t room = 64;
    bool exercise = false;
    struct db_query q;
    int step;

    if (args_id(run->args, "publication", "pub", publication, e) != 0)
        return -1;
    step = db_find(&q, c->db, e, SQL_PUBLICATION_FIND, DB_TEXT(publication));
    if (step == 1)
        exercise = db_bool(&q, 1);
    db_query_finish(&q);
    owners = arena_new(c->arena, room, sizeof(*owners));
    if (!owners)
        return err_memory(e);
    if (step != 1 || db_select(&q, c->db, e, SQL_OWNERS_OF_PUBLICATION, DB_TEXT(publication)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        if (db_is_null(&q, 1))
            continue; /* devices without a known owner are counted where they stand */
        if (count == room) {
            struct planned *grown = arena_new(c->arena, room * 2, sizeof(*grown));
            if (!grown) {
                step = err_memory(e);
                break;
            }
            memcpy(grown, owners, count * sizeof(*owners));
            owners = grown;
            room *= 2;
        }
        struct planned *p = &owners[count++];
        snprintf(p->organisation, sizeof(p->organisation), "%s", db_text(&q, 0));
        snprintf(p->owner, sizeof(p->owner), "%s", db_text(&q, 1));
        p->assets = db_int(&q, 2);
        p->mail = !db_is_null(&q, 3);
        p->webhook = !db_is_null(&q, 4);
        p->opted_out = db_int(&q, 6) != 0;
    }
    db_query_finish(&q);
    for (size_t i = 0; step == 0 && i < count; i++) {
        const struct planned *p = &owners[i];
        bool mail = p->mail && !p->opted_out;
        bool webhook = p->webhook && !p->opted_out;
        if ((mail && plan_one(run, publication, p->organisation, p->owner, "mail", "pending",
                              p->assets, exercise, e) != 0) ||
            (webhook && plan_one(run, publication, p->organisation, p->owner, "webhook", "pending",
                                 p->assets, exercise, e) != 0) ||
            (!mail && !webhook &&
             plan_one(run, publication, p->organisation, p->owner, "none",
                      p->opted_out ? "refused" : "no_address", p->assets, exercise, e) != 0))
            return -1;
    }
    return step;
}

const struct command_type command_owners_plan = {
    .name = "owners.plan", .silent = true, .run = owners_plan};

static int owner_sending(struct command_run *run, struct err *e)
{
    char id[ID_TEXT];

    if (args_id(run->args, "delivery", "dlv", id, e) != 0)
        return -1;
    int64_t changed =
        db_run(run->change.db, e, SQL_OWNER_DELIVERY_SENDING, DB_TEXT(id), DB_INT(run->change.now));
    if (changed == 0)
        return err_set(e, ERR_CONFLICT, "centre.delivery-taken", NULL,
                       "the delivery %s is not pending", id);
    return changed < 0 ? -1 : 0;
}

const struct command_type command_owner_sending = {
    .name = "owner.sending", .silent = true, .run = owner_sending};

/* ---- result ------------------------------------------------------------------------------------
 */

struct outcome {
    const char *delivery;
    const char *publication;
    const char *organisation;
    const char *way;
    const char *state; /* stored: "told", "refused", "unreachable", "unknown_outcome", "pending" */
    const char *detail;
    int64_t next_at; /* of another attempt */
    bool final;
};

static int owner_result(struct command_run *run, struct err *e)
{
    const struct outcome *o = run->command->prepared;
    struct change *c = &run->change;
    struct act_ref act;

    if (o->final) {
        struct json_writer *data = change_act(c, "owner.told", o->organisation);
        json_member_string(data, "delivery", o->delivery);
        json_member_string(data, "publication", o->publication);
        json_member_string(data, "organisation", o->organisation);
        json_member_string(data, "way", o->way);
        json_member_string(data, "result", o->state);
        if (change_act_end(c, &act, e) != 0)
            return -1;
    }
    return db_run(c->db, e, SQL_OWNER_DELIVERY_RESULT, DB_TEXT(o->delivery), DB_TEXT(o->state),
                  DB_TEXT(o->detail), o->final ? DB_NIL : DB_INT(o->next_at), DB_INT(c->now),
                  o->final ? DB_INT((int64_t)act.index) : DB_NIL) < 0
               ? -1
               : 0;
}

const struct command_type command_owner_result = {
    .name = "owner.result", .silent = true, .run = owner_result};

/* ---- effect ------------------------------------------------------------------------------------
 */

/* What the courier said, as a state that adds up in every pack. */
static void judge(const struct due *due, const struct courier_result *result, int64_t now,
                  struct outcome *o)
{
    int64_t pause = RETRY_FIRST_US;

    for (int64_t i = 0; i < due->attempts && pause < RETRY_LAST_US; i++)
        pause *= 2;
    o->next_at = now + (pause < RETRY_LAST_US ? pause : RETRY_LAST_US);
    o->detail = result->said;
    o->final = true;
    switch (result->state) {
    case COURIER_DELIVERED: o->state = "told"; return;
    case COURIER_REFUSED:
    case COURIER_BAD_JOB:
    case COURIER_PRIVATE: o->state = "refused"; return;
    case COURIER_UNKNOWN: o->state = "unknown_outcome"; return;
    case COURIER_REFUSED_FOR_NOW:
    case COURIER_UNREACHABLE:
    case COURIER_TIMED_OUT:
    case COURIER_NO_SESSION:
    case COURIER_NOT_CONFIGURED:
    case COURIER_BUSY: break;
    }
    o->final = due->attempts + 1 >= ATTEMPTS_MAX;
    o->state = o->final ? "unreachable" : "pending";
}

static int store_result(struct follower *f, struct outcome *o, bool exercise, struct err *e)
{
    return follower_command(f, &command_owner_result, slice_str("{}"), o, o->organisation, exercise,
                            false, NULL, e);
}

/* Stores the results that have come; what cannot be stored stays for the next time. */
static int land_all(struct follower *f, struct err *e)
{
    struct centre *centre = f->centre;
    struct flight *flight;

    while ((flight = flights_next_judged(centre->flights, clock_monotonic(centre->clock)))) {
        const struct due *due = &flight->due;
        struct outcome outcome = {.delivery = due->id,
                                  .publication = due->publication,
                                  .organisation = due->organisation,
                                  .way = due->way};
        judge(due, &flight->result, clock_now(centre->clock), &outcome);
        if (store_result(f, &outcome, flight->exercise, e) != 0)
            return -1;
        log_info("owner.told", LOG_S("delivery", due->id), LOG_S("way", due->way),
                 LOG_S("state", outcome.state), LOG_I("code", flight->result.code),
                 LOG_S("said", flight->result.said));
        flight_end(flight);
    }
    return 0;
}

/* As the courier does it: mail has one server, which gets all but a quarter. */
static size_t share_of(const struct follower *f, bool mail)
{
    size_t most = (size_t)f->centre->config->courier_in_flight;
    size_t quarter = most / 4;
    size_t share = mail ? most - quarter : quarter;

    return share ? share : 1;
}

static int start_one(struct follower *f, const struct due *due, const char *host, struct err *e)
{
    const struct config *config = f->centre->config;
    struct flight *flight = flight_begin(f->centre->flights, due, e);

    if (!flight)
        return -1;
    int64_t patience = config->mail_timeout > config->webhook_timeout ? config->mail_timeout
                                                                      : config->webhook_timeout;
    snprintf(flight->host, sizeof(flight->host), "%s", host);
    flight->deadline = clock_monotonic(f->centre->clock) + patience + ANSWER_US;
    if (teller_send(f, flight, e) == 0)
        return 0;
    flight->landed = true;
    flight_end(flight);
    return -1;
}

struct due_row {
    struct due due;
    char host[300];
};

/* The next page behind a place in the order of their times. */
static int read_due(struct follower *f, const struct due *after, struct due_row *rows,
                    size_t *count, struct err *e)
{
    struct db_query q;
    int step;

    *count = 0;
    if (db_select(&q, f->db, e, SQL_OWNER_DELIVERY_DUE, DB_INT(clock_now(f->centre->clock)),
                  DB_INT(after->next_at), DB_TEXT(after->id), DB_INT(DUE_AT_ONCE)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1 && *count < DUE_AT_ONCE) {
        struct due_row *row = &rows[(*count)++];
        struct due *d = &row->due;
        snprintf(d->id, sizeof(d->id), "%s", db_text(&q, 0));
        snprintf(d->publication, sizeof(d->publication), "%s", db_text(&q, 1));
        snprintf(d->organisation, sizeof(d->organisation), "%s", db_text(&q, 2));
        snprintf(d->person, sizeof(d->person), "%s", db_text(&q, 3));
        snprintf(d->way, sizeof(d->way), "%s", db_text(&q, 4));
        d->assets = db_int(&q, 5);
        d->attempts = db_int(&q, 6);
        d->next_at = db_int(&q, 7);
        const struct courier_job job = {.operation = strcmp(d->way, "mail") == 0 ? COURIER_MAIL
                                                                                 : COURIER_WEBHOOK,
                                        .to = db_slice(&q, 8)};
        courier_delivery_host(&job, row->host);
    }
    db_query_finish(&q);
    return step < 0 ? -1 : 0;
}

/* Starts what is due, in the order of its time; who speaks to a host that is slow waits alone. */
static int start_due(struct follower *f, struct err *e)
{
    size_t most = (size_t)f->centre->config->courier_in_flight;
    struct due_row rows[DUE_AT_ONCE];
    struct due after = {.next_at = INT64_MIN};
    size_t count = DUE_AT_ONCE;

    while (count == DUE_AT_ONCE && flights_count(f->centre->flights) < most) {
        if (read_due(f, &after, rows, &count, e) != 0)
            return -1;
        for (size_t i = 0; i < count && flights_count(f->centre->flights) < most; i++) {
            bool mail = strcmp(rows[i].due.way, "mail") == 0;
            after = rows[i].due;
            if (flights_to(f->centre->flights, rows[i].host) >= share_of(f, mail))
                continue;
            if (centre_is_stopping(f->centre))
                return 0;
            if (start_one(f, &rows[i].due, rows[i].host, e) != 0)
                return -1;
        }
    }
    return 0;
}

/* Goes on while something is in the air, but not when there is news to plan for. */
static int send_due(struct follower *f, struct err *e)
{
    while (!centre_is_stopping(f->centre)) {
        if (land_all(f, e) != 0 || start_due(f, e) != 0)
            return -1;
        if (flights_count(f->centre->flights) == 0 || centre_head(f->centre) > f->next)
            return 0;
        flights_wait(f->centre->flights, LOOK_MS);
    }
    return 0;
}

/* The centre stops: what is in the air gets a while to land, so that less is unknown. */
static int land_last(struct follower *f, struct err *e)
{
    int64_t until = clock_monotonic(f->centre->clock) + LAST_US;

    while (land_all(f, e) == 0) {
        if (flights_count(f->centre->flights) == 0 || clock_monotonic(f->centre->clock) >= until)
            return 0;
        flights_wait(f->centre->flights, LOOK_MS);
    }
    return -1;
}

/* What was being sent when the centre died: nobody knows whether it arrived. */
static int mark_orphans(struct follower *f, struct err *e)
{
    char after[ID_TEXT] = "";

    for (;;) {
        struct due due = {0};
        struct db_query q;
        int found = db_find(&q, f->db, e, SQL_OWNER_DELIVERY_ORPHANS, DB_TEXT(after), DB_INT(1));
        if (found == 1) {
            snprintf(due.id, sizeof(due.id), "%s", db_text(&q, 0));
            snprintf(due.publication, sizeof(due.publication), "%s", db_text(&q, 1));
            snprintf(due.organisation, sizeof(due.organisation), "%s", db_text(&q, 2));
            snprintf(due.way, sizeof(due.way), "%s", db_text(&q, 3));
        }
        db_query_finish(&q);
        if (found <= 0)
            return found;
        snprintf(after, sizeof(after), "%s", due.id);
        if (flights_have(f->centre->flights, due.id))
            continue; /* this process failed at something else: the courier will answer */
        struct outcome outcome = {.delivery = due.id,
                                  .publication = due.publication,
                                  .organisation = due.organisation,
                                  .way = due.way,
                                  .state = "unknown_outcome",
                                  .detail = "the centre stopped while it was being sent",
                                  .final = true};
        if (store_result(f, &outcome, false, e) != 0)
            return -1;
    }
}

static int handle(struct follower *f, const struct followed *act, struct err *e)
{
    char publication[ID_TEXT];
    char args[80];

    if (args_id(act->data, "publication", "pub", publication, e) != 0)
        return -1;
    snprintf(args, sizeof(args), "{\"publication\":\"%s\"}", publication);
    return follower_command(f, &command_owners_plan, slice_str(args), NULL, act->organisation,
                            false, true, NULL, e);
}

static const char *const wanted[] = {"publication.signed", NULL};

const struct follower_type follower_teller = {.name = "teller",
                                              .wanted = wanted,
                                              .prepare = mark_orphans,
                                              .handle = handle,
                                              .idle = send_due,
                                              .end = land_last};
