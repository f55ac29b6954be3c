/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate.h"
#include "crypto/certificate_internal.h"
#include "crypto/digest.h"
#include "crypto/name.h"

static int refuse(struct err *e, const char *code, const char *clause, const char *text)
{
    return err_set(e, ERR_INPUT, code, clause, "%s", text);
}

static int parse_tbs(struct certificate *c, struct der *tbs, struct slice *algorithm, struct err *e)
{
    struct der_document *document = tbs->document;
    uint64_t version = 0;
    struct slice extensions = {0};

    if (der_peek(tbs) == DER_CONTEXT_CONSTRUCTED(0)) {
        struct der v = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0));
        version = der_unsigned(&v, DER_INTEGER);
        der_end(&v);
    }
    c->serial = der_integer(tbs);
    *algorithm = der_take_whole(tbs, DER_SEQUENCE);
    c->issuer = der_take_whole(tbs, DER_SEQUENCE);
    struct der validity = der_enter(tbs, DER_SEQUENCE);
    c->not_before = der_time(&validity);
    c->not_after = der_time(&validity);
    der_end(&validity);
    c->subject = der_take_whole(tbs, DER_SEQUENCE);
    c->spki = der_take_whole(tbs, DER_SEQUENCE);
    if (der_peek(tbs) == DER_CONTEXT(1))
        der_take(tbs, DER_CONTEXT(1)); /* issuerUniqueID: allowed, never used */
    if (der_peek(tbs) == DER_CONTEXT(2))
        der_take(tbs, DER_CONTEXT(2));
    if (der_peek(tbs) == DER_CONTEXT_CONSTRUCTED(3)) {
        struct der wrapped = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(3));
        extensions = der_take(&wrapped, DER_SEQUENCE);
        der_end(&wrapped);
    }
    der_end(tbs);
    if (document->reason)
        return der_finish(tbs, "a certificate", e);
    if (version != 2)
        return refuse(e, "certificate.version", "RFC 5280 section 4.1.2.1",
                      "not a version 3 certificate");
    if (c->serial.len > CERTIFICATE_SERIAL_MAX || c->serial.data[0] >= 0x80)
        return refuse(e, "certificate.serial", "RFC 5280 section 4.1.2.2",
                      "the serial number is negative or over 20 octets");
    if (c->not_after < c->not_before)
        return refuse(e, "certificate.validity", "RFC 5280 section 4.1.2.5",
                      "the certificate ends before it begins");
    c->extensions = extensions;
    c->common_name = name_common_name(c->subject);
    c->algorithm = signature_algorithm_parse(*algorithm);
    return certificate_parse_extensions(c, e);
}

int certificate_parse(struct certificate *c, struct slice der, struct err *e)
{
    struct der_document document;
    struct slice inner, outer;

    *c = (struct certificate){.raw = der, .path_length = -1};
    if (der.len > CERTIFICATE_MAX)
        return err_set(e, ERR_LIMIT, "certificate.size", NULL, "a certificate of over %d bytes",
                       CERTIFICATE_MAX);
    struct der top = der_open(&document, der);
    struct der certificate = der_enter(&top, DER_SEQUENCE);
    c->tbs = der_take_whole(&certificate, DER_SEQUENCE);
    outer = der_take_whole(&certificate, DER_SEQUENCE);
    c->signature = der_bit_string(&certificate);
    der_end(&certificate);
    if (der_finish(&top, "a certificate", e) != 0)
        return -1;
    struct der whole = der_inside(&top, c->tbs);
    struct der tbs = der_enter(&whole, DER_SEQUENCE);
    if (parse_tbs(c, &tbs, &inner, e) != 0)
        return -1;
    if (!slice_equal(inner, outer))
        return refuse(e, "certificate.algorithms", "RFC 5280 section 4.1.1.2",
                      "the two signature algorithms of the certificate differ");
    return 0;
}

int certificate_parse_tbs(struct certificate *c, struct slice tbs, struct err *e)
{
    struct der_document document;
    struct slice algorithm;

    *c = (struct certificate){.tbs = tbs, .path_length = -1};
    if (tbs.len > CERTIFICATE_MAX)
        return err_set(e, ERR_LIMIT, "certificate.size", NULL, "a certificate of over %d bytes",
                       CERTIFICATE_MAX);
    struct der top = der_open(&document, tbs);
    struct der inside = der_enter(&top, DER_SEQUENCE);
    if (der_finish(&top, "a TBSCertificate", e) != 0)
        return -1;
    return parse_tbs(c, &inside, &algorithm, e);
}

int certificate_fingerprint(struct slice der, uint8_t out[32], struct err *e)
{
    return sha256(der, out) == 0 ? 0 : digest_failed(e);
}

void certificate_assemble(struct slice tbs, enum signature_algorithm algorithm,
                          struct slice signature, struct buf *der)
{
    size_t certificate = der_begin(der, DER_SEQUENCE);

    buf_put_slice(der, tbs);
    buf_put_slice(der, signature_algorithm_der(algorithm));
    der_put_bit_string(der, signature);
    der_close(der, certificate);
}

int certificate_check_signature(const struct certificate *c, const struct key *issuer,
                                struct err *e)
{
    struct err why = {0};

    if (key_verify_with(issuer, c->algorithm, c->tbs, c->signature, &why) == 0)
        return 0;
    if (why.kind != ERR_VERIFY) {
        *e = why;
        return -1;
    }
    return err_set(e, ERR_VERIFY, "certificate.signature", "RFC 5280 section 4.1.1.3",
                   "the certificate is not signed by this issuer's key: %s", why.text);
}
