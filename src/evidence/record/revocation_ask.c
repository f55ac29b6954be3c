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

static int ask_list(struct asking *a, X509_CRL *list, X509 *certificate, X509 *issuer,
                    struct err *e)
{
    X509_REVOKED *entry = NULL;
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) != 0 || !key ||
        X509_CRL_verify(list, key) != 1 || X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) >= 0)
        return 0; /* not of this issuer, or not whole: it says nothing here */
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
    return weigh(a, &s, e);
}

/* Whether the answer is signed by the issuer, or by whom it appointed (RFC 6960 section 4.2.2.2).
 */
static bool appointed(OCSP_BASICRESP *answer, const struct evidence_revocation *r, X509 *issuer)
{
    STACK_OF(X509) *known = sk_X509_dup(r->certificates);
    X509 *by = NULL;
    bool good = false;
    if (known && sk_X509_push(known, issuer) > 0 &&
        OCSP_resp_get0_signer(answer, &by, known) == 1 &&
        OCSP_basic_verify(answer, known, NULL, OCSP_NOVERIFY) > 0) {
        good = X509_cmp(by, issuer) == 0;
        if (!good)
            good = X509_check_issued(issuer, by) == X509_V_OK &&
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
        if (!is_about(single, certificate, issuer) || !appointed(answer, r, issuer))
            continue;
        int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
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
