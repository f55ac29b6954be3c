/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a time-stamp token (RFC 3161 section 2.4.2) and in the SignedData around it. */
#include "evidence/record/token.h"
#include "base/encoding.h"
#include "crypto/der.h"
#include "evidence/record/token_internal.h"

#include <openssl/cms.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define TST "RFC 3161 section 2.4.2"

static const uint8_t oid_signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
static const uint8_t oid_tst_info[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                       0x01, 0x09, 0x10, 0x01, 0x04};
#define IS(oid, name) slice_equal((oid), slice_of((name), sizeof(name)))

static bool digits(struct slice s, size_t at, size_t count, int *out)
{
    *out = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= s.len || s.data[i] < '0' || s.data[i] > '9')
            return false;
        *out = *out * 10 + (s.data[i] - '0');
    }
    return true;
}

/* GeneralizedTime with or without a fraction, in DER: "20260101120000.5Z". */
static int64_t read_time(struct der *r)
{
    struct slice s = der_take(r, DER_GENERALIZED_TIME);
    int year, month, day, hour, minute, second;
    int64_t time, micro = 0;
    char text[TIME_TEXT];
    struct err ignored = {0};
    size_t at = 14;
    if (!digits(s, 0, 4, &year) || !digits(s, 4, 2, &month) || !digits(s, 6, 2, &day) ||
        !digits(s, 8, 2, &hour) || !digits(s, 10, 2, &minute) || !digits(s, 12, 2, &second)) {
        der_fault(r, "a time that is none");
        return 0;
    }
    if (at < s.len && s.data[at] == '.') {
        int64_t unit = 100000;
        for (at++; at < s.len && s.data[at] >= '0' && s.data[at] <= '9'; at++, unit /= 10)
            micro += (s.data[at] - '0') * unit;
        if (s.data[at - 1] == '0' || s.data[at - 1] == '.')
            der_fault(r, "a fraction of a second that ends in zero");
    }
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute,
             second);
    if (at + 1 != s.len || s.data[at] != 'Z' || time_parse(slice_str(text), &time, &ignored) != 0) {
        der_fault(r, "a time that is none");
        return 0;
    }
    return time + micro;
}

static int64_t read_accuracy(struct der *r)
{
    struct der in = der_enter(r, DER_SEQUENCE);
    uint64_t seconds = 0, milli = 0, micro = 0;
    if (der_peek(&in) == DER_INTEGER)
        seconds = der_unsigned(&in, DER_INTEGER);
    if (der_peek(&in) == DER_CONTEXT(0))
        milli = der_unsigned(&in, DER_CONTEXT(0));
    if (der_peek(&in) == DER_CONTEXT(1))
        micro = der_unsigned(&in, DER_CONTEXT(1));
    der_end(&in);
    if (seconds > INT32_MAX || milli > 999 || micro > 999) {
        der_fault(r, "an accuracy that is none");
        return 0;
    }
    return (int64_t)(seconds * 1000000 + milli * 1000 + micro);
}

static struct slice read_imprint(struct der *r)
{
    struct der imprint = der_enter(r, DER_SEQUENCE);
    struct der algorithm = der_enter(&imprint, DER_SEQUENCE);
    struct slice oid = der_oid(&algorithm);
    if (!der_at_end(&algorithm) && der_take(&algorithm, DER_NULL).len != 0)
        der_fault(&algorithm, "parameters of a hash algorithm that are not NULL");
    der_end(&algorithm);
    return oid;
}

static void keep_serial(struct evidence_token *t, struct slice serial)
{
    size_t most = (sizeof t->serial - 1) / 2;
    hex_format(serial.data, serial.len < most ? serial.len : most, t->serial);
}

