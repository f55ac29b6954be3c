/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it the same again? The source of a bundle is read once more by the same procedure, and every
 * chunk compared (ISO/IEC 27037: repeatability); or the hash that another program gave for the
 * source is held against the bundle's (reproducibility). The result is a document of its own,
 * tocsin-evidence-repeat/v1 (docs/formats-evidence.md section 12): a closed bundle does not change.
 */
#ifndef EVIDENCE_REPEAT_H
#define EVIDENCE_REPEAT_H

#include "base/buf.h"
#include "base/clock.h"
#include "crypto/digest.h"

struct evidence_repeat_options {
    const char *bundle;
    const char *source; /* NULL: where the record says that it was */
    unsigned retries;   /* of bad sectors */
    unsigned workers;   /* 0: one a processor */
    /* Another program's word instead of a reading of ours: */
    const char *other_tool; /* its name and version; NULL: we read */
    uint8_t other_sha256[SHA256_LEN];
    const char *other_log; /* path of what it printed; its hash is recorded; may be NULL */
    const char *examiner;  /* may be NULL */
    bool (*watch)(void *context, uint64_t done, uint64_t all);
    void *watch_context;
    const struct clock *clock; /* NULL: the system's */
};

struct evidence_repeated {
    bool same;
    uint64_t bytes, chunks, differing_chunks;
    uint64_t unreadable, unreadable_then; /* bytes */
    bool has_sha256;                      /* else sectors were unreadable, and chunks tell */
    uint8_t sha256[SHA256_LEN], then[SHA256_LEN];
    int64_t ended;
};

/*
 * Writes the result's document. -1: it could not be found out: ERR_NOT_FOUND, "evidence.bundle" (no
 * image in it, not complete), "evidence.source", "evidence.stopped".
 */
int evidence_repeat(const struct evidence_repeat_options *options, struct buf *document,
                    struct evidence_repeated *repeated, struct err *e) MUST_CHECK;

#endif
