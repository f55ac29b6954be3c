/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/est.h"
#include "base/encoding.h"
#include "crypto/der.h"
#include "crypto/name.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"

static const uint8_t oid_ec_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t oid_p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t oid_ecdsa_sha384[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};

/*
 * base64 in one line and nothing behind it (RFC 4648 section 3.1): RFC 8951 section 3.1 lets
 * receivers ignore line breaks, but strongSwan's client takes them for digits.
 */
static int put_base64(struct slice der, struct buf *body, struct err *e)
{
    base64_put(body, der);
    return buf_check(body, e);
}

int pki_est_certificates(const struct slice *certificates, size_t count, struct buf *body,
                         struct err *e)
{
    struct buf der;
    int result = -1;

    buf_init(&der);
    if (pkcs7_certificates_build(certificates, count, &der, e) == 0)
        result = put_base64(buf_slice(&der), body, e);
    buf_fini(&der);
    return result;
}

static void put_curve(struct buf *b, struct slice curve)
{
    size_t attribute = der_begin(b, DER_SEQUENCE);
    DER_PUT_OID(b, oid_ec_key);
    size_t values = der_begin(b, DER_SET);

    der_put(b, DER_OID, curve);
    der_close(b, values);
    der_close(b, attribute);
}

int pki_est_attributes(const struct pki_profile *profile, struct buf *body, struct err *e)
{
    struct buf der;

    buf_init(&der);
    size_t list = der_begin(&der, DER_SEQUENCE);
    if (profile->kinds & 1U << KEY_P256) {
        put_curve(&der, slice_of(oid_p256, sizeof(oid_p256)));
        DER_PUT_OID(&der, oid_ecdsa_sha256);
    } else if (profile->kinds & 1U << KEY_P384) {
        put_curve(&der, slice_of(oid_p384, sizeof(oid_p384)));
        DER_PUT_OID(&der, oid_ecdsa_sha384);
    }
    der_close(&der, list);
    int result = buf_check(&der, e) == 0 ? put_base64(buf_slice(&der), body, e) : -1;
    buf_fini(&der);
    return result;
}

static bool looks_like_pem(struct slice body)
{
    return body.len > 11 && memmem(body.data, body.len, "-----BEGIN ", 11) != NULL;
}

static int decode(struct slice body, struct buf *der, struct err *e)
{
    static const char *const labels[] = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};

    if (body.len > 2 && body.data[0] == DER_SEQUENCE && body.data[1] >= 0x80) {
        buf_put_slice(der, body);
        return buf_check(der, e);
    }
    if (looks_like_pem(body)) {
        for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
            struct slice rest = body;
            int found = pem_next(&rest, labels[i], der, e);
            if (found != 0)
                return found == 1 ? 0 : -1;
        }
    } else if (base64_parse_lines(body, der) == 0) {
        return 0;
    }
    if (der->failed)
        return buf_check(der, e);
    return err_set(e, ERR_INPUT, "est.body", "RFC 7030 section 4.2.1",
                   "the request is not the base64 of a certification request");
}

int pki_est_request(struct slice body, struct buf *der, struct csr *csr, struct err *e)
{
    if (body.len > PKI_EST_BODY_MAX)
        return err_set(e, ERR_LIMIT, "est.body", NULL, "a request of over %d bytes",
                       PKI_EST_BODY_MAX);
    buf_reset(der);
    if (decode(body, der, e) != 0 || csr_parse(csr, buf_slice(der), e) != 0)
        return -1;
    return csr_check_possession(csr, NULL, e);
}

int pki_est_same_subject(const struct csr *csr, struct slice certificate, struct err *e)
{
    struct certificate c;

    if (certificate_parse(&c, certificate, e) != 0)
        return -1;
    if (!name_same(csr->subject, c.subject))
        return err_set(e, ERR_DENIED, "est.subject-changed", "RFC 7030 section 4.2.2",
                       "a renewal asks for another subject than its certificate has");
    if (csr->alt_names.len > 0 && !slice_equal(csr->alt_names, c.alt_names))
        return err_set(e, ERR_DENIED, "est.subject-changed", "RFC 7030 section 4.2.2",
                       "a renewal asks for other alternative names than its certificate has");
    return 0;
}
