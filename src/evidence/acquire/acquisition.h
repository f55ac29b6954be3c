/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: an acquisition under way, and the record of it that its bundle keeps. */
#ifndef EVIDENCE_ACQUISITION_H
#define EVIDENCE_ACQUISITION_H

#include "evidence/acquire.h"
#include "crypto/twin.h"
#include "evidence/acquire/read_log.h"
#include "evidence/bundle/image_write.h"

struct evidence_acquisition {
    const struct evidence_acquire_options *options;
    struct evidence_acquired *acquired;
    const struct clock *clock;
    int64_t started;
    struct evidence_source source;
    struct evidence_reading reading;
    struct evidence_feed feed;     /* the reading's */
    struct evidence_read_log *log; /* of the source's reading */
    struct evidence_read_totals logged;
    struct evidence_image_writer *writer;
    struct evidence_image_written written;
    struct sha256_twin linear; /* of the image, from its beginning */
    uint64_t from;             /* bytes that were there when it began */
    bool dirty;                /* chunks were written over, so linear is not the image's */
    int stopped_by;
    struct evidence_protection protected; /* at the end */
    struct buf selftest;                  /* the report of the self-test; empty: none was given */
    const struct evidence_blocker_kept *blocker; /* the report of its test; NULL: there is none */
    char data[4096];                             /* the data folder */
};

/* The bundle's folders; 1: this acquisition was begun there before, 0: they are new. ERR_CONFLICT
 * "evidence.source": it was begun on another device. */
int evidence_acquisition_begin(struct evidence_acquisition *a, struct err *e) MUST_CHECK;
/* All is read and written: the record, the map, the manifests; then the mark INCOMPLETE goes. */
int evidence_acquisition_close(struct evidence_acquisition *a, struct err *e) MUST_CHECK;

#endif
