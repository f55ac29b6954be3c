/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TBSCertificate from a profile and DER slices (DESIGN section 7): nothing of a request but its
 * public key comes in, and the key's SubjectPublicKeyInfo has been read and checked before.
 */
#include "pki/pki_internal.h"

#include <arpa/inet.h>

static const uint8_t oid_subject_key_id[] = {0x55, 0x1d, 0x0e};
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_alt_names[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_crl_points[] = {0x55, 0x1d, 0x1f};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};
static const uint8_t oid_extended_key_usage[] = {0x55, 0x1d, 0x25};
static const uint8_t oid_info_access[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
static const uint8_t oid_ca_issuers[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02};

size_t pki_address_parse(const char *text, uint8_t address[16])
{
    if (inet_pton(AF_INET, text, address) == 1)
        return 4;
    return inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
}

int pki_subject_key_id(struct slice spki, uint8_t id[PKI_SKI_LEN], struct err *e)
{
    struct der_document document;
    struct der r = der_open(&document, spki);
    struct der sequence = der_enter(&r, DER_SEQUENCE);
    uint8_t digest[SHA256_LEN];

    der_take(&sequence, DER_SEQUENCE);
    struct slice bits = der_bit_string(&sequence);
    der_end(&sequence);
    if (der_finish(&r, "a public key", e) != 0)
        return -1;
    if (sha256(bits, digest) != 0)
        return digest_failed(e);
    memcpy(id, digest, PKI_SKI_LEN);
    return 0;
}

int pki_serial_draw(const struct pki *pki, uint8_t serial[PKI_SERIAL_LEN], struct err *e)
{
    if (random_fill(pki->random, serial, PKI_SERIAL_LEN, e) != 0)
        return -1;
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
    return 0;
}

/* An extension up to its value; extension_end closes it. */
struct open_extension {
    size_t sequence, value;
};

static struct open_extension extension_begin(struct buf *b, struct slice oid, bool critical)
{
    struct open_extension x;

    x.sequence = der_begin(b, DER_SEQUENCE);
    der_put(b, DER_OID, oid);
    if (critical)
        der_put_boolean(b, true);
    x.value = der_begin(b, DER_OCTET_STRING);
    return x;
}

static void extension_end(struct buf *b, struct open_extension x)
{
    der_close(b, x.value);
    der_close(b, x.sequence);
}

#define EXTENSION(b, oid, critical) extension_begin((b), slice_of((oid), sizeof(oid)), (critical))

static void put_basic_constraints(struct buf *b, const struct pki_profile *p)
{
    struct open_extension x = EXTENSION(b, oid_basic_constraints, true);
    size_t sequence = der_begin(b, DER_SEQUENCE);

    if (p->is_ca)
        der_put_boolean(b, true);
    if (p->is_ca && p->path_length >= 0)
        der_put_unsigned(b, DER_INTEGER, (uint64_t)p->path_length);
    der_close(b, sequence);
    extension_end(b, x);
}

static void put_host_names(struct buf *b, const struct pki_draft *draft)
{
    struct open_extension x = EXTENSION(b, oid_alt_names, false);
    size_t names = der_begin(b, DER_SEQUENCE);

    for (size_t i = 0; i < draft->host_count; i++) {
        uint8_t address[16];
        size_t len = pki_address_parse(draft->host_names[i], address);
        if (len > 0)
            der_put(b, DER_CONTEXT(GENERAL_NAME_IP), slice_of(address, len));
        else
            der_put(b, DER_CONTEXT(GENERAL_NAME_DNS), slice_str(draft->host_names[i]));
    }
    der_close(b, names);
    extension_end(b, x);
}

static void put_crl_point(struct buf *b, const char *url)
{
    struct open_extension x = EXTENSION(b, oid_crl_points, false);
    size_t points = der_begin(b, DER_SEQUENCE);
    size_t point = der_begin(b, DER_SEQUENCE);
    size_t name = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    size_t full = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));

    der_put(b, DER_CONTEXT(GENERAL_NAME_URI), slice_str(url));
    der_close(b, full);
    der_close(b, name);
    der_close(b, point);
    der_close(b, points);
    extension_end(b, x);
}

static void put_info_access(struct buf *b, const char *url)
{
    struct open_extension x = EXTENSION(b, oid_info_access, false);
    size_t list = der_begin(b, DER_SEQUENCE);
    size_t access = der_begin(b, DER_SEQUENCE);

    DER_PUT_OID(b, oid_ca_issuers);
    der_put(b, DER_CONTEXT(GENERAL_NAME_URI), slice_str(url));
    der_close(b, access);
    der_close(b, list);
    extension_end(b, x);
}

