/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of authorities sign: certificates (RFC 5280 section 4) and lists (section 5). */
#include "crypto/crl.h"
#include "crypto/der.h"
#include "signer/rule.h"

enum {
    SERIAL_OCTETS_LEAST = 8, /* 64 bits of randomness (Baseline Requirements section 7.1) */
    ROOT_YEARS_MOST = 30,
    LEAF_YEARS_MOST = 10,
};
#define YEAR INT64_C(31557600000000) /* microseconds */

/* Extensions that profiles write; a key signs no others. */
static const uint8_t known_extensions[][8] = {
    {3, 0x55, 0x1d, 0x0e}, /* subjectKeyIdentifier */
    {3, 0x55, 0x1d, 0x0f}, /* keyUsage */
    {3, 0x55, 0x1d, 0x11}, /* subjectAltName */
    {3, 0x55, 0x1d, 0x13}, /* basicConstraints */
    {3, 0x55, 0x1d, 0x1f}, /* cRLDistributionPoints */
    {3, 0x55, 0x1d, 0x20}, /* certificatePolicies */
    {3, 0x55, 0x1d, 0x23}, /* authorityKeyIdentifier */
    {3, 0x55, 0x1d, 0x25}, /* extKeyUsage */
};
static const uint8_t oid_info_access[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};

static int refuse(struct err *e, const char *code, const char *clause, const char *text)
{
    return err_set(e, ERR_DENIED, code, clause, "the signer refuses: %s", text);
}

static int check_extensions(const struct certificate *c, struct err *e)
{
    struct slice rest = c->extensions;
    struct slice oid, value;
    bool critical;

    while (certificate_extension_next(&rest, &oid, &critical, &value) == 1) {
        bool known = slice_equal(oid, slice_of(oid_info_access, sizeof(oid_info_access)));
        for (size_t i = 0; i < ARRAY_LEN(known_extensions); i++)
            known |= slice_equal(oid, slice_of(known_extensions[i] + 1, known_extensions[i][0]));
        if (!known)
            return refuse(e, "signer.certificate-extension", "ISO/IEC 27099 row 35",
                          "an extension that no profile writes");
    }
    return 0;
}

static int check_serial(const struct certificate *c, struct err *e)
{
    struct slice s = c->serial;

    if (s.len > 0 && s.data[0] == 0)
        s = slice_of(s.data + 1, s.len - 1);
    if (s.len >= SERIAL_OCTETS_LEAST)
        return 0;
    return refuse(e, "signer.certificate-serial", "ISO/IEC 27099 row 35",
                  "a serial number of less than 64 bits");
}

/* What holds for every certificate, whoever signs it. */
static int check_common(const struct vault_key *key, const struct certificate *c, struct err *e)
{
    if (c->algorithm != key_signature_algorithm(key->kind))
        return refuse(e, "signer.certificate-algorithm", "RFC 5280 section 4.1.2.3",
                      "a signature algorithm that is not the key's");
    if (check_serial(c, e) != 0 || check_extensions(c, e) != 0)
        return -1;
    if (!c->has_key_usage)
        return refuse(e, "signer.certificate-usage", "RFC 5280 section 4.2.1.3",
                      "a certificate without keyUsage");
    struct key *subject = key_from_spki(c->spki, e);
    if (!subject)
        return -1;
    key_free(subject);
    return 0;
}

static int check_authority_usage(const struct certificate *c, struct err *e)
{
    if (!c->is_ca || c->key_usage != (KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN) || c->has_purposes)
        return refuse(e, "signer.certificate-usage", "RFC 5280 section 4.2.1.9",
                      "a root signs certificates of authorities only (cA, keyCertSign, cRLSign)");
    if (c->subject_key_id.len == 0)
        return refuse(e, "signer.certificate-usage", "RFC 5280 section 4.2.1.2",
                      "an authority's certificate without subjectKeyIdentifier");
    return 0;
}

static int check_leaf_usage(const struct certificate *c, struct err *e)
{
    const uint32_t usages =
        KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT | KEY_USAGE_KEY_ENCIPHERMENT;
    const uint32_t purposes = PURPOSE_SERVER | PURPOSE_CLIENT | PURPOSE_DOCUMENT;

    if (c->is_ca)
        return refuse(e, "signer.certificate-usage", "RFC 5280 section 4.2.1.9",
                      "an issuing authority signs no other authority's certificate");
    if ((c->key_usage & ~usages) != 0 || !(c->key_usage & KEY_USAGE_DIGITAL_SIGNATURE))
        return refuse(e, "signer.certificate-usage", "RFC 5280 section 4.2.1.3",
                      "a keyUsage that no profile gives");
    if (!c->has_purposes || (c->purposes & ~purposes) != 0)
        return refuse(e, "signer.certificate-usage", "RFC 5280 section 4.2.1.12",
                      "an extended key usage that no profile gives");
    if (c->not_after - c->not_before > LEAF_YEARS_MOST * YEAR)
        return refuse(e, "signer.certificate-validity", "ISO/IEC 27099 row 24",
                      "a certificate for more than ten years");
    return 0;
}

