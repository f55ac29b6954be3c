/* SPDX-License-Identifier: Apache-2.0 */
/* The end of certificates before their time: the command, its act, and the signed lists. */
#ifndef CENTRE_REVOCATION_H
#define CENTRE_REVOCATION_H

#include "centre/command.h"
#include "pki/pki.h"

/* The act certificate.revoked, and that proofs find it. */
int revocation_act(struct change *c, const struct pki_record *record, const char *reason,
                   struct err *e) MUST_CHECK;

/* Makes the lists that are due (RFC 5280 section 5), on the clock thread. */
int revocation_lists(struct centre *centre, struct db *db, struct err *e) MUST_CHECK;

extern const struct command_type command_certificate_revoke; /* {"certificate","reason"} */
extern const struct command_type command_crl_begin;
extern const struct command_type command_crl_finish;

#endif
