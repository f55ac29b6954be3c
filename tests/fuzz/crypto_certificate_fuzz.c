/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and lists: what our reader takes, OpenSSL reads alike. */
#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "crypto/name.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void compare(const struct certificate *c)
{
    const unsigned char *at = c->raw.data;
    X509 *x = d2i_X509(NULL, &at, (long)c->raw.len);
    unsigned char *subject = NULL;
    struct tm end;

    ERR_clear_error();
    if (!x) /* OpenSSL decodes names and keys deeper than we do; it may refuse more */
        return;
    demand(at == c->raw.data + c->raw.len);
    demand(X509_get_version(x) == 2);
    int len = i2d_X509_NAME(X509_get_subject_name(x), &subject);
    demand(len == (int)c->subject.len);
    OPENSSL_free(subject);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &end) == 1)
        demand(c->not_after == (int64_t)timegm(&end) * 1000000);
    X509_free(x);
}

static void walk_certificate(const struct certificate *c)
{
    struct slice rest, oid, value;
    char text[NAME_TEXT];
    bool critical;
    int kind;

    name_text(c->subject, text);
    name_text(c->issuer, text);
    demand(name_same(c->subject, c->subject));
    for (rest = c->alt_names; general_name_next(&rest, &kind, &value) == 1;)
        ;
    for (rest = c->policies; certificate_policy_next(&rest, &oid) == 1;)
        ;
    for (rest = c->extensions; certificate_extension_next(&rest, &oid, &critical, &value) == 1;)
        ;
    struct err e = {0};
    struct key *key = key_from_spki(c->spki, &e);
    if (key) {
        struct buf spki;
        buf_init(&spki);
        err_clear(&e);
        demand(key_to_spki(key, &spki, &e) == 0 && slice_equal(buf_slice(&spki), c->spki));
        buf_fini(&spki);
        (void)!certificate_check_signature(c, key, &e);
    } else {
        demand(err_is_set(&e));
    }
    key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct crl_entry entry;
    struct certificate c;
    struct err e = {0};
    struct crl crl;

    if (certificate_parse(&c, in, &e) == 0) {
        demand(!err_is_set(&e));
        walk_certificate(&c);
        compare(&c);
        demand(certificate_parse_tbs(&c, c.tbs, &e) == 0);
    } else {
        demand(err_is_set(&e));
    }
    err_clear(&e);
    (void)!certificate_parse_tbs(&c, in, &e);
    err_clear(&e);
    if (crl_parse(&crl, in, &e) == 0)
        for (struct slice rest = crl.entries; crl_entry_next(&rest, &entry, &e) == 1;)
            crl_reason_name(entry.reason);
    return 0;
}