static int read_info(struct evidence_token *t, struct err *e)
{
    struct der_document document;
    struct der top = der_open(&document, t->content);
    struct der r = der_enter(&top, DER_SEQUENCE);
    if (der_unsigned(&r, DER_INTEGER) != 1)
        der_fault(&r, "a version of TSTInfo other than 1");
    struct slice policy = der_oid(&r);
    struct der imprint_reader = r;
    struct slice oid = read_imprint(&imprint_reader);
    struct der imprint = der_enter(&r, DER_SEQUENCE);
    der_take(&imprint, DER_SEQUENCE);
    t->imprint = der_take(&imprint, DER_OCTET_STRING);
    der_end(&imprint);
    keep_serial(t, der_integer(&r));
    t->at = read_time(&r);
    if (der_peek(&r) == DER_SEQUENCE)
        t->accuracy = read_accuracy(&r);
    if (der_peek(&r) == DER_BOOLEAN)
        der_boolean(&r);
    if (der_peek(&r) == DER_INTEGER)
        t->nonce = der_integer(&r);
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(0))
        der_take(&r, DER_CONTEXT_CONSTRUCTED(0)); /* tsa */
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(1))
        der_take(&r, DER_CONTEXT_CONSTRUCTED(1)); /* extensions */
    der_end(&r);
    if (der_finish(&top, "a time-stamp (TSTInfo)", e) != 0)
        return -1;
    (void)der_oid_text(policy, t->policy, sizeof t->policy);
    t->hash = evidence_hash_by_oid(oid);
    if (!t->hash)
        return err_set(e, ERR_INPUT, "token.algorithm", TST,
                       "the hash algorithm of the time-stamp is not one that this program knows");
    if (t->imprint.len != t->hash->len)
        return err_set(e, ERR_INPUT, "token.imprint", TST,
                       "the hash in the time-stamp has not the length of its algorithm");
    return 0;
}

/* RFC 5652 section 5.1 with a content that is not id-data: 3, 4 (attribute certificates of version
 * 2) or 5 (other certificates or other revocation information). */
static uint64_t version_of(struct der data, struct evidence_token *t)
{
    uint64_t version = 3;
    struct der r = data;
    der_take(&r, DER_SET);
    struct der content = der_enter(&r, DER_SEQUENCE);
    t->type = der_oid(&content);
    struct der inner = der_enter(&content, DER_CONTEXT_CONSTRUCTED(0));
    t->content = der_take(&inner, DER_OCTET_STRING);
    der_end(&inner);
    der_end(&content);
    for (int part = 0; part < 2; part++) {
        if (der_peek(&r) != DER_CONTEXT_CONSTRUCTED(part))
            continue;
        struct der in = der_enter(&r, DER_CONTEXT_CONSTRUCTED(part));
        while (!der_at_end(&in)) {
            int tag;
            struct slice whole = der_take_any(&in, &tag, NULL);
            if (part == 1 && tag == DER_CONTEXT_CONSTRUCTED(1)) {
                t->other_revocation = true;
                version = 5;
            }
            if (part == 0 && tag == DER_CONTEXT_CONSTRUCTED(3))
                version = 5;
            if (part == 0 && tag == DER_CONTEXT_CONSTRUCTED(2) && version < 4)
                version = 4;
            (void)whole;
        }
    }
    return version;
}

static int read_signed_data(struct evidence_token *t, struct err *e)
{
    struct der_document document;
    struct der top = der_open(&document, t->der);
    struct der info = der_enter(&top, DER_SEQUENCE);
    struct slice type = der_oid(&info);
    struct der wrapped = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
    der_end(&info);
    struct der data = der_enter(&wrapped, DER_SEQUENCE);
    der_end(&wrapped);
    uint64_t version = der_unsigned(&data, DER_INTEGER);
    uint64_t wanted = version_of(data, t);
    if (der_finish(&top, "a time-stamp token", e) != 0)
        return -1;
    if (!IS(type, oid_signed_data) || !IS(t->type, oid_tst_info))
        return err_set(e, ERR_INPUT, "token.type", TST, "this is no time-stamp token");
    /* 3 where answers and attribute certificates ask for more is what authorities write */
    if (version != wanted && version != 3)
        return err_set(e, ERR_INPUT, "token.version", "RFC 5652 section 5.1",
                       "the signed message has version %llu, and what it holds asks for %llu",
                       (unsigned long long)version, (unsigned long long)wanted);
    return 0;
}

int evidence_token_open(struct evidence_token *t, struct slice der, struct err *e)
{
    *t = (struct evidence_token){.der = der};
    if (der.len > EVIDENCE_TOKEN_MOST)
        return err_set(e, ERR_LIMIT, "token.size", NULL, "a time-stamp of over %d bytes",
                       EVIDENCE_TOKEN_MOST);
    return read_signed_data(t, e) == 0 ? read_info(t, e) : -1;
}

void evidence_token_close(struct evidence_token *t)
{
    CMS_ContentInfo_free(t->cms);
    t->cms = NULL;
    t->certificate = NULL;
}