static int check_issuer(const struct certificate *ca, const struct certificate *c, struct err *e)
{
    if (!slice_equal(c->issuer, ca->subject))
        return refuse(e, "signer.certificate-issuer", "RFC 5280 section 4.1.2.4",
                      "an issuer that is not this authority");
    if (slice_equal(c->subject, ca->subject))
        return refuse(e, "signer.certificate-issuer", "RFC 5280 section 4.1.2.6",
                      "a subject with the name of this authority");
    if (c->not_before < ca->not_before || c->not_after > ca->not_after)
        return refuse(e, "signer.certificate-validity", "ISO/IEC 27099 row 35",
                      "a validity that is not inside the authority's own");
    if (!slice_equal(c->authority_key_id, ca->subject_key_id))
        return refuse(e, "signer.certificate-issuer", "RFC 5280 section 4.2.1.1",
                      "an authorityKeyIdentifier that is not this authority's");
    return 0;
}

/* A root's own certificate: itself by itself. */
static int check_self(const struct vault_key *key, const struct certificate *c, struct err *e)
{
    if (!slice_equal(c->issuer, c->subject) || !slice_equal(c->spki, buf_slice(&key->spki)))
        return refuse(e, "signer.certificate-issuer", "RFC 5280 section 6.1",
                      "a root without a certificate signs nothing but its own");
    if (c->not_after - c->not_before > ROOT_YEARS_MOST * YEAR)
        return refuse(e, "signer.certificate-validity", "ISO/IEC 27099 row 24",
                      "a root for more than thirty years");
    return 0;
}

static bool is_root_key(const struct vault *v, struct slice spki)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->keys[i]->purpose == SIGNER_ROOT_CA &&
            slice_equal(buf_slice(&v->keys[i]->spki), spki))
            return true;
    return false;
}

static int check_by_root(const struct vault *v, const struct vault_key *key,
                         const struct certificate *c, struct err *e)
{
    struct certificate ca;

    if (check_authority_usage(c, e) != 0)
        return -1;
    if (key->certificate.len == 0)
        return check_self(key, c, e);
    if (certificate_parse(&ca, buf_slice(&key->certificate), e) != 0 ||
        check_issuer(&ca, c, e) != 0)
        return -1;
    /* a link certificate (RFC 4210 section 4.4) is for another root of ours, and for no one else */
    if (c->path_length != 0 && !is_root_key(v, c->spki))
        return refuse(e, "signer.certificate-path", "RFC 5280 section 4.2.1.9",
                      "an issuing authority without pathLenConstraint 0");
    return 0;
}

int rule_sign_certificate(struct vault *v, struct slice name, struct slice tbs,
                          struct buf *signature, struct err *e)
{
    struct vault_key *key = vault_use(v, name, 0, e);
    struct certificate c, ca;

    if (!key)
        return -1;
    if (key->purpose != SIGNER_ROOT_CA && key->purpose != SIGNER_ISSUING_CA) {
        key = vault_use(v, name, SIGNER_ISSUING_CA, e);
        if (!key)
            return -1;
    }
    if (certificate_parse_tbs(&c, tbs, e) != 0 || check_common(key, &c, e) != 0)
        return -1;
    if (key->purpose == SIGNER_ROOT_CA) {
        if (check_by_root(v, key, &c, e) != 0)
            return -1;
    } else {
        if (key->certificate.len == 0)
            return refuse(e, "signer.no-certificate", NULL,
                          "this authority has no certificate of its own yet");
        if (certificate_parse(&ca, buf_slice(&key->certificate), e) != 0 ||
            check_issuer(&ca, &c, e) != 0 || check_leaf_usage(&c, e) != 0)
            return -1;
    }
    return key_sign(key->key, tbs, signature, e);
}

