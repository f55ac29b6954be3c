/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approval of a command by its hash, m of n: somebody asks, others give, and the command is then
 * carried out once. What is approved is the canonical {"args","type"}: not one byte may differ.
 */
#include "centre/approval.h"
#include "base/encoding.h"
#include "centre/centre.h"
#include "centre/commands.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"

#include <stdio.h>

enum { APPROVAL_HOURS = 72, APPROVAL_NEEDED_MAX = 16 };

int approval_content_hash(struct slice type, const struct json_value *args, struct buf *content,
                          uint8_t hash[32], struct err *e)
{
    struct json_writer w;
    struct buf canonical;
    int result = -1;

    buf_init(&canonical);
    if (json_canonical(args, &canonical, e) != 0)
        goto out;
    json_write_init(&w, content, 0);
    json_write_object(&w);
    json_write_name(&w, "args");
    json_write_raw(&w, buf_slice(&canonical));
    json_member_slice(&w, "type", type);
    json_write_object_end(&w);
    if (buf_check(content, e) == 0)
        result = sha256(buf_slice(content), hash) == 0 ? 0 : err_memory(e);
out:
    buf_fini(&canonical);
    return result;
}

unsigned approvals_needed(const struct config *config, const struct command_type *type)
{
    const struct {
        const char *type;
        int64_t needed;
    } demanded[] = {
        {"advisory.publish", config ? config->approval_advisory_publish : 0},
        {"asset.remove", config ? config->approval_asset_remove : 0},
        {"certificate.revoke", config ? config->approval_certificate_revoke : 0},
        {"operator.add", config ? config->approval_operator_add : 0},
        {"operator.close", config ? config->approval_operator_close : 0},
    };
    unsigned needed = type->approvals;

    for (size_t i = 0; i < ARRAY_LEN(demanded); i++)
        if (strcmp(type->name, demanded[i].type) == 0 && demanded[i].needed > needed)
            needed = (unsigned)demanded[i].needed;
    return needed;
}

static unsigned needed_here(const struct command_run *run, const struct command_type *type)
{
    return approvals_needed(run->centre ? run->centre->config : NULL, type);
}

static int not_approved(const struct command_run *run, unsigned needed, struct err *e)
{
    struct err ignored = {0};
    struct buf args;

    err_set(e, ERR_DENIED, "centre.approval", NULL,
            "%s needs the consent of %u other%s to these very arguments, asked for by you",
            run->command->type->name, needed, needed == 1 ? "" : "s");
    buf_init(&args);
    if (json_canonical(run->args, &args, &ignored) == 0 && args.len < 160 &&
        !memchr(args.data, '\'', args.len))
        err_hint(e, "tocsin approval ask %s '%s'", run->command->type->name, buf_text(&args));
    else
        err_hint(e, "tocsin approval ask %s ARGUMENTS", run->command->type->name);
    buf_fini(&args);
    return -1;
}

