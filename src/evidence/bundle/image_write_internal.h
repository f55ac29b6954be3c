/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of an image: what its files share. */
#ifndef EVIDENCE_IMAGE_WRITE_INTERNAL_H
#define EVIDENCE_IMAGE_WRITE_INTERNAL_H

#include "evidence/bundle/image_write.h"
#include "evidence/bundle/in_order.h"

/* Written together; what a killed acquisition reads again. */
enum { RECORDS = 32 };

struct evidence_image_writer {
    struct evidence_image_write_options options;
    char *folder;
    int table, segment;
    struct evidence_in_order_writer out; /* of the segment, where there is one */
    struct evidence_segment *segments;
    size_t segment_count, segment_room;
    struct sha256_context digest; /* of the segment under way */
    uint64_t chunks;              /* written, those in records included */
    uint64_t bad_chunks;
    uint8_t records[RECORDS * EVIDENCE_TABLE_RECORD];
    size_t record_count; /* not yet in the table */
    bool again;          /* something was written over: hashes are taken anew */
};

static inline struct evidence_segment *evidence_image_current(struct evidence_image_writer *w)
{
    return &w->segments[w->segment_count - 1];
}

/* One plain segment, whose hash is the image's and will be told. */
static inline bool evidence_image_is_whole(const struct evidence_image_writer *w)
{
    return w->options.whole_given && !w->options.head.packed &&
           w->options.head.image_bytes <= w->options.segment_bytes;
}

/* Puts what write(2) and its like said into words. Returns -1. */
int evidence_image_write_failed(struct err *e, int why, const char *name);
/* What was put into the segment is in its file. */
int evidence_image_settle(struct evidence_image_writer *w, struct err *e) MUST_CHECK;
int evidence_image_put_records(struct evidence_image_writer *w, struct err *e) MUST_CHECK;
/* Takes its hash and makes it durable. */
int evidence_image_close_segment(struct evidence_image_writer *w, struct err *e) MUST_CHECK;
/* Room for one more. */
int evidence_image_add_segment(struct evidence_image_writer *w, struct err *e) MUST_CHECK;

#endif
