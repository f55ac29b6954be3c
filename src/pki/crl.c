/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of revoked certificates (RFC 5280 section 5): when one is due, what is in it, its numbers.
 */
#include "crypto/crl.h"
#include "pki/pki_internal.h"

enum { PAGE = 1000, LISTS_KEPT = 100 };
#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)

static const uint8_t oid_crl_number[] = {0x55, 0x1d, 0x14};
static const uint8_t oid_reason[] = {0x55, 0x1d, 0x15};
static const uint8_t oid_invalidity_date[] = {0x55, 0x1d, 0x18};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};

const struct pki_crl_plan pki_crl_plan_default = {
    .period = 7 * 24 * HOUR, .refresh = 3 * 24 * HOUR, .delay = 60 * SECOND};

void pki_crl_intended_init(struct pki_crl_intended *i)
{
    *i = (struct pki_crl_intended){0};
    buf_init(&i->tbs);
    buf_init(&i->issuer_spki);
}

void pki_crl_intended_fini(struct pki_crl_intended *i)
{
    buf_fini(&i->tbs);
    buf_fini(&i->issuer_spki);
}

int pki_crl_due(struct db *db, const struct pki *pki, const struct pki_crl_plan *plan,
                char authority[ID_TEXT], int64_t *again, struct err *e)
{
    int64_t now = clock_now(pki->clock);
    int64_t next = INT64_MAX;
    struct db_query q;
    int found = 0;
    int more = db_find(&q, db, e, SQL_PKI_CRL_STATES, DB_INT(now));

    for (; more == 1 && !found; more = db_step(&q, e)) {
        int64_t until = db_int(&q, 2);
        int64_t at = until == 0 || db_bool(&q, 4) ? now : until - plan->refresh;
        if (!db_is_null(&q, 3) && db_int(&q, 3) + plan->delay < at)
            at = db_int(&q, 3) + plan->delay;
        if (at <= now) {
            found = 1;
            if (pki_copy_text(db_slice(&q, 0), authority, ID_TEXT, e) != 0)
                more = -1;
            break;
        }
        if (at < next)
            next = at;
    }
    db_query_finish(&q);
    if (again)
        *again = found ? now : next;
    return more < 0 ? -1 : found;
}

static void put_entry(struct buf *b, struct slice serial, int64_t revoked_at, int64_t reason,
                      int64_t invalid_since)
{
    size_t entry = der_begin(b, DER_SEQUENCE);

    der_put(b, DER_INTEGER, serial);
    der_put_time(b, revoked_at);
    /* row 41: unspecified is said by saying nothing */
    if (reason != CRL_UNSPECIFIED || invalid_since != 0) {
        size_t extensions = der_begin(b, DER_SEQUENCE);
        if (reason != CRL_UNSPECIFIED) {
            size_t extension = der_begin(b, DER_SEQUENCE);
            DER_PUT_OID(b, oid_reason);
            size_t value = der_begin(b, DER_OCTET_STRING);
            der_put_unsigned(b, DER_ENUMERATED, (uint64_t)reason);
            der_close(b, value);
            der_close(b, extension);
        }
        if (invalid_since != 0) {
            size_t extension = der_begin(b, DER_SEQUENCE);
            DER_PUT_OID(b, oid_invalidity_date);
            size_t value = der_begin(b, DER_OCTET_STRING);
            der_put_generalized_time(b, invalid_since);
            der_close(b, value);
            der_close(b, extension);
        }
        der_close(b, extensions);
    }
    der_close(b, entry);
}

/* Appends the entries; a certificate that is over leaves the list after it was on one. */
static int put_entries(struct db *db, const char *authority, int64_t now, struct buf *b,
                       size_t *entries, struct err *e)
{
    char after[ID_TEXT] = "";
    bool whole_page = true;

    for (*entries = 0; whole_page;) {
        struct db_query q;
        size_t count = 0;
        int more = db_find(&q, db, e, SQL_PKI_CRL_ENTRIES, DB_TEXT(authority), DB_INT(now),
                           DB_TEXT(after), DB_INT(PAGE));
        char last[ID_TEXT] = "";
        for (; more == 1; more = db_step(&q, e)) {
            put_entry(b, db_blob(&q, 1), db_int(&q, 2), db_int(&q, 3), db_int(&q, 4));
            if (pki_copy_text(db_slice(&q, 0), last, sizeof(last), e) != 0) {
                more = -1;
                break;
            }
            count++;
        }
        db_query_finish(&q);
        if (more < 0)
            return -1;
        memcpy(after, last, sizeof(after));
        whole_page = count == PAGE;
        *entries += count;
        if (*entries > PKI_CRL_ENTRIES_MAX)
            return err_set(e, ERR_LIMIT, "pki.crl-too-large", NULL,
                           "more than %d revoked certificates for one list", PKI_CRL_ENTRIES_MAX);
    }
    return 0;
}

