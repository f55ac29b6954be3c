/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: trees of files into a bundle: walk, read and hash on several threads, record. */
#ifndef EVIDENCE_TAKE_H
#define EVIDENCE_TAKE_H

#include "evidence/logical/content.h"
#include "evidence/logical/ledger.h"
#include "evidence/logical/walk.h"

#include <stdatomic.h>

struct evidence_take_options {
    struct evidence_walk_options walk;
    struct evidence_content_options content;
    const char *owners;                                             /* folder of passwd and group */
    unsigned workers;                                               /* 0: one a processor */
    bool (*watch)(void *context, uint64_t records, uint64_t bytes); /* false: stop */
    void *watch_context;
};

struct evidence_taken {
    bool stopped;
    enum evidence_access access; /* the worst of all paths */
    char access_why[120];
};

/* Into the ledger, which is open. */
int evidence_take(const struct evidence_take_options *options, struct evidence_ledger *ledger,
                  struct evidence_taken *taken, struct err *e) MUST_CHECK;

#endif
