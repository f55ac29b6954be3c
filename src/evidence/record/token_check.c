/* SPDX-License-Identifier: Apache-2.0 */
/* The signature of a time-stamp token, and who vouches for it. */
#include "base/file.h"
#include "crypto/der.h"
#include "crypto/shortage.h"
#include "evidence/record/revocation.h"
#include "evidence/record/token_internal.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE "RFC 5652 section 5.6"
#define PATH "RFC 5280 section 6.1"

int evidence_token_refuse(struct err *e, const char *code, const char *clause, const char *text)
{
    return crypto_short_of_memory() ? err_memory(e)
                                    : err_set(e, ERR_VERIFY, code, clause, "%s", text);
}

void evidence_name_text(const X509_NAME *name, char text[EVIDENCE_NAME_TEXT])
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data;
    text[0] = 0;
    if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(out, &data);
        size_t keep = len < 0 ? 0 : (size_t)len;
        keep = keep < EVIDENCE_NAME_TEXT - 1 ? keep : EVIDENCE_NAME_TEXT - 1;
        memcpy(text, data, keep);
        text[keep] = 0;
    }
    BIO_free(out);
}

/* Signed attribute number nid: its one value, whole; NULL: not there. */
static ASN1_STRING *attribute(CMS_SignerInfo *signer, int nid)
{
    return CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(nid), -3, V_ASN1_SEQUENCE);
}

/* The first ESSCertID or ESSCertIDv2 of the attribute's value: the hash in it, and its algorithm.
 */
static bool read_name(const ASN1_STRING *value, bool old, const struct evidence_hash **hash,
                      struct slice *named)
{
    struct der_document document;
    struct der top = der_open(
        &document, slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)));
    struct der r = der_enter(&top, DER_SEQUENCE);
    struct der list = der_enter(&r, DER_SEQUENCE);
    struct der id = der_enter(&list, DER_SEQUENCE);
    *hash = evidence_hash_by_name(slice_str(old ? "SHA-1" : "SHA-256"));
    if (!old && der_peek(&id) == DER_SEQUENCE) {
        struct der algorithm = der_enter(&id, DER_SEQUENCE);
        *hash = evidence_hash_by_oid(der_oid(&algorithm));
    }
    *named = der_take(&id, DER_OCTET_STRING);
    return !document.reason && *hash;
}

/* The certificate must be the one that the signature names (RFC 3161 section 2.4.2, RFC 5816). The
 * old attribute does so by SHA-1: it counts only where there is no new one. */
static int check_named(CMS_SignerInfo *signer, X509 *certificate, struct err *e)
{
    ASN1_STRING *old = attribute(signer, NID_id_smime_aa_signingCertificate);
    ASN1_STRING *new = attribute(signer, NID_id_smime_aa_signingCertificateV2);
    const struct evidence_hash *hash;
    struct slice named;
    uint8_t own[EVIDENCE_HASH_MOST];
    unsigned char *der = NULL;
    if ((!old && !new) || !read_name(new ? new : old, !new, &hash, &named))
        return evidence_token_refuse(e, "token.certificate", "RFC 5035 section 3",
                                     "the signature does not say which certificate it is of");
    int len = i2d_X509(certificate, &der);
    struct slice whole = slice_of(der, len < 0 ? 0 : (size_t)len);
    int result = len < 0 ? err_memory(e) : evidence_hash_of(hash, &whole, 1, own, e);
    OPENSSL_free(der);
    if (result == 0 && !slice_equal(named, slice_of(own, hash->len)))
        result = evidence_token_refuse(e, "token.certificate", "RFC 5035 section 3",
                                       "the certificate is not the one that the signature names");
    return result;
}