static void put_extensions(struct buf *b, const struct certificate *issuer, int64_t number)
{
    size_t wrapped = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t extensions = der_begin(b, DER_SEQUENCE);
    size_t extension = der_begin(b, DER_SEQUENCE);

    DER_PUT_OID(b, oid_authority_key_id);
    size_t value = der_begin(b, DER_OCTET_STRING);
    size_t key_id = der_begin(b, DER_SEQUENCE);
    der_put(b, DER_CONTEXT(0), issuer->subject_key_id);
    der_close(b, key_id);
    der_close(b, value);
    der_close(b, extension);
    extension = der_begin(b, DER_SEQUENCE);
    DER_PUT_OID(b, oid_crl_number);
    value = der_begin(b, DER_OCTET_STRING);
    der_put_unsigned(b, DER_INTEGER, (uint64_t)number);
    der_close(b, value);
    der_close(b, extension);
    der_close(b, extensions);
    der_close(b, wrapped);
}

static int build(struct db *db, const struct pki_authority *authority,
                 const struct certificate *issuer, int64_t now, struct pki_crl_intended *out,
                 struct err *e)
{
    struct key *key = key_from_spki(issuer->spki, e);
    struct buf *b = &out->tbs;
    struct buf entries;
    int result = -1;

    if (!key)
        return -1;
    buf_reset(b);
    buf_init(&entries);
    size_t tbs = der_begin(b, DER_SEQUENCE);
    der_put_unsigned(b, DER_INTEGER, 1);
    buf_put_slice(b, signature_algorithm_der(key_signature_algorithm(key_kind(key))));
    buf_put_slice(b, issuer->subject);
    der_put_time(b, out->this_update);
    der_put_time(b, out->next_update);
    if (put_entries(db, authority->id, now, &entries, &out->entries, e) != 0 ||
        buf_check(&entries, e) != 0)
        goto out;
    if (entries.len > 0) /* section 5.1.2.6: absent, not empty */
        der_put(b, DER_SEQUENCE, buf_slice(&entries));
    put_extensions(b, issuer, out->number);
    der_close(b, tbs);
    result = buf_check(b, e);
out:
    key_free(key);
    buf_fini(&entries);
    return result;
}

