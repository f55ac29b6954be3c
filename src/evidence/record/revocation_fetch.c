/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/record/revocation_fetch.h"
#include "base/clock.h"
#include "base/memory.h"
#include "crypto/certificate.h"
#include "crypto/shortage.h"
#include "evidence/record/token_internal.h"
#include "evidence/seal/roots.h"
#include "net/fetch.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { QUESTIONS = 16, URL_MOST = 256, ONE_MS = 20000, ALL_MS = 60000, ANSWER_BYTES = 16 << 20 };

struct asking {
    const struct evidence_revocation_fetch *f;
    STACK_OF(X509) * certificates;  /* that are asked about */
    STACK_OF(X509) * known;         /* and others, as issuers */
    char seen[QUESTIONS][URL_MOST]; /* lists that were fetched */
    size_t seen_count, questions;
    int64_t begun;
};

static int add(STACK_OF(X509) * list, X509 *x, struct err *e)
{
    for (int i = 0; i < sk_X509_num(list); i++)
        if (X509_cmp(sk_X509_value(list, i), x) == 0) {
            X509_free(x);
            return 0;
        }
    if (sk_X509_push(list, x) > 0)
        return 0;
    X509_free(x);
    return err_memory(e);
}

int evidence_message_certificates(struct slice der, STACK_OF(X509) * list, struct err *e)
{
    const unsigned char *p = der.data;
    ERR_clear_error();
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len);
    STACK_OF(X509) *own = cms ? CMS_get1_certs(cms) : NULL;
    int result = crypto_short_of_memory() ? err_memory(e) : 0;
    for (X509 *x; (x = sk_X509_shift(own));)
        if (result == 0)
            result = add(list, x, e);
        else
            X509_free(x);
    sk_X509_free(own);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return result;
}

int evidence_file_certificates(const char *path, STACK_OF(X509) * list, struct err *e)
{
    struct certificate_list read;
    certificate_list_init(&read);
    ERR_clear_error();
    int result = evidence_roots_read(path, &read, e);
    for (size_t i = 0; i < read.count && result == 0; i++) {
        const unsigned char *p = read.items[i].data;
        X509 *x = d2i_X509(NULL, &p, (long)read.items[i].len);
        if (x)
            result = add(list, x, e);
        else if (crypto_short_of_memory())
            result = err_memory(e);
    }
    certificate_list_fini(&read);
    ERR_clear_error();
    return result;
}

X509 *evidence_issuer_of(X509 *certificate, const STACK_OF(X509) * list)
{
    if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0)
        return NULL;
    for (int i = 0; i < sk_X509_num(list); i++) {
        X509 *x = sk_X509_value(list, i);
        if (X509_check_issued(x, certificate) == X509_V_OK &&
            X509_verify(certificate, X509_get0_pubkey(x)) == 1)
            return x;
    }
    ERR_clear_error();
    return NULL;
}

static void tell(struct asking *a, const char *url, const char *why)
{
    size_t len = strlen(a->f->why);
    if (len < a->f->why_room)
        snprintf(a->f->why + len, a->f->why_room - len, "%s%.200s: %.200s", len ? "; " : "", url,
                 why);
}

/* Is it about this certificate, and signed by who may say it? Then it is kept. 1: kept. */
static int take(struct asking *a, const char *url, struct slice der, const char *kind, X509 *x,
                X509 *issuer, struct err *e)
{
    struct evidence_revocation one;
    enum evidence_revoked known;
    int64_t said_at;
    struct err why = {0};
    if (evidence_revocation_open(&one, NULL, e) != 0)
        return -1;
    int result = evidence_revocation_add(&one, der, e);
    if (result == 0)
        result = evidence_revocation_ask(
            &one, x, issuer, clock_now(&clock_system) / 1000000 * 1000000, &known, &said_at, &why);
    bool revoked = strcmp(why.code, "token.revoked") == 0;
    evidence_revocation_close(&one);
    if (err_is_set(e) || why.kind == ERR_MEMORY) {
        *e = err_is_set(e) ? *e : why;
        return -1;
    }
    if (result > 0 || (!revoked && (result != 0 || known == EVIDENCE_REVOKED_UNKNOWN))) {
        tell(a, url,
             "what it says is not of this certificate, not of now, or not signed by who "
             "may say it");
        return 0;
    }
    if (revoked)
        tell(a, url, why.text);
    return a->f->keep(a->f->context, der, kind, e) == 0 ? 1 : -1;
}

static int ask(struct asking *a, const char *url, struct slice question, const char *kind, X509 *x,
               X509 *issuer, struct err *e)
{
    struct net_fetch wish = {.url = url,
                             .body = question,
                             .content_type = question.data ? "application/ocsp-request" : NULL,
                             .inside = a->f->inside,
                             .most = ANSWER_BYTES,
                             .ms = ONE_MS};
    int64_t spent = (clock_monotonic(&clock_system) - a->begun) / 1000;
    struct err why = {0};
    struct buf answer;
    if (a->questions == QUESTIONS || spent >= ALL_MS) {
        tell(a, url, "not asked: there was no time for more");
        return 0;
    }
    a->questions++;
    if (spent + ONE_MS > ALL_MS)
        wish.ms = (unsigned)(ALL_MS - spent);
    buf_init(&answer);
    int result = 0;
    if (net_fetch(&wish, &answer, &why) == 0)
        result = take(a, url, buf_slice(&answer), kind, x, issuer, e);
    else if (why.kind == ERR_MEMORY)
        result = err_memory(e);
    else
        tell(a, url, why.text);
    buf_fini(&answer);
    return result;
}

