/* SPDX-License-Identifier: Apache-2.0 */
/* Issuance in two steps (27099 row 37): decided and recorded here, signed elsewhere, stored here.
 */
#include "crypto/name.h"
#include "pki/pki_internal.h"

#include <stdio.h>

#define SECOND INT64_C(1000000)

void pki_intended_init(struct pki_intended *i)
{
    *i = (struct pki_intended){0};
    buf_init(&i->tbs);
    buf_init(&i->issuer_spki);
}

void pki_intended_fini(struct pki_intended *i)
{
    buf_fini(&i->tbs);
    buf_fini(&i->issuer_spki);
}

void pki_issued_init(struct pki_issued *i)
{
    *i = (struct pki_issued){0};
    buf_init(&i->certificate);
}

void pki_issued_fini(struct pki_issued *i)
{
    buf_fini(&i->certificate);
}

/* A DNS name as certificates carry it: letters, digits, hyphens, at most 253 characters. */
static bool is_dns_name(const char *name)
{
    size_t len = strlen(name);
    size_t label = 0;

    if (len == 0 || len > 253)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '.') {
            if (label == 0 || name[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!letter && !(c == '-' && label > 0))
            return false;
        if (++label > 63)
            return false;
    }
    return label > 0 && name[len - 1] != '-';
}

static int check_hosts(const struct pki_profile *profile, const struct pki_request *request,
                       struct err *e)
{
    uint8_t address[16];

    if (profile->host_names ? request->host_count == 0 || request->host_count > PKI_HOSTS_MOST
                            : request->host_count != 0)
        return err_set(e, ERR_USAGE, "pki.host-name", "RFC 5280 section 4.2.1.6",
                       "the profile %s wants %s", profile->name,
                       profile->host_names ? "1 to 32 host names" : "no host names");
    for (size_t i = 0; i < request->host_count; i++)
        if (!pki_address_parse(request->host_names[i], address) &&
            !is_dns_name(request->host_names[i]))
            return err_set(e, ERR_USAGE, "pki.host-name", "RFC 5280 section 4.2.1.6",
                           "%.100s is neither a DNS name nor an address", request->host_names[i]);
    return 0;
}

static int check_kind(const struct pki_profile *profile, struct slice spki, struct err *e)
{
    struct key *key = key_from_spki(spki, e);

    if (!key)
        return -1;
    enum key_kind kind = key_kind(key);
    key_free(key);
    if (profile->kinds & 1U << kind)
        return 0;
    return err_set(e, ERR_INPUT, "pki.key-kind", "ISO/IEC 27099 row 29",
                   "the profile %s does not take keys of the kind %s", profile->name,
                   key_kind_name(kind));
}

/* Row 32: not blocked, and nobody else's. *same_key: the subject had a certificate for it before.
 */
