/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the files in SEAL/revocation say of the certificates of a seal. */
#ifndef EVIDENCE_SEAL_REVOCATION_CHECK_H
#define EVIDENCE_SEAL_REVOCATION_CHECK_H

#include "evidence/seal/found.h"

/* The certificates of a seal, and of those who issued them as far as they are known. */
struct evidence_seal_chain;
/* token, signature: signed messages; roots: files, may be NULL. */
struct evidence_seal_chain *evidence_seal_chain_new(struct slice token, struct slice signature,
                                                    const char *tsa_roots, const char *roots,
                                                    struct err *e) MUST_CHECK;
void evidence_seal_chain_free(struct evidence_seal_chain *c);

/*
 * One file: held against each certificate at the time of the time-stamp. -1: ERR_VERIFY
 * "token.revoked", "revocation.signature", "revocation.file" (it is none), or it could not be found
 * out.
 */
int evidence_seal_chain_ask(struct evidence_seal_chain *c, struct slice der, int64_t at,
                            struct err *e) MUST_CHECK;
void evidence_seal_chain_tell(const struct evidence_seal_chain *c,
                              struct evidence_seal_revocation *told);

#endif
