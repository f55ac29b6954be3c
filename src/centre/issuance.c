/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/issuance.h"
#include "base/encoding.h"
#include "base/log.h"
#include "centre/centre.h"
#include "centre/writer.h"
#include "crypto/crl.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "fleet/asset_store.h"
#include "signer/client.h"

#include <stdio.h>

enum { KEYS_KEPT_DAYS = 30 };

void issuance_init(struct issuance *i)
{
    memset(i, 0, sizeof(*i));
    pki_intended_init(&i->intended);
}

void issuance_fini(struct issuance *i)
{
    pki_intended_fini(&i->intended);
}

/* ---- deciding ----------------------------------------------------------------------------------
 */

static int write_intended(struct change *c, const struct pki_intended *intended,
                          const char *organisation, struct err *e)
{
    char hash[HASH_TEXT];

    struct json_writer *data = change_act(c, "certificate.intended", organisation);
    json_member_string(data, "certificate", intended->id);
    json_member_string(data, "subject", intended->subject_id);
    json_member_string(data, "profile", intended->profile);
    hash_text_format(intended->tbs_hash, hash);
    json_member_string(data, "tbs", hash);
    return change_act_end(c, NULL, e);
}

static int write_token_used(struct change *c, const struct pki_token *token, struct err *e)
{
    struct json_writer *data = change_act(c, "token.used", token->organisation);

    json_member_string(data, "token", token->id);
    return change_act_end(c, NULL, e);
}

/* The asset that the token is for; a token without one lets a new asset register itself. */
static int asset_of_token(struct change *c, const struct pki_token *token, char asset[ID_TEXT],
                          struct err *e)
{
    char audience[ID_TEXT];

    if (token->asset[0]) {
        snprintf(asset, ID_TEXT, "%s", token->asset);
        return 0;
    }
    if (fleet_audience_of(c->db, token->organisation, audience, e) != 0)
        return -1;
    const struct fleet_registration registration = {.organisation = token->organisation,
                                                    .audience = audience,
                                                    .way = FLEET_ONLINE,
                                                    .exercise = token->exercise};
    return fleet_asset_register(c, &registration, asset, e);
}

static int check_asset_lives(struct change *c, const char *id, struct err *e)
{
    struct fleet_asset asset;

    fleet_asset_init(&asset);
    int found = fleet_asset_find(c->db, id, &asset, e);
    bool removed = strcmp(asset.state, "removed") == 0;
    fleet_asset_fini(&asset);
    if (found < 0)
        return -1;
    if (found == 0 || removed)
        return err_set(e, ERR_DENIED, "centre.asset-removed", NULL, "the asset %s is no more", id);
    return 0;
}

static int certificate_intend(struct command_run *run, struct err *e)
{
    struct issuance *i = run->command->prepared;
    struct change *c = &run->change;
    struct pki_token token = {0};
    struct pki_request request = {.profile = i->profile,
                                  .organisation = i->organisation,
                                  .exercise = i->exercise,
                                  .subject_id = i->subject_id,
                                  .spki = i->spki,
                                  .renews = i->renews};

    if (i->token.len > 0) {
        if (pki_token_use(c->db, &run->centre->pki, i->token, &token, e) != 0 ||
            write_token_used(c, &token, e) != 0 || asset_of_token(c, &token, i->asset, e) != 0)
            return -1;
        request.profile = token.profile;
        request.organisation = token.organisation;
        request.exercise = token.exercise;
        request.token = token.id;
        if (!request.subject_id)
            request.subject_id = i->asset;
        c->organisation = token.organisation;
    }
    if (id_is(slice_str(request.subject_id), "ast") &&
        check_asset_lives(c, request.subject_id, e) != 0)
        return -1;
    pki_intended_fini(&i->intended);
    pki_intended_init(&i->intended);
    if (pki_issue_begin(c->db, &run->centre->pki, &request, &i->intended, e) != 0)
        return -1;
    return write_intended(c, &i->intended, request.organisation, e);
}

