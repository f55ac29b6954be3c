/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates from request to delivery (acceptance 27099 row 37): decision → durable record with
 * the exact TBS → signature → store → deliver. After a crash every signature is accounted for.
 */
#ifndef CENTRE_ISSUANCE_H
#define CENTRE_ISSUANCE_H

#include "centre/command.h"
#include "crypto/csr.h"
#include "pki/pki.h"

struct centre;

/* One enrolment or renewal, prepared by a worker. */
struct issuance {
    struct slice token;     /* enrolment: the token's text; empty: renewal */
    const char *renews;     /* renewal: id of the certificate */
    const char *profile;    /* operators and servers; NULL: the token's */
    const char *subject_id; /* operators; NULL: the token's asset, or the renewed one's */
    const char *organisation;
    bool exercise;
    struct slice spki;
    struct pki_intended intended; /* filled in by the command */
    char asset[ID_TEXT];
};
void issuance_init(struct issuance *issuance);
void issuance_fini(struct issuance *issuance);

/*
 * The whole way, from a worker thread: both commands and the signature between them. issued gets
 * the certificate. Refusals of tokens are ERR_DENIED with codes that the outside must not see.
 */
int issuance_run(struct centre *centre, const struct caller *caller, struct issuance *issuance,
                 struct pki_issued *issued, struct err *e) MUST_CHECK;

/* The act certificate.revoked, and that proofs find it. */
int issuance_revoked_act(struct change *c, const struct pki_record *record, const char *reason,
                         struct err *e) MUST_CHECK;

/* Every few seconds, on the clock thread: lists that are due, issuances that a crash cut in two,
 * entries of the live table that are over, old idempotency keys. */
void issuance_housekeeping(struct centre *centre, struct db *db);

extern const struct command_type command_certificate_intend;
extern const struct command_type command_certificate_issue;
extern const struct command_type command_certificate_revoke; /* {"certificate","reason"} */
extern const struct command_type command_crl_begin;
extern const struct command_type command_crl_finish;
extern const struct command_type command_keys_forget;

#endif
