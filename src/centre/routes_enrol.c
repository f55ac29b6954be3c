/* SPDX-License-Identifier: Apache-2.0 */
/* EST (RFC 7030): first certificates on the enrol door, renewals on the device door. */
#include "base/encoding.h"
#include "base/memory.h"
#include "centre/issuance.h"
#include "centre/refusals.h"
#include "centre/routes.h"
#include "crypto/digest.h"
#include "pki/est.h"

#include <stdio.h>

enum { TOKEN_MAX = 200 };

static void reply_est(struct route_call *call, const char *type, struct buf *body)
{
    const struct http_header_line encoding = {"Content-Transfer-Encoding", "base64"};
    const struct http_answer answer = {.status = 200,
                                       .content_type = type,
                                       .body = buf_slice(body),
                                       .headers = &encoding,
                                       .header_count = 1};

    http_reply(call->x, &answer);
}

static void get_cacerts(struct worker *worker, struct route_call *call)
{
    struct certificate_list list;
    struct err e = {0};
    struct buf body;

    buf_init(&body);
    certificate_list_init(&list);
    if (pki_authority_certificates(worker->db, clock_now(call->centre->clock), false, &list, &e) !=
            0 ||
        pki_est_certificates(list.items, list.count, &body, &e) != 0)
        route_fail(call, &e);
    else
        reply_est(call, PKI_EST_CERTS_TYPE, &body);
    certificate_list_fini(&list);
    buf_fini(&body);
}

static void get_csrattrs(struct worker *worker, struct route_call *call)
{
    const struct pki_profile *profile;
    struct err e = {0};
    struct buf body;

    (void)worker;
    buf_init(&body);
    profile = pki_profile_find(call->centre->pki.profiles, "device", &e);
    if (!profile || pki_est_attributes(profile, &body, &e) != 0)
        route_fail(call, &e);
    else
        reply_est(call, PKI_EST_CSRATTRS_TYPE, &body);
    buf_fini(&body);
}

/* The password of HTTP Basic authentication is the token; the user name does not matter. */
static int read_token(struct route_call *call, struct buf *token)
{
    struct slice header = http_header(call->x, "Authorization");
    struct buf pair;
    int result = -1;

    buf_init(&pair);
    if (header.len > 6 && strncasecmp((const char *)header.data, "Basic ", 6) == 0 &&
        base64_parse(slice_of(header.data + 6, header.len - 6), &pair) == 0) {
        const uint8_t *colon = pair.len ? memchr(pair.data, ':', pair.len) : NULL;
        size_t at = colon ? (size_t)(colon - pair.data) + 1 : 0;
        if (colon && pair.len > at && pair.len - at <= TOKEN_MAX) {
            buf_put(token, pair.data + at, pair.len - at);
            result = token->failed ? -1 : 0;
        }
    }
    buf_fini_secret(&pair);
    return result;
}

/* What was wrong with a token is for the journal; the outside hears one and the same. */
static void refuse_token(struct route_call *call, const char *code)
{
    const struct http_header_line challenge = {"WWW-Authenticate", "Basic realm=\"enrolment\""};
    struct err e = {0};

    refusals_count(call->centre->refusals, "enrol", code, clock_now(call->centre->clock));
    err_set(&e, ERR_DENIED, "centre.token", "RFC 7030 section 3.2.3",
            "the enrolment token was refused");
    err_hint(&e, "ask who runs the centre for a new token");
    http_problem_status(call->x, 401, &e, &challenge, 1);
}

static void reply_issued(struct route_call *call, const struct pki_issued *issued)
{
    const struct slice certificate = buf_slice(&issued->certificate);
    struct err e = {0};
    struct buf body;

    buf_init(&body);
    if (pki_est_certificates(&certificate, 1, &body, &e) != 0)
        route_fail(call, &e);
    else
        reply_est(call, PKI_EST_CERTS_TYPE, &body);
    buf_fini(&body);
}

