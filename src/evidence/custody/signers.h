/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: who signed a log so far, with which certificate. Somebody who signs with another
 * one must have said so in a record "key-change" before, or somebody else for them.
 */
#ifndef EVIDENCE_SIGNERS_H
#define EVIDENCE_SIGNERS_H

#include "base/arena.h"
#include "base/map.h"
#include "evidence/custody.h"
#include "evidence/seal/cms.h"

struct evidence_signers {
    struct map by_subject; /* to the certificate's SHA-256 */
    struct arena arena;
    uint64_t vouched; /* keys that changed on somebody else's word */
};

void evidence_signers_init(struct evidence_signers *s);
void evidence_signers_fini(struct evidence_signers *s);

/* ERR_VERIFY "custody.key": another certificate than this person's last, unannounced. */
int evidence_signers_take(struct evidence_signers *s, const struct evidence_custody_record *record,
                          const struct evidence_signature *signature, struct err *e) MUST_CHECK;

#endif
