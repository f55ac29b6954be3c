/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: an image going into the data folder of a bundle: segments, and the table of
 * chunks. Blocks come in their order, one chunk each; one in which something could not be read may
 * be written over later, in its place.
 */
#ifndef EVIDENCE_IMAGE_WRITE_H
#define EVIDENCE_IMAGE_WRITE_H

#include "base/json.h"
#include "crypto/digest.h"
#include "evidence/bundle/table.h"

struct evidence_segment {
    uint32_t number; /* from 1 */
    uint64_t bytes;
    uint8_t sha256[SHA256_LEN];
};

struct evidence_image_writer;

/* Whose hashes of chunks the pipeline's line takes; the workers take the others. */
enum evidence_hashes { EVIDENCE_HASHES_NONE, EVIDENCE_HASHES_OF_ZEROS, EVIDENCE_HASHES_ALL };

struct evidence_image_write_options {
    const char *folder;              /* the bundle's data folder, which is there */
    struct evidence_table_head head; /* its seed is chosen, or is that of what was begun */
    uint64_t segment_bytes;          /* at most; at least two chunks */
    enum evidence_hashes given;
    /* The image's SHA-256 is told behind finish: where the image is one plain segment it is that
     * segment's, and is not taken twice. */
    bool whole_given;
};

/* What was written, when it is finished. */
struct evidence_image_written {
    uint64_t chunks, bad_chunks;
    uint64_t image_bytes, stored_bytes;
    uint8_t root[32]; /* of the hash tree over the chunks (tree.h) */
    uint8_t table_sha256[SHA256_LEN];
    uint64_t table_bytes;
    const struct evidence_segment *segments; /* the writer's */
    size_t segment_count;
};

/* "evidence.exists": the folder has an image already. */
struct evidence_image_writer *
evidence_image_writer_new(const struct evidence_image_write_options *options,
                          struct err *e) MUST_CHECK;
/*
 * Goes on where a writer stopped, after a crash also: keeps the chunks from the first on whose
 * record, place and hash are sound, and cuts off what follows. *from: the first chunk to write.
 * again (may be NULL) is shown every chunk that is kept, in order; what it says ends this.
 */
struct evidence_image_writer *
evidence_image_writer_resume(const struct evidence_image_write_options *options,
                             const struct evidence_stage *again, uint64_t *from,
                             struct err *e) MUST_CHECK;
/* Also when it was not finished: what is on disk stays. */
void evidence_image_writer_free(struct evidence_image_writer *w);

/* For a pipeline whose blocks are chunks. */
struct evidence_workshop evidence_image_writer_workshop(struct evidence_image_writer *w);
struct evidence_stage evidence_image_writer_stage(struct evidence_image_writer *w);

/* Writes a bad chunk anew; block->bad says whether it still is. */
int evidence_image_writer_again(struct evidence_image_writer *w, const struct evidence_block *block,
                                struct err *e) MUST_CHECK;

/* With whole_given, behind finish. */
void evidence_image_writer_whole(struct evidence_image_writer *w, const uint8_t sha256[SHA256_LEN]);

/* What is written is on the disk now, so that a power failure loses nothing before it. */
int evidence_image_writer_sync(struct evidence_image_writer *w, struct err *e) MUST_CHECK;

/*
 * All chunks are there. Makes everything durable, takes the hashes of segments that were written
 * over, and says what there is. "evidence.incomplete": some are missing.
 */
int evidence_image_writer_finish(struct evidence_image_writer *w,
                                 struct evidence_image_written *written, struct err *e) MUST_CHECK;

/* The member "image" of acquisition.json; sha512 NULL: was not taken. */
void evidence_image_members(struct json_writer *w, const struct evidence_image_written *written,
                            bool packed, const uint8_t sha256[SHA256_LEN],
                            const uint8_t sha512[SHA512_LEN]);

#endif
