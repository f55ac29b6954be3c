/* SPDX-License-Identifier: Apache-2.0 */
/* What lists and OCSP answers say of one certificate. */
#include "crypto/shortage.h"
#include "evidence/record/revocation.h"
#include "evidence/record/token_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

enum { NO_REASON = -1 };

struct said {
    int64_t from, until; /* thisUpdate, nextUpdate (0: none); microseconds */
    bool revoked;
    int64_t revoked_at;
    int reason;
};

struct asking {
    int64_t at, ends; /* the time that is asked for; the end of the certificate */
    enum evidence_revoked known;
    int64_t said_at;
};

static int64_t micro(const ASN1_TIME *time)
{
    struct tm tm;
    return time && ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) * 1000000 : 0;
}

/* RFC 3161 section 4.1 */
static bool harmless(int reason)
{
    return reason == CRL_REASON_UNSPECIFIED || reason == CRL_REASON_AFFILIATION_CHANGED ||
           reason == CRL_REASON_SUPERSEDED || reason == CRL_REASON_CESSATION_OF_OPERATION;
}

static int weigh(struct asking *a, const struct said *s, struct err *e)
{
    char then[TIME_TEXT];
    if (s->revoked && (s->revoked_at <= a->at || !harmless(s->reason))) {
        time_format(s->revoked_at, then);
        return err_set(e, ERR_VERIFY, "token.revoked", "RFC 3161 section 4.1",
                       "its certificate was revoked at %s (%s)", then,
                       s->reason == NO_REASON ? "no reason given" : OCSP_crl_reason_str(s->reason));
    }
    /* who forgets certificates that have ended says nothing of them */
    bool covers = s->from >= a->at ? s->from <= a->ends : s->until == 0 || s->until >= a->at;
    if (!s->revoked && !covers)
        return 0;
    if (s->from >= a->said_at || a->known == EVIDENCE_REVOKED_UNKNOWN)
        a->said_at = s->from;
    if (s->revoked)
        a->known = EVIDENCE_REVOKED_LATER;
    else if (a->known == EVIDENCE_REVOKED_UNKNOWN)
        a->known = EVIDENCE_NOT_REVOKED;
    return 0;
}

/* The names by which a certificate's issuer publishes the list that this certificate is on. */
static bool is_named(const DIST_POINT_NAME *published, X509 *certificate)
{
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
    bool same = false;
    for (int i = 0; published->type == 0 && i < sk_DIST_POINT_num(points) && !same; i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (!point->distpoint || point->distpoint->type != 0)
            continue;
        for (int k = 0; k < sk_GENERAL_NAME_num(published->name.fullname); k++)
            for (int m = 0; m < sk_GENERAL_NAME_num(point->distpoint->name.fullname); m++)
                same |= GENERAL_NAME_cmp(
                            sk_GENERAL_NAME_value(published->name.fullname, k),
                            sk_GENERAL_NAME_value(point->distpoint->name.fullname, m)) == 0;
    }
    CRL_DIST_POINTS_free(points);
    return same;
}

/* A list may be of some certificates or some reasons alone (RFC 5280 section 5.2.5): that this one
 * is not on it says something only where it would be. */
static bool is_whole(X509_CRL *list, X509 *certificate)
{
    int critical = -1;
    if (X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) >= 0)
        return false;
    ISSUING_DIST_POINT *point =
        X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &critical, NULL);
    if (!point)
        return critical == -1; /* there is none; else it cannot be read */
    bool authority = X509_check_ca(certificate) > 0;
    bool whole = !(point->onlyuser > 0 && authority) && !(point->onlyCA > 0 && !authority) &&
                 point->onlyattr <= 0 && point->indirectCRL <= 0 && !point->onlysomereasons &&
                 (!point->distpoint || is_named(point->distpoint, certificate));
    ISSUING_DIST_POINT_free(point);
    return whole;
}

static bool may_sign_lists(X509 *issuer)
{
    return !(X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) ||
           (X509_get_key_usage(issuer) & KU_CRL_SIGN) != 0;
}

static bool is_of(X509_CRL *list, X509 *issuer)
{
    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) == 0;
}

static bool is_signed(X509_CRL *list, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key && may_sign_lists(issuer) && X509_CRL_verify(list, key) == 1;
}

static int ask_list(struct asking *a, X509_CRL *list, X509 *certificate, X509 *issuer,
                    struct err *e)
{
    X509_REVOKED *entry = NULL;
    if (!is_of(list, issuer) || !is_signed(list, issuer))
        return 0; /* it says nothing here */
    struct said s = {.from = micro(X509_CRL_get0_lastUpdate(list)),
                     .until = micro(X509_CRL_get0_nextUpdate(list)),
                     .reason = NO_REASON};
    int found = X509_CRL_get0_by_cert(list, &entry, certificate);
    if (found == 1) {
        int critical = -1;
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
        s.revoked = true;
        s.revoked_at = micro(X509_REVOKED_get0_revocationDate(entry));
        if (reason)
            s.reason = (int)ASN1_ENUMERATED_get(reason);
        ASN1_ENUMERATED_free(reason);
    }
    return s.revoked || is_whole(list, certificate) ? weigh(a, &s, e) : 0;
}

/* Whether the answer is signed by the issuer, or by whom it appointed (RFC 6960 section 4.2.2.2).
 */
