/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of struct certificate share. */
#ifndef CRYPTO_CERTIFICATE_INTERNAL_H
#define CRYPTO_CERTIFICATE_INTERNAL_H

#include "crypto/certificate.h"
#include "crypto/der.h"

enum { CERTIFICATE_EXTENSIONS_MAX = 64 };

/* Object identifiers of extensions, contents octets: id-ce is 2.5.29. */
extern const uint8_t oid_subject_key_id[3], oid_key_usage[3], oid_alt_names[3],
    oid_basic_constraints[3], oid_crl_number[3], oid_crl_reason[3], oid_invalidity_date[3],
    oid_delta_crl[3], oid_crl_points[3], oid_policies[3], oid_authority_key_id[3],
    oid_extended_key_usage[3], oid_info_access[8];

#define OID_IS(slice, oid) slice_equal((slice), slice_of((oid), sizeof(oid)))

/* One Extension of a list: its OID, whether it is critical, and the contents of its value. */
struct extension {
    struct slice oid;
    bool critical;
    struct slice value;
};
/* Walks the contents of Extensions; faults go to the reader's document. False at the end. */
bool extension_next(struct der *list, struct extension *x);
/* Whether one OID stands twice in the contents of Extensions, or there are too many. */
int extension_check_list(struct slice extensions, const char *what, struct err *e) MUST_CHECK;

/* The keyIdentifier of AuthorityKeyIdentifier; empty when it has none. */
struct slice extension_authority_key_id(struct der *r, struct slice value);

/* Fills what c->extensions say. */
int certificate_parse_extensions(struct certificate *c, struct err *e) MUST_CHECK;

#endif
