/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: time-stamp tokens (RFC 3161) as archives have them: of any authority, with RSA in
 * either padding or any curve, with OCSP answers embedded (which OpenSSL's own reader of
 * time-stamps refuses), and long ago.
 */
#ifndef EVIDENCE_RECORD_TOKEN_H
#define EVIDENCE_RECORD_TOKEN_H

#include "base/clock.h"
#include "evidence/record/algorithm.h"

enum { EVIDENCE_TOKEN_MOST = 4 << 20, EVIDENCE_NAME_TEXT = 256 };

struct evidence_token {
    struct slice der;                 /* ContentInfo, whole; borrowed */
    struct slice type;                /* contents of the OID of what is signed */
    struct slice content;             /* TSTInfo */
    bool other_revocation;            /* answers that are no lists are embedded */
    const struct evidence_hash *hash; /* of messageImprint */
    struct slice imprint;
    int64_t at;       /* genTime, microseconds */
    int64_t accuracy; /* microseconds; 0: not said */
    char policy[64];
    char serial[48];    /* hexadecimal, cut */
    struct slice nonce; /* contents of the INTEGER; empty: none */
    /* of the signature; set by _check */
    char signer[EVIDENCE_NAME_TEXT];
    char signature[80]; /* "RSA of 2,048 bits with SHA-256" */
    const struct evidence_hash *signed_with;
    unsigned strength; /* bits, of key and hash */
    struct CMS_ContentInfo_st *cms;
    struct x509_st *certificate; /* the signer's; belongs to cms */
};

/* What stands in it. ERR_INPUT: "token.syntax", "token.version" (RFC 5652 section 5.1). */
int evidence_token_open(struct evidence_token *t, struct slice der, struct err *e) MUST_CHECK;
void evidence_token_close(struct evidence_token *t);

/*
 * Whether the signature holds and names its certificate (RFC 5035), and the certificate is one for
 * time-stamps alone (RFC 3161 section 2.3). more: certificates that may be missing in it. -1:
 * ERR_VERIFY "token.signature", "token.certificate", "token.purpose".
 */
struct evidence_revocation;
int evidence_token_check(struct evidence_token *t, const struct evidence_revocation *more,
                         struct err *e) MUST_CHECK;

/* What is known of the revocation of the certificates up to the root's. */
enum evidence_revoked {
    EVIDENCE_REVOKED_UNKNOWN, /* no list and no answer that counts */
    EVIDENCE_NOT_REVOKED,
    EVIDENCE_REVOKED_LATER /* for a reason that leaves what it signed before untouched */
};

struct evidence_vouched {
    enum evidence_revoked revoked;
    int64_t revocation_at; /* when that was said; 0: unknown */
    char root[EVIDENCE_NAME_TEXT];
    unsigned strength; /* bits, the least of all keys and signatures of the chain and the token */
};

/*
 * Whether, at a time, the certificate led to one of the roots and was not revoked. The token's own
 * time is asked for too. -1: ERR_VERIFY "token.expired", "token.untrusted", "token.revoked".
 */
struct evidence_roots;
struct evidence_roots *evidence_roots_open(const char *pem_file, struct err *e) MUST_CHECK;
void evidence_roots_close(struct evidence_roots *roots);
int evidence_token_vouch(const struct evidence_token *t, const struct evidence_roots *roots,
                         const struct evidence_revocation *revocation, int64_t at,
                         struct evidence_vouched *out, struct err *e) MUST_CHECK;

#endif