/* RFC 3161 section 2.3: extendedKeyUsage timeStamping, alone and critical. */
static int check_purpose(X509 *certificate, struct err *e)
{
    int critical = 0;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    bool good = usage && sk_ASN1_OBJECT_num(usage) == 1 && critical == 1 &&
                OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) == NID_time_stamp;
    sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
    return good ? 0
                : evidence_token_refuse(e, "token.purpose", "RFC 3161 section 2.3",
                                        "the certificate is not one for time-stamps alone");
}

static void describe(struct evidence_token *t, CMS_SignerInfo *signer, struct slice digest_oid)
{
    X509_ALGOR *digest, *signature;
    EVP_PKEY *key = X509_get0_pubkey(t->certificate);
    CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, &signature);
    t->signed_with = evidence_hash_by_oid(digest_oid);
    int bits = key ? EVP_PKEY_get_security_bits(key) : 0;
    t->strength = bits > 0 ? (unsigned)bits : 0;
    /* a message digest needs collisions too: the authority hashes what others give it */
    if (t->signed_with && t->signed_with->strength < t->strength)
        t->strength = t->signed_with->strength;
    snprintf(t->signature, sizeof t->signature, "%s of %d bits with %s",
             key && EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "a key",
             key ? EVP_PKEY_get_bits(key) : 0, t->signed_with ? t->signed_with->name : "?");
    evidence_name_text(X509_get_subject_name(t->certificate), t->signer);
}

static int check_signer(struct evidence_token *t, struct err *e)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(t->cms);
    X509_ALGOR *digest;
    const ASN1_OBJECT *oid;
    if (sk_CMS_SignerInfo_num(signers) != 1)
        return evidence_token_refuse(e, "token.signature", "RFC 3161 section 2.4.2",
                                     "a time-stamp has one signature, and this has not");
    CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(signers, 0);
    CMS_SignerInfo_get0_algs(signer, NULL, &t->certificate, &digest, NULL);
    if (!t->certificate)
        return evidence_token_refuse(e, "token.certificate", SIGNATURE,
                                     "the certificate of the authority is not there");
    X509_ALGOR_get0(&oid, NULL, NULL, digest);
    describe(t, signer, slice_of(OBJ_get0_data(oid), OBJ_length(oid)));
    if (!t->signed_with)
        return evidence_token_refuse(e, "token.algorithm", SIGNATURE,
                                     "the signature's hash is not one that this program knows");
    if (t->strength == 0) /* a key half read */
        return evidence_token_refuse(e, "token.certificate", SIGNATURE,
                                     "the key of the authority's certificate cannot be read");
    return evidence_token_form(t, t->certificate, e) == 0 &&
                   check_named(signer, t->certificate, e) == 0
               ? check_purpose(t->certificate, e)
               : -1;
}

static int check_once(struct evidence_token *t, const struct evidence_revocation *more,
                      struct err *e)
{
    const unsigned char *p = t->der.data;
    BIO *none = BIO_new(BIO_s_null());
    int result = -1;
    ERR_clear_error();
    evidence_token_close(t);
    t->cms = d2i_CMS_ContentInfo(NULL, &p, (long)t->der.len);
    if (!none)
        err_memory(e);
    else if (!t->cms || p != t->der.data + t->der.len)
        evidence_token_refuse(e, "token.syntax", "RFC 5652 section 5.1",
                              "the signed message of the time-stamp is malformed");
    else if (CMS_verify(t->cms, more ? more->certificates : NULL, NULL, NULL, none,
                        CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) != 1)
        evidence_token_refuse(e, "token.signature", SIGNATURE,
                              "the signature of the time-stamp does not hold");
    else
        result = check_signer(t, e);
    BIO_free(none);
    ERR_clear_error();
    return result;
}

/* OpenSSL does not always say that it says no for want of memory: a no is asked for twice. */
int evidence_token_check(struct evidence_token *t, const struct evidence_revocation *more,
                         struct err *e)
{
    struct err first = {0};
    if (check_once(t, more, &first) == 0)
        return 0;
    if (first.kind == ERR_VERIFY)
        return check_once(t, more, e);
    *e = first;
    return -1;
}

