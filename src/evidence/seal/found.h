/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what is known of a seal that was found in a bundle. */
#ifndef EVIDENCE_SEAL_FOUND_H
#define EVIDENCE_SEAL_FOUND_H

#include "evidence/seal/cms.h"
#include "evidence/seal/stamp.h"

/* ISO/IEC 27037 section 5.3: each must be said by who seals. */
struct evidence_qualities {
    const char *relevance, *reliability, *sufficiency;
};

/* Whether its certificates had been revoked at the time of the time-stamp. */
struct evidence_seal_revocation {
    size_t certificates; /* of signer and authority, that somebody else issued */
    size_t known;        /* of which it is known that they had not been */
    size_t later;        /* of these, revoked later, for a reason that does not matter here */
};

/* A seal as it was found. */
struct evidence_seal_found {
    unsigned number;
    bool holds; /* seal.json is what was signed, and says what the bundle is */
    struct evidence_signature signature;
    const char *name, *role, *organisation, *exhibit; /* as seal.json says; may be empty */
    struct evidence_qualities qualities;
    const char *source_again; /* could the source be verified (row 37)? As acquisition.json says */
    uint64_t custody_records; /* that it covers */
    bool stamped;             /* there is a time-stamp, and it holds */
    struct evidence_stamp stamp;
    size_t revocation_count; /* files kept about it */
    struct evidence_seal_revocation revocation;
};

#endif
