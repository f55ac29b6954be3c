/* SPDX-License-Identifier: Apache-2.0 */
/* Organisations, operators, contacts, tokens, aliases. */
#include "base/encoding.h"
#include "centre/centre.h"
#include "centre/commands.h"
#include "fleet/name.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 200, TOKEN_HOURS = 72, TOKEN_HOURS_MAX = 24 * 366 };

/* The member `organisation`, or the caller's own; the caller may act for it. */
static int organisation_of(struct command_run *run, char id[ID_TEXT], struct err *e)
{
    const struct caller *caller = &run->command->caller;

    if (!json_get(run->args, "organisation"))
        snprintf(id, ID_TEXT, "%s", caller->organisation);
    else if (args_id(run->args, "organisation", "org", id, e) != 0)
        return -1;
    return caller_acts_for(caller, id, id, e);
}

/* Whether the organisation is there and active, and whether it is for exercises only. */
static int find_organisation(struct command_run *run, const char *id, bool *exercise, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, run->change.db, e, SQL_ORGANISATION_FIND, DB_TEXT(id));
    bool active = found == 1 && slice_is(db_slice(&q, 0), "active");

    if (found == 1)
        *exercise = run->change.exercise = db_bool(&q, 1);
    db_query_finish(&q);
    if (found < 0)
        return -1;
    return active ? 0
                  : err_set(e, ERR_NOT_FOUND, "centre.no-organisation", NULL,
                            "there is no active organisation %s", id);
}

static int organisation_create(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char organisation[ID_TEXT];
    char audience[ID_TEXT];
    struct act_ref act;
    struct slice name;
    bool exercise;

    if (!run->command->caller.everywhere)
        return err_set(e, ERR_DENIED, "centre.role", NULL,
                       "only the organisation that runs the centre takes others in");
    if (args_string(run->args, "name", NAME_MAX_BYTES, true, &name, e) != 0 ||
        args_bool(run->args, "exercise", false, &exercise, e) != 0 ||
        change_id(c, "org", organisation, e) != 0 || change_id(c, "aud", audience, e) != 0)
        return -1;
    c->exercise = exercise;
    struct json_writer *data = change_act(c, "organisation.created", organisation);
    json_member_string(data, "organisation", organisation);
    json_member_string(data, "audience", audience);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    if (db_run(c->db, e, SQL_ORGANISATION_INSERT, DB_TEXT(organisation), DB_BOOL(exercise),
               DB_INT(c->now), DB_TEXT(act.id)) < 0 ||
        db_run(c->db, e, SQL_ORGANISATION_NAME_SET, DB_TEXT(organisation), DB_SLICE(name)) < 0 ||
        db_run(c->db, e, SQL_AUDIENCE_INSERT, DB_TEXT(audience), DB_TEXT(organisation),
               DB_BOOL(exercise), DB_INT(c->now), DB_TEXT(act.id)) < 0 ||
        db_run(c->db, e, SQL_AUDIENCE_JOIN, DB_TEXT(audience), DB_TEXT(organisation),
               DB_INT(c->now), DB_TEXT(act.id)) < 0)
        return -1;
    json_member_string(run->answer, "organisation", organisation);
    json_member_string(run->answer, "audience", audience);
    return 0;
}

const struct command_type command_organisation_create = {
    .name = "organisation.create", .roles = ROLE_ADMINISTRATOR, .run = organisation_create};

