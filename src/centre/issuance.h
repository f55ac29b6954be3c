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

/*
 * One enrolment or renewal. The first members are prepared by a worker, and live, as what they
 * point to, until done.
 */
struct issuance {
    struct slice token;     /* enrolment: the token's text; empty: renewal */
    const char *renews;     /* renewal: id of the certificate */
    const char *profile;    /* operators and servers; NULL: the token's */
    const char *subject_id; /* operators; NULL: the token's asset, or the renewed one's */
    const char *organisation;
    bool exercise;
    struct slice spki;
    /* Called once, on a worker's or the writer's thread: it must be quick. May free the issuance.
     */
    void (*done)(struct issuance *issuance);
    /* The outcome. Refusals of tokens are ERR_DENIED with codes that the outside must not see. */
    struct err err; /* kind ERR_NONE: issued */
    struct pki_issued issued;
    /* On the way, of issuance.c alone */
    struct pki_intended intended;
    struct pki_signed checked;
    char asset[ID_TEXT];
    char args[128];
    struct command command;
    struct centre *centre;
};
void issuance_init(struct issuance *issuance);
void issuance_fini(struct issuance *issuance);

/*
 * Goes the whole way: the decision by the writer, the signature by a worker, the certificate by the
 * writer again. No thread waits for another, so that many go together into one commit.
 */
void issuance_start(struct centre *centre, const struct caller *caller, struct issuance *issuance);

/* A crash between decision and signature: the same TBS is signed again. On the clock thread. */
int issuance_finish_interrupted(struct centre *centre, struct db *db, struct err *e) MUST_CHECK;

extern const struct command_type command_certificate_intend;
extern const struct command_type command_certificate_issue;

#endif
