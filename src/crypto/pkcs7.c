/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs7.h"
#include "crypto/der.h"

static const uint8_t oid_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t oid_signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};

int pkcs7_certificates_build(const struct slice *certificates, size_t count, struct buf *der,
                             struct err *e)
{
    if (count == 0 || count > CERTIFICATE_BUNDLE_MAX)
        return err_set(e, ERR_USAGE, "pkcs7.count", NULL, "%zu certificates for one message",
                       count);
    size_t content_info = der_begin(der, DER_SEQUENCE);
    DER_PUT_OID(der, oid_signed_data);
    size_t content = der_begin(der, DER_CONTEXT_CONSTRUCTED(0));
    size_t signed_data = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 1);
    der_put(der, DER_SET, slice_of(NULL, 0)); /* digestAlgorithms */
    size_t encapsulated = der_begin(der, DER_SEQUENCE);
    DER_PUT_OID(der, oid_data);
    der_close(der, encapsulated);
    size_t set = der_begin(der, DER_CONTEXT_CONSTRUCTED(0));
    for (size_t i = 0; i < count; i++)
        buf_put_slice(der, certificates[i]);
    der_close(der, set);
    der_put(der, DER_SET, slice_of(NULL, 0)); /* signerInfos */
    der_close(der, signed_data);
    der_close(der, content);
    der_close(der, content_info);
    return buf_check(der, e);
}

static int add_certificates(struct slice set, struct certificate_list *list, struct err *e)
{
    struct der_document document;
    struct der r = der_open(&document, set);
    struct certificate parsed;
    unsigned number = 0;

    while (!der_at_end(&r)) {
        struct slice der = der_take_whole(&r, DER_SEQUENCE);
        number++;
        if (document.reason)
            break;
        if (certificate_parse(&parsed, der, e) != 0)
            return err_context(e, "certificate %u of the message", number);
        if (certificate_list_add(list, der, e) != 0)
            return -1;
    }
    return der_finish(&r, "a certs-only message", e);
}

int pkcs7_certificates_parse(struct slice der, struct certificate_list *list, struct err *e)
{
    struct der_document document;
    struct slice certificates = {0};

    if (der.len > PKCS7_MAX)
        return err_set(e, ERR_LIMIT, "pkcs7.size", NULL, "a message of over %d bytes", PKCS7_MAX);
    struct der top = der_open(&document, der);
    struct der info = der_enter(&top, DER_SEQUENCE);
    struct slice type = der_oid(&info);
    struct der content = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
    der_end(&info);
    struct der data = der_enter(&content, DER_SEQUENCE);
    der_end(&content);
    uint64_t version = der_unsigned(&data, DER_INTEGER);
    der_take(&data, DER_SET);
    der_take(&data, DER_SEQUENCE);
    if (der_peek(&data) == DER_CONTEXT_CONSTRUCTED(0))
        certificates = der_take(&data, DER_CONTEXT_CONSTRUCTED(0));
    if (der_peek(&data) == DER_CONTEXT_CONSTRUCTED(1))
        der_take(&data, DER_CONTEXT_CONSTRUCTED(1));
    struct slice signers = der_take(&data, DER_SET);
    der_end(&data);
    if (der_finish(&top, "a certs-only message", e) != 0)
        return -1;
    if (!slice_equal(type, slice_of(oid_signed_data, sizeof(oid_signed_data))) || version < 1 ||
        version > 5)
        return err_set(e, ERR_INPUT, "pkcs7.type", "RFC 5652 section 5.1", "not a SignedData");
    if (signers.len > 0)
        return err_set(e, ERR_INPUT, "pkcs7.signed", "RFC 7030 section 4.1.3",
                       "a message with signatures where only certificates are expected");
    return add_certificates(certificates, list, e);
}