/* Roots */

struct evidence_roots *evidence_roots_open(const char *pem_file, struct err *e)
{
    struct evidence_revocation all = {0};
    struct evidence_roots *roots = OPENSSL_zalloc(sizeof *roots);
    struct buf text;
    buf_init(&text);
    if (!roots || !(roots->store = X509_STORE_new()) ||
        evidence_revocation_open(&all, NULL, e) != 0) {
        err_memory(e);
        goto fail;
    }
    if (file_read(pem_file, 16 << 20, &text, e) != 0)
        goto fail;
    int added = evidence_revocation_add(&all, buf_slice(&text), e);
    if (added < 0)
        goto fail;
    if (added > 0 || sk_X509_num(all.certificates) == 0) {
        err_set(e, ERR_USAGE, "record.roots", NULL, "%s holds no certificate", pem_file);
        goto fail;
    }
    for (int i = 0; i < sk_X509_num(all.certificates); i++) {
        X509 *x = sk_X509_value(all.certificates, i);
        if (!crypto_anchor_prepare(x) || X509_STORE_add_cert(roots->store, x) != 1) {
            err_memory(e);
            goto fail;
        }
    }
    evidence_revocation_close(&all);
    buf_fini(&text);
    return roots;
fail:
    evidence_revocation_close(&all);
    buf_fini(&text);
    evidence_roots_close(roots);
    return NULL;
}

void evidence_roots_close(struct evidence_roots *roots)
{
    if (!roots)
        return;
    X509_STORE_free(roots->store);
    OPENSSL_free(roots);
}

static int refuse_chain(X509_STORE_CTX *context, int64_t at, struct err *e)
{
    int error = X509_STORE_CTX_get_error(context);
    X509 *where = X509_STORE_CTX_get_current_cert(context);
    char name[EVIDENCE_NAME_TEXT] = "", day[TIME_TEXT];
    const char *code = error == X509_V_ERR_CERT_HAS_EXPIRED     ? "token.expired"
                       : error == X509_V_ERR_CERT_NOT_YET_VALID ? "token.not-yet-valid"
                                                                : "token.untrusted";
    if (where)
        evidence_name_text(X509_get_subject_name(where), name);
    if (crypto_short_of_memory() || error == X509_V_ERR_OUT_OF_MEM)
        return err_memory(e);
    time_format(at, day);
    err_set(e, ERR_VERIFY, code, PATH, "at %s its certificate is refused: %s", day,
            X509_verify_cert_error_string(error));
    return err_where(e, "%s", name);
}

/* The chain at a time, for the caller to free. */
static STACK_OF(X509) * chain_at(const struct evidence_token *t, const struct evidence_roots *roots,
                                 STACK_OF(X509) * others, int64_t at, struct err *e)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = NULL;
    if (!context || X509_STORE_CTX_init(context, roots->store, t->certificate, others) != 1) {
        err_memory(e);
        goto out;
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at / 1000000));
    X509_VERIFY_PARAM_set_auth_level(param, 0); /* strength is judged by the year */
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CHECK_SS_SIGNATURE);
    if (X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN) != 1) {
        err_memory(e);
        goto out;
    }
    if (X509_verify_cert(context) == 1)
        chain = X509_STORE_CTX_get1_chain(context);
    else
        refuse_chain(context, at, e);
    if (!chain && !err_is_set(e))
        err_memory(e);
out:
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return chain;
}

static STACK_OF(X509) *
    others_of(const struct evidence_token *t, const struct evidence_revocation *more, struct err *e)
{
    STACK_OF(X509) *others = CMS_get1_certs(t->cms);
    if (!others)
        others = sk_X509_new_null();
    for (int i = 0; others && more && i < sk_X509_num(more->certificates); i++) {
        X509 *x = X509_dup(sk_X509_value(more->certificates, i)); /* unread, so never half read */
        if (!x || sk_X509_push(others, x) <= 0) {
            X509_free(x);
            sk_X509_pop_free(others, X509_free);
            others = NULL;
        }
    }
    if (!others)
        err_memory(e);
    return others;
}

