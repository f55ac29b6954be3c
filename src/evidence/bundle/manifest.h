/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the manifests of a bag read back (RFC 8493 section 2.1.3), and files held against
 * them. */
#ifndef EVIDENCE_MANIFEST_H
#define EVIDENCE_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "crypto/digest.h"

#include <stdint.h>

struct evidence_manifest_entry {
    const char *name; /* below the bundle, decoded; never leads out of it */
    uint8_t sha256[SHA256_LEN];
};

struct evidence_manifest {
    struct evidence_manifest_entry *entries;
    size_t count;
};

enum { EVIDENCE_MANIFEST_MOST = 256 << 20 /* bytes */ };

/* ERR_INPUT "evidence.manifest" with the line: no such line, a name that leads elsewhere or stands
 * twice. Entries and names live in arena. */
int evidence_manifest_parse(struct arena *arena, struct slice text, struct evidence_manifest *m,
                            struct err *e) MUST_CHECK;

/*
 * A file below folder, opened for reading: what somebody hands over may have a link, a pipe or a
 * device in its place, which is ERR_VERIFY "evidence.kind" and never waited for.
 * ERR_NOT_FOUND "evidence.missing". The descriptor, or -1.
 */
int evidence_file_open(const char *folder, const char *name, struct err *e) MUST_CHECK;
/* Appends its content; more than limit bytes are ERR_VERIFY "evidence.limit". */
int evidence_file_read(const char *folder, const char *name, size_t limit, struct buf *text,
                       struct err *e) MUST_CHECK;
/* Its SHA-256 and length. */
struct evidence_hasher; /* for many files, a thread's own */
struct evidence_hasher *evidence_hasher_new(struct err *e) MUST_CHECK;
void evidence_hasher_free(struct evidence_hasher *hasher);
int evidence_hasher_file(struct evidence_hasher *hasher, const char *folder, const char *name,
                         uint8_t sha256[SHA256_LEN], uint64_t *bytes, struct err *e) MUST_CHECK;
/* The same for one. */
int evidence_file_digest(const char *folder, const char *name, uint8_t sha256[SHA256_LEN],
                         uint64_t *bytes, struct err *e) MUST_CHECK;

#endif