int approval_use(struct command_run *run, struct err *e)
{
    unsigned needed = needed_here(run, run->command->type);
    const struct command *command = run->command;
    struct change *c = &run->change;
    char id[ID_TEXT] = "";
    struct buf content;
    struct db_query q;
    uint8_t hash[32];

    if (needed == 0 || command->caller.kind == CALLER_SYSTEM)
        return 0;
    buf_init(&content);
    int made = approval_content_hash(slice_str(command->type->name), run->args, &content, hash, e);
    buf_fini(&content);
    if (made != 0)
        return -1;
    int found = db_find(&q, c->db, e, SQL_APPROVAL_READY, DB_BYTES(hash, 32), DB_INT(c->now),
                        DB_TEXT(c->actor), DB_INT(needed), DB_INT((int64_t)command->type->roles));
    if (found == 1)
        snprintf(id, sizeof(id), "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found < 0)
        return -1;
    if (found == 0)
        return not_approved(run, needed, e);
    int64_t used =
        db_run(c->db, e, SQL_APPROVAL_USE, DB_TEXT(id), DB_INT((int64_t)change_next_index(c)));
    return used == 1 ? 0 : -1;
}

static int approval_ask(struct command_run *run, struct err *e)
{
    const struct json_value *args = json_get(run->args, "args");
    struct change *c = &run->change;
    char hash_text[HASH_TEXT];
    char id[ID_TEXT];
    struct slice type_name;
    struct buf content;
    uint8_t hash[32];
    int64_t needed;
    int64_t hours;
    int result = -1;

    buf_init(&content);
    if (args_string(run->args, "type", 64, true, &type_name, e) != 0 ||
        args_int(run->args, "needed", 1, APPROVAL_NEEDED_MAX, 1, &needed, e) != 0 ||
        args_int(run->args, "hours", 1, 24 * 31, APPROVAL_HOURS, &hours, e) != 0)
        goto out;
    const struct command_type *type = command_type_find(type_name);
    if (!type || !json_is(args, JSON_OBJECT)) {
        err_set(e, ERR_USAGE, "centre.argument", NULL,
                "\"type\" must be a command, and \"args\" its arguments");
        goto out;
    }
    if (needed < (int64_t)needed_here(run, type))
        needed = needed_here(run, type);
    if (caller_needs(&run->command->caller, type->roles, e) != 0 ||
        approval_content_hash(type_name, args, &content, hash, e) != 0 ||
        change_id(c, "apr", id, e) != 0)
        goto out;
    struct json_writer *data = change_act(c, "approval.asked", NULL);
    json_member_string(data, "approval", id);
    hash_text_format(hash, hash_text);
    json_member_string(data, "command", hash_text);
    json_member_int(data, "needed", needed);
    if (change_act_end(c, NULL, e) != 0 ||
        db_run(c->db, e, SQL_APPROVAL_INSERT, DB_TEXT(id), DB_BYTES(hash, 32),
               DB_BLOB(buf_slice(&content)), DB_INT(needed), DB_TEXT(c->organisation),
               DB_TEXT(c->actor), DB_INT(c->now), DB_INT(c->now + hours * 3600 * 1000000)) < 0)
        goto out;
    json_member_string(run->answer, "approval", id);
    json_member_string(run->answer, "command", hash_text);
    json_member_int(run->answer, "needed", needed);
    result = 0;
out:
    buf_fini(&content);
    return result;
}

const struct command_type command_approval_ask = {.name = "approval.ask",
                                                  .roles = ROLE_ADMINISTRATOR | ROLE_COORDINATOR |
                                                           ROLE_REGISTRAR,
                                                  .run = approval_ask};

struct asked {
    unsigned roles; /* of which one is needed to carry the command out, and to consent to it */
    char organisation[ID_TEXT];
    char asked_by[ID_TEXT];
    uint8_t hash[32];
    int64_t needed;
    int64_t expires;
    bool used;
};

/* Consent is for those who could have asked for the command themselves. */
static unsigned roles_of(struct slice body)
{
    struct json_doc *doc = NULL;
    struct err ignored = {0};
    const struct command_type *type = NULL;

    if (json_parse(&doc, body, NULL, &ignored) == 0)
        type = command_type_find(json_get_string(json_root(doc), "type"));
    json_doc_free(doc);
    return type ? type->roles : 0;
}

static int find_asked(struct db *db, const char *id, struct asked *asked, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_APPROVAL_FIND, DB_TEXT(id));

    if (found == 1) {
        if (!db_blob_copy(&q, 0, asked->hash, 32))
            found = -1;
        asked->roles = roles_of(db_blob(&q, 1));
        asked->needed = db_int(&q, 2);
        snprintf(asked->organisation, sizeof(asked->organisation), "%s", db_text(&q, 3));
        snprintf(asked->asked_by, sizeof(asked->asked_by), "%s", db_text(&q, 4));
        asked->expires = db_int(&q, 6);
        asked->used = !db_is_null(&q, 7);
    }
    db_query_finish(&q);
    if (found == 0)
        return caller_finds_no(id, e);
    return found == 1 ? 0 : -1;
}

