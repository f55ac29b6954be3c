/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signed_data.h"
#include "crypto/certificate_internal.h"
#include "crypto/digest.h"
#include "crypto/shortage.h"
#include "crypto/signed_data_oids.h"

#include <openssl/evp.h>

/* joint-iso-itu-t(2) country(16) us(840) organization(1) gov(101) csor(3) nistAlgorithm(4)
 * hashAlgs(2): 1, 2, 3 */
static const uint8_t oid_hash[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_signing_certificate[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                                  0x01, 0x09, 0x10, 0x02, 0x0c};

enum signed_digest signed_digest_parse(struct slice algorithm)
{
    struct der_document document;
    struct der top = der_open(&document, algorithm);
    struct der r = der_enter(&top, DER_SEQUENCE);
    struct slice oid = der_oid(&r);

    if (!der_at_end(&r) && der_take(&r, DER_NULL).len != 0)
        der_fault(&r, "parameters");
    der_end(&r);
    der_end(&top);
    if (document.reason || oid.len != sizeof(oid_hash) + 1 ||
        memcmp(oid.data, oid_hash, sizeof(oid_hash)) != 0 || oid.data[sizeof(oid_hash)] < 1 ||
        oid.data[sizeof(oid_hash)] > 3)
        return 0;
    return (enum signed_digest)oid.data[sizeof(oid_hash)];
}

void signed_digest_put(enum signed_digest digest, struct buf *der)
{
    size_t algorithm = der_begin(der, DER_SEQUENCE);
    size_t oid = der_begin(der, DER_OID);
    buf_put(der, oid_hash, sizeof(oid_hash));
    buf_putc(der, (int)digest);
    der_close(der, oid);
    der_close(der, algorithm);
}

size_t signed_digest_len(enum signed_digest digest)
{
    return digest == SIGNED_SHA512 ? SHA512_LEN : digest == SIGNED_SHA384 ? SHA384_LEN : SHA256_LEN;
}

int signed_digest_of(enum signed_digest digest, struct slice data, uint8_t out[SIGNED_DIGEST_MAX])
{
    return digest == SIGNED_SHA512   ? sha512(data, out)
           : digest == SIGNED_SHA384 ? sha384(data, out)
                                     : sha256(data, out);
}

/* The algorithm of a signature; RSA's may be named without its digest (RFC 3370 section 3.2). */
static enum signature_algorithm algorithm_of(struct slice der, enum signed_digest digest)
{
    static const enum signature_algorithm rsa[] = {SIGNATURE_UNKNOWN, SIGNATURE_RSA_SHA256,
                                                   SIGNATURE_RSA_SHA384, SIGNATURE_RSA_SHA512};
    static const enum signature_algorithm ecdsa[] = {
        SIGNATURE_UNKNOWN, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA384, SIGNATURE_ECDSA_SHA512};
    struct der_document document;
    struct der top = der_open(&document, der);
    struct der r = der_enter(&top, DER_SEQUENCE);
    struct slice oid = der_oid(&r);

    if (OID_IS(oid, oid_rsa)) {
        bool fine = der_take(&r, DER_NULL).len == 0;
        der_end(&r);
        return fine && !document.reason ? rsa[digest] : SIGNATURE_UNKNOWN;
    }
    enum signature_algorithm found = signature_algorithm_parse(der);
    if (found == SIGNATURE_ED25519) /* RFC 8419 section 2.3 */
        return digest == SIGNED_SHA512 ? found : SIGNATURE_UNKNOWN;
    return found == rsa[digest] || found == ecdsa[digest] ? found : SIGNATURE_UNKNOWN;
}

/* Reading */

static void read_certificates(struct signed_data *s, struct der *set)
{
    while (!der_at_end(set)) {
        struct slice one = der_take_whole(set, DER_SEQUENCE);
        if (s->certificate_count == SIGNED_DATA_CERTIFICATES)
            der_fault(set, "too many certificates");
        else
            s->certificates[s->certificate_count++] = one;
    }
}

static void read_signer(struct signed_data *s, struct der *signers, struct slice *digest,
                        struct slice *algorithm)
{
    struct der r = der_enter(signers, DER_SEQUENCE);
    uint64_t version = der_unsigned(&r, DER_INTEGER);

    if (version == 3) {
        s->key_id = der_take(&r, DER_CONTEXT(0));
    } else {
        if (version != 1)
            der_fault(&r, "a version of SignerInfo that there is not");
        struct der id = der_enter(&r, DER_SEQUENCE);
        s->issuer = der_take_whole(&id, DER_SEQUENCE);
        s->serial = der_integer(&id);
        der_end(&id);
    }
    *digest = der_take_whole(&r, DER_SEQUENCE);
    s->attributes = der_take(&r, DER_CONTEXT_CONSTRUCTED(0));
    *algorithm = der_take_whole(&r, DER_SEQUENCE);
    s->signature = der_take(&r, DER_OCTET_STRING);
    if (!der_at_end(&r)) {
        der_take(&r, DER_CONTEXT_CONSTRUCTED(1));
        s->has_unsigned_attributes = true;
    }
    der_end(&r);
    der_end(signers); /* one signer */
}

int signed_data_parse(struct signed_data *s, struct slice der, struct err *e)
{
    struct der_document document;
    struct slice digest = {0}, algorithm = {0};

    *s = (struct signed_data){.raw = der};
    if (der.len > SIGNED_DATA_MAX)
        return err_set(e, ERR_LIMIT, "signed-data.size", NULL, "a signed message of over %d bytes",
                       SIGNED_DATA_MAX);
    struct der top = der_open(&document, der);
    struct der info = der_enter(&top, DER_SEQUENCE);
    struct slice type = der_oid(&info);
    struct der wrapped = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
    der_end(&info);
    struct der data = der_enter(&wrapped, DER_SEQUENCE);
    der_end(&wrapped);
    uint64_t version = der_unsigned(&data, DER_INTEGER);
    struct slice digests = der_take(&data, DER_SET);
    struct der encapsulated = der_enter(&data, DER_SEQUENCE);
    s->content_type = der_oid(&encapsulated);
    s->detached = der_at_end(&encapsulated);
    if (!s->detached) {
        struct der content = der_enter(&encapsulated, DER_CONTEXT_CONSTRUCTED(0));
        s->content = der_take(&content, DER_OCTET_STRING);
        der_end(&content);
    }
    der_end(&encapsulated);
    if (der_peek(&data) == DER_CONTEXT_CONSTRUCTED(0)) {
        struct der set = der_enter(&data, DER_CONTEXT_CONSTRUCTED(0));
        read_certificates(s, &set);
    }
    if (der_peek(&data) == DER_CONTEXT_CONSTRUCTED(1)) {
        der_take(&data, DER_CONTEXT_CONSTRUCTED(1));
        s->has_revocation = true;
    }
    struct der signers = der_enter(&data, DER_SET);
    der_end(&data);
    read_signer(s, &signers, &digest, &algorithm);
    if (der_finish(&top, "a signed message", e) != 0)
        return -1;
    if (!OID_IS(type, oid_signed_data))
        return err_set(e, ERR_INPUT, "signed-data.type", "RFC 5652 section 5.1",
                       "not a SignedData");
    /* section 5.1: 3 for a signer named by key id or a content that is not id-data */
    uint64_t wanted = s->key_id.data || !OID_IS(s->content_type, oid_data) ? 3 : 1;
    if (version != wanted && !(s->has_revocation && version == 5))
        return err_set(e, ERR_INPUT, "signed-data.version", "RFC 5652 section 5.1",
                       "version %llu where %llu belongs", (unsigned long long)version,
                       (unsigned long long)wanted);
    s->digest = signed_digest_parse(digest);
    if (!s->digest || !slice_equal(digests, digest))
        return err_set(e, ERR_INPUT, "signed-data.algorithm", "RFC 5652 section 5.1",
                       "the digest is none of SHA-256, SHA-384 and SHA-512");
    s->algorithm = algorithm_of(algorithm, s->digest);
    return 0;
}

/* Checking */

static int no(struct err *e, const char *code, const char *clause, const char *text)
{
    return err_set(e, ERR_VERIFY, code, clause, "%s", text);
}

/* The contents of an attribute's one value set; false: not there, or not once. */
static bool attribute(const struct signed_data *s, struct slice oid, struct slice *values)
{
    struct der_document document;
    struct der r = der_open(&document, s->attributes);
    unsigned found = 0;

    while (!der_at_end(&r)) {
        struct der one = der_enter(&r, DER_SEQUENCE);
        struct slice name = der_oid(&one);
        struct slice set = der_take(&one, DER_SET);
        der_end(&one);
        if (slice_equal(name, oid)) {
            *values = set;
            found++;
        }
    }
    return !document.reason && found == 1;
}

#define ATTRIBUTE(s, oid, values) attribute((s), slice_of((oid), sizeof(oid)), (values))

static int check_content(const struct signed_data *s, struct slice content, struct err *e)
{
    uint8_t digest[SIGNED_DIGEST_MAX];
    struct der_document document;
    struct slice values;

    if (!ATTRIBUTE(s, oid_content_type, &values))
        return no(e, "signed-data.attributes", "RFC 5652 section 11.1",
                  "the signature does not say what kind of content it is of");
    struct der r = der_open(&document, values);
    struct slice type = der_oid(&r);
    der_end(&r);
    if (document.reason || !slice_equal(type, s->content_type))
        return no(e, "signed-data.attributes", "RFC 5652 section 11.1",
                  "the signature is of another kind of content");
    if (!ATTRIBUTE(s, oid_message_digest, &values))
        return no(e, "signed-data.attributes", "RFC 5652 section 11.2",
                  "the signature names no digest of a content");
    r = der_open(&document, values);
    struct slice said = der_take(&r, DER_OCTET_STRING);
    der_end(&r);
    if (signed_digest_of(s->digest, content, digest) != 0)
        return digest_failed(e);
    if (document.reason || !slice_equal(said, slice_of(digest, signed_digest_len(s->digest))))
        return no(e, "signed-data.digest", "RFC 5652 section 5.6",
                  "what is signed is not this content");
    return 0;
}

static void read_time(const struct signed_data *s, struct signed_data_signer *signer)
{
    struct der_document document;
    struct slice values;

    if (!ATTRIBUTE(s, oid_signing_time, &values))
        return;
    struct der r = der_open(&document, values);
    int64_t at = der_time(&r);
    der_end(&r);
    signer->has_time = !document.reason;
    signer->signed_at = signer->has_time ? at : 0;
}

static bool is_of(const struct signed_data *s, struct slice der)
{
    struct certificate c;
    struct err ignored = {0};

    if (certificate_parse(&c, der, &ignored) != 0)
        return false;
    return s->key_id.data ? slice_equal(c.subject_key_id, s->key_id)
                          : slice_equal(c.serial, s->serial) && slice_equal(c.issuer, s->issuer);
}

static int sha1_of(struct slice data, uint8_t out[20])
{
    unsigned len = 0;
    return EVP_Digest(data.data, data.len, out, &len, EVP_sha1(), NULL) == 1 && len == 20 ? 0 : -1;
}

/* Does this ESSCertID (RFC 5035 section 4, RFC 2634 section 5.4.1) name the certificate? */
static int names(struct slice id, bool old, struct slice certificate, bool *named, struct err *e)
{
    uint8_t digest[SIGNED_DIGEST_MAX];
    enum signed_digest kind = SIGNED_SHA256;
    struct der_document document;
    struct der top = der_open(&document, id);
    struct der r = der_enter(&top, DER_SEQUENCE);

    *named = false;
    if (!old && der_peek(&r) == DER_SEQUENCE)
        kind = signed_digest_parse(der_take_whole(&r, DER_SEQUENCE));
    struct slice hash = der_take(&r, DER_OCTET_STRING);
    if (document.reason || !kind)
        return 0;
    if (old ? sha1_of(certificate, digest) != 0 : signed_digest_of(kind, certificate, digest) != 0)
        return digest_failed(e);
    *named = slice_equal(hash, slice_of(digest, old ? 20 : signed_digest_len(kind)));
    return 0;
}

/* The list of ESSCertIDs, whole elements. */
static size_t read_names(struct slice values, struct slice ids[SIGNED_DATA_CERTIFICATES])
{
    struct der_document document;
    struct der r = der_open(&document, values);
    struct der attribute_value = der_enter(&r, DER_SEQUENCE);
    struct der list = der_enter(&attribute_value, DER_SEQUENCE);
    size_t count = 0;

    while (!der_at_end(&list) && count < SIGNED_DATA_CERTIFICATES)
        ids[count++] = der_take_whole(&list, DER_SEQUENCE);
    der_end(&r);
    return document.reason ? 0 : count;
}

static int check_names(const struct signed_data *s, struct signed_data_signer *signer,
                       struct err *e)
{
    struct slice ids[SIGNED_DATA_CERTIFICATES], values;
    bool named = false;

    if (!ATTRIBUTE(s, oid_signing_certificate_v2, &values)) {
        if (!ATTRIBUTE(s, oid_signing_certificate, &values))
            return no(e, "signed-data.attributes", "RFC 5035 section 3",
                      "the signature does not name the certificate that it is of");
        signer->named_by_sha1 = true;
    }
    size_t count = read_names(values, ids);
    if (count > 0 && names(ids[0], signer->named_by_sha1, signer->certificate, &named, e) != 0)
        return -1;
    if (!named)
        return no(e, "signed-data.certificate", "RFC 5035 section 3",
                  "the certificate is not the one that the signature names");
    signer->all_named = true;
    for (size_t i = 0; i < s->certificate_count; i++) {
        named = false;
        for (size_t j = 0; j < count && !named; j++)
            if (names(ids[j], signer->named_by_sha1, s->certificates[i], &named, e) != 0)
                return -1;
        signer->all_named = signer->all_named && named;
    }
    return 0;
}

static int check_signature(const struct signed_data *s, struct slice certificate, struct err *e)
{
    struct certificate c;
    struct err why = {0};
    struct buf signed_bytes;
    struct key *key = NULL;
    int result = -1;

    if (certificate_parse(&c, certificate, e) != 0)
        return -1;
    buf_init(&signed_bytes);
    der_put(&signed_bytes, DER_SET, s->attributes); /* section 5.4: not with its tag [0] */
    if (buf_check(&signed_bytes, e) == 0 && (key = key_from_spki(c.spki, e))) {
        result = key_verify_with(key, s->algorithm, buf_slice(&signed_bytes), s->signature, &why);
        if (result != 0 && why.kind == ERR_VERIFY)
            no(e, "signed-data.signature", "RFC 5652 section 5.6", "the signature does not hold");
        else if (result != 0)
            *e = why;
    }
    key_free(key);
    buf_fini(&signed_bytes);
    return result;
}

int signed_data_check(const struct signed_data *s, struct slice content, const struct slice *more,
                      size_t more_count, struct signed_data_signer *signer, struct err *e)
{
    *signer = (struct signed_data_signer){0};
    if (s->algorithm == SIGNATURE_UNKNOWN)
        return no(e, "signed-data.algorithm", NULL,
                  "the algorithm of the signature is none of ours, or does not fit its digest");
    for (size_t i = 0; i < s->certificate_count && !signer->certificate.data; i++)
        if (is_of(s, s->certificates[i]))
            signer->certificate = s->certificates[i];
    for (size_t i = 0; i < more_count && !signer->certificate.data; i++)
        if (is_of(s, more[i]))
            signer->certificate = more[i];
    if (!signer->certificate.data)
        return no(e, "signed-data.certificate", "RFC 5652 section 5.3",
                  "the signer's certificate is not there");
    read_time(s, signer);
    if (check_content(s, s->detached ? content : s->content, e) != 0 ||
        check_names(s, signer, e) != 0)
        return -1;
    return check_signature(s, signer->certificate, e);
}
