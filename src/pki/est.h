/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of EST (RFC 7030, as corrected by RFC 8951): the routes are the centre's. */
#ifndef PKI_EST_H
#define PKI_EST_H

#include "crypto/csr.h"
#include "pki/pki.h"

/* Content-Type of answers. */
#define PKI_EST_CERTS_TYPE "application/pkcs7-mime; smime-type=certs-only"
#define PKI_EST_CSRATTRS_TYPE "application/csrattrs"
#define PKI_EST_REQUEST_TYPE "application/pkcs10"

enum { PKI_EST_BODY_MAX = 65536 };

/* GET /cacerts: base64 of a certs-only message, with line breaks (sections 4.1.3 and 4.2.3). Add
 * the header Content-Transfer-Encoding: base64. Also the answer to an enrolment, with one or more
 * certificates, the new one first. */
int pki_est_certificates(const struct slice *certificates, size_t count, struct buf *body,
                         struct err *e) MUST_CHECK;

/* GET /csrattrs (section 4.5.2): which keys the profile wants. */
int pki_est_attributes(const struct pki_profile *profile, struct buf *body,
                       struct err *e) MUST_CHECK;

/*
 * A request of simpleenroll or simplereenroll: base64 PKCS #10 (white space anywhere, RFC 8951), or
 * plain DER or PEM, which some clients send. csr points into der, which the caller inits. Checks
 * the proof of possession. "est.body", "csr.…", "crypto.key-…".
 */
int pki_est_request(struct slice body, struct buf *der, struct csr *csr, struct err *e) MUST_CHECK;

/*
 * A renewal asks for the very subject and alternative names that its certificate has (RFC 7030
 * section 4.2.2). "est.subject-changed" else.
 */
int pki_est_same_subject(const struct csr *csr, struct slice certificate, struct err *e) MUST_CHECK;

#endif