/* The same token and the same key again: the first answer was lost on its way. */
static bool reply_again(struct worker *worker, struct route_call *call,
                        const struct issuance *issuance)
{
    const uint8_t *dot = memchr(issuance->token.data, '.', issuance->token.len);
    struct pki_record record;
    struct pki_issued issued;
    struct err e = {0};
    char token[ID_TEXT];
    uint8_t key[32];

    if (!dot || sha256(issuance->spki, key) != 0)
        return false;
    snprintf(token, sizeof(token), "%.*s", (int)(dot - issuance->token.data),
             (const char *)issuance->token.data);
    pki_issued_init(&issued);
    bool again = pki_certificate_by_token_key(worker->db, token, key, &record, &issued.certificate,
                                              &e) == 1 &&
                 record.status == PKI_ACTIVE;
    if (again)
        reply_issued(call, &issued);
    pki_issued_fini(&issued);
    return again;
}

static void post_enrol(struct worker *worker, struct route_call *call)
{
    struct issuance issuance;
    struct pki_issued issued;
    struct err e = {0};
    struct csr csr;
    struct buf token;
    struct buf der;

    buf_init_secret(&token);
    buf_init(&der);
    issuance_init(&issuance);
    pki_issued_init(&issued);
    if (read_token(call, &token) != 0) {
        refuse_token(call, "pki.token-missing");
        goto out;
    }
    if (pki_est_request(http_body(call->x), &der, &csr, &e) != 0) {
        refusals_count(call->centre->refusals, "enrol", e.code, clock_now(call->centre->clock));
        e.kind = ERR_USAGE; /* RFC 7030 section 4.2.3: 400 */
        route_fail(call, &e);
        goto out;
    }
    issuance.token = buf_slice(&token);
    issuance.spki = csr.spki;
    if (issuance_run(call->centre, &call->caller, &issuance, &issued, &e) == 0)
        reply_issued(call, &issued);
    else if (strcmp(e.code, "pki.token-used") == 0 && reply_again(worker, call, &issuance))
        goto out; /* answered */
    else if (e.kind == ERR_DENIED)
        refuse_token(call, e.code);
    else
        route_fail(call, &e);
out:
    pki_issued_fini(&issued);
    issuance_fini(&issuance);
    buf_fini_secret(&token);
    buf_fini(&der);
}

static void post_reenrol(struct worker *worker, struct route_call *call)
{
    struct issuance issuance;
    struct pki_record record;
    struct pki_issued issued;
    struct err e = {0};
    struct csr csr;
    struct buf held;
    struct buf der;

    buf_init(&held);
    buf_init(&der);
    issuance_init(&issuance);
    pki_issued_init(&issued);
    int found =
        pki_certificate_by_fingerprint(worker->db, call->caller.certificate, &record, &held, &e);
    if (found == 0)
        err_set(&e, ERR_DENIED, "centre.denied", NULL, "you are not known here");
    if (found != 1 || pki_est_request(http_body(call->x), &der, &csr, &e) != 0 ||
        pki_est_same_subject(&csr, buf_slice(&held), &e) != 0)
        goto out;
    issuance.renews = record.id;
    issuance.profile = record.profile;
    issuance.organisation = record.organisation;
    issuance.subject_id = record.subject_id;
    issuance.exercise = record.exercise;
    issuance.spki = csr.spki;
    if (issuance_run(call->centre, &call->caller, &issuance, &issued, &e) == 0)
        reply_issued(call, &issued);
out:
    if (err_is_set(&e))
        route_fail(call, &e);
    pki_issued_fini(&issued);
    issuance_fini(&issuance);
    buf_fini(&held);
    buf_fini(&der);
}

enum {
    ENROL = HTTP_AT(HTTP_DOOR_ENROL),
    DEVICE = HTTP_AT(HTTP_DOOR_DEVICE),
    CERTIFICATES = HTTP_AT(HTTP_DOOR_ENROL) | HTTP_AT(HTTP_DOOR_DEVICE) | HTTP_AT(HTTP_DOOR_PUBLIC)
};

static const struct route table[] = {
    {"GET", "/.well-known/est/cacerts", CERTIFICATES, ROUTE_ANYONE, 0, 0, get_cacerts},
    {"GET", "/.well-known/est/csrattrs", CERTIFICATES, ROUTE_ANYONE, 0, 0, get_csrattrs},
    {"POST", "/.well-known/est/simpleenroll", ENROL, ROUTE_ANYONE, PKI_EST_BODY_MAX, 0, post_enrol},
    {"POST", "/.well-known/est/simplereenroll", DEVICE, ROUTE_ASSET, PKI_EST_BODY_MAX, 0,
     post_reenrol},
};

const struct route_table routes_enrol = {table, ARRAY_LEN(table)};
