/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a source that may have bad sectors: good areas first, then what lies around the bad ones
 * sector by sector, then the bad ones again as often as the policy says. What could not be read is
 * filled so that it is recognised, and is in the map.
 */
#ifndef EVIDENCE_READING_H
#define EVIDENCE_READING_H

#include "evidence/acquire/map.h"
#include "evidence/acquire/pipeline.h"
#include "evidence/source.h"

enum evidence_fill { EVIDENCE_FILL_PATTERN, EVIDENCE_FILL_ZERO };

struct evidence_reading {
    const struct evidence_source *source;
    size_t chunk_bytes;
    enum evidence_fill fill;
    unsigned retries; /* of a bad sector, after the first reading of it by itself */
    struct evidence_map map;
    uint64_t next;         /* offset of the chunk to read */
    uint64_t read_errors;  /* calls that failed */
    int first_errno;       /* of the first of them */
    uint64_t first_offset; /* and where */
    bool shrank;           /* the source ended before its time */
    bool gone;             /* the source is not there any more: what failed says nothing of it */
};

/* from: the first byte to read, at a chunk's beginning; what lies before it counts as read, but for
 * what the map (may be NULL: all was well) says. */
int evidence_reading_init(struct evidence_reading *r, const struct evidence_source *source,
                          size_t chunk_bytes, uint64_t from, const struct evidence_map *before,
                          struct err *e) MUST_CHECK;
void evidence_reading_fini(struct evidence_reading *r);

/* The first pass, for a pipeline. A source that is gone ends it, and any other, with
 * "evidence.gone". */
struct evidence_feed evidence_reading_feed(struct evidence_reading *r);

/* Whether something is still to be read. */
bool evidence_reading_is_open(const struct evidence_reading *r);

/*
 * Reads what of a chunk is still open, sector by sector, into data, which holds what is known of it
 * (len bytes, aligned to 4096). pass 1: from both ends to the first bad sector; 2: what lies in
 * between; 3 and on: the bad sectors again. Gives how many sectors were won, or -1.
 */
int64_t evidence_reading_again(struct evidence_reading *r, uint64_t offset, uint8_t *data,
                               size_t len, unsigned pass, struct err *e) MUST_CHECK;

/* What a sector that could not be read holds in the image. */
void evidence_reading_fill(enum evidence_fill fill, uint64_t offset, uint8_t *data, size_t len);

#endif
