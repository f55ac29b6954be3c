/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an image out of a bundle as the source of a pipeline: one thread fetches what is
 * stored, the workers unpack it and hold it against its hash, stages get the image's bytes in
 * order.
 */
#ifndef EVIDENCE_IMAGE_FLOW_H
#define EVIDENCE_IMAGE_FLOW_H

#include "crypto/twin.h"
#include "evidence/bundle/image_read.h"

#include <pthread.h>

struct evidence_image_flow {
    const struct evidence_image *image;
    /*
     * Told of each damaged chunk, one at a time; then the flow goes on, and the chunk's block is
     * marked failed. NULL: the first damage is the end.
     */
    void (*damaged)(void *context, uint64_t number, const struct err *why);
    void *context;
    /* Where the image's own SHA-256 is taken on the way, the chunks' with it; NULL: it is not. Of
     * no use when a chunk was damaged. */
    struct sha256_twin *linear;
    /* the flow's own: */
    bool together; /* both hashes in one pass */
    struct evidence_image_reader *reader;
    struct evidence_chunk *records; /* of the chunks under way, by place */
    uint64_t next;
    pthread_mutex_t lock;
};

int evidence_image_flow_init(struct evidence_image_flow *flow, const struct evidence_image *image,
                             struct err *e) MUST_CHECK;
void evidence_image_flow_fini(struct evidence_image_flow *flow);

/* Sets feed, workshop, line, block_bytes of p. Its stages must wait for prepare. */
void evidence_image_flow_into(struct evidence_image_flow *flow, struct evidence_pipeline *p);

#endif
