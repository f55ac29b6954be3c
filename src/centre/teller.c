/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/teller.h"
#include "base/log.h"
#include "centre/centre.h"
#include "centre/courier_client.h"
#include "centre/digest_mail.h"
#include "centre/mail.h"
#include "centre/webhook.h"

#include <stdio.h>

enum {
    DUE_AT_ONCE = 32,
    ATTEMPTS_MAX = 12,
    RETRY_FIRST_US = 30000000,
    RETRY_LAST_US = 3600000000LL,
    SEND_US = 120000000,
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

struct due {
    char id[ID_TEXT];
    char publication[ID_TEXT];
    char organisation[ID_TEXT];
    char person[ID_TEXT];
    char way[8];
    int64_t assets;
    int64_t attempts;
};

struct recipient {
    struct buf name, mail, webhook, secret;
    bool erased;
};

static int find_recipient(struct db *db, const char *person, struct recipient *r, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_CONTACT_FIND, DB_TEXT(person));

    if (found == 1) {
        buf_put_slice(&r->name, db_slice(&q, 1));
        buf_put_slice(&r->mail, db_slice(&q, 2));
        r->erased = !db_is_null(&q, 3);
        buf_put_slice(&r->webhook, db_slice(&q, 4));
        buf_put_slice(&r->secret, db_blob(&q, 5));
    }
    db_query_finish(&q);
    return found;
}

static int send_mail(struct follower *f, const struct due *due, const struct recipient *r,
                     const struct digest *digest, struct courier_result *result, struct err *e)
{
    const struct config *config = f->centre->config;
    struct courier_job job = {.id = slice_str(due->id), .to = buf_slice(&r->mail)};
    struct slice from_name;
    struct buf subject;
    struct buf text;
    struct buf message;
    char domain[256];
    int done = -1;

    buf_init(&subject);
    buf_init(&text);
    buf_init(&message);
    if (!config->mail_host[0]) {
        *result = (struct courier_result){.state = COURIER_NOT_CONFIGURED};
        snprintf(result->said, sizeof(result->said), "no mail server is configured");
        done = 0;
        goto out;
    }
    snprintf(domain, sizeof(domain), "%.*s", (int)strcspn(f->centre->origin, "/"),
             f->centre->origin);
    const struct mail mail = {.id = due->id,
                              .id_domain = domain,
                              .from = config->mail_from,
                              .to_name = buf_text(&r->name),
                              .to = buf_text(&r->mail),
                              .subject = NULL,
                              .time = clock_now(f->centre->clock),
                              .labels = digest->revision->exercise ? "exercise" : "advisory"};
    if (digest_mail(f->db, digest, &subject, &text, e) != 0 ||
        mail_address_split(config->mail_from, &from_name, &job.from, e) != 0)
        goto out;
    struct mail whole = mail;
    whole.subject = buf_text(&subject);
    whole.text = buf_slice(&text);
    if (mail_build(&whole, &message, e) != 0)
        goto out;
    job.content = buf_slice(&message);
    done = courier_send_mail(f->centre->courier, &job, SEND_US, result, e);
out:
    buf_fini(&message);
    buf_fini(&text);
    buf_fini(&subject);
    return done;
}

static int send_webhook(struct follower *f, const struct due *due, const struct recipient *r,
                        const struct digest *digest, struct courier_result *result, struct err *e)
{
    struct courier_job job = {.id = slice_str(due->id),
                              .to = buf_slice(&r->webhook),
                              .event = slice_str("advisory.published"),
                              .time = (uint64_t)(clock_now(f->centre->clock) / 1000000)};
    char signature[WEBHOOK_SIGNATURE_TEXT];
    struct buf body;
    int done = -1;

    buf_init(&body);
    if (digest_webhook(f->db, digest, &body, e) != 0 ||
        webhook_sign(buf_slice(&r->secret), due->id, (int64_t)job.time, buf_slice(&body), signature,
                     e) != 0)
        goto out;
    job.signature = slice_str(signature);
    job.content = buf_slice(&body);
    done = courier_send_webhook(f->centre->courier, &job, SEND_US, result, e);
out:
    buf_fini(&body);
    return done;
}

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