/* OCSPRequest, RFC 6960 section 4.1; names are hashed by SHA-1, as every responder knows it. */
static unsigned char *question_of(X509 *x, X509 *issuer, int *len)
{
    unsigned char *der = NULL;
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), x, issuer);
    *len = -1;
    if (request && id && OCSP_request_add0_id(request, id)) {
        id = NULL; /* the request's now */
        *len = i2d_OCSP_REQUEST(request, &der);
    }
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    return der;
}

static bool may_ask(const char *url)
{
    return strncmp(url, "http://", 7) == 0 && strlen(url) < URL_MOST;
}

/* 1: somebody answered. */
static int ask_responders(struct asking *a, X509 *x, X509 *issuer, struct err *e)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x);
    int len = 0, result = 0;
    unsigned char *question = sk_OPENSSL_STRING_num(urls) > 0 ? question_of(x, issuer, &len) : NULL;
    for (int i = 0; i < sk_OPENSSL_STRING_num(urls) && result == 0 && question; i++) {
        const char *url = sk_OPENSSL_STRING_value(urls, i);
        if (may_ask(url))
            result = ask(a, url, slice_of(question, (size_t)len), "ocsp", x, issuer, e);
    }
    if (len < 0 && crypto_short_of_memory())
        result = err_memory(e);
    OPENSSL_free(question);
    X509_email_free(urls);
    return result;
}

static int ask_list(struct asking *a, const GENERAL_NAME *name, X509 *x, X509 *issuer,
                    struct err *e)
{
    char url[URL_MOST];
    if (name->type != GEN_URI)
        return 0;
    const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
    int len = ASN1_STRING_length(uri);
    if (len <= 0 || len >= URL_MOST || memchr(ASN1_STRING_get0_data(uri), 0, (size_t)len))
        return 0;
    snprintf(url, sizeof url, "%.*s", len, (const char *)ASN1_STRING_get0_data(uri));
    if (!may_ask(url))
        return 0;
    for (size_t i = 0; i < a->seen_count; i++)
        if (strcmp(a->seen[i], url) == 0)
            return 1; /* the list is there already */
    int result = ask(a, url, slice_of(NULL, 0), "crl", x, issuer, e);
    if (result == 1 && a->seen_count < QUESTIONS)
        snprintf(a->seen[a->seen_count++], URL_MOST, "%s", url);
    return result;
}

static int ask_lists(struct asking *a, X509 *x, X509 *issuer, struct err *e)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    int result = 0;
    for (int i = 0; i < sk_DIST_POINT_num(points) && result == 0; i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (!point->distpoint || point->distpoint->type != 0)
            continue;
        const GENERAL_NAMES *names = point->distpoint->name.fullname;
        for (int k = 0; k < sk_GENERAL_NAME_num(names) && result == 0; k++)
            result = ask_list(a, sk_GENERAL_NAME_value(names, k), x, issuer, e);
    }
    CRL_DIST_POINTS_free(points);
    return result;
}

static bool names_anybody(X509 *x)
{
    return X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0 ||
           X509_get_ext_by_NID(x, NID_info_access, -1) >= 0;
}

static int ask_of(struct asking *a, X509 *x, struct err *e)
{
    char name[EVIDENCE_NAME_TEXT];
    X509 *issuer = evidence_issuer_of(x, a->known);
    if (!issuer) {
        evidence_name_text(X509_get_subject_name(x), name);
        if (names_anybody(x) &&
            X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) != 0)
            tell(a, name, "nobody is asked, as its issuer's certificate is not known here");
        return 0;
    }
    int result = ask_responders(a, x, issuer, e);
    return result == 0 ? ask_lists(a, x, issuer, e) : result;
}

int evidence_revocation_fetch(const struct evidence_revocation_fetch *f, struct err *e)
{
    struct asking *a = mem_new(1, sizeof *a);
    int result = 0;
    if (!a)
        return err_memory(e);
    a->f = f;
    a->begun = clock_monotonic(&clock_system);
    a->certificates = sk_X509_new_null();
    a->known = sk_X509_new_null();
    if (!a->certificates || !a->known)
        result = err_memory(e);
    for (size_t i = 0; i < f->message_count && result == 0; i++)
        result = evidence_message_certificates(f->messages[i], a->certificates, e);
    for (int i = 0; i < sk_X509_num(a->certificates) && result == 0; i++) {
        X509 *x = sk_X509_value(a->certificates, i);
        result = X509_up_ref(x) == 1 ? add(a->known, x, e) : err_memory(e);
    }
    for (size_t i = 0; i < f->issuer_count && result == 0; i++)
        if (f->issuers[i])
            result = evidence_file_certificates(f->issuers[i], a->known, e);
    for (int i = 0; i < sk_X509_num(a->certificates) && result >= 0; i++)
        result = ask_of(a, sk_X509_value(a->certificates, i), e);
    sk_X509_pop_free(a->certificates, X509_free);
    sk_X509_pop_free(a->known, X509_free);
    mem_free(a);
    return result < 0 ? -1 : 0;
}
