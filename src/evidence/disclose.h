/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selective disclosure (docs/formats-evidence.md section 8): some chunks of an image, some files or
 * some records of files out of a bundle, with proofs that they stood at their places in what was
 * sealed, and nothing of the rest: not its names, and no hash that guesses could be held against.
 */
#ifndef EVIDENCE_DISCLOSE_H
#define EVIDENCE_DISCLOSE_H

#include "base/arena.h"
#include "evidence/seal/cms.h"
#include "evidence/seal/stamp.h"

#include <stdint.h>

#define EVIDENCE_DISCLOSURE_FILE "disclosure.json"

struct evidence_disclose_range {
    uint64_t from, bytes;
};

struct evidence_disclose_options {
    const char *folder;          /* the bundle */
    const char *target;          /* the folder to make */
    const char *const *patterns; /* fnmatch(3): names in the manifest ("data/live/uptime"), or paths
                                    of a logical bundle's records ("/etc/passwd") */
    size_t pattern_count;
    const struct evidence_disclose_range *ranges; /* of the image; whole chunks are shown */
    size_t range_count;
};

struct evidence_disclosed {
    uint64_t chunks, chunk_bytes; /* shown */
    uint64_t asked_bytes;         /* of the ranges, without overlap */
    uint64_t files, records;
    bool sealed;
};

/*
 * The bundle's trees are checked before anything is written. ERR_NOT_FOUND "disclose.nothing": a
 * pattern names nothing; ERR_CONFLICT "disclose.exists"; ERR_VERIFY "evidence.damaged";
 * ERR_USAGE "evidence.range"; ERR_NOT_FOUND "disclose.tree": the bundle has no such tree.
 */
int evidence_disclose(const struct evidence_disclose_options *options,
                      struct evidence_disclosed *disclosed, struct err *e) MUST_CHECK;

/* What a disclosure proves. */
struct evidence_shown {
    const char *kind; /* "chunk", "file", "record" */
    const char *file; /* where it lies; empty: in disclosure.json */
    const char *what; /* "bytes 0 to 1048575 of the image", the name, the path */
};

struct evidence_disclosure {
    bool sound;   /* every proof holds, up to what was sealed */
    bool sealed;  /* there is a seal, and its signature holds */
    bool vouched; /* roots were given, and one vouches for who sealed */
    bool stamped, stamp_vouched;
    struct evidence_signature signature;
    struct evidence_stamp stamp;
    uint64_t image_bytes;
    const struct evidence_shown *shown;
    size_t shown_count;
    const char **problems;
    size_t problem_count;
    struct arena arena;
};

/* 0: the verdict says how it is; -1: it could not be found out. */
int evidence_disclosure_verify(const char *folder, const char *roots, const char *tsa_roots,
                               struct evidence_disclosure *verdict, struct err *e) MUST_CHECK;
void evidence_disclosure_fini(struct evidence_disclosure *verdict);

#endif
