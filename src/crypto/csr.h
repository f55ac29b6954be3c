/* SPDX-License-Identifier: Apache-2.0 */
/* Certification requests, PKCS #10 (RFC 2986). */
#ifndef CRYPTO_CSR_H
#define CRYPTO_CSR_H

#include "crypto/certificate.h"
#include "crypto/name.h"

enum { CSR_MAX = 16384 };

/* Slices of the input, which must outlive it. */
struct csr {
    struct slice raw;
    struct slice info; /* the whole CertificationRequestInfo */
    struct slice subject;
    struct slice common_name;
    struct slice spki;
    struct slice alt_names;          /* asked for by extensionRequest; empty: none */
    struct slice challenge_password; /* RFC 2985 section 5.4.1; empty: none */
    bool asks_ca;                    /* extensionRequest with basicConstraints cA */
    enum signature_algorithm algorithm;
    struct slice signature;
};

int csr_parse(struct csr *csr, struct slice der, struct err *e) MUST_CHECK;

/* Proof of possession: the request is signed by the key that it names. ERR_VERIFY
 * "csr.possession", "crypto.key-…" when the key itself is not acceptable. *key, when key is not
 * NULL, is that public key, owned by the caller. */
int csr_check_possession(const struct csr *csr, struct key **key, struct err *e) MUST_CHECK;

/* What a requester asks for; parts that are NULL or 0 are left out. */
struct csr_wish {
    struct name_parts subject;
    const char *const *dns_names;
    size_t dns_count;
    const char *challenge_password;
};
/* Appends a request signed by key. */
int csr_build(const struct key *key, const struct csr_wish *wish, struct buf *der,
              struct err *e) MUST_CHECK;

#endif
