/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/seal/stamp.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "crypto/chain.h"
#include "crypto/der.h"
#include "crypto/name.h"
#include "crypto/pem.h"
#include "evidence/seal/roots.h"

#include <stdio.h>

/* id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4 */
static const uint8_t oid_tst_info[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                       0x01, 0x09, 0x10, 0x01, 0x04};
static const uint8_t oid_extended_key_usage[] = {0x55, 0x1d, 0x25};

/* TSTInfo, section 2.4.2 */
struct info {
    uint64_t version;
    struct slice policy, hash_algorithm, hash, serial, time, nonce;
    bool has_accuracy;
    uint64_t accuracy;
};

static uint64_t read_accuracy(struct der *r)
{
    struct der part = der_enter(r, DER_SEQUENCE);
    uint64_t seconds = 0, milli = 0, micro = 0;
    if (der_peek(&part) == DER_INTEGER)
        seconds = der_unsigned(&part, DER_INTEGER);
    if (der_peek(&part) == DER_CONTEXT(0))
        milli = der_unsigned(&part, DER_CONTEXT(0));
    if (der_peek(&part) == DER_CONTEXT(1))
        micro = der_unsigned(&part, DER_CONTEXT(1));
    der_end(&part);
    if (seconds > 1000000000 || milli > 999 || micro > 999)
        der_fault(&part, "an accuracy that makes no sense");
    return seconds * 1000000 + milli * 1000 + micro;
}

static int read_info(struct slice der, struct info *i, struct err *e)
{
    struct der_document document;
    struct der top = der_open(&document, der);
    struct der r = der_enter(&top, DER_SEQUENCE);
    *i = (struct info){.version = der_unsigned(&r, DER_INTEGER)};
    i->policy = der_oid(&r);
    struct der imprint = der_enter(&r, DER_SEQUENCE);
    i->hash_algorithm = der_take_whole(&imprint, DER_SEQUENCE);
    i->hash = der_take(&imprint, DER_OCTET_STRING);
    der_end(&imprint);
    i->serial = der_integer(&r);
    i->time = der_take(&r, DER_GENERALIZED_TIME);
    if (der_peek(&r) == DER_SEQUENCE) {
        i->has_accuracy = true;
        i->accuracy = read_accuracy(&r);
    }
    if (der_peek(&r) == DER_BOOLEAN)
        (void)der_boolean(&r);
    if (der_peek(&r) == DER_INTEGER)
        i->nonce = der_integer(&r);
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(0))
        der_take(&r, DER_CONTEXT_CONSTRUCTED(0));
    if (der_peek(&r) == DER_CONTEXT_CONSTRUCTED(1))
        der_take(&r, DER_CONTEXT_CONSTRUCTED(1));
    der_end(&r);
    if (der_finish(&top, "a time-stamp", e) != 0)
        return -1;
    return i->version == 1
               ? 0
               : err_set(e, ERR_INPUT, "stamp.token", "RFC 3161 section 2.4.2",
                         "version %llu of a time-stamp", (unsigned long long)i->version);
}

/* YYYYMMDDhhmmss[.s…]Z */
static int read_time(struct slice text, int64_t *at, struct err *e)
{
    char rfc3339[48];
    const char *t = (const char *)text.data;
    if (text.len < 15 || text.len > 30 || t[text.len - 1] != 'Z' ||
        snprintf(rfc3339, sizeof rfc3339, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%.*s", t, t + 4, t + 6,
                 t + 8, t + 10, t + 12, (int)text.len - 14, t + 14) >= (int)sizeof rfc3339 ||
        time_parse(slice_str(rfc3339), at, e) != 0) {
        err_clear(e);
        return err_set(e, ERR_INPUT, "stamp.token", "RFC 3161 section 2.4.2",
                       "its time is not in the form that the standard wants");
    }
    return 0;
}

static int no(struct err *e, const char *code, const char *text)
{
    return err_set(e, ERR_VERIFY, code, "RFC 3161 section 2.4.2", "%s", text);
}

static int check_imprint(const struct info *i, struct slice stamped, struct evidence_stamp *out,
                         struct err *e)
{
    uint8_t hash[SIGNED_DIGEST_MAX];
    out->digest = signed_digest_parse(i->hash_algorithm);
    if (!out->digest)
        return no(e, "stamp.imprint", "its digest is none of SHA-256, SHA-384 and SHA-512");
    if (signed_digest_of(out->digest, stamped, hash) != 0)
        return err_memory(e);
    return slice_equal(i->hash, slice_of(hash, signed_digest_len(out->digest)))
               ? 0
               : no(e, "stamp.imprint", "it is a time-stamp of something else");
}

