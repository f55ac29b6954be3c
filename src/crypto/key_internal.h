/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of struct key share. */
#ifndef CRYPTO_KEY_INTERNAL_H
#define CRYPTO_KEY_INTERNAL_H

#include "crypto/key.h"
#include "crypto/shortage.h"

#include <openssl/evp.h>
#include <stdatomic.h>

struct key {
    atomic_uint references;
    enum key_kind kind;
    bool is_private;
    EVP_PKEY *evp;
    struct buf spki; /* the one encoding: equal keys have equal bytes here */
};

/*
 * Takes over evp (freed on failure too, and NULL is "crypto.key"). spki: its SubjectPublicKeyInfo
 * when the caller has it in the one encoding; data NULL: asked from OpenSSL, which takes longer.
 */
struct key *key_take_evp(EVP_PKEY *evp, bool is_private, struct slice spki,
                         struct err *e) MUST_CHECK;

/* "why: OpenSSL's oldest reason" as ERR_SYSTEM, or ERR_MEMORY; empties OpenSSL's queue. Returns -1.
 */
int crypto_err_openssl(struct err *e, const char *code, const char *why);

#endif
