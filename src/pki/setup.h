/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making authorities, and rolling them over. These run where nobody else writes (`tocsin init`, or
 * a maintenance command through the writer's own connection): they open, commit and repeat
 * transactions themselves and call the signer in between. Each can be run again after a crash and
 * goes on where it was.
 */
#ifndef PKI_SETUP_H
#define PKI_SETUP_H

#include "pki/pki.h"
#include "signer/client.h"

struct pki_setup {
    const char *organisation;      /* org_… that runs the centre */
    const char *organisation_name; /* stands in the CAs' names; at most 64 characters */
    bool exercise;
    enum key_kind kind;     /* of the CA keys; KEY_NONE: P-256 */
    const char *crl_url;    /* "http://host/pki/%s.crl": %s is the authority's id; NULL: none */
    const char *issuer_url; /* "http://host/pki/%s.cer"; NULL: none */
};

/*
 * A root ("root-1" at the signer), an issuing CA under it ("issuing-1"), and the key "publication"
 * with a certificate of the profile publication-signer. A software root on a server is for trying
 * out: say so.
 */
int pki_setup(struct db *db, const struct pki *pki, struct signer_client *signer,
              const struct pki_setup *setup, struct err *e) MUST_CHECK;

/*
 * Row 17: a new root ("root-N") with a new issuing CA under it, and a link certificate of the new
 * root by the old (new-with-old, RFC 4210 section 4.4), so that devices that know only the old root
 * accept what the new one issues, and take the new root as an anchor when it comes over a
 * connection that they trust. The new CA is current from now on; certificates of the old stay
 * valid, its lists go on.
 */
int pki_rollover(struct db *db, const struct pki *pki, struct signer_client *signer,
                 const struct pki_setup *setup, struct err *e) MUST_CHECK;

/* Begin, sign, check and finish in one, with transactions of its own; for init and tools. */
int pki_issue(struct db *db, const struct pki *pki, struct signer_client *signer,
              const struct pki_request *request, struct pki_issued *issued,
              struct err *e) MUST_CHECK;
/* The same for an authority's list; der (may be NULL) gets it. */
int pki_crl_issue(struct db *db, const struct pki *pki, struct signer_client *signer,
                  const struct pki_crl_plan *plan, const char *authority, struct buf *der,
                  struct err *e) MUST_CHECK;

#endif
