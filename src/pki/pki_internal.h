/* SPDX-License-Identifier: Apache-2.0 */
/* What only the room's own files share. */
#ifndef PKI_INTERNAL_H
#define PKI_INTERNAL_H

#include "crypto/der.h"
#include "crypto/digest.h"
#include "pki/pki.h"

enum {
    PKI_ACTIVE_MOST = 16, /* certificates of one subject that are not over, so that nobody hoards */
    PKI_HOSTS_MOST = 32,
    PKI_SKI_LEN = 20,
};

/* Everything that goes into one TBSCertificate. */
struct pki_draft {
    const struct pki_profile *profile;
    const struct certificate *issuer; /* NULL: signs itself */
    enum signature_algorithm algorithm;
    uint8_t serial[PKI_SERIAL_LEN];
    struct slice subject; /* whole Name */
    struct slice spki;
    int64_t not_before, not_after; /* whole seconds */
    const char *const *host_names;
    size_t host_count;
    const char *crl_url;    /* NULL: none */
    const char *issuer_url; /* NULL: none */
};

/* Appends the TBSCertificate (RFC 5280 section 4.1). */
int pki_tbs_build(const struct pki_draft *draft, struct buf *tbs, struct err *e) MUST_CHECK;
/*
 * Row 36: reads the finished TBS again and compares it with the draft, field by field, and with
 * what every certificate must be. "pki.lint" names the field.
 */
int pki_tbs_lint(const struct pki_draft *draft, struct slice tbs, struct err *e) MUST_CHECK;

/* SHA-256 of the public key's bits, cut to 160 bits (RFC 7093 section 2, method 1). */
int pki_subject_key_id(struct slice spki, uint8_t id[PKI_SKI_LEN], struct err *e) MUST_CHECK;
/* 126 random bits in 16 octets: positive, no leading zero. */
int pki_serial_draw(const struct pki *pki, uint8_t serial[PKI_SERIAL_LEN],
                    struct err *e) MUST_CHECK;
/* Bytes of an IPv4 or IPv6 address in text; 0 when it is none. */
size_t pki_address_parse(const char *text, uint8_t address[16]);

/* Fills an authority from the current row of one of the PKI_AUTHORITY_ statements. */
int pki_authority_read(struct db_query *q, struct pki_authority *a, struct err *e) MUST_CHECK;
/* By the name of its key; 1 found, 0 none. */
int pki_authority_by_key(struct db *db, const char *key, struct pki_authority *a,
                         struct err *e) MUST_CHECK;
/* Records a new one, current if `current` (the others of its kind then are not). */
int pki_authority_add(struct db *db, const struct pki *pki, const struct pki_authority *a,
                      struct err *e) MUST_CHECK;

/* pki_issue_begin by a given authority and for a given subject Name. */
int pki_issue_begin_by(struct db *db, const struct pki *pki, const struct pki_authority *authority,
                       struct slice subject, const struct pki_request *request,
                       struct pki_intended *intended, struct err *e) MUST_CHECK;

/* A revocation waits for its list. */
int pki_crl_mark_dirty(struct db *db, const struct pki *pki, const char *authority,
                       struct err *e) MUST_CHECK;

/* Copies text of a column into a field of fixed size; "pki.database" when it does not fit. */
int pki_copy_text(struct slice text, char *out, size_t size, struct err *e) MUST_CHECK;

#endif
