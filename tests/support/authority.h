/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small certification authority for tests, made with OpenSSL's own X.509 functions: what our code
 * reads is so not what our code wrote.
 */
#ifndef TESTS_AUTHORITY_H
#define TESTS_AUTHORITY_H

#include "crypto/certificate.h"
#include "crypto/key.h"

struct identity {
    struct key *key;
    struct buf certificate;        /* DER */
    const struct identity *issuer; /* NULL: self-signed */
};

enum identity_kind { IDENTITY_ROOT, IDENTITY_CA, IDENTITY_PUBLISHER, IDENTITY_DEVICE };

/*
 * Makes a certificate for key (taken over) with that common name, valid from `begin` for `days`.
 * Aborts when it cannot: a test without its identities has nothing to say.
 */
void identity_make(struct identity *identity, enum identity_kind kind, const char *name,
                   struct key *key, const struct identity *issuer, int64_t begin, int days);
void identity_fini(struct identity *identity);

/* Serial number as lower-case hexadecimal. */
void identity_serial(const struct identity *identity, char out[64]);

/* A list signed by a CA, of these certificates' serials, revoked at `at`. */
void authority_crl(const struct identity *ca, const struct identity *const *revoked, size_t count,
                   int64_t at, struct buf *der);

/* Keys in a folder: loaded when there, else generated and kept (so that runs can share them). */
struct key *key_in_folder(const char *folder, const char *name, enum key_kind kind);

#endif
