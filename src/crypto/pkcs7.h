/* SPDX-License-Identifier: Apache-2.0 */
/* Certs-only PKCS #7 / CMS SignedData (RFC 5652 section 5; RFC 7030 sections 4.1.3 and 4.2.3). */
#ifndef CRYPTO_PKCS7_H
#define CRYPTO_PKCS7_H

#include "crypto/certificate.h"

enum { PKCS7_MAX = 1 << 20 };

/* Appends the degenerate SignedData with these certificates in the given order: CMS is BER, which
 * does not sort a SET OF, and some clients take the first for the one that they asked for. */
int pkcs7_certificates_build(const struct slice *certificates, size_t count, struct buf *der,
                             struct err *e) MUST_CHECK;
/* Adds every certificate of one to list. Definite lengths only, which every EST client and server
 * sends; CRLs are passed over; a message with signers is "pkcs7.signed". */
int pkcs7_certificates_parse(struct slice der, struct certificate_list *list,
                             struct err *e) MUST_CHECK;

#endif