static int check_wish(const struct info *i, const struct evidence_stamp_wish *wish,
                      const char *policy, struct err *e)
{
    struct buf nonce;
    buf_init(&nonce);
    der_put_integer(&nonce, slice_of(wish->nonce, sizeof wish->nonce));
    bool same = i->nonce.data && nonce.len == i->nonce.len + 2 &&
                memcmp(nonce.data + 2, i->nonce.data, i->nonce.len) == 0;
    buf_fini(&nonce);
    if (!same)
        return no(e, "stamp.nonce", "it answers another question: the nonce is not the one sent");
    if (wish->policy && strcmp(wish->policy, policy) != 0)
        return no(e, "stamp.policy", "it was made under another policy than the one asked for");
    return 0;
}

/* Section 2.3: extended key usage, critical, with time-stamping alone. */
static int check_purpose(const struct certificate *c, struct err *e)
{
    bool critical = false;
    struct slice value;
    if (!certificate_extension(c, slice_of(oid_extended_key_usage, sizeof oid_extended_key_usage),
                               &critical, &value) ||
        !critical || c->purposes != PURPOSE_TIME_STAMPING)
        return err_set(e, ERR_VERIFY, "stamp.purpose", "RFC 3161 section 2.3",
                       "its certificate is not one for time-stamps alone, marked critical");
    if (c->has_key_usage &&
        !(c->key_usage & (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CONTENT_COMMITMENT)))
        return err_set(e, ERR_VERIFY, "stamp.purpose", "RFC 5280 section 4.2.1.3",
                       "its certificate does not allow its key to sign");
    return 0;
}

static int check_signer(const struct signed_data *s, const char *roots_pem,
                        struct evidence_stamp *out, struct err *e)
{
    struct signed_data_signer by;
    struct certificate c;
    struct certificate_list roots;
    if (signed_data_check(s, slice_of(NULL, 0), NULL, 0, &by, e) != 0 ||
        certificate_parse(&c, by.certificate, e) != 0 ||
        certificate_fingerprint(by.certificate, out->certificate_sha256, e) != 0)
        return -1;
    evidence_subject(c.subject, out->authority);
    out->all_named = by.all_named;
    if (check_purpose(&c, e) != 0)
        return -1;
    if (out->at < c.not_before || out->at >= c.not_after + 1000000)
        return err_set(e, ERR_VERIFY, "stamp.validity", "RFC 5280 section 4.1.2.5",
                       "its certificate was not valid at the time that it names");
    if (!roots_pem)
        return 0;
    certificate_list_init(&roots);
    int result = evidence_roots_read(roots_pem, &roots, e);
    if (result == 0)
        result =
            certificate_verify_chain(by.certificate, s->certificates, s->certificate_count,
                                     roots.items, roots.count, out->at, PURPOSE_TIME_STAMPING, e);
    certificate_list_fini(&roots);
    out->chain_checked = result == 0;
    return result;
}

int evidence_stamp_check(struct slice token, struct slice stamped,
                         const struct evidence_stamp_wish *wish, const char *roots_pem,
                         struct evidence_stamp *out, struct err *e)
{
    struct signed_data s;
    struct info i;
    *out = (struct evidence_stamp){0};
    if (signed_data_parse(&s, token, e) != 0)
        return -1;
    if (s.detached || !slice_equal(s.content_type, slice_of(oid_tst_info, sizeof oid_tst_info)))
        return err_set(e, ERR_INPUT, "stamp.token", "RFC 3161 section 2.4.2",
                       "what is signed is no time-stamp");
    if (read_info(s.content, &i, e) != 0 || read_time(i.time, &out->at, e) != 0)
        return -1;
    out->has_accuracy = i.has_accuracy;
    out->accuracy = i.accuracy;
    if (i.serial.len > STAMP_SERIAL || !der_oid_text(i.policy, out->policy, sizeof out->policy))
        return err_set(e, ERR_INPUT, "stamp.token", "RFC 3161 section 2.4.2",
                       "its serial number or policy is longer than it may be");
    hex_format(i.serial.data, i.serial.len, out->serial);
    if (check_imprint(&i, stamped, out, e) != 0 ||
        (wish && check_wish(&i, wish, out->policy, e) != 0))
        return -1;
    return check_signer(&s, roots_pem, out, e);
}

/* Asking and answering */

