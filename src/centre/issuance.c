/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/issuance.h"
#include "base/encoding.h"
#include "base/log.h"
#include "centre/centre.h"
#include "centre/workers.h"
#include "centre/writer.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "fleet/asset_store.h"
#include "signer/client.h"

#include <stdio.h>

void issuance_init(struct issuance *i)
{
    memset(i, 0, sizeof(*i));
    pki_intended_init(&i->intended);
    pki_issued_init(&i->issued);
}

void issuance_fini(struct issuance *i)
{
    pki_intended_fini(&i->intended);
    pki_issued_fini(&i->issued);
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

static int certificate_issue(struct command_run *run, struct err *e)
{
    struct issuance *i = run->command->prepared;
    struct pki_issued *issued = &i->issued;
    struct change *c = &run->change;
    char serial[2 * PKI_SERIAL_LEN + 1];
    char hash[HASH_TEXT];
    struct act_ref act;

    pki_issued_fini(issued);
    pki_issued_init(issued);
    if (pki_issue_finish(c->db, &run->centre->pki, i->intended.id, &i->checked, issued, e) != 0)
        return -1;
    c->exercise = issued->exercise;
    struct json_writer *data = change_act(c, "certificate.issued", issued->organisation);
    json_member_string(data, "certificate", issued->id);
    json_member_string(data, "subject", issued->subject_id);
    json_member_string(data, "profile", issued->profile);
    hex_format(issued->serial, PKI_SERIAL_LEN, serial);
    json_member_string(data, "serial", serial);
    hash_text_format(issued->fingerprint, hash);
    json_member_string(data, "fingerprint", hash);
    if (change_act_end(c, &act, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_CERTIFICATE_ACT_ISSUED, DB_TEXT(issued->id),
                  DB_INT((int64_t)act.index)) < 0
               ? -1
               : 0;
}

static void issued_now(struct centre *centre, const struct command *command)
{
    const struct issuance *i = command->prepared;
    struct pki_live_entry entry;
    struct err e = {0};

    pki_live_entry_of(&i->issued, &entry);
    if (pki_live_put(centre->live, &entry, &e) != 0)
        log_err(LOG_LEVEL_ERROR, "live.put", &e); /* known again after a restart */
}

const struct command_type command_certificate_issue = {
    .name = "certificate.issue", .silent = true, .run = certificate_issue, .committed = issued_now};

/* ---- the way -----------------------------------------------------------------------------------
 */

static int sign(struct centre *centre, const struct pki_intended *intended,
                struct pki_signed *checked, struct err *e)
{
    struct buf signature;
    int result = -1;

    buf_init(&signature);
    if (signer_client_sign_certificate(centre->signer, intended->key, buf_slice(&intended->tbs),
                                       &signature, e) == 0)
        result = pki_signature_check(buf_slice(&intended->tbs), buf_slice(&intended->issuer_spki),
                                     buf_slice(&signature), checked, e);
    buf_fini(&signature);
    return result;
}

static void stored(struct command *command)
{
    struct issuance *i = command->context;

    i->err = command->err;
    command_fini(command);
    i->done(i);
}

static void sign_one(struct worker *worker, void *context)
{
    struct issuance *i = context;
    struct caller caller;

    (void)worker;
    if (sign(i->centre, &i->intended, &i->checked, &i->err) != 0) {
        i->done(i);
        return;
    }
    caller_system(&caller, "sys:pki", i->centre->organisation);
    command_init(&i->command, &command_certificate_issue, &caller);
    i->command.args = slice_str("{}");
    i->command.prepared = i;
    i->command.done = stored;
    i->command.context = i;
    writer_submit(i->centre->writer, &i->command);
}

/* What was decided and could not be signed now is signed by the clock thread, in a minute. */
static void decided(struct command *command)
{
    struct issuance *i = command->context;

    i->err = command->err;
    command_fini(command);
    if (!err_is_set(&i->err)) {
        if (workers_post_always(i->centre->workers, sign_one, i))
            return;
        err_set(&i->err, ERR_UNAVAILABLE, "centre.busy", NULL, "the centre is stopping");
    }
    i->done(i);
}

void issuance_start(struct centre *centre, const struct caller *caller, struct issuance *i)
{
    char hash[HASH_TEXT];
    uint8_t key[32];

    i->centre = centre;
    /* the act's command names the key by its hash, and never the token */
    if (sha256(i->spki, key) != 0) {
        err_memory(&i->err);
        i->done(i);
        return;
    }
    hash_text_format(key, hash);
    snprintf(i->args, sizeof(i->args), "{\"key\":\"%s\"}", hash);
    command_init(&i->command, &command_certificate_intend, caller);
    i->command.args = slice_str(i->args);
    i->command.prepared = i;
    i->command.done = decided;
    i->command.context = i;
    writer_submit(centre->writer, &i->command);
}

int issuance_finish_interrupted(struct centre *centre, struct db *db, struct err *e)
{
    char ids[16][ID_TEXT];
    int count = pki_intended_list(db, "", ids, ARRAY_LEN(ids), e);

    for (int k = 0; k < count; k++) {
        struct issuance i;
        issuance_init(&i);
        struct pki_record record = {0};
        int found = pki_certificate_find(db, ids[k], &record, NULL, e);
        /* one that is just being issued has a minute */
        bool old = found == 1 && clock_now(centre->clock) - record.created_at > 60000000;
        if (old)
            found = pki_intended_load(db, ids[k], &i.intended, e);
        old = old && found == 1;
        int done = old ? sign(centre, &i.intended, &i.checked, e) : 0;
        if (old && done == 0)
            done = writer_run_own(centre->writer, &command_certificate_issue, "sys:pki", &i, e);
        issuance_fini(&i);
        if (found < 0 || done != 0)
            return -1;
    }
    return count < 0 ? -1 : 0;
}
