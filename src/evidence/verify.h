/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a bundle what it was when it was closed, and if not, where not (CFTT DA-AO-06 to 08)? Every
 * file is held against the manifests, every chunk of the image against the table, the image against
 * its record.
 */
#ifndef EVIDENCE_VERIFY_H
#define EVIDENCE_VERIFY_H

#include "base/arena.h"
#include "base/err.h"
#include "evidence/seal/found.h"

#include <stdint.h>

struct evidence_problem {
    const char *what;  /* file, or "the image" */
    const char *where; /* chunk, bytes of the image, offset in the file; may be empty */
    const char *text;
};

enum { EVIDENCE_PROBLEMS_KEPT = 1000 };

struct evidence_verdict {
    bool complete; /* it was closed; else nothing below is looked at */
    bool sound;
    uint64_t files, chunks, image_bytes;
    uint64_t damaged_chunks, unreadable_chunks; /* the latter when it was acquired */
    bool has_image, image_checked;
    uint8_t sha256[32]; /* of the image as it is now, when no chunk is damaged */
    const struct evidence_problem *problems;
    size_t problem_count, problems_all;
    const struct evidence_seal_found *seals; /* in their order; none: it is not sealed */
    size_t seal_count;
    uint64_t custody_records; /* of the bundle's own log */
    uint64_t unrecorded;      /* unsigned notes of what was done without a record */
    uint64_t vouched_keys;    /* see struct evidence_custody_state */
    struct arena arena;
};

struct evidence_verify_options {
    unsigned workers;      /* 0: one a processor */
    bool tree_only;        /* chunks and tree; the image's own hash is not taken */
    const char *roots;     /* PEM: who vouches for those who seal; NULL: not checked */
    const char *tsa_roots; /* likewise for time-stamp authorities */
    bool (*watch)(void *context, const char *phase, uint64_t done, uint64_t all);
    void *watch_context;
};

/* 0: the verdict says how it is. -1: it could not be found out; ERR_NOT_FOUND: no bundle. */
int evidence_verify(const char *folder, const struct evidence_verify_options *options,
                    struct evidence_verdict *verdict, struct err *e) MUST_CHECK;
void evidence_verdict_fini(struct evidence_verdict *verdict);

#endif
