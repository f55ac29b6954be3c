/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate_internal.h"

const uint8_t oid_subject_key_id[3] = {0x55, 0x1d, 0x0e};
const uint8_t oid_key_usage[3] = {0x55, 0x1d, 0x0f};
const uint8_t oid_alt_names[3] = {0x55, 0x1d, 0x11};
const uint8_t oid_basic_constraints[3] = {0x55, 0x1d, 0x13};
const uint8_t oid_crl_number[3] = {0x55, 0x1d, 0x14};
const uint8_t oid_crl_reason[3] = {0x55, 0x1d, 0x15};
const uint8_t oid_invalidity_date[3] = {0x55, 0x1d, 0x18};
const uint8_t oid_delta_crl[3] = {0x55, 0x1d, 0x1b};
const uint8_t oid_crl_points[3] = {0x55, 0x1d, 0x1f};
const uint8_t oid_policies[3] = {0x55, 0x1d, 0x20};
const uint8_t oid_authority_key_id[3] = {0x55, 0x1d, 0x23};
const uint8_t oid_extended_key_usage[3] = {0x55, 0x1d, 0x25};
const uint8_t oid_info_access[8] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};

static const struct {
    uint8_t oid[8];
    uint8_t len;
    uint32_t purpose;
} purposes[] = {
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01}, 8, PURPOSE_SERVER},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02}, 8, PURPOSE_CLIENT},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03}, 8, PURPOSE_CODE},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04}, 8, PURPOSE_EMAIL},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}, 8, PURPOSE_TIME_STAMPING},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09}, 8, PURPOSE_OCSP},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x1c}, 8, PURPOSE_CMC_RA},
    {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24}, 8, PURPOSE_DOCUMENT},
    {{0x55, 0x1d, 0x25, 0x00}, 4, PURPOSE_ANY},
};

bool extension_next(struct der *list, struct extension *x)
{
    if (der_at_end(list))
        return false;
    struct der entry = der_enter(list, DER_SEQUENCE);
    x->oid = der_oid(&entry);
    x->critical = false;
    if (der_peek(&entry) == DER_BOOLEAN) {
        x->critical = der_boolean(&entry);
        if (!x->critical)
            der_fault(&entry, "a default value that is written out");
    }
    x->value = der_take(&entry, DER_OCTET_STRING);
    der_end(&entry);
    return list->document->reason == NULL;
}

int extension_check_list(struct slice extensions, const char *what, struct err *e)
{
    struct slice seen[CERTIFICATE_EXTENSIONS_MAX];
    struct der_document document;
    struct der list = der_open(&document, extensions);
    struct extension x;
    size_t count = 0;

    while (extension_next(&list, &x)) {
        if (count == CERTIFICATE_EXTENSIONS_MAX)
            return err_set(e, ERR_LIMIT, "certificate.extensions", NULL,
                           "%s with more than %d extensions", what, CERTIFICATE_EXTENSIONS_MAX);
        for (size_t i = 0; i < count; i++)
            if (slice_equal(seen[i], x.oid))
                return err_set(e, ERR_INPUT, "certificate.extension-twice", "RFC 5280 section 4.2",
                               "%s with the same extension twice", what);
        seen[count++] = x.oid;
    }
    return der_finish(&list, what, e);
}

struct slice extension_authority_key_id(struct der *r, struct slice value)
{
    struct der inside = der_inside(r, value);
    struct der sequence = der_enter(&inside, DER_SEQUENCE);
    struct slice id = {0};

    der_end(&inside);
    if (der_peek(&sequence) == DER_CONTEXT(0))
        id = der_take(&sequence, DER_CONTEXT(0));
    while (!der_at_end(&sequence)) /* authorityCertIssuer and serial number */
        der_take_any(&sequence, NULL, NULL);
    return id;
}

static void read_basic_constraints(struct certificate *c, struct der *value)
{
    struct der sequence = der_enter(value, DER_SEQUENCE);

    if (der_peek(&sequence) == DER_BOOLEAN) {
        c->is_ca = der_boolean(&sequence);
        if (!c->is_ca)
            der_fault(&sequence, "a default value that is written out");
    }
    if (der_peek(&sequence) == DER_INTEGER) {
        uint64_t length = der_unsigned(&sequence, DER_INTEGER);
        if (!c->is_ca || length > 100)
            der_fault(&sequence, "a path length that makes no sense");
        else
            c->path_length = (int)length;
    }
    der_end(&sequence);
}

