/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: a bundle while it is verified; verify.c has all but its image. */
#ifndef EVIDENCE_VERIFYING_H
#define EVIDENCE_VERIFYING_H

#include "base/map.h"
#include "crypto/twin.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/manifest.h"
#include "evidence/bundle/tree.h"
#include "evidence/verify.h"

#include <pthread.h>

struct verifying {
    const char *folder;
    char data[4096];
    const struct evidence_verify_options *options;
    struct evidence_verdict *verdict;
    struct evidence_problem *problems;
    pthread_mutex_t lock; /* of problems: they are found by several threads */
    struct evidence_manifest payload, tags;
    struct map segments; /* of the payload: chunks may lie in another each time */
    /* what acquisition.json says */
    bool has_record;
    uint8_t recorded_sha256[SHA256_LEN], recorded_root[SHA256_LEN];
    uint64_t recorded_bytes;
    bool has_second;
    uint8_t recorded_sha512[SHA512_LEN];
    struct sha512_context second;
    bool has_trees;
    struct evidence_trees trees;
    /* the segment under way */
    struct evidence_image *image;
    struct sha256_context segment_digest;
    struct sha256_twin image_digest;
    uint32_t segment;
    uint64_t segment_bytes; /* of its chunks so far, one behind the other */
    bool segment_failed;
    bool is_image; /* the image is stored plain in one segment, whose hash is the image's */
    uint64_t chunks_done;
};

/* A problem; the first are kept, all are counted. Any thread. -1: there was no memory to keep it.
 */
int evidence_verify_problem(struct verifying *v, const char *what, const char *where,
                            const char *text, struct err *e);
/* What was found wrong is a problem; what could not be found out is a failure. */
int evidence_verify_judge(struct verifying *v, const char *what, struct err *found,
                          struct err *e) MUST_CHECK;
bool evidence_is_segment(const char *name);
/* All files that are segments of an image, or all that are not. */
int evidence_verify_files(struct verifying *v, const struct evidence_manifest *m, bool segments,
                          struct err *e) MUST_CHECK;

/* Chunks, segments, their hash tree and the hashes of the image. */
int evidence_verify_image(struct verifying *v, struct err *e) MUST_CHECK;

#endif
