/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists, version 2 (RFC 5280 section 5): reading. Building is pki's. */
#ifndef CRYPTO_CRL_H
#define CRYPTO_CRL_H

#include "crypto/certificate.h"

enum { CRL_MAX = 256 << 20 };

/* Slices of the input, which must outlive it. */
struct crl {
    struct slice raw;
    struct slice tbs;
    struct slice issuer; /* whole Name */
    int64_t this_update;
    int64_t next_update;  /* 0: none (RFC 5280 wants one) */
    struct slice entries; /* contents of revokedCertificates */
    struct slice authority_key_id;
    struct slice number; /* contents octets of cRLNumber; empty: none */
    bool is_delta;       /* deltaCRLIndicator is there */
    bool unknown_critical;
    enum signature_algorithm algorithm;
    struct slice signature;
};

int crl_parse(struct crl *crl, struct slice der, struct err *e) MUST_CHECK;
/* Only a TBSCertList; raw and signature stay empty. */
int crl_parse_tbs(struct crl *crl, struct slice tbs, struct err *e) MUST_CHECK;

/* CRLReason, section 5.3.1. */
enum crl_reason {
    CRL_UNSPECIFIED = 0,
    CRL_KEY_COMPROMISE = 1,
    CRL_CA_COMPROMISE = 2,
    CRL_AFFILIATION_CHANGED = 3,
    CRL_SUPERSEDED = 4,
    CRL_CESSATION_OF_OPERATION = 5,
    CRL_CERTIFICATE_HOLD = 6,
    CRL_REMOVE_FROM_CRL = 8,
    CRL_PRIVILEGE_WITHDRAWN = 9,
    CRL_AA_COMPROMISE = 10,
};
const char *crl_reason_name(enum crl_reason reason); /* "keyCompromise" */
/* The reason with that name; -1 when there is none. */
int crl_reason_parse(struct slice name);

struct crl_entry {
    struct slice serial; /* contents octets */
    int64_t revoked_at;
    enum crl_reason reason;
    int64_t invalid_since; /* invalidityDate; 0: not said */
};
/* Walk: *rest starts as crl->entries. 1 and an entry, 0 at the end, -1 malformed. */
int crl_entry_next(struct slice *rest, struct crl_entry *entry, struct err *e) MUST_CHECK;

/* 1 and *entry when the serial (contents octets) is listed, 0 when not, -1 malformed. */
int crl_find(const struct crl *crl, struct slice serial, struct crl_entry *entry,
             struct err *e) MUST_CHECK;

int crl_check_signature(const struct crl *crl, const struct key *issuer, struct err *e) MUST_CHECK;

#endif