static int check_key(struct db *db, const struct pki_request *request,
                     const struct pki_profile *profile, const uint8_t spki_hash[SHA256_LEN],
                     bool *same_key, struct err *e)
{
    struct db_query q;
    char after[ID_TEXT] = "";
    int found = db_find(&q, db, e, SQL_PKI_KEY_BLOCKED, DB_BYTES(spki_hash, SHA256_LEN));

    if (found == 1)
        found = err_set(e, ERR_DENIED, "pki.key-blocked", "ISO/IEC 27099 row 32",
                        "this key may not have a certificate: %.100s", db_text(&q, 0));
    db_query_finish(&q);
    if (found < 0)
        return -1;
    *same_key = false;
    found = db_find(&q, db, e, SQL_PKI_CERTIFICATE_BY_KEY, DB_BYTES(spki_hash, SHA256_LEN),
                    DB_TEXT(after));
    for (; found == 1; found = db_step(&q, e)) {
        bool ours = slice_is(db_slice(&q, 1), request->organisation) &&
                    slice_is(db_slice(&q, 2), request->subject_id) &&
                    db_int(&q, 3) == (int64_t)profile->subject;
        /* a link certificate is for the key of a root that has its own */
        if (!ours && profile->subject != PKI_SUBJECT_AUTHORITY) {
            found = err_set(e, ERR_CONFLICT, "pki.key-taken", "ISO/IEC 27099 row 32",
                            "this key belongs to another subject");
            break;
        }
        *same_key = true;
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

/* Row 34. */
static int check_renewal(struct db *db, const struct pki_profile *profile,
                         const struct pki_request *request, int64_t now, bool same_key,
                         struct err *e)
{
    struct pki_record old;
    int found = pki_certificate_find(db, request->renews, &old, NULL, e);

    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(e, ERR_NOT_FOUND, "pki.renew-unknown", "RFC 7030 section 4.2.2",
                       "the certificate to renew is not known");
    if (old.status != PKI_ACTIVE)
        return err_set(e, ERR_DENIED, "pki.renew-revoked", "ISO/IEC 27099 row 34",
                       "the certificate to renew is %s", pki_status_name(old.status));
    if (now > old.not_after || now < old.not_before)
        return err_set(e, ERR_DENIED, "pki.renew-expired", "ISO/IEC 27099 row 34",
                       "the certificate to renew is not valid any more: enrol anew with a token");
    if (strcmp(old.subject_id, request->subject_id) != 0 ||
        strcmp(old.organisation, request->organisation) != 0 || old.subject != profile->subject ||
        old.exercise != request->exercise)
        return err_set(e, ERR_DENIED, "pki.renew-subject", "RFC 7030 section 4.2.2",
                       "a renewal cannot change the subject");
    if (profile->renew_from == 0 || now < old.not_after - profile->renew_from)
        return err_set(e, ERR_CONFLICT, "pki.renew-early", "ISO/IEC 27099 row 34",
                       "it is too early to renew this certificate");
    if (same_key && !profile->same_key_renewal)
        return err_set(e, ERR_DENIED, "pki.renew-same-key", "ISO/IEC 27099 row 34",
                       "the profile %s wants a new key for each certificate", profile->name);
    return 0;
}

static int check_count(struct db *db, const struct pki_request *request, int64_t now, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PKI_CERTIFICATE_ACTIVE_COUNT, DB_TEXT(request->organisation),
                        DB_TEXT(request->subject_id), DB_INT(now));
    int64_t count = found == 1 ? db_int(&q, 0) : 0;

    db_query_finish(&q);
    if (found < 0)
        return -1;
    if (count < PKI_ACTIVE_MOST)
        return 0;
    err_set(e, ERR_CONFLICT, "pki.renew-limit", NULL,
            "the subject has %lld certificates that are not over", (long long)count);
    return err_hint(e, "revoke those that are not used");
}

static int64_t whole_second(int64_t time)
{
    return time - time % SECOND;
}

static int draft_validity(struct pki_draft *d, const struct pki_request *request, int64_t now,
                          struct err *e)
{
    const struct pki_profile *p = d->profile;

    d->not_before = whole_second(now - p->backdate);
    d->not_after = whole_second(now + p->validity);
    if (request->not_after > 0 && request->not_after < d->not_after)
        d->not_after = whole_second(request->not_after);
    if (d->issuer) {
        if (d->not_before < d->issuer->not_before)
            d->not_before = d->issuer->not_before;
        if (d->not_after > d->issuer->not_after)
            d->not_after = d->issuer->not_after;
        if (d->issuer->not_before > now) {
            err_set(e, ERR_CONFLICT, "pki.issuer-not-yet-valid", "ISO/IEC 27099 row 40",
                    "the clock stands before the beginning of the authority's own certificate");
            return err_hint(e, "set the machine's clock right");
        }
        if (d->issuer->not_after <= now)
            return err_set(e, ERR_CONFLICT, "pki.issuer-expired", "ISO/IEC 27099 row 24",
                           "the authority's own certificate is over");
    }
    if (d->not_after <= now)
        return err_set(e, ERR_USAGE, "pki.validity", NULL,
                       "the certificate would be over before it begins");
    return 0;
}

static int record(struct db *db, const struct pki_authority *authority,
                  const struct pki_request *request, const struct pki_draft *d,
                  const uint8_t spki_hash[SHA256_LEN], int64_t now, struct pki_intended *out,
                  struct err *e)
{
    if (sha256(buf_slice(&out->tbs), out->tbs_hash) != 0)
        return digest_failed(e);
    if (db_run(db, e, SQL_PKI_CERTIFICATE_INSERT, DB_TEXT(out->id), DB_TEXT(request->organisation),
               DB_BOOL(request->exercise), DB_TEXT(authority->id), DB_TEXT(d->profile->name),
               DB_INT(d->profile->subject), DB_TEXT(request->subject_id),
               DB_BYTES(out->serial, sizeof(out->serial)), DB_BYTES(spki_hash, SHA256_LEN),
               DB_BYTES(out->tbs_hash, sizeof(out->tbs_hash)), DB_INT(out->not_before),
               DB_INT(out->not_after), DB_INT(now), DB_TEXT(request->renews),
               DB_TEXT(request->token), DB_BLOB(buf_slice(&out->tbs))) < 0)
        return -1;
    return 0;
}

static int fill(const struct pki_authority *authority, const struct certificate *issuer,
                const struct pki_request *request, const struct pki_draft *d,
                struct pki_intended *out, struct err *e)
{
    if (pki_copy_text(slice_str(authority->id), out->authority, sizeof(out->authority), e) != 0 ||
        pki_copy_text(slice_str(authority->key), out->key, sizeof(out->key), e) != 0 ||
        pki_copy_text(slice_str(request->subject_id), out->subject_id, sizeof(out->subject_id),
                      e) != 0 ||
        pki_copy_text(slice_str(d->profile->name), out->profile, sizeof(out->profile), e) != 0)
        return -1;
    memcpy(out->serial, d->serial, sizeof(out->serial));
    out->not_before = d->not_before;
    out->not_after = d->not_after;
    buf_reset(&out->issuer_spki);
    buf_put_slice(&out->issuer_spki, issuer->spki);
    return buf_check(&out->issuer_spki, e);
}

static enum signature_algorithm algorithm_of(struct slice spki, struct err *e)
{
    struct key *key = key_from_spki(spki, e);
    enum signature_algorithm algorithm =
        key ? key_signature_algorithm(key_kind(key)) : SIGNATURE_UNKNOWN;

    key_free(key);
    return algorithm;
}

int pki_issue_begin_by(struct db *db, const struct pki *pki, const struct pki_authority *authority,
                       struct slice subject, const struct pki_request *request,
                       struct pki_intended *out, struct err *e)
{
    int64_t now = clock_now(pki->clock);
    struct pki_draft d = {.subject = subject,
                          .spki = request->spki,
                          .host_names = request->host_names,
                          .host_count = request->host_count,
                          .crl_url = buf_text(&authority->crl_url),
                          .issuer_url = buf_text(&authority->issuer_url)};
    uint8_t spki_hash[SHA256_LEN];
    struct certificate issuer;
    bool same_key;

    d.profile = pki_profile_find(pki->profiles, request->profile, e);
    if (!d.profile || certificate_parse(&issuer, buf_slice(&authority->certificate), e) != 0)
        return -1;
    d.issuer = &issuer;
    d.algorithm = algorithm_of(issuer.spki, e);
    if (d.algorithm == SIGNATURE_UNKNOWN || check_hosts(d.profile, request, e) != 0 ||
        check_kind(d.profile, request->spki, e) != 0)
        return -1;
    if (sha256(request->spki, spki_hash) != 0)
        return digest_failed(e);
    if (authority->exercise != request->exercise)
        return err_set(e, ERR_DENIED, "pki.exercise", NULL,
                       "exercise and live never mix: the authority is of the other");
    if (check_key(db, request, d.profile, spki_hash, &same_key, e) != 0 ||
        (request->renews && check_renewal(db, d.profile, request, now, same_key, e) != 0) ||
        check_count(db, request, now, e) != 0 || draft_validity(&d, request, now, e) != 0 ||
        pki_serial_draw(pki, d.serial, e) != 0 ||
        fill(authority, &issuer, request, &d, out, e) != 0)
        return -1;
    out->same_key = same_key;
    buf_reset(&out->tbs);
    if (id_new(pki->random, "crt", out->id, e) != 0 || pki_tbs_build(&d, &out->tbs, e) != 0 ||
        pki_tbs_lint(&d, buf_slice(&out->tbs), e) != 0)
        return -1;
    return record(db, authority, request, &d, spki_hash, now, out, e);
}

int pki_issue_begin(struct db *db, const struct pki *pki, const struct pki_request *request,
                    struct pki_intended *intended, struct err *e)
{
    const struct pki_profile *profile = pki_profile_find(pki->profiles, request->profile, e);
    struct pki_authority authority;
    struct buf subject;
    int result = -1;

    if (!profile)
        return -1;
    if (profile->is_ca)
        return err_set(e, ERR_DENIED, "pki.profile-authority", "ISO/IEC 27099 row 47",
                       "authorities are not made by requests");
    struct name_parts parts = {.organisation = request->organisation,
                               .organisational_unit = profile->name,
                               .common_name = request->subject_id};
    /* a host's name, where it fits, is what people look for in a server's certificate */
    if (profile->host_names && request->host_count > 0 &&
        strlen(request->host_names[0]) <= NAME_PART_MAX)
        parts.common_name = request->host_names[0];
    buf_init(&subject);
    pki_authority_init(&authority);
    if (pki_authority_current(db, PKI_ISSUING, &authority, e) == 0 &&
        name_build(&parts, &subject, e) == 0)
        result = pki_issue_begin_by(db, pki, &authority, buf_slice(&subject), request, intended, e);
    pki_authority_fini(&authority);
    buf_fini(&subject);
    return result;
}

int pki_signature_check(struct slice tbs, struct slice issuer_spki, struct slice signature,
                        struct pki_signed *checked, struct err *e)
{
    struct key *issuer = key_from_spki(issuer_spki, e);
    int result = -1;

    if (!issuer)
        return -1;
    if (signature.len > sizeof(checked->signature) || signature.len == 0) {
        err_set(e, ERR_VERIFY, "pki.signature", NULL, "a signature of %zu bytes", signature.len);
    } else if (key_verify(issuer, tbs, signature, e) == 0) {
        checked->algorithm = key_signature_algorithm(key_kind(issuer));
        checked->signature_len = signature.len;
        memcpy(checked->signature, signature.data, signature.len);
        result = sha256(tbs, checked->tbs_hash) == 0 ? 0 : digest_failed(e);
    }
    key_free(issuer);
    return result;
}

static int fill_issued(struct db *db, const char *id, struct pki_issued *issued, struct err *e)
{
    struct pki_record r;
    int found = pki_certificate_find(db, id, &r, NULL, e);

    if (found != 1)
        return found == 0 ? err_set(e, ERR_INTERNAL, "pki.database", NULL,
                                    "a certificate vanished while it was stored")
                          : -1;
    memcpy(issued->id, r.id, sizeof(issued->id));
    memcpy(issued->organisation, r.organisation, sizeof(issued->organisation));
    memcpy(issued->subject_id, r.subject_id, sizeof(issued->subject_id));
    memcpy(issued->profile, r.profile, sizeof(issued->profile));
    memcpy(issued->serial, r.serial, sizeof(issued->serial));
    memcpy(issued->fingerprint, r.fingerprint, sizeof(issued->fingerprint));
    issued->subject = r.subject;
    issued->exercise = r.exercise;
    issued->not_before = r.not_before;
    issued->not_after = r.not_after;
    return 0;
}

static int not_intended(struct err *e)
{
    return err_set(e, ERR_CONFLICT, "pki.not-intended", "ISO/IEC 27099 row 37",
                   "the certificate does not wait for a signature (any more)");
}

int pki_issue_finish(struct db *db, const struct pki *pki, const char *id,
                     const struct pki_signed *checked, struct pki_issued *issued, struct err *e)
{
    uint8_t fingerprint[SHA256_LEN];
    uint8_t hash[SHA256_LEN];
    struct db_query q;
    int result = -1;
    int found = db_find(&q, db, e, SQL_PKI_CERTIFICATE_INTENDED, DB_TEXT(id));

    if (found == 0)
        not_intended(e);
    if (found != 1)
        goto out;
    struct slice tbs = db_blob(&q, 8);
    if (sha256(tbs, hash) != 0) {
        digest_failed(e);
        goto out;
    }
    if (memcmp(hash, checked->tbs_hash, sizeof(hash)) != 0) {
        err_set(e, ERR_VERIFY, "pki.tbs-changed", "ISO/IEC 27099 row 37",
                "what was signed is not what was recorded");
        goto out;
    }
    buf_reset(&issued->certificate);
    certificate_assemble(tbs, checked->algorithm,
                         slice_of(checked->signature, checked->signature_len),
                         &issued->certificate);
    if (buf_check(&issued->certificate, e) == 0 &&
        certificate_fingerprint(buf_slice(&issued->certificate), fingerprint, e) == 0)
        result = 0;
out:
    db_query_finish(&q);
    if (result != 0)
        return -1;
    int64_t changed = db_run(
        db, e, SQL_PKI_CERTIFICATE_FINISH, DB_TEXT(id), DB_INT(clock_now(pki->clock)),
        DB_BLOB(buf_slice(&issued->certificate)), DB_BYTES(fingerprint, sizeof(fingerprint)));
    if (changed != 1)
        return changed < 0 ? -1 : not_intended(e);
    return fill_issued(db, id, issued, e);
}

int pki_issue_abandon(struct db *db, const struct pki *pki, const char *id, struct err *e)
{
    char authority[ID_TEXT] = "";
    struct db_query q;
    int found =
        db_find(&q, db, e, SQL_PKI_CERTIFICATE_ABANDON, DB_TEXT(id), DB_INT(clock_now(pki->clock)));

    if (found == 1 && pki_copy_text(db_slice(&q, 0), authority, sizeof(authority), e) != 0)
        found = -1;
    db_query_finish(&q);
    if (found == 0)
        return not_intended(e);
    return found < 0 ? -1 : pki_crl_mark_dirty(db, pki, authority, e);
}

int pki_intended_list(struct db *db, const char *after, char (*ids)[ID_TEXT], size_t room,
                      struct err *e)
{
    struct db_query q;
    size_t count = 0;
    int more = db_find(&q, db, e, SQL_PKI_CERTIFICATE_INTENDED_LIST, DB_TEXT(after),
                       DB_INT((int64_t)room));

    for (; more == 1 && count < room; more = db_step(&q, e))
        if (pki_copy_text(db_slice(&q, 0), ids[count++], ID_TEXT, e) != 0) {
            more = -1;
            break;
        }
    db_query_finish(&q);
    return more < 0 ? -1 : (int)count;
}

int pki_intended_load(struct db *db, const char *id, struct pki_intended *out, struct err *e)
{
    struct certificate issuer;
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PKI_CERTIFICATE_INTENDED, DB_TEXT(id));

    if (found != 1)
        goto out;
    found = -1;
    if (pki_copy_text(slice_str(id), out->id, sizeof(out->id), e) != 0 ||
        pki_copy_text(db_slice(&q, 0), out->authority, sizeof(out->authority), e) != 0 ||
        pki_copy_text(db_slice(&q, 1), out->key, sizeof(out->key), e) != 0 ||
        pki_copy_text(db_slice(&q, 2), out->subject_id, sizeof(out->subject_id), e) != 0 ||
        pki_copy_text(db_slice(&q, 3), out->profile, sizeof(out->profile), e) != 0 ||
        certificate_parse(&issuer, db_blob(&q, 9), e) != 0)
        goto out;
    if (!db_blob_copy(&q, 4, out->serial, sizeof(out->serial)) ||
        !db_blob_copy(&q, 5, out->tbs_hash, sizeof(out->tbs_hash))) {
        err_set(e, ERR_INTERNAL, "pki.database", NULL, "a certificate's row is damaged");
        goto out;
    }
    out->not_before = db_int(&q, 6);
    out->not_after = db_int(&q, 7);
    out->same_key = false;
    buf_reset(&out->tbs);
    buf_put_slice(&out->tbs, db_blob(&q, 8));
    buf_reset(&out->issuer_spki);
    buf_put_slice(&out->issuer_spki, issuer.spki);
    if (buf_check(&out->tbs, e) == 0 && buf_check(&out->issuer_spki, e) == 0)
        found = 1;
out:
    db_query_finish(&q);
    return found;
}
