/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as they stand in the database; their revocation. */
#include "crypto/crl.h"
#include "pki/pki_internal.h"

const char *pki_status_name(enum pki_status status)
{
    static const char *const names[] = {[PKI_INTENDED] = "intended",
                                        [PKI_ACTIVE] = "active",
                                        [PKI_REVOKED] = "revoked",
                                        [PKI_ABANDONED] = "abandoned"};

    return status >= PKI_INTENDED && status <= PKI_ABANDONED ? names[status] : "unknown";
}

static int read_record(struct db_query *q, struct pki_record *r, struct err *e)
{
    *r = (struct pki_record){0};
    if (pki_copy_text(db_slice(q, 0), r->id, sizeof(r->id), e) != 0 ||
        pki_copy_text(db_slice(q, 1), r->organisation, sizeof(r->organisation), e) != 0 ||
        pki_copy_text(db_slice(q, 2), r->authority, sizeof(r->authority), e) != 0 ||
        pki_copy_text(db_slice(q, 3), r->subject_id, sizeof(r->subject_id), e) != 0 ||
        pki_copy_text(db_slice(q, 4), r->profile, sizeof(r->profile), e) != 0 ||
        pki_copy_text(db_slice(q, 5), r->renews, sizeof(r->renews), e) != 0)
        return -1;
    r->subject = (enum pki_subject_kind)db_int(q, 6);
    r->status = (enum pki_status)db_int(q, 7);
    r->exercise = db_bool(q, 8);
    if (!db_blob_copy(q, 9, r->serial, sizeof(r->serial)) ||
        (!db_is_null(q, 10) && !db_blob_copy(q, 10, r->fingerprint, sizeof(r->fingerprint))))
        return err_set(e, ERR_INTERNAL, "pki.database", NULL, "a certificate's row is damaged");
    r->not_before = db_int(q, 11);
    r->not_after = db_int(q, 12);
    r->created_at = db_int(q, 13);
    r->issued_at = db_int(q, 14);
    r->revoked_at = db_int(q, 15);
    r->invalid_since = db_int(q, 16);
    r->reason = (int)db_int(q, 17);
    return 0;
}

static int take_one(struct db_query *q, int found, struct pki_record *r, struct buf *der,
                    struct err *e)
{
    if (found == 1 && read_record(q, r, e) != 0)
        found = -1;
    if (found == 1 && der) {
        buf_put_slice(der, db_blob(q, 18));
        if (buf_check(der, e) != 0)
            found = -1;
    }
    db_query_finish(q);
    return found;
}

int pki_certificate_find(struct db *db, const char *id, struct pki_record *record, struct buf *der,
                         struct err *e)
{
    struct db_query q;

    return take_one(&q, db_find(&q, db, e, SQL_PKI_CERTIFICATE_FIND, DB_TEXT(id)), record, der, e);
}

int pki_certificate_by_fingerprint(struct db *db, const uint8_t fingerprint[32],
                                   struct pki_record *record, struct buf *der, struct err *e)
{
    struct db_query q;

    return take_one(
        &q, db_find(&q, db, e, SQL_PKI_CERTIFICATE_BY_FINGERPRINT, DB_BYTES(fingerprint, 32)),
        record, der, e);
}

int pki_certificate_is_active(struct db *db, const uint8_t fingerprint[32], struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PKI_CERTIFICATE_STATUS, DB_BYTES(fingerprint, 32));

    if (found == 1)
        found = db_int(&q, 0) == PKI_ACTIVE;
    db_query_finish(&q);
    return found;
}

int pki_certificate_by_token_key(struct db *db, const char *token, const uint8_t spki_hash[32],
                                 struct pki_record *record, struct buf *der, struct err *e)
{
    struct db_query q;

    return take_one(&q,
                    db_find(&q, db, e, SQL_PKI_CERTIFICATE_BY_TOKEN_KEY, DB_BYTES(spki_hash, 32),
                            DB_TEXT(token)),
                    record, der, e);
}

int pki_certificate_list(struct db *db, const char *organisation, const char *subject_id,
                         const char *after, struct pki_record *records, size_t room, struct err *e)
{
    struct db_query q;
    size_t count = 0;
    int more;

    if (subject_id && !organisation)
        return err_set(e, ERR_USAGE, "pki.list", NULL, "a subject is one of an organisation");
    if (subject_id)
        more = db_find(&q, db, e, SQL_PKI_CERTIFICATE_LIST_SUBJECT, DB_TEXT(after),
                       DB_INT((int64_t)room), DB_TEXT(organisation), DB_TEXT(subject_id));
    else if (organisation)
        more = db_find(&q, db, e, SQL_PKI_CERTIFICATE_LIST_ORGANISATION, DB_TEXT(after),
                       DB_INT((int64_t)room), DB_TEXT(organisation));
    else
        more = db_find(&q, db, e, SQL_PKI_CERTIFICATE_LIST, DB_TEXT(after), DB_INT((int64_t)room));
    for (; more == 1 && count < room; more = db_step(&q, e))
        if (read_record(&q, &records[count++], e) != 0) {
            more = -1;
            break;
        }
    db_query_finish(&q);
    return more < 0 ? -1 : (int)count;
}