static int organisation_escalation(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char organisation[ID_TEXT];
    char id[ID_TEXT];
    struct slice contact;
    struct act_ref act;
    struct db_query q;
    bool exercise;

    if (organisation_of(run, organisation, e) != 0 ||
        find_organisation(run, organisation, &exercise, e) != 0 ||
        args_string(run->args, "contact", ID_TEXT - 1, false, &contact, e) != 0)
        return -1;
    if (contact.len) {
        if (!id_is(contact, "per"))
            return err_set(e, ERR_USAGE, "centre.argument", NULL,
                           "\"contact\" must be a contact's id, which begins with per_");
        int found = db_find(&q, c->db, e, SQL_PERSON_FIND, DB_SLICE(contact));
        bool theirs = found == 1 && slice_is(db_slice(&q, 0), organisation);
        db_query_finish(&q);
        snprintf(id, sizeof(id), "%.*s", SLICE_ARG(contact));
        if (found < 0)
            return -1;
        if (!theirs)
            return caller_finds_no(id, e);
    }
    struct json_writer *data = change_act(c, "organisation.escalation", organisation);
    json_member_string(data, "organisation", organisation);
    json_member_slice(data, "contact", contact.len ? contact : slice_str(""));
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return (contact.len ? db_run(c->db, e, SQL_ESCALATION_SET, DB_TEXT(organisation),
                                 DB_SLICE(contact), DB_INT((int64_t)act.index))
                        : db_run(c->db, e, SQL_ESCALATION_END, DB_TEXT(organisation))) < 0
               ? -1
               : 0;
}

const struct command_type command_organisation_escalation = {.name = "organisation.escalation",
                                                             .roles = ROLE_ADMINISTRATOR |
                                                                      ROLE_REGISTRAR,
                                                             .run = organisation_escalation};

