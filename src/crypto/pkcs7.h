/* SPDX-License-Identifier: Apache-2.0 */
/* Certs-only PKCS #7 / CMS SignedData (RFC 5652 section 5; RFC 7030 sections 4.1.3 and 4.2.3). */
#ifndef CRYPTO_PKCS7_H
#define CRYPTO_PKCS7_H

#include "crypto/certificate.h"

enum { PKCS7_MAX = 1 << 20 };

/* Appends the degenerate SignedData with these certificates, in the order of DER's SET OF. */
int pkcs7_certificates_build(const struct slice *certificates, size_t count, struct buf *der,
                             struct err *e) MUST_CHECK;
/* Adds every certificate of one to list. DER, or the BER of indefinite length that some senders
 * use only where the standard allows it: refused here, "pkcs7.ber". CRLs are passed over; signers
 * are "pkcs7.signed". */
int pkcs7_certificates_parse(struct slice der, struct certificate_list *list,
                             struct err *e) MUST_CHECK;

#endif