static int policy_of(const char *text, struct buf *der, struct err *e)
{
    uint64_t arcs[32];
    size_t count = 0;
    struct buf oid;
    const char *at = text;
    do {
        uint64_t arc = 0;
        if (*at < '0' || *at > '9' || (*at == '0' && at[1] >= '0' && at[1] <= '9'))
            break;
        for (; *at >= '0' && *at <= '9' && arc < UINT64_C(1) << 56; at++)
            arc = arc * 10 + (uint64_t)(*at - '0');
        arcs[count++] = arc;
    } while (*at == '.' && *++at && count < ARRAY_LEN(arcs));
    if (*at || count < 2 || at[-1] == '.' || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39))
        return err_set(e, ERR_USAGE, "stamp.policy", "ITU-T X.660",
                       "\"%s\" is no object identifier", text);
    buf_init(&oid);
    arcs[1] += 40 * arcs[0];
    for (size_t i = 1; i < count; i++)
        for (int shift = 63; shift >= 0; shift -= 7)
            if (shift == 0 || arcs[i] >> shift)
                buf_putc(&oid, (int)(arcs[i] >> shift & 0x7f) | (shift ? 0x80 : 0));
    der_put(der, DER_OID, buf_slice(&oid));
    int result = buf_check(&oid, e);
    buf_fini(&oid);
    return result;
}

int evidence_stamp_request(const struct evidence_stamp_wish *wish, struct buf *der, struct err *e)
{
    uint8_t hash[SIGNED_DIGEST_MAX];
    if (signed_digest_of(SIGNED_SHA256, wish->stamped, hash) != 0)
        return err_memory(e);
    size_t request = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 1);
    size_t imprint = der_begin(der, DER_SEQUENCE);
    signed_digest_put(SIGNED_SHA256, der);
    der_put(der, DER_OCTET_STRING, slice_of(hash, signed_digest_len(SIGNED_SHA256)));
    der_close(der, imprint);
    if (wish->policy && policy_of(wish->policy, der, e) != 0)
        return -1;
    der_put_integer(der, slice_of(wish->nonce, sizeof wish->nonce));
    der_put_boolean(der, true);
    der_close(der, request);
    return buf_check(der, e);
}

/* PKIFailureInfo, section 2.4.2 */
static const char *failure(uint32_t bits)
{
    return bits & 1U << 0    ? "it does not know the algorithm"
           : bits & 1U << 2  ? "it takes the request for a bad one"
           : bits & 1U << 5  ? "it takes the request for malformed"
           : bits & 1U << 14 ? "its time source is not available"
           : bits & 1U << 15 ? "it has no such policy"
           : bits & 1U << 16 ? "it has no such extension"
           : bits & 1U << 17 ? "it cannot give what is asked beside the time"
           : bits & 1U << 25 ? "it has a failure"
                             : "it gives no reason that the standard knows";
}

int evidence_stamp_token(struct slice answer, struct slice *token, struct err *e)
{
    struct der_document document;
    struct slice said = {0};
    uint32_t why = 0;
    *token = slice_of(NULL, 0);
    struct der top = der_open(&document, answer);
    struct der r = der_enter(&top, DER_SEQUENCE);
    struct der status = der_enter(&r, DER_SEQUENCE);
    uint64_t code = der_unsigned(&status, DER_INTEGER);
    if (der_peek(&status) == DER_SEQUENCE) {
        struct der texts = der_enter(&status, DER_SEQUENCE);
        said = der_take(&texts, DER_UTF8_STRING);
    }
    if (der_peek(&status) == DER_BIT_STRING)
        why = der_named_bits(&status);
    der_end(&status);
    if (!der_at_end(&r))
        *token = der_take_whole(&r, DER_SEQUENCE);
    der_end(&r);
    if (der_finish(&top, "the answer of a time-stamp authority", e) != 0)
        return -1;
    if (code > 1) /* 0 granted, 1 granted with modifications, which are looked at all the same */
        return err_set(e, ERR_UNAVAILABLE, "stamp.refused", "RFC 3161 section 2.4.2",
                       "the authority refuses (status %llu): %s%s%.*s", (unsigned long long)code,
                       failure(why), said.len ? "; it says: " : "",
                       (int)(said.len < 200 ? said.len : 200), (const char *)said.data);
    if (!token->data)
        return err_set(e, ERR_INPUT, "stamp.answer", "RFC 3161 section 2.4.2",
                       "the authority grants a time-stamp and sends none");
    return 0;
}

void evidence_stamp_answer(struct slice token, struct buf *der)
{
    size_t answer = der_begin(der, DER_SEQUENCE);
    size_t status = der_begin(der, DER_SEQUENCE);
    der_put_unsigned(der, DER_INTEGER, 0);
    der_close(der, status);
    buf_put_slice(der, token);
    der_close(der, answer);
}

/* Certificates */

int evidence_stamp_chain(struct slice token, struct buf *pem, struct err *e)
{
    struct signed_data s;
    if (signed_data_parse(&s, token, e) != 0)
        return -1;
    for (size_t i = 0; i < s.certificate_count; i++)
        pem_put(pem, "CERTIFICATE", s.certificates[i]);
    return buf_check(pem, e);
}