static int send_one(struct follower *f, const struct due *due, struct err *e)
{
    struct courier_result result = {.state = COURIER_BUSY};
    struct recipient recipient = {.erased = true};
    struct fleet_revision revision;
    struct err failed = {0};
    char revision_id[ID_TEXT] = "";
    char args[80];
    struct db_query q;
    int done = -1;

    buf_init(&recipient.name);
    buf_init(&recipient.mail);
    buf_init(&recipient.webhook);
    buf_init_secret(&recipient.secret);
    fleet_revision_init(&revision);
    int found = db_find(&q, f->db, e, SQL_PUBLICATION_FIND, DB_TEXT(due->publication));
    if (found == 1)
        snprintf(revision_id, sizeof(revision_id), "%s", db_text(&q, 2));
    db_query_finish(&q);
    if (found != 1 || fleet_revision_find(f->db, revision_id, &revision, e) != 1 ||
        find_recipient(f->db, due->person, &recipient, e) < 0)
        goto out;
    const struct digest digest = {.delivery = due->id,
                                  .publication = due->publication,
                                  .centre = f->centre->config->centre_name,
                                  .owner = due->person,
                                  .owner_name =
                                      recipient.name.len ? buf_text(&recipient.name) : NULL,
                                  .public_url = f->centre->config->door_public_url,
                                  .assets = due->assets,
                                  .revision = &revision};
    struct outcome outcome = {.delivery = due->id,
                              .publication = due->publication,
                              .organisation = due->organisation,
                              .way = due->way};
    snprintf(args, sizeof(args), "{\"delivery\":\"%.31s\"}", due->id);
    if (follower_command(f, &command_owner_sending, slice_str(args), NULL, due->organisation,
                         revision.exercise, false, NULL, e) != 0)
        goto out;
    bool by_mail = strcmp(due->way, "mail") == 0;
    if (recipient.erased || (by_mail ? recipient.mail.len : recipient.webhook.len) == 0) {
        result.state = COURIER_BAD_JOB;
        snprintf(result.said, sizeof(result.said), "the address was erased meanwhile");
    } else if ((by_mail ? send_mail(f, due, &recipient, &digest, &result, &failed)
                        : send_webhook(f, due, &recipient, &digest, &result, &failed)) != 0) {
        /* not handed over, and so certainly not sent */
        result.state = COURIER_BUSY;
        snprintf(result.said, sizeof(result.said), "%s", failed.text);
    }
    judge(due, &result, clock_now(f->centre->clock), &outcome);
    log_info("owner.told", LOG_S("delivery", due->id), LOG_S("way", due->way),
             LOG_S("state", outcome.state), LOG_I("code", result.code), LOG_S("said", result.said));
    done = store_result(f, &outcome, revision.exercise, e);
out:
    fleet_revision_fini(&revision);
    buf_fini(&recipient.name);
    buf_fini(&recipient.mail);
    buf_fini(&recipient.webhook);
    buf_fini_secret(&recipient.secret);
    return done;
}

static int read_due(struct follower *f, struct due *due, size_t room, size_t *count, struct err *e)
{
    struct db_query q;
    int step;

    *count = 0;
    if (db_select(&q, f->db, e, SQL_OWNER_DELIVERY_DUE, DB_INT(clock_now(f->centre->clock)),
                  DB_INT((int64_t)room)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1 && *count < room) {
        struct due *d = &due[(*count)++];
        snprintf(d->id, sizeof(d->id), "%s", db_text(&q, 0));
        snprintf(d->publication, sizeof(d->publication), "%s", db_text(&q, 1));
        snprintf(d->organisation, sizeof(d->organisation), "%s", db_text(&q, 2));
        snprintf(d->person, sizeof(d->person), "%s", db_text(&q, 3));
        snprintf(d->way, sizeof(d->way), "%s", db_text(&q, 4));
        d->assets = db_int(&q, 5);
        d->attempts = db_int(&q, 6);
    }
    db_query_finish(&q);
    return step < 0 ? -1 : 0;
}

static int send_due(struct follower *f, struct err *e)
{
    struct due due[DUE_AT_ONCE];
    size_t count;

    do {
        if (read_due(f, due, ARRAY_LEN(due), &count, e) != 0)
            return -1;
        for (size_t i = 0; i < count && !centre_is_stopping(f->centre); i++)
            if (send_one(f, &due[i], e) != 0)
                return -1;
    } while (count == ARRAY_LEN(due) && !centre_is_stopping(f->centre));
    return 0;
}

/* What was being sent when the centre died: nobody knows whether it arrived. */
static int mark_orphans(struct follower *f, struct err *e)
{
    for (;;) {
        struct due due = {0};
        struct db_query q;
        int found = db_find(&q, f->db, e, SQL_OWNER_DELIVERY_ORPHANS, DB_INT(1));
        if (found == 1) {
            snprintf(due.id, sizeof(due.id), "%s", db_text(&q, 0));
            snprintf(due.publication, sizeof(due.publication), "%s", db_text(&q, 1));
            snprintf(due.organisation, sizeof(due.organisation), "%s", db_text(&q, 2));
            snprintf(due.way, sizeof(due.way), "%s", db_text(&q, 3));
        }
        db_query_finish(&q);
        if (found <= 0)
            return found;
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
                                              .idle = send_due};