static int put_extensions(const struct pki_draft *draft, struct buf *b, struct err *e)
{
    const struct pki_profile *p = draft->profile;
    uint8_t own_id[PKI_SKI_LEN];
    struct open_extension x;

    if (pki_subject_key_id(draft->spki, own_id, e) != 0)
        return -1;
    struct slice own = slice_of(own_id, sizeof(own_id));
    struct slice issuer = draft->issuer ? draft->issuer->subject_key_id : own;
    size_t wrapped = der_begin(b, DER_CONTEXT_CONSTRUCTED(3));
    size_t list = der_begin(b, DER_SEQUENCE);
    put_basic_constraints(b, p);
    x = EXTENSION(b, oid_key_usage, true);
    der_put_named_bits(b, p->key_usage);
    extension_end(b, x);
    if (p->purposes) {
        x = EXTENSION(b, oid_extended_key_usage, p->purposes_critical);
        certificate_put_purposes(p->purposes, b);
        extension_end(b, x);
    }
    x = EXTENSION(b, oid_subject_key_id, false);
    der_put(b, DER_OCTET_STRING, own);
    extension_end(b, x);
    x = EXTENSION(b, oid_authority_key_id, false);
    size_t key_id = der_begin(b, DER_SEQUENCE);
    der_put(b, DER_CONTEXT(0), issuer);
    der_close(b, key_id);
    extension_end(b, x);
    if (draft->host_count > 0)
        put_host_names(b, draft);
    if (draft->crl_url && draft->crl_url[0])
        put_crl_point(b, draft->crl_url);
    if (draft->issuer_url && draft->issuer_url[0])
        put_info_access(b, draft->issuer_url);
    der_close(b, list);
    der_close(b, wrapped);
    return 0;
}

int pki_tbs_build(const struct pki_draft *draft, struct buf *b, struct err *e)
{
    size_t tbs = der_begin(b, DER_SEQUENCE);
    size_t version = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));

    der_put_unsigned(b, DER_INTEGER, 2);
    der_close(b, version);
    der_put_integer(b, slice_of(draft->serial, PKI_SERIAL_LEN));
    buf_put_slice(b, signature_algorithm_der(draft->algorithm));
    buf_put_slice(b, draft->issuer ? draft->issuer->subject : draft->subject);
    size_t validity = der_begin(b, DER_SEQUENCE);
    der_put_time(b, draft->not_before);
    der_put_time(b, draft->not_after);
    der_close(b, validity);
    buf_put_slice(b, draft->subject);
    buf_put_slice(b, draft->spki);
    if (put_extensions(draft, b, e) != 0)
        return -1;
    der_close(b, tbs);
    return buf_check(b, e);
}

static int lint(struct err *e, const char *field)
{
    err_set(e, ERR_INTERNAL, "pki.lint", "ISO/IEC 27099 row 36",
            "the certificate to be signed is not as its profile says: %s", field);
    return err_hint(e, "nothing was signed; this is a fault of the program");
}

static int lint_fields(const struct pki_draft *d, const struct certificate *c, struct err *e)
{
    const struct pki_profile *p = d->profile;

    if (!slice_equal(c->serial, slice_of(d->serial, PKI_SERIAL_LEN)) || c->serial.data[0] < 0x40)
        return lint(e, "serialNumber");
    if (c->algorithm != d->algorithm || d->algorithm == SIGNATURE_UNKNOWN)
        return lint(e, "signature");
    if (!slice_equal(c->issuer, d->issuer ? d->issuer->subject : d->subject))
        return lint(e, "issuer");
    if (!slice_equal(c->subject, d->subject) || c->common_name.len == 0)
        return lint(e, "subject");
    if (!slice_equal(c->spki, d->spki))
        return lint(e, "subjectPublicKeyInfo");
    if (c->not_before != d->not_before || c->not_after != d->not_after ||
        c->not_after <= c->not_before)
        return lint(e, "validity");
    if (d->issuer && (c->not_before < d->issuer->not_before || c->not_after > d->issuer->not_after))
        return lint(e, "validity outside the issuer's");
    if (c->is_ca != p->is_ca || c->path_length != p->path_length)
        return lint(e, "basicConstraints");
    if (!c->has_key_usage || c->key_usage != p->key_usage)
        return lint(e, "keyUsage");
    if (c->has_purposes != (p->purposes != 0) || c->purposes != p->purposes)
        return lint(e, "extKeyUsage");
    if (c->subject_key_id.len != PKI_SKI_LEN)
        return lint(e, "subjectKeyIdentifier");
    if (!slice_equal(c->authority_key_id,
                     d->issuer ? d->issuer->subject_key_id : c->subject_key_id))
        return lint(e, "authorityKeyIdentifier");
    if (c->unknown_critical)
        return lint(e, "an extension of unknown meaning");
    return 0;
}

int pki_tbs_lint(const struct pki_draft *d, struct slice tbs, struct err *e)
{
    struct err why = {0};
    struct certificate c;
    struct slice rest, value;
    size_t names = 0;
    int kind;

    if (certificate_parse_tbs(&c, tbs, &why) != 0)
        return lint(e, why.text);
    if (lint_fields(d, &c, e) != 0)
        return -1;
    for (rest = c.alt_names; general_name_next(&rest, &kind, &value) == 1; names++) {
        uint8_t address[16];
        const char *wanted = names < d->host_count ? d->host_names[names] : "";
        size_t len = pki_address_parse(wanted, address);
        bool same = len > 0 ? kind == GENERAL_NAME_IP && slice_equal(value, slice_of(address, len))
                            : kind == GENERAL_NAME_DNS && slice_is(value, wanted);
        if (!same)
            return lint(e, "subjectAltName");
    }
    if (names != d->host_count)
        return lint(e, "subjectAltName");
    if ((c.crl_points.len > 0) != (d->crl_url && d->crl_url[0]))
        return lint(e, "cRLDistributionPoints");
    if ((c.info_access.len > 0) != (d->issuer_url && d->issuer_url[0]))
        return lint(e, "authorityInfoAccess");
    return 0;
}