/* For giving and refusing: it is there, not over, and not the actor's own (which he may refuse). */
static int open_asked(struct command_run *run, bool own, char id[ID_TEXT], struct asked *asked,
                      struct err *e)
{
    struct change *c = &run->change;

    if (args_id(run->args, "approval", "apr", id, e) != 0 || find_asked(c->db, id, asked, e) != 0 ||
        caller_acts_for(&run->command->caller, asked->organisation, id, e) != 0)
        return -1;
    if (asked->used || asked->expires <= c->now)
        return err_set(e, ERR_CONFLICT, "centre.approval-over", NULL,
                       "the approval %s was used or refused, or has expired", id);
    if (strcmp(asked->asked_by, c->actor) != 0)
        return caller_needs(&run->command->caller, asked->roles, e);
    return own ? 0
               : err_set(e, ERR_DENIED, "centre.approval-own", NULL,
                         "who asks for an approval cannot give it");
}

static int put_act(struct change *c, const char *type, const char *id, const struct asked *asked,
                   struct act_ref *act, struct err *e)
{
    struct json_writer *data = change_act(c, type, asked->organisation);
    char hash_text[HASH_TEXT];

    json_member_string(data, "approval", id);
    hash_text_format(asked->hash, hash_text);
    json_member_string(data, "command", hash_text);
    return change_act_end(c, act, e);
}

static int approval_give(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    struct asked asked = {0};
    char id[ID_TEXT];
    struct act_ref act;
    struct db_query q;

    if (open_asked(run, false, id, &asked, e) != 0)
        return -1;
    int found = db_find(&q, c->db, e, SQL_APPROVAL_GIVEN_BY, DB_TEXT(id), DB_TEXT(c->actor));
    db_query_finish(&q);
    if (found == 1)
        return err_set(e, ERR_CONFLICT, "centre.approval-twice", NULL,
                       "you have given the approval %s already", id);
    if (found < 0 || put_act(c, "approval.given", id, &asked, &act, e) != 0 ||
        db_run(c->db, e, SQL_APPROVAL_GIVE, DB_TEXT(id), DB_TEXT(c->actor),
               DB_INT((int64_t)act.index)) < 0)
        return -1;
    found = db_find(&q, c->db, e, SQL_APPROVAL_COUNT, DB_TEXT(id));
    if (found == 1)
        json_member_int(run->answer, "given", db_int(&q, 0));
    db_query_finish(&q);
    json_member_int(run->answer, "needed", asked.needed);
    return found == 1 ? 0 : -1;
}

const struct command_type command_approval_give = {.name = "approval.give",
                                                   .roles = ROLE_ADMINISTRATOR | ROLE_COORDINATOR |
                                                            ROLE_REGISTRAR,
                                                   .run = approval_give};

/* One word is enough: whoever may consent may end it, and so may who asked. */
static int approval_refuse(struct command_run *run, struct err *e)
{
    struct asked asked = {0};
    char id[ID_TEXT];

    if (open_asked(run, true, id, &asked, e) != 0 ||
        put_act(&run->change, "approval.refused", id, &asked, NULL, e) != 0)
        return -1;
    json_member_string(run->answer, "approval", id);
    return db_run(run->change.db, e, SQL_APPROVAL_END, DB_TEXT(id), DB_INT(run->change.now)) == 1
               ? 0
               : -1;
}

const struct command_type command_approval_refuse = {.name = "approval.refuse",
                                                     .roles = ROLE_ADMINISTRATOR |
                                                              ROLE_COORDINATOR | ROLE_REGISTRAR,
                                                     .run = approval_refuse};
