/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/chain.h"
#include "crypto/name.h"
#include "base/memory.h"
#include "crypto/shortage.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

enum {
    CHAIN_DEPTH_MAX = 8,
    CHAIN_INTERMEDIATES_MAX = 100,
    CHAIN_SECURITY_LEVEL = 2, /* 112 bits: no SHA-1, no RSA under 2,048 */
};

struct chain_verifier {
    X509_STORE *store;
    X509_STORE_CTX *context;
};

/*
 * NULL without *e: it is no certificate. Asked twice, as not every shortage leaves a trace
 * (crypto/shortage.h).
 */
static X509 *decode(struct slice der, struct err *e)
{
    for (int attempt = 0; attempt < 2 && der.len <= CERTIFICATE_MAX; attempt++) {
        const uint8_t *at = der.data;
        X509 *x = d2i_X509(NULL, &at, (long)der.len);
        if (x && at == der.data + der.len)
            return x;
        X509_free(x);
        if (crypto_short_of_memory()) {
            err_memory(e);
            break;
        }
    }
    return NULL;
}

static X509 *decode_anchor(struct slice der, struct err *e)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        X509 *x = decode(der, e);
        if (!x || crypto_anchor_prepare(x))
            return x;
        X509_free(x);
        if (crypto_short_of_memory())
            err_memory(e);
    }
    return NULL;
}

struct chain_verifier *chain_verifier_new(const struct slice *anchors, size_t count, struct err *e)
{
    struct chain_verifier *verifier = mem_new(1, sizeof(*verifier));

    if (!verifier) {
        err_memory(e);
        return NULL;
    }
    verifier->store = X509_STORE_new();
    verifier->context = X509_STORE_CTX_new();
    if (!verifier->store || !verifier->context) {
        err_memory(e);
        goto fail;
    }
    for (size_t i = 0; i < count; i++) {
        X509 *x = decode_anchor(anchors[i], e);
        if (!x) {
            err_set(e, ERR_INPUT, "chain.anchor", "RFC 5280 section 6.1.1",
                    "trust anchor %zu is not a certificate", i + 1);
            goto fail;
        }
        int added = X509_STORE_add_cert(verifier->store, x);
        X509_free(x);
        if (added != 1) {
            ERR_clear_error();
            err_memory(e);
            goto fail;
        }
    }
    X509_STORE_set_depth(verifier->store, CHAIN_DEPTH_MAX);
    return verifier;
fail:
    chain_verifier_free(verifier);
    return NULL;
}

void chain_verifier_free(struct chain_verifier *verifier)
{
    if (!verifier)
        return;
    X509_STORE_CTX_free(verifier->context);
    X509_STORE_free(verifier->store);
    mem_free(verifier);
}

static const char *code_of(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "chain.expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "chain.not-yet-valid";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return "chain.untrusted";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE: return "chain.signature";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return "chain.weak";
    default: return "chain.refused";
    }
}

static int refuse(X509_STORE_CTX *context, struct err *e)
{
    int error = X509_STORE_CTX_get_error(context);
    X509 *at = X509_STORE_CTX_get_current_cert(context);
    char name[NAME_TEXT] = "";
    unsigned char *der = NULL;

    bool is_short = crypto_short_of_memory();
    int len = at ? i2d_X509_NAME(X509_get_subject_name(at), &der) : 0;
    if (len > 0)
        name_text(slice_of(der, (size_t)len), name);
    OPENSSL_free(der);
    ERR_clear_error();
    if (is_short || error == X509_V_ERR_OUT_OF_MEM)
        return err_memory(e);
    err_set(e, ERR_VERIFY, code_of(error), "RFC 5280 section 6.1",
            "the certificate chain is refused: %s", X509_verify_cert_error_string(error));
    return err_where(e, "%.200s", name);
}

static int check_purposes(struct slice leaf, uint32_t purposes, struct err *e)
{
    struct certificate c;

    if (purposes == 0)
        return 0;
    if (certificate_parse(&c, leaf, e) != 0)
        return -1;
    if (!c.has_purposes || (c.purposes & PURPOSE_ANY) || (c.purposes & purposes) == purposes)
        return 0;
    return err_set(e, ERR_VERIFY, "chain.purpose", "RFC 5280 section 4.2.1.12",
                   "the certificate's extended key usages do not allow this use");
}

int chain_verify(struct chain_verifier *verifier, struct slice leaf,
                 const struct slice *intermediates, size_t count, int64_t time, uint32_t purposes,
                 struct err *e)
{
    X509_STORE_CTX *context = verifier->context;
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *x = decode(leaf, e);
    int result = -1;

    if (!others) {
        err_memory(e);
        goto out;
    }
    if (!x) {
        err_set(e, ERR_INPUT, "chain.certificate", "RFC 5280 section 4.1",
                "the certificate cannot be read");
        goto out;
    }
    if (count > CHAIN_INTERMEDIATES_MAX) {
        err_set(e, ERR_LIMIT, "chain.intermediates", NULL, "more than %d intermediate certificates",
                CHAIN_INTERMEDIATES_MAX);
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        X509 *other = decode(intermediates[i], e);
        if (!other) {
            err_set(e, ERR_INPUT, "chain.certificate", "RFC 5280 section 4.1",
                    "intermediate certificate %zu cannot be read", i + 1);
            goto out;
        }
        /*
         * OpenSSL takes a self-signed certificate before a link to a root that it trusts, and then
         * does not turn back (RFC 4210 section 4.4): a root that is no anchor leads nowhere.
         */
        if (X509_get_extension_flags(other) & EXFLAG_SS) {
            X509_free(other);
            continue;
        }
        if (sk_X509_push(others, other) <= 0) {
            X509_free(other);
            err_memory(e);
            goto out;
        }
    }
    if (X509_STORE_CTX_init(context, verifier->store, x, others) != 1) {
        err_memory(e);
        goto out;
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    /* the initial policy set is "any": without saying so OpenSSL takes it for empty */
    if (X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy)) != 1) {
        X509_STORE_CTX_cleanup(context);
        err_memory(e);
        goto out;
    }
    X509_VERIFY_PARAM_set_time(param, (time_t)(time / 1000000));
    X509_VERIFY_PARAM_set_auth_level(param, CHAIN_SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
                                           X509_V_FLAG_POLICY_CHECK |
                                           X509_V_FLAG_CHECK_SS_SIGNATURE);
    result =
        X509_verify_cert(context) == 1 || crypto_chain_ask_again(context) ? 0 : refuse(context, e);
    X509_STORE_CTX_cleanup(context);
    if (result == 0)
        result = check_purposes(leaf, purposes, e);
out:
    ERR_clear_error();
    X509_free(x);
    sk_X509_pop_free(others, X509_free);
    return result;
}

int certificate_verify_chain(struct slice leaf, const struct slice *intermediates,
                             size_t intermediate_count, const struct slice *anchors,
                             size_t anchor_count, int64_t time, uint32_t purposes, struct err *e)
{
    struct chain_verifier *verifier = chain_verifier_new(anchors, anchor_count, e);
    int result = -1;

    if (verifier)
        result = chain_verify(verifier, leaf, intermediates, intermediate_count, time, purposes, e);
    chain_verifier_free(verifier);
    return result;
}
