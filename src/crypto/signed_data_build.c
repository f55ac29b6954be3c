/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/signed_data.h"
#include "crypto/signed_data_oids.h"

enum { ATTRIBUTES = 4 };

static enum signed_digest digest_of_key(const struct key *key)
{
    switch (key_kind(key)) {
    case KEY_P384: return SIGNED_SHA384;
    case KEY_ED25519: return SIGNED_SHA512;
    default: return SIGNED_SHA256;
    }
}

struct begun {
    size_t attribute, values;
};

static struct begun begin(struct buf *der, struct slice oid)
{
    struct begun b = {.attribute = der_begin(der, DER_SEQUENCE)};
    der_put(der, DER_OID, oid);
    b.values = der_begin(der, DER_SET);
    return b;
}

static void close(struct buf *der, struct begun b)
{
    der_close(der, b.values);
    der_close(der, b.attribute);
}

#define BEGIN(der, oid) begin((der), slice_of((oid), sizeof(oid)))

static int put_names(struct buf *der, const struct slice *certificates, size_t count, struct err *e)
{
    struct begun b = BEGIN(der, oid_signing_certificate_v2);
    size_t value = der_begin(der, DER_SEQUENCE);
    size_t list = der_begin(der, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[SHA256_LEN];
        if (sha256(certificates[i], hash) != 0)
            return digest_failed(e);
        size_t id = der_begin(der, DER_SEQUENCE); /* SHA-256 is the default, not written */
        der_put(der, DER_OCTET_STRING, slice_of(hash, sizeof(hash)));
        der_close(der, id);
    }
    der_close(der, list);
    der_close(der, value);
    close(der, b);
    return 0;
}

static int order(struct buf *parts[ATTRIBUTES], struct buf *out, struct err *e)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (buf_check(parts[i], e) != 0)
            return -1;
    for (size_t i = 1; i < ATTRIBUTES; i++) /* SET OF is sorted by its encodings (X.690, 11.6) */
        for (size_t j = i; j > 0 && slice_compare(buf_slice(parts[j]), buf_slice(parts[j - 1])) < 0;
             j--) {
            struct buf *other = parts[j];
            parts[j] = parts[j - 1];
            parts[j - 1] = other;
        }
    for (size_t i = 0; i < ATTRIBUTES; i++)
        buf_put_slice(out, buf_slice(parts[i]));
    return buf_check(out, e);
}

static int put_attributes(enum signed_digest digest, const struct slice *certificates, size_t count,
                          int64_t at, struct slice content, struct buf *out, struct err *e)
{
    uint8_t hash[SIGNED_DIGEST_MAX];
    struct buf parts[ATTRIBUTES], *ordered[ATTRIBUTES];
    struct begun b;

    if (signed_digest_of(digest, content, hash) != 0)
        return digest_failed(e);
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        buf_init(&parts[i]);
        ordered[i] = &parts[i];
    }
    b = BEGIN(&parts[0], oid_content_type);
    DER_PUT_OID(&parts[0], oid_data);
    close(&parts[0], b);
    b = BEGIN(&parts[1], oid_message_digest);
    der_put(&parts[1], DER_OCTET_STRING, slice_of(hash, signed_digest_len(digest)));
    close(&parts[1], b);
    b = BEGIN(&parts[2], oid_signing_time);
    der_put_time(&parts[2], at);
    close(&parts[2], b);
    int result = put_names(&parts[3], certificates, count, e);
    if (result == 0)
        result = order(ordered, out, e);
    for (size_t i = 0; i < ATTRIBUTES; i++)
        buf_fini(&parts[i]);
    return result;
}

static void put_signer(struct buf *der, const struct certificate *c, const struct key *key,
                       struct slice attributes, struct slice signature)
{
    size_t info = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 1);
    size_t id = der_begin(der, DER_SEQUENCE);
    buf_put_slice(der, c->issuer);
    der_put(der, DER_INTEGER, c->serial);
    der_close(der, id);
    signed_digest_put(digest_of_key(key), der);
    der_put(der, DER_CONTEXT_CONSTRUCTED(0), attributes);
    buf_put_slice(der, signature_algorithm_der(key_signature_algorithm(key_kind(key))));
    der_put(der, DER_OCTET_STRING, signature);
    der_close(der, info);
}

static void put_message(struct buf *der, const struct certificate *c, const struct key *key,
                        const struct slice *certificates, size_t count, struct slice attributes,
                        struct slice signature)
{
    size_t info = der_begin(der, DER_SEQUENCE);
    DER_PUT_OID(der, oid_signed_data);
    size_t wrapped = der_begin(der, DER_CONTEXT_CONSTRUCTED(0));
    size_t data = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 1);
    size_t digests = der_begin(der, DER_SET);
    signed_digest_put(digest_of_key(key), der);
    der_close(der, digests);
    size_t encapsulated = der_begin(der, DER_SEQUENCE);
    DER_PUT_OID(der, oid_data);
    der_close(der, encapsulated);
    size_t set = der_begin(der, DER_CONTEXT_CONSTRUCTED(0));
    for (size_t i = 0; i < count; i++)
        buf_put_slice(der, certificates[i]);
    der_close(der, set);
    size_t signers = der_begin(der, DER_SET);
    put_signer(der, c, key, attributes, signature);
    der_close(der, signers);
    der_close(der, data);
    der_close(der, wrapped);
    der_close(der, info);
}

int signed_data_build(const struct key *key, const struct slice *certificates, size_t count,
                      int64_t at, struct slice content, struct buf *der, struct err *e)
{
    struct certificate c;
    struct buf attributes, message, signature;

    if (count == 0 || count > SIGNED_DATA_CERTIFICATES)
        return err_set(e, ERR_USAGE, "signed-data.count", NULL,
                       "%zu certificates for one signature", count);
    if (certificate_parse(&c, certificates[0], e) != 0)
        return -1;
    buf_init(&attributes);
    buf_init(&message);
    buf_init(&signature);
    int result =
        put_attributes(digest_of_key(key), certificates, count, at, content, &attributes, e);
    if (result == 0) {
        der_put(&message, DER_SET, buf_slice(&attributes)); /* RFC 5652 section 5.4 */
        result = buf_check(&message, e);
    }
    if (result == 0)
        result = key_sign(key, buf_slice(&message), &signature, e);
    if (result == 0) {
        put_message(der, &c, key, certificates, count, buf_slice(&attributes),
                    buf_slice(&signature));
        result = buf_check(der, e);
    }
    buf_fini(&attributes);
    buf_fini(&message);
    buf_fini(&signature);
    return result;
}