int rule_install(struct vault *v, struct slice name, struct slice der, struct err *e)
{
    struct vault_key *key = vault_find(v, name, e);
    struct certificate c, before;

    if (!key || certificate_parse(&c, der, e) != 0)
        return -1;
    bool authority = key->purpose == SIGNER_ROOT_CA || key->purpose == SIGNER_ISSUING_CA;
    if (!authority && key->purpose != SIGNER_PUBLICATION)
        return refuse(e, "signer.purpose", NULL, "a key of this purpose has no certificate");
    if (!slice_equal(c.spki, buf_slice(&key->spki)))
        return refuse(e, "signer.certificate-key", NULL, "a certificate of another key");
    if (authority && check_authority_usage(&c, e) != 0)
        return -1;
    if (key->purpose == SIGNER_ROOT_CA) {
        struct key *own = key_from_spki(c.spki, e);
        int holds = own ? certificate_check_signature(&c, own, e) : -1;
        key_free(own);
        if (holds != 0)
            return -1;
    }
    if (key->certificate.len > 0) {
        if (slice_equal(der, buf_slice(&key->certificate)))
            return 0;
        if (certificate_parse(&before, buf_slice(&key->certificate), e) != 0)
            return -1;
        if (!slice_equal(before.subject, c.subject))
            return refuse(e, "signer.certificate-key", "ISO/IEC 27099 row 18",
                          "a certificate of another subject");
        if (c.not_before < before.not_before)
            return refuse(e, "signer.certificate-key", "ISO/IEC 27099 row 19",
                          "an older certificate");
    }
    return vault_keep_certificate(v, key, der, e);
}

static int read_crl(const struct vault_key *key, struct slice tbs, uint64_t *number, struct err *e)
{
    struct certificate ca;
    struct crl_entry entry;
    struct cursor digits;
    struct crl crl;
    int found;

    if (crl_parse_tbs(&crl, tbs, e) != 0 ||
        certificate_parse(&ca, buf_slice(&key->certificate), e) != 0)
        return -1;
    if (!slice_equal(crl.issuer, ca.subject) ||
        !slice_equal(crl.authority_key_id, ca.subject_key_id))
        return refuse(e, "signer.crl-issuer", "RFC 5280 section 5.1.2.3",
                      "a list of another authority");
    if (crl.algorithm != key_signature_algorithm(key->kind))
        return refuse(e, "signer.crl-algorithm", "RFC 5280 section 5.1.2.2",
                      "a signature algorithm that is not the key's");
    if (crl.is_delta || crl.unknown_critical)
        return refuse(e, "signer.crl-kind", "RFC 5280 section 5.2",
                      "a list that is not a full one");
    if (crl.next_update <= crl.this_update)
        return refuse(e, "signer.crl-update", "RFC 5280 section 5.1.2.5",
                      "a list that does not say when the next one comes");
    if (crl.number.len == 0 || crl.number.len > 8 || crl.number.data[0] >= 0x80)
        return refuse(e, "signer.crl-number", "RFC 5280 section 5.2.3",
                      "a list without a number that fits 63 bits");
    for (struct slice rest = crl.entries; (found = crl_entry_next(&rest, &entry, e)) != 0;)
        if (found < 0)
            return -1;
    *number = 0;
    cursor_init(&digits, crl.number);
    while (cursor_left(&digits) > 0)
        *number = *number << 8 | cursor_u8(&digits);
    return 0;
}

int rule_sign_crl(struct vault *v, struct slice name, struct slice tbs, struct buf *signature,
                  struct err *e)
{
    struct vault_key *key = vault_use(v, name, 0, e);
    uint8_t hash[SHA256_LEN];
    uint64_t number;
    int result = -1;

    if (!key)
        return -1;
    if (key->purpose != SIGNER_ROOT_CA && key->purpose != SIGNER_ISSUING_CA) {
        key = vault_use(v, name, SIGNER_ISSUING_CA, e);
        if (!key)
            return -1;
    }
    if (key->certificate.len == 0)
        return refuse(e, "signer.no-certificate", NULL,
                      "this authority has no certificate of its own yet");
    if (read_crl(key, tbs, &number, e) != 0)
        return -1;
    if (sha256(tbs, hash) != 0)
        return digest_failed(e);
    pthread_mutex_lock(&key->turn);
    bool same = number == key->crl_number && memcmp(hash, key->crl_hash, sizeof(hash)) == 0;
    if (!same && number <= key->crl_number) {
        err_set(e, ERR_CONFLICT, "signer.crl-number", "RFC 5280 section 5.2.3",
                "the signer refuses: the list has number %llu, and %llu was signed before",
                (unsigned long long)number, (unsigned long long)key->crl_number);
    } else if (same || vault_keep_crl(v, key, number, hash, e) == 0) {
        key->crl_number = number;
        memcpy(key->crl_hash, hash, sizeof(hash));
        result = key_sign(key->key, tbs, signature, e);
    }
    pthread_mutex_unlock(&key->turn);
    return result;
}
