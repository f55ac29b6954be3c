/* SPDX-License-Identifier: Apache-2.0 */
/* A signer's home, and TBSCertificates and lists with every field open to a test's malice. */
#ifndef SIGNER_FIXTURE_H
#define SIGNER_FIXTURE_H

#include "base/file.h"
#include "base/memory.h"
#include "crypto/certificate.h"
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "crypto/name.h"
#include "crypto/note.h"
#include "signer/client.h"
#include "signer/signer.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define PASSPHRASE "open sesame"
#define DAY INT64_C(86400000000)
#define NOW INT64_C(1800000000000000)

static inline int remove_one(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s;
    (void)kind;
    (void)f;
    return remove(path);
}

static inline void make_home(char home[64])
{
    struct err e = {0};

    snprintf(home, 64, "/tmp/pki-signer-XXXXXX");
    assert_non_null(mkdtemp(home));
    assert_int_equal(signer_init_home(home, slice_str(PASSPHRASE), &e), 0);
}

static inline void remove_home(const char *home)
{
    nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What a certificate is asked to be; the fields that tests bend. */
struct forged {
    const char *issuer, *subject; /* common names */
    struct slice spki, authority_key_id;
    int64_t not_before, not_after;
    bool ca;
    int path_length; /* -1: none */
    uint32_t key_usage, purposes;
    size_t serial_len;
    enum signature_algorithm algorithm;
    bool strange_extension, no_key_usage;
};

static inline void put_extension(struct buf *b, const char *oid, size_t len, struct slice value)
{
    size_t x = der_begin(b, DER_SEQUENCE);

    der_put(b, DER_OID, slice_of(oid, len));
    der_put(b, DER_OCTET_STRING, value);
    der_close(b, x);
}

static inline void put_name(struct buf *b, const char *common_name)
{
    struct err e = {0};

    assert_int_equal(name_build(&(struct name_parts){.common_name = common_name}, b, &e), 0);
}

/* The key id that this fixture gives to a key: its SPKI's hash. */
static inline struct slice key_id(struct slice spki, uint8_t id[32])
{
    assert_int_equal(sha256(spki, id), 0);
    return slice_of(id, 20);
}

static inline void forge(const struct forged *f, struct buf *b)
{
    static const uint8_t digits[32] = {0x41, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t own[32];
    struct buf value;

    buf_reset(b);
    buf_init(&value);
    size_t tbs = der_begin(b, DER_SEQUENCE);
    size_t version = der_begin(b, DER_CONTEXT_CONSTRUCTED(0));
    der_put_unsigned(b, DER_INTEGER, 2);
    der_close(b, version);
    der_put_integer(b, slice_of(digits, f->serial_len));
    buf_put_slice(b, signature_algorithm_der(f->algorithm));
    put_name(b, f->issuer);
    size_t validity = der_begin(b, DER_SEQUENCE);
    der_put_time(b, f->not_before);
    der_put_time(b, f->not_after);
    der_close(b, validity);
    put_name(b, f->subject);
    buf_put_slice(b, f->spki);
    size_t wrapped = der_begin(b, DER_CONTEXT_CONSTRUCTED(3));
    size_t list = der_begin(b, DER_SEQUENCE);
    size_t constraints = der_begin(&value, DER_SEQUENCE);
    if (f->ca)
        der_put_boolean(&value, true);
    if (f->ca && f->path_length >= 0)
        der_put_unsigned(&value, DER_INTEGER, (uint64_t)f->path_length);
    der_close(&value, constraints);
    put_extension(b, "\x55\x1d\x13", 3, buf_slice(&value));
    if (!f->no_key_usage) {
        buf_reset(&value);
        der_put_named_bits(&value, f->key_usage);
        put_extension(b, "\x55\x1d\x0f", 3, buf_slice(&value));
    }
    if (f->purposes) {
        buf_reset(&value);
        certificate_put_purposes(f->purposes, &value);
        put_extension(b, "\x55\x1d\x25", 3, buf_slice(&value));
    }
    buf_reset(&value);
    der_put(&value, DER_OCTET_STRING, key_id(f->spki, own));
    put_extension(b, "\x55\x1d\x0e", 3, buf_slice(&value));
    buf_reset(&value);
    size_t authority = der_begin(&value, DER_SEQUENCE);
    der_put(&value, DER_CONTEXT(0), f->authority_key_id);
    der_close(&value, authority);
    put_extension(b, "\x55\x1d\x23", 3, buf_slice(&value));
    if (f->strange_extension)
        put_extension(b, "\x2a\x03\x04", 3, slice_str("smuggled"));
    der_close(b, list);
    der_close(b, wrapped);
    der_close(b, tbs);
    buf_fini(&value);
    assert_false(b->failed);
}

/* A whole certificate from a TBS that the key of that name signs. */
static inline int sign_whole(struct signer_client *client, const char *name, struct slice tbs,
                             enum signature_algorithm algorithm, struct buf *der, struct err *e)
{
    struct buf signature;

    buf_init(&signature);
    buf_reset(der);
    int result = signer_client_sign_certificate(client, name, tbs, &signature, e);
    if (result == 0)
        certificate_assemble(tbs, algorithm, buf_slice(&signature), der);
    buf_fini(&signature);
    return result;
}

#endif