/* 1: the list decided last is not signed yet, still good, and now in out; 0; -1. */
static int load_pending(struct db *db, const char *authority, int64_t number, int64_t good_until,
                        struct pki_crl_intended *out, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PKI_CRL_FIND, DB_TEXT(authority), DB_INT(number));

    if (found == 1 && (!db_is_null(&q, 4) || db_int(&q, 1) <= good_until))
        found = 0;
    if (found == 1) {
        out->number = number;
        out->this_update = db_int(&q, 0);
        out->next_update = db_int(&q, 1);
        out->entries = (size_t)db_int(&q, 2);
        buf_reset(&out->tbs);
        buf_put_slice(&out->tbs, db_blob(&q, 3));
        if (buf_check(&out->tbs, e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    return found;
}

static int record(struct db *db, const struct pki_crl_intended *out, struct err *e)
{
    if (db_run(db, e, SQL_PKI_CRL_INSERT, DB_TEXT(out->authority), DB_INT(out->number),
               DB_INT(out->this_update), DB_INT(out->next_update), DB_INT((int64_t)out->entries),
               DB_BLOB(buf_slice(&out->tbs))) < 0 ||
        db_run(db, e, SQL_PKI_CRL_MARK, DB_TEXT(out->authority), DB_INT(out->number)) < 0 ||
        db_run(db, e, SQL_PKI_CRL_BEGUN, DB_TEXT(out->authority), DB_INT(out->number),
               DB_BOOL(true)) < 0)
        return -1;
    return 0;
}

static int begin(struct db *db, const struct pki_authority *authority, int64_t now,
                 const struct pki_crl_plan *plan, struct pki_crl_intended *out, struct err *e)
{
    struct certificate issuer;
    struct db_query q;

    if (certificate_parse(&issuer, buf_slice(&authority->certificate), e) != 0)
        return -1;
    buf_reset(&out->issuer_spki);
    buf_put_slice(&out->issuer_spki, issuer.spki);
    if (buf_check(&out->issuer_spki, e) != 0)
        return -1;
    int found = db_find(&q, db, e, SQL_PKI_CRL_NUMBER, DB_TEXT(authority->id));
    int64_t number = found == 1 ? db_int(&q, 0) : 0;
    bool pending = found == 1 && db_bool(&q, 1);
    db_query_finish(&q);
    if (found != 1)
        return found;
    if (pending) {
        int loaded = load_pending(db, authority->id, number, now + plan->refresh, out, e);
        if (loaded != 0)
            return loaded < 0 ? -1 : 0;
    }
    out->number = number + 1;
    out->this_update = now - now % SECOND;
    out->next_update = out->this_update + plan->period;
    if (build(db, authority, &issuer, now, out, e) != 0)
        return -1;
    return record(db, out, e);
}

int pki_crl_begin(struct db *db, const struct pki *pki, const struct pki_crl_plan *plan,
                  const char *authority, struct pki_crl_intended *intended, struct err *e)
{
    struct pki_authority a;
    int result = -1;

    pki_authority_init(&a);
    int found = pki_authority_find(db, authority, &a, e);
    if (found == 0)
        err_set(e, ERR_NOT_FOUND, "pki.authority-unknown", NULL, "there is no authority %.40s",
                authority);
    if (found == 1 && pki_copy_text(slice_str(a.id), intended->authority, ID_TEXT, e) == 0 &&
        pki_copy_text(slice_str(a.key), intended->key, sizeof(intended->key), e) == 0)
        result = begin(db, &a, clock_now(pki->clock), plan, intended, e);
    pki_authority_fini(&a);
    return result;
}

int pki_crl_finish(struct db *db, const struct pki *pki, const char *authority, int64_t number,
                   const struct pki_signed *checked, struct buf *der, struct err *e)
{
    uint8_t hash[SHA256_LEN];
    int64_t next_update = 0;
    struct db_query q;
    size_t from = der->len;
    int found = db_find(&q, db, e, SQL_PKI_CRL_FIND, DB_TEXT(authority), DB_INT(number));

    (void)pki;
    if (found == 1 && !db_is_null(&q, 4))
        found = 0;
    if (found == 0)
        err_set(e, ERR_CONFLICT, "pki.not-intended", NULL,
                "the list does not wait for a signature (any more)");
    if (found == 1) {
        struct slice tbs = db_blob(&q, 3);
        next_update = db_int(&q, 1);
        if (sha256(tbs, hash) != 0)
            found = digest_failed(e);
        else if (memcmp(hash, checked->tbs_hash, sizeof(hash)) != 0)
            found = err_set(e, ERR_VERIFY, "pki.tbs-changed", "ISO/IEC 27099 row 37",
                            "what was signed is not what was recorded");
        else /* a CertificateList has the form of a Certificate: TBS, algorithm, signature */
            certificate_assemble(tbs, checked->algorithm,
                                 slice_of(checked->signature, checked->signature_len), der);
    }
    db_query_finish(&q);
    if (found != 1 || buf_check(der, e) != 0)
        return -1;
    struct slice list = slice_of(der->data + from, der->len - from);
    if (db_run(db, e, SQL_PKI_CRL_FINISH, DB_TEXT(authority), DB_INT(number), DB_BLOB(list)) < 0 ||
        db_run(db, e, SQL_PKI_CRL_FINISHED, DB_TEXT(authority), DB_INT(next_update), DB_BOOL(false),
               DB_INT(number)) < 0 ||
        db_run(db, e, SQL_PKI_CRL_FORGET, DB_TEXT(authority), DB_INT(number - LISTS_KEPT)) < 0)
        return -1;
    return 0;
}

int pki_crl_latest(struct db *db, const char *authority, int64_t *number, struct buf *der,
                   struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PKI_CRL_LATEST, DB_TEXT(authority));

    if (found == 1) {
        if (number)
            *number = db_int(&q, 0);
        buf_put_slice(der, db_blob(&q, 1));
        if (buf_check(der, e) != 0)
            found = -1;
    }
    db_query_finish(&q);
    return found;
}
