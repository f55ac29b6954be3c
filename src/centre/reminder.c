/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/reminder.h"
#include "base/log.h"
#include "centre/centre.h"
#include "centre/teller.h"
#include "fleet/advisory_store.h"

#include <stdio.h>

enum { ORGANISATION, PERSON, ASSETS, MAIL, WEBHOOK, OPTED_OUT }; /* columns of SILENT_… */

/* ---- intent ------------------------------------------------------------------------------------
 */

struct silent {
    char organisation[ID_TEXT];
    char person[ID_TEXT]; /* empty: the organisation has named nobody */
    int64_t assets;
    bool mail, webhook, opted_out;
};

struct silents {
    struct silent *at;
    size_t count, room;
};

static int add(struct silents *s, struct db_query *q, struct arena *arena, struct err *e)
{
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 64;
        struct silent *grown = arena_new(arena, room, sizeof(*grown));
        if (!grown)
            return err_memory(e);
        if (s->count)
            memcpy(grown, s->at, s->count * sizeof(*grown));
        s->at = grown;
        s->room = room;
    }
    struct silent *silent = &s->at[s->count++];
    snprintf(silent->organisation, ID_TEXT, "%s", db_text(q, ORGANISATION));
    snprintf(silent->person, ID_TEXT, "%s", db_is_null(q, PERSON) ? "" : db_text(q, PERSON));
    silent->assets = db_int(q, ASSETS);
    silent->mail = !db_is_null(q, MAIL);
    silent->webhook = !db_is_null(q, WEBHOOK);
    silent->opted_out = db_int(q, OPTED_OUT) != 0;
    return 0;
}

