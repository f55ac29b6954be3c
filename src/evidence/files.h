/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical acquisition: chosen paths with what the file system says of them, into a bundle, and the
 * list of what was not taken (ISO/IEC 27037 section 7.1.3.3; docs/formats-evidence.md section 10).
 */
#ifndef EVIDENCE_FILES_H
#define EVIDENCE_FILES_H

#include "evidence/acquire.h"

struct evidence_files_options {
    const char *const *paths;
    size_t path_count;
    const char *folder;                  /* the bundle's, which is made or gone on with */
    struct evidence_statement statement; /* its reason says why only these; mandatory */
    const char *const *command;          /* ends with NULL; may be NULL */
    const char *selftest; /* path of the self-test's report of this build; NULL: none is given */
    const char *const *excludes; /* shell patterns */
    size_t exclude_count;
    bool cross;       /* other file systems below the paths, too */
    unsigned workers; /* 0: one a processor */
    bool (*watch)(void *context, uint64_t records, uint64_t bytes);
    void *watch_context;
    const struct clock *clock; /* NULL: the system's */
};

struct evidence_files_taken {
    uint64_t records, contents, content_bytes, not_taken, changed;
    uint64_t resumed_at; /* records that were there already */
    uint8_t root[SHA256_LEN];
    bool stopped;
    bool touched; /* some access time may have changed */
};

/*
 * 0: done, or stopped; -1: "evidence.reason" (none was given), "evidence.exists",
 * "evidence.no-space", … What is wrong with a file is no failure: it is in the record.
 */
int evidence_files(const struct evidence_files_options *options, struct evidence_files_taken *taken,
                   struct err *e) MUST_CHECK;

#endif
