/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/csr.h"
#include "crypto/certificate_internal.h"

static const uint8_t oid_extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                0x0d, 0x01, 0x09, 0x0e};
static const uint8_t oid_challenge_password[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                 0x0d, 0x01, 0x09, 0x07};

static void read_wished_extensions(struct csr *csr, struct der *value, struct slice *extensions)
{
    struct der list = der_enter(value, DER_SEQUENCE);
    struct extension x;

    *extensions = slice_of(list.in.data, list.in.len);
    while (extension_next(&list, &x)) {
        struct der inside = der_inside(&list, x.value);
        if (OID_IS(x.oid, oid_alt_names)) {
            csr->alt_names = der_take(&inside, DER_SEQUENCE);
        } else if (OID_IS(x.oid, oid_basic_constraints)) {
            struct der constraints = der_enter(&inside, DER_SEQUENCE);
            if (der_peek(&constraints) == DER_BOOLEAN)
                csr->asks_ca = der_boolean(&constraints);
        }
    }
}

static void read_attribute(struct csr *csr, struct der *attributes, struct slice *extensions)
{
    struct der attribute = der_enter(attributes, DER_SEQUENCE);
    struct slice oid = der_oid(&attribute);
    struct der values = der_enter(&attribute, DER_SET);

    der_end(&attribute);
    if (OID_IS(oid, oid_extension_request)) {
        if (extensions->data)
            der_fault(&values, "two requests for extensions");
        read_wished_extensions(csr, &values, extensions);
        der_end(&values);
    } else if (OID_IS(oid, oid_challenge_password)) {
        int tag;
        der_take_any(&values, &tag, &csr->challenge_password);
        if (tag != DER_UTF8_STRING && tag != DER_PRINTABLE_STRING)
            csr->challenge_password = slice_of(NULL, 0);
        der_end(&values);
    }
}

int csr_parse(struct csr *csr, struct slice der, struct err *e)
{
    struct der_document document;
    struct slice extensions = {0};

    *csr = (struct csr){.raw = der};
    if (der.len > CSR_MAX)
        return err_set(e, ERR_LIMIT, "csr.size", NULL, "a request of over %d bytes", CSR_MAX);
    struct der top = der_open(&document, der);
    struct der request = der_enter(&top, DER_SEQUENCE);
    csr->info = der_take_whole(&request, DER_SEQUENCE);
    struct slice algorithm = der_take_whole(&request, DER_SEQUENCE);
    csr->signature = der_bit_string(&request);
    der_end(&request);
    struct der whole = der_inside(&request, csr->info);
    struct der info = der_enter(&whole, DER_SEQUENCE);
    uint64_t version = der_unsigned(&info, DER_INTEGER);
    csr->subject = der_take_whole(&info, DER_SEQUENCE);
    csr->spki = der_take_whole(&info, DER_SEQUENCE);
    if (der_peek(&info) == DER_CONTEXT_CONSTRUCTED(0)) {
        struct der attributes = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
        while (!der_at_end(&attributes))
            read_attribute(csr, &attributes, &extensions);
    }
    der_end(&info);
    if (der_finish(&top, "a certification request", e) != 0)
        return -1;
    if (version != 0)
        return err_set(e, ERR_INPUT, "csr.version", "RFC 2986 section 4.1",
                       "not a version 1 request");
    if (extensions.data && extension_check_list(extensions, "a certification request", e) != 0)
        return -1;
    csr->algorithm = signature_algorithm_parse(algorithm);
    csr->common_name = name_common_name(csr->subject);
    return 0;
}

int csr_check_possession(const struct csr *csr, struct key **key, struct err *e)
{
    struct key *own = key_from_spki(csr->spki, e);
    struct err why = {0};

    if (key)
        *key = NULL;
    if (!own)
        return -1;
    if (key_verify_with(own, csr->algorithm, csr->info, csr->signature, &why) != 0) {
        key_free(own);
        if (why.kind != ERR_VERIFY) {
            *e = why;
            return -1;
        }
        err_set(e, ERR_VERIFY, "csr.possession", "RFC 2986 section 4.2",
                "the request is not signed by the key that it names: %s", why.text);
        return -1;
    }
    if (key)
        *key = own;
    else
        key_free(own);
    return 0;
}

static int put_wished_names(struct buf *der, const struct csr_wish *wish, struct err *e)
{
    size_t attribute = der_begin(der, DER_SEQUENCE);
    DER_PUT_OID(der, oid_extension_request);
    size_t values = der_begin(der, DER_SET);
    size_t extensions = der_begin(der, DER_SEQUENCE);
    size_t extension = der_begin(der, DER_SEQUENCE);
    DER_PUT_OID(der, oid_alt_names);
    size_t value = der_begin(der, DER_OCTET_STRING);
    size_t names = der_begin(der, DER_SEQUENCE);
    for (size_t i = 0; i < wish->dns_count; i++) {
        struct slice name = slice_str(wish->dns_names[i]);
        if (name.len == 0 || name.len > 253)
            return err_set(e, ERR_USAGE, "csr.dns-name", "RFC 1035 section 2.3.4",
                           "a DNS name of %zu characters", name.len);
        der_put(der, DER_CONTEXT(GENERAL_NAME_DNS), name);
    }
    der_close(der, names);
    der_close(der, value);
    der_close(der, extension);
    der_close(der, extensions);
    der_close(der, values);
    der_close(der, attribute);
    return 0;
}

static int put_info(const struct key *key, const struct csr_wish *wish, struct buf *info,
                    struct err *e)
{
    size_t sequence = der_begin(info, DER_SEQUENCE);

    der_put_unsigned(info, DER_INTEGER, 0);
    if (name_build(&wish->subject, info, e) != 0 || key_to_spki(key, info, e) != 0)
        return -1;
    size_t attributes = der_begin(info, DER_CONTEXT_CONSTRUCTED(0));
    if (wish->challenge_password && wish->challenge_password[0]) {
        /* the shorter element first: SET OF is sorted by its encodings (X.690 section 11.6) */
        size_t attribute = der_begin(info, DER_SEQUENCE);
        DER_PUT_OID(info, oid_challenge_password);
        size_t values = der_begin(info, DER_SET);
        der_put(info, DER_UTF8_STRING, slice_str(wish->challenge_password));
        der_close(info, values);
        der_close(info, attribute);
    }
    if (wish->dns_count > 0 && put_wished_names(info, wish, e) != 0)
        return -1;
    der_close(info, attributes);
    der_close(info, sequence);
    return buf_check(info, e);
}

int csr_build(const struct key *key, const struct csr_wish *wish, struct buf *der, struct err *e)
{
    struct buf info, signature;
    int result = -1;

    buf_init(&info);
    buf_init(&signature);
    if (put_info(key, wish, &info, e) == 0 && key_sign(key, buf_slice(&info), &signature, e) == 0) {
        size_t request = der_begin(der, DER_SEQUENCE);
        buf_put_slice(der, buf_slice(&info));
        buf_put_slice(der, signature_algorithm_der(key_signature_algorithm(key_kind(key))));
        der_put_bit_string(der, buf_slice(&signature));
        der_close(der, request);
        result = buf_check(der, e);
    }
    buf_fini(&info);
    buf_fini(&signature);
    return result;
}