/* Read whole before anything is written: the tables change under a query otherwise. */
static int read_silents(struct command_run *run, enum sql_id which, const char *publication,
                        const char *advisory, struct silents *s, struct err *e)
{
    struct db_query q;
    int step;

    if (db_select(&q, run->change.db, e, which, DB_TEXT(publication), DB_TEXT(advisory)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        if (add(s, &q, run->change.arena, e) != 0) {
            step = -1;
            break;
        }
    }
    db_query_finish(&q);
    return step;
}

/* What was to be sent and has not gone out yet needs no reminder. 1: waits, 0, -1. */
static int waits(struct command_run *run, const char *publication, const char *person,
                 struct err *e)
{
    struct db_query q;
    int found = db_find(&q, run->change.db, e, SQL_OWNER_DELIVERY_WAITS, DB_TEXT(publication),
                        DB_TEXT(person));

    db_query_finish(&q);
    return found;
}

static int intend(struct command_run *run, const char *publication, const char *kind, bool exercise,
                  const struct silent *s, struct err *e)
{
    const struct owner_intent intent = {.publication = publication,
                                        .organisation = s->organisation,
                                        .person = s->person,
                                        .kind = kind,
                                        .assets = s->assets,
                                        .mail = s->mail,
                                        .webhook = s->webhook,
                                        .opted_out = s->opted_out,
                                        .exercise = exercise};

    return owner_intend(run, &intent, e);
}

static int find_publication(struct command_run *run, const char *publication,
                            char advisory[ID_TEXT], bool *exercise, struct err *e)
{
    char revision[ID_TEXT] = "";
    struct db_query q;
    int found = db_find(&q, run->change.db, e, SQL_PUBLICATION_FIND, DB_TEXT(publication));

    if (found == 1) {
        *exercise = db_bool(&q, 1);
        snprintf(revision, sizeof(revision), "%s", db_text(&q, 2));
    }
    db_query_finish(&q);
    if (found == 1)
        found = db_find(&q, run->change.db, e, SQL_REVISION_FIND, DB_TEXT(revision));
    else
        return found < 0 ? -1
                         : err_set(e, ERR_NOT_FOUND, "fleet.no-publication", NULL,
                                   "there is no publication %s", publication);
    if (found == 1)
        snprintf(advisory, ID_TEXT, "%s", db_text(&q, 0));
    db_query_finish(&q);
    return found == 1 ? 0 : -1;
}

/* {"publication","escalation"}: the time has come, if it still has. */
static int reminder_due(struct command_run *run, struct err *e)
{
    char publication[ID_TEXT];
    char advisory[ID_TEXT];
    struct silents silents = {0};
    bool exercise = false;
    bool escalation;

    if (args_id(run->args, "publication", "pub", publication, e) != 0 ||
        args_bool(run->args, "escalation", false, &escalation, e) != 0 ||
        find_publication(run, publication, advisory, &exercise, e) != 0)
        return -1;
    int64_t due = db_run(run->change.db, e, escalation ? SQL_WATCH_ESCALATED : SQL_WATCH_REMINDED,
                         DB_TEXT(publication), DB_INT(run->change.now));
    if (due <= 0)
        return due < 0 ? -1
                       : err_set(e, ERR_CONFLICT, "centre.not-due", NULL,
                                 "the silence about %s is not looked at now", publication);
    if (read_silents(run, escalation ? SQL_SILENT_ORGANISATIONS : SQL_SILENT_OWNERS, publication,
                     advisory, &silents, e) != 0)
        return -1;
    for (size_t i = 0; i < silents.count; i++) {
        const struct silent *s = &silents.at[i];
        int later = escalation ? 0 : waits(run, publication, s->person, e);
        /* an owner who cannot be reached was counted so when the digest was planned */
        bool skip = !escalation && ((!s->mail && !s->webhook) || s->opted_out);
        if (later < 0 ||
            (!later && !skip &&
             intend(run, publication, escalation ? "escalation" : "reminder", exercise, s, e) != 0))
            return -1;
    }
    json_member_int(run->answer, "silent", (int64_t)silents.count);
    return 0;
}

const struct command_type command_reminder_due = {
    .name = "reminder.due", .silent = true, .run = reminder_due};

/* {"publication"}: when its silence is looked at, as is configured now. */
static int reminder_watch(struct command_run *run, struct err *e)
{
    const struct config *config = run->centre->config;
    char publication[ID_TEXT];

    if (args_id(run->args, "publication", "pub", publication, e) != 0)
        return -1;
    int64_t now = run->change.now;
    int64_t remind = config->publication_remind_after;
    int64_t escalate = config->publication_escalate_after;
    if (remind == 0 && escalate == 0)
        return 0;
    return db_run(run->change.db, e, SQL_WATCH_SET, DB_TEXT(publication),
                  remind ? DB_INT(now + remind) : DB_NIL,
                  escalate ? DB_INT(now + escalate) : DB_NIL) < 0
               ? -1
               : 0;
}

const struct command_type command_reminder_watch = {
    .name = "reminder.watch", .silent = true, .run = reminder_watch};

/* ---- an operator's ---- */

/* The ways to a person, as they are now. 1 found. */
static int find_ways(struct db *db, struct silent *s, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_CONTACT_FIND, DB_TEXT(s->person));

    if (found == 1) {
        s->mail = !db_is_null(&q, 2);
        s->webhook = !db_is_null(&q, 4);
        s->opted_out = db_bool(&q, 6);
    }
    db_query_finish(&q);
    return found;
}

static void write_resent(struct json_writer *w, const struct resent *resent)
{
    json_member_int(w, "lines", resent->lines);
    json_member_int(w, "devices", resent->devices);
    json_member_int(w, "ownerless", resent->ownerless);
    json_member_int(w, "streams", resent->streams);
}

