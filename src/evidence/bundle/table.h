/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: data/image.chunks, which says for each chunk of an image where it is stored and
 * what its SHA-256 is (docs/formats-evidence.md section 3). Fixed lengths: the record of a chunk is
 * found without reading those before it.
 */
#ifndef EVIDENCE_TABLE_H
#define EVIDENCE_TABLE_H

#include "evidence/acquire/pipeline.h"

enum {
    EVIDENCE_TABLE_HEADER = 64,
    EVIDENCE_TABLE_RECORD = 48,
    EVIDENCE_CHUNK = 1 << 20,    /* bytes of the source, as we write them */
    EVIDENCE_CHUNK_LEAST = 4096, /* as we read them */
    EVIDENCE_CHUNK_MOST = 8 << 20,
};

struct evidence_table_head {
    uint32_t chunk_bytes;
    uint64_t image_bytes;
    bool packed;      /* gzip members; else plain segments */
    uint8_t seed[32]; /* of the salts of its hash tree (tree.h) */
};

struct evidence_chunk {
    uint32_t segment; /* from 1 */
    uint64_t at;      /* in the segment */
    uint32_t stored;  /* bytes there */
    enum evidence_piece_kind kind;
    bool bad; /* some of it could not be read when it was acquired */
    uint8_t hash[32];
};

uint64_t evidence_table_chunks(const struct evidence_table_head *head);
/* Bytes of chunk number `number` of the image. */
size_t evidence_table_chunk_len(const struct evidence_table_head *head, uint64_t number);

void evidence_table_head_write(const struct evidence_table_head *head,
                               uint8_t out[EVIDENCE_TABLE_HEADER]);
/* ERR_INPUT "evidence.table" with the offset: another format or version, numbers that cannot be. */
int evidence_table_head_read(const uint8_t in[EVIDENCE_TABLE_HEADER],
                             struct evidence_table_head *head, struct err *e) MUST_CHECK;
void evidence_chunk_write(const struct evidence_chunk *chunk, uint8_t out[EVIDENCE_TABLE_RECORD]);
int evidence_chunk_read(const uint8_t in[EVIDENCE_TABLE_RECORD], struct evidence_chunk *chunk,
                        struct err *e) MUST_CHECK;

#endif
