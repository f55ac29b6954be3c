/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what says that a certificate was not revoked, or was: lists (RFC 5280) and OCSP
 * answers (RFC 6960), from a folder beside a record and from time-stamps themselves. The folder
 * may hold further certificates too.
 */
#ifndef EVIDENCE_RECORD_REVOCATION_H
#define EVIDENCE_RECORD_REVOCATION_H

#include "evidence/record/token.h"

#include <openssl/ocsp.h>
#include <openssl/x509.h>

DEFINE_STACK_OF(OCSP_BASICRESP)

enum { EVIDENCE_REVOCATION_FILES = 4096 };

struct evidence_revocation {
    STACK_OF(X509) * certificates;
    STACK_OF(X509_CRL) * lists;
    STACK_OF(OCSP_BASICRESP) * answers;
};

/* folder NULL or not there: nothing. What is neither is "revocation.file", with its name. */
int evidence_revocation_open(struct evidence_revocation *r, const char *folder,
                             struct err *e) MUST_CHECK;
void evidence_revocation_close(struct evidence_revocation *r);
/* One file's or element's contents: PEM or DER, a list, an answer, certificates. 0: taken, 1: it is
 * none of these, -1. */
int evidence_revocation_add(struct evidence_revocation *r, struct slice content,
                            struct err *e) MUST_CHECK;
/* What a time-stamp has embedded: RevocationInfoChoices (RFC 5652 section 10.2.1, RFC 5940). */
int evidence_revocation_add_token(struct evidence_revocation *r, struct slice token,
                                  struct err *e) MUST_CHECK;

/*
 * Of one certificate and its issuer's: what was known of it at a time. What was said at that time
 * or later, before the certificate ended, counts most; what was said before and had not run out
 * then counts too. RFC 3161 section 4.1: a later revocation with the reason unspecified,
 * affiliationChanged, superseded or cessationOfOperation leaves older time-stamps valid; any other
 * reason, or none, does not. -1: ERR_VERIFY "token.revoked".
 */
int evidence_revocation_ask(const struct evidence_revocation *r, X509 *certificate, X509 *issuer,
                            int64_t at, enum evidence_revoked *known, int64_t *said_at,
                            struct err *e) MUST_CHECK;

/*
 * Is all that is said of this certificate signed by its issuer, or by whom that appointed? What is
 * about others is passed over. -1: ERR_VERIFY "revocation.signature".
 */
int evidence_revocation_signed(const struct evidence_revocation *r, X509 *certificate, X509 *issuer,
                               struct err *e) MUST_CHECK;

#endif