static int add_person(struct change *c, const char *organisation, bool exercise, struct slice name,
                      struct slice mail, const char *act, char id[ID_TEXT], struct err *e)
{
    if (change_id(c, "per", id, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_PERSON_INSERT, DB_TEXT(id), DB_TEXT(organisation),
                  DB_BOOL(exercise), DB_INT(c->now), DB_TEXT(act), DB_SLICE(name),
                  DB_SLICE(mail)) < 0
               ? -1
               : 0;
}

static int operator_add(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char organisation[ID_TEXT];
    char person[ID_TEXT];
    char id[ID_TEXT];
    char words[64];
    struct act_ref act;
    struct slice roles_text;
    struct slice name;
    unsigned roles;
    int64_t uid;
    bool exercise = false;

    if (organisation_of(run, organisation, e) != 0 ||
        find_organisation(run, organisation, &exercise, e) != 0 ||
        args_string(run->args, "roles", 64, true, &roles_text, e) != 0 ||
        roles_parse(roles_text, &roles, e) != 0 ||
        args_string(run->args, "name", NAME_MAX_BYTES, false, &name, e) != 0 ||
        args_int(run->args, "uid", 0, UINT32_MAX, -1, &uid, e) != 0 ||
        change_id(c, "opr", id, e) != 0)
        return -1;
    if (uid >= 0 && !run->command->caller.everywhere)
        return err_set(e, ERR_DENIED, "centre.role", NULL,
                       "users of this machine are let in by the organisation that runs the centre");
    struct json_writer *data = change_act(c, "operator.added", organisation);
    json_member_string(data, "operator", id);
    roles_format(roles, words);
    json_member_string(data, "roles", words);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    if (add_person(c, organisation, exercise, name, slice_of(NULL, 0), act.id, person, e) != 0 ||
        db_run(c->db, e, SQL_OPERATOR_INSERT, DB_TEXT(id), DB_TEXT(organisation), DB_TEXT(person),
               DB_INT(roles), DB_INT((int64_t)act.index)) < 0 ||
        (uid >= 0 && db_run(c->db, e, SQL_OPERATOR_UID_SET, DB_INT(uid), DB_TEXT(id)) < 0))
        return -1;
    json_member_string(run->answer, "operator", id);
    json_member_string(run->answer, "organisation", organisation);
    return 0;
}

const struct command_type command_operator_add = {
    .name = "operator.add", .roles = ROLE_ADMINISTRATOR, .run = operator_add};

/* Whose it is, by a query for its organisation; the caller has to act for that. */
static int find_owner(struct command_run *run, enum sql_id sql, const char *id,
                      char organisation[ID_TEXT], struct err *e)
{
    struct db_query q;
    int found = db_find(&q, run->change.db, e, sql, DB_TEXT(id));

    if (found == 1)
        snprintf(organisation, ID_TEXT, "%s", db_text(&q, 0));
    db_query_finish(&q);
    if (found == 0)
        (void)caller_finds_no(id, e);
    return found == 1 ? caller_acts_for(&run->command->caller, organisation, id, e) : -1;
}

static int operator_close(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char organisation[ID_TEXT];
    char id[ID_TEXT];

    if (args_id(run->args, "operator", "opr", id, e) != 0 ||
        find_owner(run, SQL_OPERATOR_FIND, id, organisation, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "operator.closed", organisation);
    json_member_string(data, "operator", id);
    if (change_act_end(c, NULL, e) != 0)
        return -1;
    int64_t closed = db_run(c->db, e, SQL_OPERATOR_CLOSE, DB_TEXT(id));
    if (closed == 0)
        return err_set(e, ERR_CONFLICT, "centre.operator-closed", NULL,
                       "the operator %s is closed already", id);
    return closed < 0 ? -1 : 0;
}

const struct command_type command_operator_close = {
    .name = "operator.close", .roles = ROLE_ADMINISTRATOR, .run = operator_close};

/* ---- contacts ----------------------------------------------------------------------------------
 */

struct contact {
    char id[ID_TEXT];
    char organisation[ID_TEXT];
    struct slice name, mail, webhook;
    struct buf secret;
    bool is_new;
    bool opted_out; /* wants no messages: a counted state, not a silent one */
};

static int check_mail(struct slice mail, struct err *e)
{
    const uint8_t *at = mail.len ? memchr(mail.data, '@', mail.len) : NULL;
    bool bad = mail.len > 0 && (!at || at == mail.data || at == mail.data + mail.len - 1);

    for (size_t i = 0; i < mail.len; i++)
        bad = bad || mail.data[i] <= ' ' || mail.data[i] == 0x7f;
    if (!bad)
        return 0;
    return err_set(e, ERR_USAGE, "centre.argument", "RFC 5321 section 4.1.2",
                   "\"%.*s\" is no mail address", SLICE_ARG(mail));
}

static int read_contact(struct command_run *run, struct contact *k, struct err *e)
{
    struct slice secret;

    k->is_new = !json_get(run->args, "contact");
    if ((!k->is_new && args_id(run->args, "contact", "per", k->id, e) != 0) ||
        organisation_of(run, k->organisation, e) != 0 ||
        args_string(run->args, "name", NAME_MAX_BYTES, true, &k->name, e) != 0 ||
        args_string(run->args, "mail", 254, false, &k->mail, e) != 0 ||
        args_string(run->args, "webhook", 2000, false, &k->webhook, e) != 0 ||
        args_string(run->args, "webhook_secret", 200, false, &secret, e) != 0 ||
        args_bool(run->args, "opted_out", false, &k->opted_out, e) != 0 ||
        check_mail(k->mail, e) != 0)
        return -1;
    if (k->webhook.len > 0 && (k->webhook.len < 9 || (memcmp(k->webhook.data, "https://", 8) != 0 &&
                                                      memcmp(k->webhook.data, "http://", 7) != 0)))
        return err_set(e, ERR_USAGE, "centre.argument", NULL,
                       "\"webhook\" must be an https:// URL");
    if (secret.len > 0 && base64_parse(secret, &k->secret) != 0)
        return buf_check(&k->secret, e) != 0 ? -1
                                             : err_set(e, ERR_USAGE, "centre.argument", NULL,
                                                       "\"webhook_secret\" is not base64");
    if (k->webhook.len > 0 && k->secret.len < 16)
        return err_set(e, ERR_USAGE, "centre.argument", NULL,
                       "a webhook needs a secret of at least 16 bytes, with which its receiver "
                       "checks who calls");
    return 0;
}

static int keep_contact(struct command_run *run, struct contact *k, struct err *e)
{
    struct change *c = &run->change;
    struct act_ref act;
    bool exercise = false;

    if (find_organisation(run, k->organisation, &exercise, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "contact.set", k->organisation);
    if (k->is_new && change_id(c, "per", k->id, e) != 0)
        return -1;
    json_member_string(data, "contact", k->id);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    if (k->is_new) {
        if (db_run(c->db, e, SQL_PERSON_INSERT, DB_TEXT(k->id), DB_TEXT(k->organisation),
                   DB_BOOL(exercise), DB_INT(c->now), DB_TEXT(act.id), DB_SLICE(k->name),
                   DB_SLICE(k->mail)) < 0)
            return -1;
    } else {
        struct db_query q;
        int found = db_find(&q, c->db, e, SQL_PERSON_FIND, DB_TEXT(k->id));
        bool theirs = found == 1 && slice_is(db_slice(&q, 0), k->organisation);
        db_query_finish(&q);
        if (found < 0)
            return -1;
        if (!theirs || db_run(c->db, e, SQL_PERSON_CHANGE, DB_TEXT(k->id), DB_SLICE(k->name),
                              DB_SLICE(k->mail)) != 1)
            return caller_finds_no(k->id, e);
    }
    if (db_run(c->db, e, SQL_CONTACT_SET, DB_TEXT(k->id), DB_TEXT(k->organisation),
               DB_SLICE(k->webhook), DB_BLOB(buf_slice(&k->secret))) < 0)
        return -1;
    return db_run(c->db, e, SQL_CONTACT_OPT_OUT, DB_TEXT(k->id), DB_BOOL(k->opted_out)) < 0 ? -1
                                                                                            : 0;
}

static int contact_set(struct command_run *run, struct err *e)
{
    struct contact contact = {.is_new = true};
    int result = -1;

    buf_init(&contact.secret);
    if (read_contact(run, &contact, e) == 0 && keep_contact(run, &contact, e) == 0) {
        json_member_string(run->answer, "contact", contact.id);
        json_member_string(run->answer, "organisation", contact.organisation);
        result = 0;
    }
    buf_fini_secret(&contact.secret);
    return result;
}

const struct command_type command_contact_set = {
    .name = "contact.set", .roles = ROLE_REGISTRAR | ROLE_ADMINISTRATOR, .run = contact_set};

static int contact_erase(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char organisation[ID_TEXT];
    char id[ID_TEXT];

    if (args_id(run->args, "contact", "per", id, e) != 0 ||
        find_owner(run, SQL_PERSON_FIND, id, organisation, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "contact.erased", organisation);
    json_member_string(data, "contact", id);
    if (change_act_end(c, NULL, e) != 0 ||
        db_run(c->db, e, SQL_PERSON_ERASE, DB_TEXT(id), DB_INT(c->now)) < 0)
        return -1;
    return db_run(c->db, e, SQL_CONTACT_ERASE, DB_TEXT(id)) < 0 ? -1 : 0;
}

const struct command_type command_contact_erase = {
    .name = "contact.erase", .roles = ROLE_REGISTRAR | ROLE_ADMINISTRATOR, .run = contact_erase};

/* ---- tokens ------------------------------------------------------------------------------------
 */

/* Profiles that a token may stand for, and who may give such a token. */
static int check_profile(struct command_run *run, const char *profile, const char *asset,
                         struct err *e)
{
    if (strcmp(profile, "device") == 0 && (!asset[0] || id_is(slice_str(asset), "ast")))
        return 0;
    if (strcmp(profile, "operator") == 0 && id_is(slice_str(asset), "opr"))
        return caller_needs(&run->command->caller, ROLE_ADMINISTRATOR, e);
    return err_set(e, ERR_USAGE, "centre.argument", NULL,
                   "a token is for a device, or with profile operator for an operator's id");
}

static int check_subject(struct command_run *run, const char *subject, struct pki_token *token,
                         struct err *e)
{
    bool is_asset = id_is(slice_str(subject), "ast");
    struct db_query q;
    int found = db_find(&q, run->change.db, e, is_asset ? SQL_ASSET_FIND : SQL_OPERATOR_FIND,
                        DB_TEXT(subject));

    if (found == 1) {
        snprintf(token->organisation, sizeof(token->organisation), "%s", db_text(&q, 0));
        if (is_asset)
            token->exercise = db_bool(&q, 3);
    }
    db_query_finish(&q);
    if (found == 0)
        return caller_finds_no(subject, e);
    return found == 1 ? caller_acts_for(&run->command->caller, token->organisation, subject, e)
                      : -1;
}

static int token_create(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    char text[PKI_TOKEN_TEXT];
    struct pki_token token = {0};
    struct slice profile;
    struct slice subject;
    int64_t hours;

    if (organisation_of(run, token.organisation, e) != 0 ||
        find_organisation(run, token.organisation, &token.exercise, e) != 0 ||
        args_string(run->args, "profile", PKI_KEY_NAME - 1, false, &profile, e) != 0 ||
        args_string(run->args, "asset", ID_TEXT - 1, false, &subject, e) != 0 ||
        args_int(run->args, "hours", 1, TOKEN_HOURS_MAX, TOKEN_HOURS, &hours, e) != 0)
        return -1;
    snprintf(token.profile, sizeof(token.profile), "%.*s", profile.len ? (int)profile.len : 6,
             profile.len ? (const char *)profile.data : "device");
    snprintf(token.asset, sizeof(token.asset), "%.*s", (int)subject.len,
             subject.len ? (const char *)subject.data : "");
    if (check_profile(run, token.profile, token.asset, e) != 0 ||
        (token.asset[0] && check_subject(run, token.asset, &token, e) != 0))
        return -1;
    token.expires_at = c->now + hours * 3600 * 1000000;
    if (pki_token_create(c->db, &run->centre->pki, &token, text, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "token.created", token.organisation);
    json_member_string(data, "token", token.id);
    if (token.asset[0])
        json_member_string(data, "asset", token.asset);
    json_member_string(data, "profile", token.profile);
    json_member_time(data, "expires", token.expires_at);
    if (change_act_end(c, NULL, e) != 0)
        return -1;
    json_member_string(run->answer, "token", token.id);
    json_member_string(run->answer, "secret", text);
    json_member_time(run->answer, "expires", token.expires_at);
    return 0;
}

const struct command_type command_token_create = {.name = "token.create",
                                                  .roles = ROLE_REGISTRAR | ROLE_ADMINISTRATOR,
                                                  .secret = true,
                                                  .run = token_create};

/* ---- aliases -----------------------------------------------------------------------------------
 */

/* What the matcher could not use is not kept. */
static int check_alias(struct slice kind, struct slice from, struct slice to, struct err *e)
{
    struct fleet_aliases *aliases = fleet_aliases_new();
    enum fleet_name_kind which = slice_is(kind, "vendor") ? FLEET_NAME_VENDOR : FLEET_NAME_PRODUCT;

    if (!aliases)
        return err_memory(e);
    int result = fleet_aliases_add(aliases, which, from, to, slice_of(NULL, 0), e);
    fleet_aliases_free(aliases);
    return result;
}

static int alias_teach(struct command_run *run, struct err *e)
{
    struct change *c = &run->change;
    struct slice kind;
    struct slice from;
    struct slice to;
    struct slice reason;
    struct act_ref act;

    if (args_string(run->args, "kind", 10, true, &kind, e) != 0 ||
        args_string(run->args, "from", NAME_MAX_BYTES, true, &from, e) != 0 ||
        args_string(run->args, "to", NAME_MAX_BYTES, true, &to, e) != 0 ||
        args_string(run->args, "reason", 500, true, &reason, e) != 0)
        return -1;
    if (!slice_is(kind, "vendor") && !slice_is(kind, "product"))
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "\"kind\" must be vendor or product");
    if (!run->command->caller.everywhere)
        return err_set(e, ERR_DENIED, "centre.role", NULL,
                       "aliases hold for everyone: only who runs the centre teaches them");
    if (check_alias(kind, from, to, e) != 0)
        return -1;
    struct json_writer *data = change_act(c, "alias.taught", NULL);
    json_member_slice(data, "kind", kind);
    json_member_slice(data, "from", from);
    json_member_slice(data, "to", to);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_ALIAS_SET, DB_SLICE(kind), DB_SLICE(from), DB_SLICE(to),
                  DB_SLICE(reason), DB_TEXT(run->command->caller.organisation),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

const struct command_type command_alias_teach = {
    .name = "alias.teach", .roles = ROLE_COORDINATOR, .run = alias_teach};