static bool appointed(OCSP_BASICRESP *answer, const struct evidence_revocation *r, X509 *issuer,
                      const ASN1_GENERALIZEDTIME *said)
{
    STACK_OF(X509) *known = sk_X509_dup(r->certificates);
    X509 *by = NULL;
    bool good = false;
    if (known && sk_X509_push(known, issuer) > 0 &&
        OCSP_resp_get0_signer(answer, &by, known) == 1 &&
        OCSP_basic_verify(answer, known, NULL, OCSP_NOVERIFY) > 0) {
        good = X509_cmp(by, issuer) == 0;
        if (!good)
            good = micro(said) >= micro(X509_get0_notBefore(by)) &&
                   micro(said) <= micro(X509_get0_notAfter(by)) &&
                   X509_check_issued(issuer, by) == X509_V_OK &&
                   X509_verify(by, X509_get0_pubkey(issuer)) == 1 &&
                   (X509_get_extended_key_usage(by) & XKU_OCSP_SIGN) != 0 &&
                   X509_get_extended_key_usage(by) != UINT32_MAX;
    }
    sk_X509_free(known);
    return good;
}

static bool is_about(OCSP_SINGLERESP *single, X509 *certificate, X509 *issuer)
{
    const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *digest;
    OCSP_CERTID *copy = OCSP_CERTID_dup(id);
    OCSP_CERTID *own = NULL;
    bool same = false;
    if (copy && OCSP_id_get0_info(NULL, &digest, NULL, NULL, copy) == 1 &&
        EVP_get_digestbyobj(digest))
        own = OCSP_cert_to_id(EVP_get_digestbyobj(digest), certificate, issuer);
    if (own)
        same = OCSP_id_cmp(own, id) == 0;
    OCSP_CERTID_free(own);
    OCSP_CERTID_free(copy);
    return same;
}

static int ask_answer(struct asking *a, OCSP_BASICRESP *answer, const struct evidence_revocation *r,
                      X509 *certificate, X509 *issuer, struct err *e)
{
    for (int i = 0; i < OCSP_resp_count(answer); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(answer, i);
        ASN1_GENERALIZEDTIME *revoked, *from, *until;
        int reason = NO_REASON;
        int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
        if (!is_about(single, certificate, issuer) || !appointed(answer, r, issuer, from))
            continue;
        if (status != V_OCSP_CERTSTATUS_GOOD && status != V_OCSP_CERTSTATUS_REVOKED)
            continue;
        struct said s = {.from = micro(from),
                         .until = until ? micro(until) : micro(from),
                         .revoked = status == V_OCSP_CERTSTATUS_REVOKED,
                         .reason = reason};
        if (s.revoked)
            s.revoked_at = micro(revoked);
        if (weigh(a, &s, e) != 0)
            return -1;
    }
    return 0;
}

int evidence_revocation_ask(const struct evidence_revocation *r, X509 *certificate, X509 *issuer,
                            int64_t at, enum evidence_revoked *known, int64_t *said_at,
                            struct err *e)
{
    struct asking a = {.at = at, .ends = micro(X509_get0_notAfter(certificate))};
    int result = 0;
    *known = EVIDENCE_REVOKED_UNKNOWN;
    *said_at = 0;
    ERR_clear_error();
    if (!r)
        return 0;
    for (int i = 0; result == 0 && i < sk_X509_CRL_num(r->lists); i++)
        result = ask_list(&a, sk_X509_CRL_value(r->lists, i), certificate, issuer, e);
    for (int i = 0; result == 0 && i < sk_OCSP_BASICRESP_num(r->answers); i++)
        result = ask_answer(&a, sk_OCSP_BASICRESP_value(r->answers, i), r, certificate, issuer, e);
    if (result == 0 && crypto_short_of_memory()) /* else a list that says "revoked" went unheard */
        result = err_memory(e);
    ERR_clear_error();
    *known = a.known;
    *said_at = a.said_at;
    return result;
}

int evidence_revocation_signed(const struct evidence_revocation *r, X509 *certificate, X509 *issuer,
                               struct err *e)
{
    bool good = true;
    ERR_clear_error();
    for (int i = 0; good && i < sk_X509_CRL_num(r->lists); i++) {
        X509_CRL *list = sk_X509_CRL_value(r->lists, i);
        good = !is_of(list, issuer) || is_signed(list, issuer);
    }
    for (int i = 0; good && i < sk_OCSP_BASICRESP_num(r->answers); i++) {
        OCSP_BASICRESP *answer = sk_OCSP_BASICRESP_value(r->answers, i);
        for (int k = 0; good && k < OCSP_resp_count(answer); k++) {
            OCSP_SINGLERESP *single = OCSP_resp_get0(answer, k);
            ASN1_GENERALIZEDTIME *from = NULL;
            (void)OCSP_single_get0_status(single, NULL, NULL, &from, NULL);
            good = !is_about(single, certificate, issuer) || appointed(answer, r, issuer, from);
        }
    }
    bool short_of_memory = crypto_short_of_memory();
    ERR_clear_error();
    if (good)
        return 0;
    return short_of_memory
               ? err_memory(e)
               : err_set(e, ERR_VERIFY, "revocation.signature", "RFC 5280 section 5, RFC 6960",
                         "it speaks of a certificate here, and is not signed by who may do so");
}