static unsigned least(unsigned a, int b)
{
    return b < 0 || (unsigned)b > a ? a : (unsigned)b;
}

/* Strength and revocation of each certificate below the root. */
static int judge_chain(const struct evidence_token *t, STACK_OF(X509) * chain,
                       const struct evidence_revocation *revocation, int64_t at,
                       struct evidence_vouched *out, struct err *e)
{
    int count = sk_X509_num(chain);
    out->strength = t->strength;
    out->revoked = count > 1 ? EVIDENCE_NOT_REVOKED : EVIDENCE_REVOKED_UNKNOWN;
    for (int i = 0; i < count; i++) {
        X509 *x = sk_X509_value(chain, i);
        EVP_PKEY *key = X509_get0_pubkey(x);
        int bits = 0;
        enum evidence_revoked known;
        int64_t said_at;
        if (!key || EVP_PKEY_get_security_bits(key) <= 0)
            return evidence_token_refuse(e, "token.untrusted", PATH,
                                         "the key of a certificate cannot be read");
        out->strength = least(out->strength, EVP_PKEY_get_security_bits(key));
        if (i + 1 == count)
            break; /* a root's own signature says nothing, and nobody revokes it */
        if (X509_get_signature_info(x, NULL, NULL, &bits, NULL) != 1)
            return evidence_token_refuse(e, "token.untrusted", PATH,
                                         "the signature of a certificate cannot be read");
        out->strength = least(out->strength, bits);
        if (evidence_revocation_ask(revocation, x, sk_X509_value(chain, i + 1), at, &known,
                                    &said_at, e) != 0)
            return -1;
        if (known == EVIDENCE_REVOKED_UNKNOWN)
            out->revoked = known;
        else if (known == EVIDENCE_REVOKED_LATER && out->revoked == EVIDENCE_NOT_REVOKED)
            out->revoked = known;
        if (i == 0)
            out->revocation_at = said_at;
    }
    evidence_name_text(X509_get_subject_name(sk_X509_value(chain, count - 1)), out->root);
    return 0;
}

static int vouch_once(const struct evidence_token *t, const struct evidence_roots *roots,
                      const struct evidence_revocation *revocation, int64_t at,
                      struct evidence_vouched *out, struct err *e)
{
    STACK_OF(X509) *others = others_of(t, revocation, e);
    STACK_OF(X509) *then = NULL, *chain = NULL;
    int result = -1;
    *out = (struct evidence_vouched){0};
    if (others)
        then = chain_at(t, roots, others, t->at, e);
    if (then)
        chain = chain_at(t, roots, others, at, e);
    if (chain)
        result = judge_chain(t, chain, revocation, at, out, e);
    sk_X509_pop_free(others, X509_free);
    sk_X509_pop_free(then, X509_free);
    sk_X509_pop_free(chain, X509_free);
    ERR_clear_error();
    return result;
}

/* As with the signature; and what OpenSSL remembers of a certificate half read is not asked again.
 */
int evidence_token_vouch(const struct evidence_token *t, const struct evidence_roots *roots,
                         const struct evidence_revocation *revocation, int64_t at,
                         struct evidence_vouched *out, struct err *e)
{
    struct evidence_token again = *t;
    struct err first = {0};
    if (vouch_once(t, roots, revocation, at, out, &first) == 0)
        return 0;
    if (first.kind != ERR_VERIFY) {
        *e = first;
        return -1;
    }
    again.cms = NULL;
    int result = evidence_token_check(&again, revocation, e);
    if (result == 0)
        result = vouch_once(&again, roots, revocation, at, out, e);
    evidence_token_close(&again);
    return result;
}
