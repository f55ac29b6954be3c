/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the files of a seal's time-stamp held against each other. */
#ifndef EVIDENCE_STAMP_CHECK_H
#define EVIDENCE_STAMP_CHECK_H

#include "base/arena.h"
#include "evidence/seal/found.h"

struct evidence_stamp_check {
    const char *folder, *seal;
    struct slice signature;        /* contents of seal.p7s: what is stamped */
    const char *roots, *tsa_roots; /* may be NULL */
    struct arena *arena;
    int (*problem)(void *context, const char *what, const char *where, const char *text,
                   struct err *e);
    void *context;
    bool stamped; /* the answer: there is one, and nothing is wrong with it */
    struct evidence_stamp stamp;
    size_t revocation_count;
    struct evidence_seal_revocation revocation;
};

/* -1: it could not be found out. */
int evidence_stamp_check_files(struct evidence_stamp_check *check, struct err *e) MUST_CHECK;

#endif
