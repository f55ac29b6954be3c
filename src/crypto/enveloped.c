/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/enveloped.h"
#include "base/memory.h"
#include "crypto/key_internal.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { FLAGS = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP };

struct enveloped_receivers {
    X509 *certificates[ENVELOPED_RECEIVERS];
    size_t count;
};

static int failed(struct err *e, const char *what)
{
    ERR_clear_error();
    return err_set(e, ERR_SYSTEM, "enveloped.openssl", NULL, "%s", what);
}

static X509 *certificate_of(struct slice der)
{
    const uint8_t *at = der.data;
    return der.len <= LONG_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
}

static bool is_good_key(EVP_PKEY *key)
{
    int bits = key ? EVP_PKEY_get_bits(key) : 0;
    return key && ((EVP_PKEY_is_a(key, "RSA") && bits >= 2048 && bits <= 16384) ||
                   (EVP_PKEY_is_a(key, "EC") && bits >= 256));
}

static int add(struct enveloped_receivers *r, struct slice der, int64_t now, struct err *e)
{
    time_t at = (time_t)now;
    char name[200] = "";
    X509 *certificate = certificate_of(der);
    if (!certificate)
        return err_set(e, ERR_INPUT, "enveloped.receiver", "RFC 5280",
                       "a certificate cannot be read");
    r->certificates[r->count++] = certificate;
    X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof name);
    if (!is_good_key(X509_get0_pubkey(certificate))) {
        err_set(e, ERR_INPUT, "enveloped.receiver", "RFC 5753",
                "nothing can be encrypted to the key of %s", name);
        return err_hint(e, "it takes RSA from 2,048 bits, P-256 or P-384; Ed25519 only signs");
    }
    if (X509_cmp_time(X509_get0_notBefore(certificate), &at) > 0 ||
        X509_cmp_time(X509_get0_notAfter(certificate), &at) < 0)
        return err_set(e, ERR_INPUT, "enveloped.receiver", "RFC 5280 section 4.1.2.5",
                       "the certificate of %s is not valid today", name);
    return 0;
}

struct enveloped_receivers *enveloped_receivers_new(const struct certificate_list *list,
                                                    int64_t now, struct err *e)
{
    struct enveloped_receivers *r = mem_new(1, sizeof *r);
    int result = r ? 0 : err_memory(e);
    if (result == 0 && (list->count == 0 || list->count > ENVELOPED_RECEIVERS))
        result = err_set(e, ERR_USAGE, "enveloped.receiver", NULL,
                         "it takes one receiver at least, and %d at most", ENVELOPED_RECEIVERS);
    for (size_t i = 0; result == 0 && i < list->count; i++)
        result = add(r, list->items[i], now, e);
    if (result == 0)
        return r;
    enveloped_receivers_free(r);
    return NULL;
}

void enveloped_receivers_free(struct enveloped_receivers *receivers)
{
    if (!receivers)
        return;
    for (size_t i = 0; i < receivers->count; i++)
        X509_free(receivers->certificates[i]);
    mem_free(receivers);
}

/* How the content's key is encrypted: OpenSSL's own choices are PKCS #1 v1.5 and SHA-1. */
static bool choose(CMS_RecipientInfo *receiver)
{
    EVP_PKEY_CTX *c = CMS_RecipientInfo_get0_pkey_ctx(receiver);
    switch (CMS_RecipientInfo_type(receiver)) {
    case CMS_RECIPINFO_TRANS:
        return c && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(c, EVP_sha256()) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) > 0;
    case CMS_RECIPINFO_AGREE: return c && EVP_PKEY_CTX_set_ecdh_kdf_md(c, EVP_sha256()) > 0;
    default: return false;
    }
}

static int write_der(CMS_ContentInfo *cms, struct buf *out, struct err *e)
{
    uint8_t *der = NULL;
    int len = i2d_CMS_ContentInfo(cms, &der);
    if (len <= 0)
        return failed(e, "an encrypted message cannot be written");
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return buf_check(out, e);
}

