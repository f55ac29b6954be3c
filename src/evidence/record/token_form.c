/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a time-stamp token's SignerInfo that its signature does not cover, and that OpenSSL
 * reads leniently: each byte of them is what it must be, so that no byte of a token can be changed
 * unseen but in certificates and attributes that nothing needs.
 */
#include "crypto/der.h"
#include "evidence/record/token_internal.h"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define FORM "RFC 5652 section 5.3"

struct signer {
    uint64_t version;
    struct slice issuer, serial, key_id;
    struct slice digest;    /* contents of an OID */
    struct slice algorithm; /* whole AlgorithmIdentifier */
};

/* OID of a hash algorithm, parameters NULL or absent. */
static struct slice read_digest(struct der *r)
{
    struct der algorithm = der_enter(r, DER_SEQUENCE);
    struct slice oid = der_oid(&algorithm);
    if (!der_at_end(&algorithm) && der_take(&algorithm, DER_NULL).len != 0)
        der_fault(&algorithm, "parameters of a hash algorithm that are not NULL");
    der_end(&algorithm);
    return oid;
}

static void read_attributes(struct der *r, int tag)
{
    struct der set = der_enter(r, tag);
    while (!der_at_end(&set)) {
        struct der one = der_enter(&set, DER_SEQUENCE);
        der_oid(&one);
        der_take(&one, DER_SET);
        der_end(&one);
    }
}

static void read_signer(struct der *signers, struct signer *s)
{
    struct der r = der_enter(signers, DER_SEQUENCE);
    s->version = der_unsigned(&r, DER_INTEGER);
    if (der_peek(&r) == DER_CONTEXT(0)) {
        s->key_id = der_take(&r, DER_CONTEXT(0));
    } else {
        struct der id = der_enter(&r, DER_SEQUENCE);
        s->issuer = der_take_whole(&id, DER_SEQUENCE);
        s->serial = der_integer(&id);
        der_end(&id);
    }
    s->digest = read_digest(&r);
    read_attributes(&r, DER_CONTEXT_CONSTRUCTED(0));
    s->algorithm = der_take_whole(&r, DER_SEQUENCE);
    der_take(&r, DER_OCTET_STRING);
    if (!der_at_end(&r))
        read_attributes(&r, DER_CONTEXT_CONSTRUCTED(1));
    der_end(&r);
    der_end(signers);
}

/* Whether the digest of the signature is among those that the message announces. */
static bool announced(struct der *digests, struct slice digest)
{
    bool found = false;
    while (!der_at_end(digests))
        if (slice_equal(read_digest(digests), digest))
            found = true;
    return found;
}

static int no(struct err *e, const char *code, const char *text)
{
    return evidence_token_refuse(e, code, FORM, text);
}

static int check_name(const struct signer *s, X509 *certificate, struct err *e)
{
    unsigned char *name = NULL, *serial = NULL;
    const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(certificate);
    if (s->version != (s->key_id.data ? 3 : 1))
        return no(e, "token.version", "a version of SignerInfo that does not fit what it holds");
    if (s->key_id.data)
        return key_id && slice_equal(s->key_id, slice_of(ASN1_STRING_get0_data(key_id),
                                                         (size_t)ASN1_STRING_length(key_id)))
                   ? 0
                   : no(e, "token.certificate", "the signer is named by another key");
    int name_len = i2d_X509_NAME(X509_get_issuer_name(certificate), &name);
    int serial_len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &serial);
    bool same = name_len > 0 && serial_len > 2 &&
                slice_equal(s->issuer, slice_of(name, (size_t)name_len)) &&
                (size_t)serial_len == s->serial.len + 2 &&
                slice_equal(s->serial, slice_of(serial + 2, (size_t)serial_len - 2));
    bool failed = name_len < 0 || serial_len < 0;
    OPENSSL_free(name);
    OPENSSL_free(serial);
    return failed ? err_memory(e)
           : same ? 0
                  : no(e, "token.certificate",
                       "the signer's name is not written as its "
                       "certificate has it");
}

/* The algorithm must be one of the certificate's key, and of the digest where it names one. */
static int check_algorithm(const struct signer *s, X509 *certificate, struct err *e)
{
    const unsigned char *p = s->algorithm.data;
    X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &p, (long)s->algorithm.len);
    const ASN1_OBJECT *oid = NULL;
    int parameters = V_ASN1_UNDEF, digest = NID_undef, key = NID_undef;
    EVP_PKEY *own = X509_get0_pubkey(certificate);
    if (!algorithm || !own) {
        X509_ALGOR_free(algorithm);
        return no(e, "token.algorithm", "the algorithm of the signature cannot be read");
    }
    X509_ALGOR_get0(&oid, &parameters, NULL, algorithm);
    int nid = OBJ_obj2nid(oid), base = EVP_PKEY_get_base_id(own);
    bool plain_rsa = nid == NID_rsaEncryption, pss = nid == NID_rsassaPss;
    bool good = plain_rsa || pss || OBJ_find_sigid_algs(nid, &digest, &key) == 1;
    const struct evidence_hash *hash = evidence_hash_by_oid(s->digest);
    if (plain_rsa || pss)
        key = NID_rsaEncryption;
    if (digest != NID_undef) {
        const ASN1_OBJECT *named = OBJ_nid2obj(digest);
        good = good && hash &&
               evidence_hash_by_oid(slice_of(OBJ_get0_data(named), OBJ_length(named))) == hash;
    }
    good = good && (key == base || (pss && base == EVP_PKEY_RSA_PSS) ||
                    (key == NID_X9_62_id_ecPublicKey && base == EVP_PKEY_EC));
    if (!pss) /* RFC 4055 section 5: NULL; RFC 5758 section 3.2: absent */
        good = good &&
               (parameters == V_ASN1_UNDEF || (base == EVP_PKEY_RSA && parameters == V_ASN1_NULL));
    X509_ALGOR_free(algorithm);
    return good ? 0
                : no(e, "token.algorithm",
                     "the algorithm of the signature is not one of its key and digest");
}

int evidence_token_form(const struct evidence_token *t, X509 *certificate, struct err *e)
{
    struct der_document document;
    struct signer s = {0};
    struct der top = der_open(&document, t->der);
    struct der info = der_enter(&top, DER_SEQUENCE);
    der_oid(&info);
    struct der wrapped = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
    struct der data = der_enter(&wrapped, DER_SEQUENCE);
    der_unsigned(&data, DER_INTEGER);
    struct der digests = der_enter(&data, DER_SET);
    der_take(&data, DER_SEQUENCE);
    for (int part = 0; part < 2; part++)
        if (der_peek(&data) == DER_CONTEXT_CONSTRUCTED(part))
            der_take(&data, DER_CONTEXT_CONSTRUCTED(part));
    struct der signers = der_enter(&data, DER_SET);
    der_end(&data);
    read_signer(&signers, &s);
    bool named = announced(&digests, s.digest);
    if (der_finish(&top, "a time-stamp token", e) != 0)
        return -1;
    if (!named)
        return no(e, "token.algorithm", "the message does not announce the signature's hash");
    return check_name(&s, certificate, e) == 0 ? check_algorithm(&s, certificate, e) : -1;
}
