/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/revocation.h"
#include "base/encoding.h"
#include "centre/centre.h"
#include "centre/writer.h"
#include "crypto/crl.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "signer/client.h"

int revocation_act(struct change *c, const struct pki_record *record, const char *reason,
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
        return caller_finds_no(id, e);
    if (found < 0 || caller_acts_for(&run->command->caller, record->organisation, id, e) != 0)
        return -1;
    if (pki_revoke(c->db, &run->centre->pki, id, reason, 0, record, e) != 0)
        return -1;
    char *reason_text = arena_copy(c->arena, word.data, word.len);
    if (!reason_text)
        return err_memory(e);
    if (revocation_act(c, record, reason_text, e) != 0)
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
    struct buf signature;
    int result = -1;

    buf_init(&signature);
    pki_crl_intended_init(&listing.intended);
    if (writer_run_own(centre->writer, &command_crl_begin, "sys:pki", &listing, e) == 0 &&
        signer_client_sign_crl(centre->signer, listing.intended.key,
                               buf_slice(&listing.intended.tbs), &signature, e) == 0 &&
        pki_signature_check(buf_slice(&listing.intended.tbs),
                            buf_slice(&listing.intended.issuer_spki), buf_slice(&signature),
                            &listing.checked, e) == 0)
        result = writer_run_own(centre->writer, &command_crl_finish, "sys:pki", &listing, e);
    pki_crl_intended_fini(&listing.intended);
    buf_fini(&listing.der);
    buf_fini(&signature);
    return result;
}

int revocation_lists(struct centre *centre, struct db *db, struct err *e)
{
    char authority[ID_TEXT];
    int due;

    while ((due = pki_crl_due(db, &centre->pki, &pki_crl_plan_default, authority, NULL, e)) == 1)
        if (make_list(centre, authority, e) != 0)
            return -1;
    return due;
}