const struct command_type command_certificate_intend = {.name = "certificate.intend",
                                                        .roles = ROLE_ADMINISTRATOR,
                                                        .by_asset = true,
                                                        .by_stranger = true,
                                                        .run = certificate_intend};

/* ---- storing what was signed -------------------------------------------------------------------
 */

struct finishing {
    const char *id;
    const struct pki_signed *checked;
    struct pki_issued *issued;
};

static int certificate_issue(struct command_run *run, struct err *e)
{
    struct finishing *f = run->command->prepared;
    struct change *c = &run->change;
    char serial[2 * PKI_SERIAL_LEN + 1];
    char hash[HASH_TEXT];
    struct act_ref act;

    pki_issued_fini(f->issued);
    pki_issued_init(f->issued);
    if (pki_issue_finish(c->db, &run->centre->pki, f->id, f->checked, f->issued, e) != 0)
        return -1;
    c->exercise = f->issued->exercise;
    struct json_writer *data = change_act(c, "certificate.issued", f->issued->organisation);
    json_member_string(data, "certificate", f->issued->id);
    json_member_string(data, "subject", f->issued->subject_id);
    json_member_string(data, "profile", f->issued->profile);
    hex_format(f->issued->serial, PKI_SERIAL_LEN, serial);
    json_member_string(data, "serial", serial);
    hash_text_format(f->issued->fingerprint, hash);
    json_member_string(data, "fingerprint", hash);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_CERTIFICATE_ACT_ISSUED, DB_TEXT(f->issued->id),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

static void issued_now(struct centre *centre, const struct command *command)
{
    const struct finishing *f = command->prepared;
    struct pki_live_entry entry;
    struct err e = {0};

    pki_live_entry_of(f->issued, &entry);
    if (pki_live_put(centre->live, &entry, &e) != 0)
        log_err(LOG_LEVEL_ERROR, "live.put", &e); /* known again after a restart */
}

const struct command_type command_certificate_issue = {
    .name = "certificate.issue", .silent = true, .run = certificate_issue, .committed = issued_now};

static int submit(struct centre *centre, const struct command_type *type,
                  const struct caller *caller, struct slice args, void *prepared, struct err *e)
{
    struct command command;

    command_init(&command, type, caller);
    command.args = args;
    command.prepared = prepared;
    int result = writer_run(centre->writer, &command, e);
    command_fini(&command);
    return result;
}

static int sign_and_store(struct centre *centre, const struct pki_intended *intended,
                          struct pki_issued *issued, struct err *e)
{
    struct pki_signed checked;
    struct caller caller;
    struct buf signature;
    int result = -1;

    buf_init(&signature);
    caller_system(&caller, "sys:pki", centre->organisation);
    struct finishing finishing = {.id = intended->id, .checked = &checked, .issued = issued};
    if (signer_client_sign_certificate(centre->signer, intended->key, buf_slice(&intended->tbs),
                                       &signature, e) == 0 &&
        pki_signature_check(buf_slice(&intended->tbs), buf_slice(&intended->issuer_spki),
                            buf_slice(&signature), &checked, e) == 0)
        result =
            submit(centre, &command_certificate_issue, &caller, slice_str("{}"), &finishing, e);
    buf_fini(&signature);
    return result;
}

int issuance_run(struct centre *centre, const struct caller *caller, struct issuance *i,
                 struct pki_issued *issued, struct err *e)
{
    char args[128];
    char hash[HASH_TEXT];
    uint8_t key[32];

    /* the act's command names the key by its hash, and never the token */
    if (sha256(i->spki, key) != 0)
        return err_memory(e);
    hash_text_format(key, hash);
    snprintf(args, sizeof(args), "{\"key\":\"%s\"}", hash);
    if (submit(centre, &command_certificate_intend, caller, slice_str(args), i, e) != 0)
        return -1;
    return sign_and_store(centre, &i->intended, issued, e);
}

/* ---- revocation --------------------------------------------------------------------------------
 */

int issuance_revoked_act(struct change *c, const struct pki_record *record, const char *reason,
                         struct err *e)
{
    char serial[2 * PKI_SERIAL_LEN + 1];
    char hash[HASH_TEXT];
    struct act_ref act;

    c->exercise = record->exercise;
    struct json_writer *data = change_act(c, "certificate.revoked", record->organisation);
    json_member_string(data, "certificate", record->id);
    hash_text_format(record->fingerprint, hash);
    json_member_string(data, "fingerprint", hash);
    hex_format(record->serial, PKI_SERIAL_LEN, serial);
    json_member_string(data, "serial", serial);
    json_member_string(data, "reason", reason);
    json_member_time(data, "at", record->revoked_at);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_CERTIFICATE_ACT_REVOKED, DB_TEXT(record->id),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

static int certificate_revoke(struct command_run *run, struct err *e)
{
    struct pki_record *record = run->command->prepared;
    struct change *c = &run->change;
    char id[ID_TEXT];
    struct slice word;
    int reason;

    if (args_id(run->args, "certificate", "crt", id, e) != 0 ||
        args_string(run->args, "reason", 40, false, &word, e) != 0)
        return -1;
    if (word.len == 0)
        word = slice_str("unspecified");
    reason = crl_reason_parse(word);
    if (reason < 0) {
        err_set(e, ERR_USAGE, "pki.reason", "RFC 5280 section 5.3.1", "\"%.*s\" is no reason",
                SLICE_ARG(word));
        return err_hint(e, "keyCompromise, affiliationChanged, superseded, cessationOfOperation, "
                           "privilegeWithdrawn or unspecified");
    }
    int found = pki_certificate_find(c->db, id, record, NULL, e);
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "pki.no-certificate", NULL, "there is no certificate %s",
                       id);
    if (found < 0 || caller_acts_for(&run->command->caller, record->organisation, e) != 0)
        return -1;
    if (pki_revoke(c->db, &run->centre->pki, id, reason, 0, record, e) != 0)
        return -1;
    char *reason_text = arena_copy(c->arena, word.data, word.len);
    if (!reason_text)
        return err_memory(e);
    if (issuance_revoked_act(c, record, reason_text, e) != 0)
        return -1;
    json_member_string(run->answer, "certificate", id);
    json_member_time(run->answer, "revoked", record->revoked_at);
    return 0;
}

/* Nobody comes in with it from now on, and who is in is put out. */
static void revoked_now(struct centre *centre, const struct command *command)
{
    const struct pki_record *record = command->prepared;

    pki_live_revoke(centre->live, record->fingerprint);
    if (centre->server)
        http_server_close_peer(centre->server, record->fingerprint);
}

const struct command_type command_certificate_revoke = {.name = "certificate.revoke",
                                                        .roles = ROLE_ADMINISTRATOR,
                                                        .run = certificate_revoke,
                                                        .committed = revoked_now};

/* ---- lists -------------------------------------------------------------------------------------
 */

struct listing {
    const char *authority;
    struct pki_crl_intended intended;
    struct pki_signed checked;
    struct buf der;
};

static int crl_begin(struct command_run *run, struct err *e)
{
    struct listing *l = run->command->prepared;

    return pki_crl_begin(run->change.db, &run->centre->pki, &pki_crl_plan_default, l->authority,
                         &l->intended, e);
}

const struct command_type command_crl_begin = {
    .name = "crl.begin", .silent = true, .run = crl_begin};

static int crl_finish(struct command_run *run, struct err *e)
{
    struct listing *l = run->command->prepared;
    struct change *c = &run->change;
    char hash[HASH_TEXT];
    uint8_t digest[32];
    struct act_ref act;

    buf_reset(&l->der);
    if (pki_crl_finish(c->db, &run->centre->pki, l->authority, l->intended.number, &l->checked,
                       &l->der, e) != 0)
        return -1;
    if (sha256(buf_slice(&l->der), digest) != 0)
        return err_memory(e);
    struct json_writer *data = change_act(c, "crl.issued", NULL);
    json_member_string(data, "authority", l->authority);
    json_member_int(data, "number", l->intended.number);
    hash_text_format(digest, hash);
    json_member_string(data, "crl", hash);
    json_member_int(data, "entries", (int64_t)l->intended.entries);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_CRL_ACT_SET, DB_TEXT(l->authority), DB_INT(l->intended.number),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

const struct command_type command_crl_finish = {
    .name = "crl.finish", .silent = true, .run = crl_finish};

static int make_list(struct centre *centre, const char *authority, struct err *e)
{
    struct listing listing = {.authority = authority};
    struct caller caller;
    struct buf signature;
    int result = -1;

    buf_init(&signature);
    pki_crl_intended_init(&listing.intended);
    caller_system(&caller, "sys:pki", centre->organisation);
    if (submit(centre, &command_crl_begin, &caller, slice_str("{}"), &listing, e) == 0 &&
        signer_client_sign_crl(centre->signer, listing.intended.key,
                               buf_slice(&listing.intended.tbs), &signature, e) == 0 &&
        pki_signature_check(buf_slice(&listing.intended.tbs),
                            buf_slice(&listing.intended.issuer_spki), buf_slice(&signature),
                            &listing.checked, e) == 0)
        result = submit(centre, &command_crl_finish, &caller, slice_str("{}"), &listing, e);
    pki_crl_intended_fini(&listing.intended);
    buf_fini(&listing.der);
    buf_fini(&signature);
    return result;
}

static int keys_forget(struct command_run *run, struct err *e)
{
    int64_t before = run->change.now - (int64_t)KEYS_KEPT_DAYS * 86400 * 1000000;

    return db_run(run->change.db, e, SQL_COMMAND_FORGET, DB_INT(before)) < 0 ? -1 : 0;
}

const struct command_type command_keys_forget = {
    .name = "keys.forget", .silent = true, .run = keys_forget};

/* A crash between decision and signature: the same TBS is signed again. */
static int finish_interrupted(struct centre *centre, struct db *db, struct err *e)
{
    char ids[16][ID_TEXT];
    int count = pki_intended_list(db, "", ids, ARRAY_LEN(ids), e);

    for (int i = 0; i < count; i++) {
        struct pki_intended intended;
        struct pki_issued issued;
        pki_intended_init(&intended);
        pki_issued_init(&issued);
        struct pki_record record = {0};
        int found = pki_certificate_find(db, ids[i], &record, NULL, e);
        /* one that is just being issued has a minute */
        bool old = found == 1 && clock_now(centre->clock) - record.created_at > 60000000;
        if (old)
            found = pki_intended_load(db, ids[i], &intended, e);
        old = old && found == 1;
        int done = old ? sign_and_store(centre, &intended, &issued, e) : 0;
        pki_issued_fini(&issued);
        pki_intended_fini(&intended);
        if (found < 0 || done != 0)
            return -1;
    }
    return count < 0 ? -1 : 0;
}

void issuance_housekeeping(struct centre *centre, struct db *db)
{
    static const struct command_type *const daily = &command_keys_forget;
    char authority[ID_TEXT];
    struct caller caller;
    struct err e = {0};
    int due;

    while ((due = pki_crl_due(db, &centre->pki, &pki_crl_plan_default, authority, NULL, &e)) == 1)
        if (make_list(centre, authority, &e) != 0)
            break;
    if (err_is_set(&e))
        log_err(LOG_LEVEL_WARNING, "crl.failed", &e);
    err_clear(&e);
    if (finish_interrupted(centre, db, &e) != 0)
        log_err(LOG_LEVEL_WARNING, "issuance.interrupted", &e);
    pki_live_sweep(centre->live, clock_now(centre->clock));
    static int64_t forgotten_at; /* the clock thread's own */
    int64_t now = clock_monotonic(centre->clock);
    err_clear(&e);
    if (forgotten_at == 0 || now - forgotten_at > (int64_t)86400 * 1000000) {
        caller_system(&caller, "sys:clock", centre->organisation);
        if (submit(centre, daily, &caller, slice_str("{}"), NULL, &e) != 0)
            log_err(LOG_LEVEL_WARNING, "keys.failed", &e);
        forgotten_at = now;
    }
}