int pki_block_key(struct db *db, const struct pki *pki, const uint8_t spki_hash[32],
                  const char *reason, struct err *e)
{
    return db_run(db, e, SQL_PKI_KEY_BLOCK, DB_BYTES(spki_hash, 32), DB_TEXT(reason),
                  DB_INT(clock_now(pki->clock))) < 0
               ? -1
               : 0;
}

int pki_crl_mark_dirty(struct db *db, const struct pki *pki, const char *authority, struct err *e)
{
    return db_run(db, e, SQL_PKI_CRL_DIRTY, DB_TEXT(authority), DB_INT(clock_now(pki->clock))) < 0
               ? -1
               : 0;
}

static int why_not_revoked(struct db *db, const char *id, struct err *e)
{
    struct pki_record r;
    int found = pki_certificate_find(db, id, &r, NULL, e);

    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "pki.certificate-unknown", NULL,
                       "there is no certificate %.40s", id);
    if (found == 1 && r.status == PKI_REVOKED)
        return err_set(e, ERR_CONFLICT, "pki.already-revoked", NULL,
                       "the certificate was revoked before");
    if (found == 1)
        return err_set(e, ERR_CONFLICT, "pki.not-active", NULL, "the certificate is %s",
                       pki_status_name(r.status));
    return -1;
}

int pki_revoke(struct db *db, const struct pki *pki, const char *id, int reason,
               int64_t invalid_since, struct pki_record *record, struct err *e)
{
    int64_t now = clock_now(pki->clock);
    uint8_t spki_hash[SHA256_LEN] = {0};
    char authority[ID_TEXT] = "";
    struct db_query q;

    bool known = reason >= CRL_UNSPECIFIED && reason <= CRL_PRIVILEGE_WITHDRAWN && reason != 7 &&
                 reason != CRL_CERTIFICATE_HOLD && reason != CRL_REMOVE_FROM_CRL;
    if (!known)
        return err_set(e, ERR_USAGE, "pki.reason", "RFC 5280 section 5.3.1",
                       "not a reason for which a certificate of this centre is revoked");
    if (invalid_since > now)
        return err_set(e, ERR_USAGE, "pki.invalid-since", "RFC 5280 section 5.3.2",
                       "a certificate cannot be invalid since a time to come");
    int found = db_find(&q, db, e, SQL_PKI_CERTIFICATE_REVOKE, DB_TEXT(id), DB_INT(now),
                        DB_INT(reason), invalid_since ? DB_INT(invalid_since) : DB_NIL);
    if (found == 1 && (pki_copy_text(db_slice(&q, 0), authority, sizeof(authority), e) != 0 ||
                       !db_blob_copy(&q, 1, spki_hash, sizeof(spki_hash))))
        found = -1;
    db_query_finish(&q);
    if (found == 0)
        return why_not_revoked(db, id, e);
    if (found < 0)
        return -1;
    if (reason == CRL_KEY_COMPROMISE &&
        pki_block_key(db, pki, spki_hash, "its holder lost control of it", e) != 0)
        return -1;
    if (pki_crl_mark_dirty(db, pki, authority, e) != 0)
        return -1;
    return pki_certificate_find(db, id, record, NULL, e) == 1 ? 0 : -1;
}

int pki_revoke_subject(struct db *db, const struct pki *pki, const char *organisation,
                       const char *subject_id, int reason, struct pki_record *records, size_t room,
                       struct err *e)
{
    struct pki_record page[16];
    char after[ID_TEXT] = "";
    size_t revoked = 0;
    int count;

    do {
        count = pki_certificate_list(db, organisation, subject_id, after, page, ARRAY_LEN(page), e);
        for (int i = 0; i < count; i++) {
            memcpy(after, page[i].id, sizeof(after));
            if (page[i].status == PKI_INTENDED && pki_issue_abandon(db, pki, page[i].id, e) != 0)
                return -1;
            if (page[i].status != PKI_ACTIVE)
                continue;
            if (pki_revoke(db, pki, page[i].id, reason, 0, &page[i], e) != 0)
                return -1;
            if (revoked < room)
                records[revoked] = page[i];
            revoked++;
        }
    } while (count == (int)ARRAY_LEN(page));
    return count < 0 ? -1 : (int)revoked;
}
