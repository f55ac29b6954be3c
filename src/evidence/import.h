/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody else has collected becomes a bundle (ISO/IEC 27037 section 6.10): raw images, whole
 * or split, E01, and ZIP archives. Each file that came is hashed as it came; what a foreign format
 * says of itself is compared with what is in it, and the outcome is recorded. E01 and ZIP are read
 * by libraries in a process of their own that may do nothing but read these files.
 */
#ifndef EVIDENCE_IMPORT_H
#define EVIDENCE_IMPORT_H

#include "evidence/acquire.h"

enum evidence_import_kind {
    EVIDENCE_IMPORT_ANY, /* by what the first file begins with */
    EVIDENCE_IMPORT_RAW,
    EVIDENCE_IMPORT_E01,
    EVIDENCE_IMPORT_ZIP
};

struct evidence_import_options {
    const char *const *files; /* in order; of an E01 or NAME.001 alone, the others are found */
    size_t file_count;
    enum evidence_import_kind kind;
    const char *folder; /* the bundle's, which is made */
    /* examiner: who receives; reason: why it comes in */
    struct evidence_statement statement;
    const char *given_by;       /* who gave it; must be there */
    const char *collected_by;   /* who collected it; NULL: not known */
    int64_t received;           /* microseconds since 1970; 0: now */
    const uint8_t *expected;    /* SHA-256 of the image that was told along with it, or NULL */
    const char *const *command; /* ends with NULL; may be NULL */
    const char *selftest; /* path of the self-test's report of this build; NULL: none is given */
    bool plain;
    uint64_t segment_bytes;
    unsigned workers;
    /* A ZIP archive may unpack to so many times its size, or to 1 GiB. 0: 200. */
    unsigned ratio;
    bool (*watch)(void *context, const char *phase, uint64_t done, uint64_t all);
    void *watch_context;
};

struct evidence_imported {
    enum evidence_import_kind kind;
    uint64_t bytes, stored_bytes;
    uint8_t sha256[SHA256_LEN], root[SHA256_LEN];
    size_t files;              /* that came */
    uint64_t damaged, ranges;  /* bytes of the image that a foreign container could not give */
    uint64_t entries, refused; /* of an archive; with problems */
    bool entries_complete;
    bool md5_stored, md5_fits, sha1_stored, sha1_fits; /* what an E01 says of itself */
    bool expected_fits;
    bool stopped;
};

/*
 * 0: a bundle was made; what was damaged or refused is counted above and listed in the bundle.
 * -1: "evidence.exists", "evidence.source", "evidence.e01" (not readable as one, or sizes that
 * cannot be), "evidence.archive", "evidence.given-by".
 */
int evidence_import(const struct evidence_import_options *options,
                    struct evidence_imported *imported, struct err *e) MUST_CHECK;

#endif