static int advisory_resend(struct command_run *run, struct err *e)
{
    const struct resent *resent = run->command->prepared;
    struct change *c = &run->change;
    struct slice state;
    char advisory[ID_TEXT];
    int64_t planned = 0;
    int64_t waiting = 0;

    if (args_id(run->args, "advisory", "adv", advisory, e) != 0 ||
        args_string(run->args, "state", 20, true, &state, e) != 0)
        return -1;
    c->exercise = resent->exercise;
    for (size_t i = 0; i < resent->count; i++) {
        const struct resent_owner *owner = &resent->owners[i];
        struct silent s = {.assets = owner->assets};
        snprintf(s.organisation, ID_TEXT, "%s", owner->organisation);
        snprintf(s.person, ID_TEXT, "%s", owner->person);
        int later = waits(run, owner->publication, owner->person, e);
        if (later < 0 || find_ways(c->db, &s, e) < 0)
            return -1;
        waiting += later;
        if (later || s.opted_out || (!s.mail && !s.webhook))
            continue;
        if (intend(run, owner->publication, "reminder", resent->exercise, &s, e) != 0)
            return -1;
        planned++;
    }
    struct json_writer *data = change_act(c, "advisory.resent", NULL);
    json_member_string(data, "advisory", advisory);
    json_member_slice(data, "state", state);
    write_resent(data, resent);
    json_member_int(data, "owners", planned);
    if (change_act_end(c, NULL, e) != 0)
        return -1;
    json_member_string(run->answer, "advisory", advisory);
    json_member_slice(run->answer, "state", state);
    write_resent(run->answer, resent);
    json_member_int(run->answer, "owners", planned);
    json_member_int(run->answer, "waiting", waiting);
    return 0;
}

const struct command_type command_advisory_resend = {
    .name = "advisory.resend", .roles = ROLE_COORDINATOR, .run = advisory_resend};

/* ---- the follower ------------------------------------------------------------------------------
 */

/* 1: one was due, 0: none, -1. */
static int take_due(struct follower *f, enum sql_id which, bool escalation, struct err *e)
{
    char publication[ID_TEXT] = "";
    char args[96];
    struct db_query q;
    int found = db_find(&q, f->db, e, which, DB_INT(clock_now(f->centre->clock)));

    if (found == 1)
        snprintf(publication, sizeof(publication), "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found != 1)
        return found;
    snprintf(args, sizeof(args), "{\"publication\":\"%.31s\",\"escalation\":%s}", publication,
             escalation ? "true" : "false");
    if (follower_command(f, &command_reminder_due, slice_str(args), NULL, NULL, false, false, NULL,
                         e) != 0) {
        /* the writer's clock goes by its last act: when it stands behind ours, the time comes yet
         */
        if (strcmp(e->code, "centre.not-due") != 0)
            return -1;
        err_clear(e);
        return 0;
    }
    log_info("silence.looked-at", LOG_S("publication", publication),
             LOG_S("as", escalation ? "escalation" : "reminder"));
    return 1;
}

static int look(struct follower *f, struct err *e)
{
    int found = 1;

    /* what is due for both is escalated: its owners were silent long enough */
    while (found == 1 && !centre_is_stopping(f->centre))
        found = take_due(f, SQL_WATCH_ESCALATE_DUE, true, e);
    if (found < 0)
        return -1;
    found = 1;
    while (found == 1 && !centre_is_stopping(f->centre))
        found = take_due(f, SQL_WATCH_REMIND_DUE, false, e);
    return found < 0 ? -1 : 0;
}

static int handle(struct follower *f, const struct followed *act, struct err *e)
{
    char publication[ID_TEXT];
    char args[80];

    if (args_id(act->data, "publication", "pub", publication, e) != 0)
        return -1;
    snprintf(args, sizeof(args), "{\"publication\":\"%.31s\"}", publication);
    return follower_command(f, &command_reminder_watch, slice_str(args), NULL, act->organisation,
                            false, true, NULL, e);
}

static const char *const wanted[] = {"publication.signed", NULL};

const struct follower_type follower_reminder = {
    .name = "reminder", .wanted = wanted, .handle = handle, .idle = look};