static void read_purposes(struct certificate *c, struct der *value)
{
    struct der sequence = der_enter(value, DER_SEQUENCE);

    c->has_purposes = true;
    if (der_at_end(&sequence))
        der_fault(&sequence, "extended key usages without one");
    while (!der_at_end(&sequence)) {
        struct slice oid = der_oid(&sequence);
        uint32_t purpose = PURPOSE_OTHER;
        for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
            if (slice_equal(oid, slice_of(purposes[i].oid, purposes[i].len)))
                purpose = purposes[i].purpose;
        c->purposes |= purpose;
    }
}

void certificate_put_purposes(uint32_t wanted, struct buf *der)
{
    size_t sequence = der_begin(der, DER_SEQUENCE);

    for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
        if (wanted & purposes[i].purpose)
            der_put(der, DER_OID, slice_of(purposes[i].oid, purposes[i].len));
    der_close(der, sequence);
}

static void read_extension(struct certificate *c, struct der *list, const struct extension *x)
{
    struct der value = der_inside(list, x->value);

    if (OID_IS(x->oid, oid_basic_constraints)) {
        read_basic_constraints(c, &value);
    } else if (OID_IS(x->oid, oid_key_usage)) {
        c->has_key_usage = true;
        c->key_usage = der_named_bits(&value);
    } else if (OID_IS(x->oid, oid_extended_key_usage)) {
        read_purposes(c, &value);
    } else if (OID_IS(x->oid, oid_alt_names)) {
        c->alt_names = der_take(&value, DER_SEQUENCE);
        if (c->alt_names.len == 0)
            der_fault(&value, "alternative names without one");
    } else if (OID_IS(x->oid, oid_subject_key_id)) {
        c->subject_key_id = der_take(&value, DER_OCTET_STRING);
    } else if (OID_IS(x->oid, oid_authority_key_id)) {
        c->authority_key_id = extension_authority_key_id(&value, x->value);
        return;
    } else if (OID_IS(x->oid, oid_policies)) {
        c->policies = der_take(&value, DER_SEQUENCE);
    } else if (OID_IS(x->oid, oid_crl_points)) {
        c->crl_points = der_take(&value, DER_SEQUENCE);
    } else if (OID_IS(x->oid, oid_info_access)) {
        c->info_access = der_take(&value, DER_SEQUENCE);
    } else {
        c->unknown_critical |= x->critical;
        return;
    }
    der_end(&value);
}

int certificate_parse_extensions(struct certificate *c, struct err *e)
{
    struct der_document document;
    struct der list = der_open(&document, c->extensions);
    struct extension x;

    if (extension_check_list(c->extensions, "a certificate", e) != 0)
        return -1;
    while (extension_next(&list, &x))
        read_extension(c, &list, &x);
    return der_finish(&list, "a certificate's extension", e);
}

bool certificate_extension(const struct certificate *c, struct slice oid, bool *critical,
                           struct slice *value)
{
    struct der_document document;
    struct der list = der_open(&document, c->extensions);
    struct extension x;

    while (extension_next(&list, &x))
        if (slice_equal(x.oid, oid)) {
            *critical = x.critical;
            *value = x.value;
            return true;
        }
    return false;
}

int certificate_extension_next(struct slice *rest, struct slice *oid, bool *critical,
                               struct slice *value)
{
    struct der_document document;
    struct der list = der_open(&document, *rest);
    struct extension x;

    if (!extension_next(&list, &x))
        return 0;
    *oid = x.oid;
    *critical = x.critical;
    *value = x.value;
    *rest = cursor_take(&list.in, cursor_left(&list.in));
    return 1;
}

int general_name_next(struct slice *rest, int *kind, struct slice *value)
{
    struct der_document document;
    struct der list = der_open(&document, *rest);
    int tag;

    if (der_at_end(&list))
        return 0;
    der_take_any(&list, &tag, value);
    if (tag < 0)
        return 0;
    *kind = tag & 0x1f;
    *rest = cursor_take(&list.in, cursor_left(&list.in));
    return 1;
}

struct slice certificate_alt_name(const struct certificate *c, int kind)
{
    struct slice rest = c->alt_names;
    struct slice value;
    int found;

    while (general_name_next(&rest, &found, &value) == 1)
        if (found == kind)
            return value;
    return slice_of(NULL, 0);
}

int certificate_policy_next(struct slice *rest, struct slice *oid)
{
    struct der_document document;
    struct der list = der_open(&document, *rest);

    if (der_at_end(&list))
        return 0;
    struct der information = der_enter(&list, DER_SEQUENCE);
    *oid = der_oid(&information);
    if (document.reason)
        return 0;
    *rest = cursor_take(&list.in, cursor_left(&list.in));
    return 1;
}
