/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what certificates name as who says that they were revoked, or were not: OCSP
 * responders (RFC 6960) and revocation lists (RFC 5280), asked over http. An answer is taken when
 * it is about the certificate and signed by who may say it; what it says is another matter.
 */
#ifndef EVIDENCE_REVOCATION_FETCH_H
#define EVIDENCE_REVOCATION_FETCH_H

#include "evidence/record/revocation.h"

struct evidence_revocation_fetch {
    /* Whose certificates, and their issuers': signed messages (RFC 5652), of which what is not
       understood is passed over; and files of certificates (PEM), for issuers alone. */
    const struct slice *messages;
    size_t message_count;
    const char *const *issuers; /* may hold NULLs */
    size_t issuer_count;
    bool inside; /* also from addresses that are not of the public Internet */
    /* "ocsp" or "crl" */
    int (*keep)(void *context, struct slice der, const char *kind, struct err *e);
    void *context;
    char *why; /* what could not be had, "; " between them; empty: nothing */
    size_t why_room;
};

/* 0 also when nothing could be had. At most 16 questions, and a minute for all of them. */
int evidence_revocation_fetch(const struct evidence_revocation_fetch *f, struct err *e) MUST_CHECK;

/* The certificates of a signed message; those of a PEM file. Put behind those in the list. */
int evidence_message_certificates(struct slice der, STACK_OF(X509) * list,
                                  struct err *e) MUST_CHECK;
int evidence_file_certificates(const char *path, STACK_OF(X509) * list, struct err *e) MUST_CHECK;
/* Who issued it, in the list; NULL: not there, or itself. */
X509 *evidence_issuer_of(X509 *certificate, const STACK_OF(X509) * list);

#endif
