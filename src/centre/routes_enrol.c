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

static void reply_est(struct http_exchange *x, const char *type, struct buf *body)
{
    const struct http_header_line encoding = {"Content-Transfer-Encoding", "base64"};
    const struct http_answer answer = {.status = 200,
                                       .content_type = type,
                                       .body = buf_slice(body),
                                       .headers = &encoding,
                                       .header_count = 1};

    http_reply(x, &answer);
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
        reply_est(call->x, PKI_EST_CERTS_TYPE, &body);
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
        reply_est(call->x, PKI_EST_CSRATTRS_TYPE, &body);
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

/* A request under way. */
struct enrolment {
    struct issuance issuance; /* first: what is done is the whole */
    struct http_exchange *x;
    struct centre *centre;
    struct buf token;
    struct buf der; /* of the request */
    struct csr csr; /* in der */
    struct pki_record renewed;
};

static struct enrolment *enrolment_new(struct route_call *call, struct err *e)
{
    struct enrolment *n = mem_new(1, sizeof(*n));

    if (!n) {
        err_memory(e);
        return NULL;
    }
    issuance_init(&n->issuance);
    buf_init_secret(&n->token);
    buf_init(&n->der);
    n->x = call->x;
    n->centre = call->centre;
    return n;
}

static void enrolment_free(struct enrolment *n)
{
    if (!n)
        return;
    issuance_fini(&n->issuance);
    buf_fini_secret(&n->token);
    buf_fini(&n->der);
    mem_free(n);
}

/* What was wrong with a token is for the journal; the outside hears one and the same. */
static void refuse_token(struct centre *centre, struct http_exchange *x, const char *code)
{
    const struct http_header_line challenge = {"WWW-Authenticate", "Basic realm=\"enrolment\""};
    struct err e = {0};

    refusals_count(centre->refusals, "enrol", code, clock_now(centre->clock));
    err_set(&e, ERR_DENIED, "centre.token", "RFC 7030 section 3.2.3",
            "the enrolment token was refused");
    err_hint(&e, "ask who runs the centre for a new token");
    http_problem_status(x, 401, &e, &challenge, 1);
}

static void reply_issued(struct http_exchange *x, const struct pki_issued *issued)
{
    const struct slice certificate = buf_slice(&issued->certificate);
    struct err e = {0};
    struct buf body;

    buf_init(&body);
    if (pki_est_certificates(&certificate, 1, &body, &e) != 0)
        http_problem(x, &e);
    else
        reply_est(x, PKI_EST_CERTS_TYPE, &body);
    buf_fini(&body);
}

/* The same token and the same key again: the first answer was lost on its way. */
static bool reply_again(struct worker *worker, struct enrolment *n)
{
    struct slice text = n->issuance.token;
    const uint8_t *dot = memchr(text.data, '.', text.len);
    struct pki_record record;
    struct pki_issued issued;
    struct err e = {0};
    char token[ID_TEXT];
    uint8_t key[32];

    if (!dot || sha256(n->csr.spki, key) != 0)
        return false;
    snprintf(token, sizeof(token), "%.*s", (int)(dot - text.data), (const char *)text.data);
    pki_issued_init(&issued);
    bool again = pki_certificate_by_token_key(worker->db, token, key, &record, &issued.certificate,
                                              &e) == 1 &&
                 record.status == PKI_ACTIVE;
    if (again)
        reply_issued(n->x, &issued);
    pki_issued_fini(&issued);
    return again;
}

static void token_was_used(struct worker *worker, void *context)
{
    struct enrolment *n = context;

    if (!reply_again(worker, n))
        refuse_token(n->centre, n->x, "pki.token-used");
    enrolment_free(n);
}

static void enrolled(struct issuance *issuance)
{
    struct enrolment *n = (struct enrolment *)issuance;
    const struct err *e = &issuance->err;

    if (strcmp(e->code, "pki.token-used") == 0 &&
        workers_post_always(n->centre->workers, token_was_used, n))
        return;
    if (!err_is_set(e))
        reply_issued(n->x, &issuance->issued);
    else if (e->kind == ERR_DENIED)
        refuse_token(n->centre, n->x, e->code);
    else
        http_problem(n->x, e);
    enrolment_free(n);
}

static int check_type(const struct route_call *call, struct err *e)
{
    if (http_content_type_is(call->x, "application/pkcs10"))
        return 0;
    err_set(e, ERR_USAGE, "est.content-type", "RFC 7030 section 4.2.1",
            "a request for a certificate comes as application/pkcs10");
    return err_hint(e, "a CertificationRequest in DER, as base64");
}

static void post_enrol(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct enrolment *n = enrolment_new(call, &e);

    (void)worker;
    if (!n) {
        route_fail(call, &e);
    } else if (check_type(call, &e) != 0) {
        http_problem_status(call->x, 415, &e, NULL, 0);
    } else if (read_token(call, &n->token) != 0) {
        refuse_token(call->centre, call->x, "pki.token-missing");
    } else if (pki_est_request(http_body(call->x), &n->der, &n->csr, &e) != 0) {
        refusals_count(call->centre->refusals, "enrol", e.code, clock_now(call->centre->clock));
        e.kind = ERR_USAGE; /* RFC 7030 section 4.2.3: 400 */
        route_fail(call, &e);
    } else {
        n->issuance.token = buf_slice(&n->token);
        n->issuance.spki = n->csr.spki;
        n->issuance.done = enrolled;
        issuance_start(call->centre, &call->caller, &n->issuance);
        return;
    }
    enrolment_free(n);
}

static void renewed(struct issuance *issuance)
{
    struct enrolment *n = (struct enrolment *)issuance;

    if (err_is_set(&issuance->err))
        http_problem(n->x, &issuance->err);
    else
        reply_issued(n->x, &issuance->issued);
    enrolment_free(n);
}

/* The request, and that it is of whom the certificate in use is. */
static int read_renewal(struct worker *worker, struct route_call *call, struct enrolment *n,
                        struct err *e)
{
    struct buf held;
    int result = -1;

    buf_init(&held);
    int found =
        pki_certificate_by_fingerprint(worker->db, call->caller.certificate, &n->renewed, &held, e);
    if (found == 0)
        err_set(e, ERR_DENIED, "centre.denied", NULL, "you are not known here");
    else if (found == 1 && pki_est_request(http_body(call->x), &n->der, &n->csr, e) == 0)
        result = pki_est_same_subject(&n->csr, buf_slice(&held), e);
    buf_fini(&held);
    return result;
}

static void post_reenrol(struct worker *worker, struct route_call *call)
{
    struct err e = {0};
    struct enrolment *n = enrolment_new(call, &e);

    if (n && check_type(call, &e) != 0) {
        http_problem_status(call->x, 415, &e, NULL, 0);
        enrolment_free(n);
        return;
    }
    if (!n || read_renewal(worker, call, n, &e) != 0) {
        route_fail(call, &e);
        enrolment_free(n);
        return;
    }
    n->issuance.renews = n->renewed.id;
    n->issuance.profile = n->renewed.profile;
    n->issuance.organisation = n->renewed.organisation;
    n->issuance.subject_id = n->renewed.subject_id;
    n->issuance.exercise = n->renewed.exercise;
    n->issuance.spki = n->csr.spki;
    n->issuance.done = renewed;
    issuance_start(call->centre, &call->caller, &n->issuance);
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
