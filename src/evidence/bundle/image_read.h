/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an image in the data folder of a bundle, read back. Every chunk that is given has
 * been held against its hash; what does not fit is an error that names the chunk, its place in the
 * image, and the file and offset where it is stored. Several threads may read one image.
 */
#ifndef EVIDENCE_IMAGE_READ_H
#define EVIDENCE_IMAGE_READ_H

#include "base/slice.h"
#include "evidence/bundle/table.h"

struct evidence_image;

/*
 * partial: the image of an acquisition that was broken off; else a table that is shorter or longer
 * than its header says is "evidence.table". folder is copied.
 */
struct evidence_image *evidence_image_open(const char *folder, bool partial,
                                           struct err *e) MUST_CHECK;
void evidence_image_close(struct evidence_image *image);

const struct evidence_table_head *evidence_image_head(const struct evidence_image *image);
/* Chunks whose records are there. */
uint64_t evidence_image_chunks(const struct evidence_image *image);
int evidence_image_record(const struct evidence_image *image, uint64_t number,
                          struct evidence_chunk *chunk, struct err *e) MUST_CHECK;

/* A thread's own, with room for a stored chunk. */
struct evidence_image_reader;
struct evidence_image_reader *evidence_image_reader_new(const struct evidence_image *image,
                                                        struct err *e) MUST_CHECK;
/* It is about to read all chunks in their order, which then goes past the host's cache. */
void evidence_image_reader_in_order(struct evidence_image_reader *reader);
void evidence_image_reader_free(struct evidence_image_reader *reader);

/*
 * Chunk number `number` into out (chunk_bytes of room). record (may be NULL) is filled as far as it
 * could be read. -1: ERR_VERIFY "evidence.damaged" with the place, "evidence.missing".
 */
int evidence_image_read(struct evidence_image_reader *reader, uint64_t number, uint8_t *out,
                        size_t *len, struct evidence_chunk *record, struct err *e) MUST_CHECK;

/*
 * The same in two steps, for several threads: what is stored for a chunk (room for
 * evidence_image_stored_room bytes), and then the chunk out of it; of a plain one both may be the
 * same place.
 */
size_t evidence_image_stored_room(const struct evidence_image *image);
int evidence_image_fetch(struct evidence_image_reader *reader, uint64_t number, uint8_t *stored,
                         struct evidence_chunk *record, struct err *e) MUST_CHECK;
/* The same without its hash, which the caller takes and has compared. */
int evidence_image_inflate(struct evidence_image_reader *reader, uint64_t number,
                           const uint8_t *stored, const struct evidence_chunk *record, uint8_t *out,
                           struct err *e) MUST_CHECK;
/* The hash of a chunk that is nothing but zeros, which is taken once. */
int evidence_image_zeros(struct evidence_image_reader *reader, struct slice zeros, uint8_t hash[32],
                         struct err *e) MUST_CHECK;
/* Whether that was found to be nothing but zeros; false where it would have to be looked at. */
bool evidence_image_was_zero(const struct evidence_image_reader *reader);
int evidence_image_compare(const struct evidence_image *image, uint64_t number,
                           const struct evidence_chunk *record, const uint8_t hash[32],
                           struct err *e) MUST_CHECK;
int evidence_image_unpack(struct evidence_image_reader *reader, uint64_t number,
                          const uint8_t *stored, const struct evidence_chunk *record, uint8_t *out,
                          struct err *e) MUST_CHECK;

/* Any bytes of the image, over chunks; the last chunk that was read is kept. */
int evidence_image_read_at(struct evidence_image_reader *reader, uint64_t offset, uint8_t *out,
                           size_t len, struct err *e) MUST_CHECK;

#endif
