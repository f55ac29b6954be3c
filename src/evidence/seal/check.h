/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the seals of a bundle held against what is there. */
#ifndef EVIDENCE_SEAL_CHECK_H
#define EVIDENCE_SEAL_CHECK_H

#include "base/arena.h"
#include "evidence/seal/found.h"

struct evidence_seals {
    const char *folder;
    const char *roots, *tsa_roots; /* may be NULL */
    const uint8_t *tags_sha256;    /* of tagmanifest-sha256.txt as it is */
    struct arena *arena;           /* for what is found */
    /* Told what is wrong: file, place, why. */
    int (*problem)(void *context, const char *what, const char *where, const char *text,
                   struct err *e);
    void *context;
    struct evidence_seal_found *found; /* the answer, in arena */
    size_t count;
};

/* -1: it could not be found out; a root file that cannot be read is ERR_USAGE. */
int evidence_seals_check(struct evidence_seals *seals, struct err *e) MUST_CHECK;

#endif
