/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing a bundle (docs/formats-evidence.md section 6): a person signs what it is, all of it, and
 * a time-stamp authority says that the signature was there at a time. What is sealed does not
 * change any more: only custody/ and seal/ grow, and no seal is ever written over.
 */
#ifndef EVIDENCE_SEAL_H
#define EVIDENCE_SEAL_H

#include "evidence/custody/doing.h"
#include "evidence/seal/found.h"

struct evidence_stamping {
    const char *const *urls; /* of authorities, asked in this order until one answers; ends with
                                NULL; NULL: none is asked */
    const char *policy;      /* NULL: the authority's own */
    const char *roots;       /* who vouches for authorities; NULL: not checked */
    const char *tls_anchors; /* who vouches for https hosts; NULL: the system's */
    const char *const *revocation; /* files: lists (RFC 5280) and OCSP answers (RFC 6960) to keep
                                      beside it; ends with NULL; may be NULL */
    bool no_fetch;                 /* else who the certificates name is asked, over http */
    bool inside;                   /* also at addresses that are not of the public Internet */
    unsigned ms;                   /* for one answer; 0: 30,000 */
};

struct evidence_seal_options {
    const char *folder;
    struct evidence_doing *doing;        /* who seals */
    struct evidence_qualities qualities; /* for a seal; a time-stamp alone needs none */
    struct evidence_stamping stamping;
    unsigned workers; /* of the verification before; 0: one a processor */
    bool (*watch)(void *context, const char *phase, uint64_t done, uint64_t all);
    void *watch_context;
};

enum { EVIDENCE_ATTEMPTS = 8, EVIDENCE_SEALS = 1000 };

struct evidence_sealed {
    unsigned number; /* of the seal */
    char name[32];   /* of its folder in the bundle: "seal", "seal/00002" */
    bool recorded;   /* in the bundle's custody log, which there was */
    struct evidence_appended record;
    bool stamped;
    struct evidence_stamp stamp;
    char authority_url[256];
    int64_t clock_offset, clock_uncertainty; /* this clock less the authority's, microseconds */
    struct {
        char url[256];
        char why[480];
    } attempts[EVIDENCE_ATTEMPTS]; /* authorities that gave no time-stamp */
    size_t attempt_count;
    size_t revocation_count;  /* files kept */
    char revocation_why[960]; /* what could not be had of them; may be empty */
};

/*
 * Verifies the bundle, and seals it; then asks for a time-stamp. That none could be had is no
 * failure: `stamped` says it. -1: ERR_USAGE "evidence.qualities"; ERR_VERIFY "evidence.unsound";
 * ERR_CONFLICT "evidence.incomplete"; …
 */
int evidence_seal(const struct evidence_seal_options *options, struct evidence_sealed *sealed,
                  struct err *e) MUST_CHECK;
/* A time-stamp for the last seal, which has none. ERR_CONFLICT "evidence.stamped",
 * "evidence.unsealed"; and here it is a failure when none can be had. */
int evidence_seal_stamp(const struct evidence_seal_options *options, struct evidence_sealed *sealed,
                        struct err *e) MUST_CHECK;

#endif