int enveloped_seal(const struct enveloped_receivers *receivers, struct slice content,
                   struct buf *out, struct err *e)
{
    if (content.len > INT_MAX / 2)
        return err_set(e, ERR_LIMIT, "enveloped.form", NULL, "a part of %zu bytes", content.len);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), FLAGS);
    BIO *in = BIO_new_mem_buf(content.len ? (const void *)content.data : "", (int)content.len);
    bool done = cms && in;
    for (size_t i = 0; done && i < receivers->count; i++) {
        CMS_RecipientInfo *receiver =
            CMS_add1_recipient_cert(cms, receivers->certificates[i], CMS_KEY_PARAM);
        done = receiver && choose(receiver);
    }
    done = done && CMS_final(cms, in, NULL, FLAGS) == 1;
    int result = done ? write_der(cms, out, e) : failed(e, "a part cannot be encrypted");
    BIO_free(in);
    CMS_ContentInfo_free(cms);
    return result;
}

static bool is_for(CMS_ContentInfo *cms, X509 *certificate)
{
    STACK_OF(CMS_RecipientInfo) *receivers = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(receivers); i++) {
        CMS_RecipientInfo *one = sk_CMS_RecipientInfo_value(receivers, i);
        int type = CMS_RecipientInfo_type(one);
        if (type == CMS_RECIPINFO_TRANS && CMS_RecipientInfo_ktri_cert_cmp(one, certificate) == 0)
            return true;
        STACK_OF(CMS_RecipientEncryptedKey) *keys =
            type == CMS_RECIPINFO_AGREE ? CMS_RecipientInfo_kari_get0_reks(one) : NULL;
        for (int k = 0; keys && k < sk_CMS_RecipientEncryptedKey_num(keys); k++)
            if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, k),
                                                   certificate) == 0)
                return true;
    }
    return false;
}

static int open_it(CMS_ContentInfo *cms, const struct key *key, X509 *certificate, struct buf *out,
                   struct err *e)
{
    uint8_t *data = NULL;
    if (!is_for(cms, certificate))
        return err_set(e, ERR_DENIED, "enveloped.receiver", "RFC 5652 section 6.2",
                       "it is encrypted for others, not for this certificate");
    BIO *plain = BIO_new(BIO_s_mem());
    if (!plain)
        return err_memory(e);
    int result = 0;
    if (CMS_decrypt(cms, key->evp, certificate, NULL, plain, CMS_BINARY) != 1)
        result = err_set(e, ERR_VERIFY, "enveloped.changed", "RFC 5083 section 2.2",
                         "it does not open: its bytes were changed, or the key is another than the "
                         "one it was encrypted to");
    long len = result == 0 ? BIO_get_mem_data(plain, &data) : 0;
    if (len > 0)
        buf_put(out, data, (size_t)len);
    if (len > 0 && out->secret)
        OPENSSL_cleanse(data, (size_t)len);
    BIO_free(plain);
    ERR_clear_error();
    return result == 0 ? buf_check(out, e) : result;
}

int enveloped_open(const struct key *key, struct slice certificate, struct slice der,
                   struct buf *out, struct err *e)
{
    const uint8_t *at = der.data;
    X509 *own = certificate_of(certificate);
    CMS_ContentInfo *cms =
        der.len && der.len <= INT_MAX ? d2i_CMS_ContentInfo(NULL, &at, (long)der.len) : NULL;
    bool well = cms && at == der.data + der.len &&
                OBJ_obj2nid(CMS_get0_type(cms)) == NID_id_smime_ct_authEnvelopedData;
    int result;
    if (!own)
        result = err_set(e, ERR_INPUT, "enveloped.receiver", "RFC 5280",
                         "the certificate cannot be read");
    else if (!well)
        result = err_set(e, ERR_VERIFY, "enveloped.form", "RFC 5083",
                         "it is no encrypted message, or not all of one");
    else
        result = open_it(cms, key, own, out, e);
    CMS_ContentInfo_free(cms);
    X509_free(own);
    ERR_clear_error();
    return result;
}
