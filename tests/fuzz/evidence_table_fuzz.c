/* SPDX-License-Identifier: Apache-2.0 */
/* The table of chunks: a header and records that are read are written again as the same bytes, and
 * say nothing that leads out of an image. */
#include "evidence/bundle/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_table_head head;
    uint8_t again[EVIDENCE_TABLE_HEADER];
    struct err e = {0};
    if (size < EVIDENCE_TABLE_HEADER || evidence_table_head_read(data, &head, &e) != 0)
        return 0;
    evidence_table_head_write(&head, again);
    if (memcmp(again, data, sizeof again) != 0)
        abort();
    uint64_t chunks = evidence_table_chunks(&head), sum = 0;
    if (chunks > 0) {
        size_t last = evidence_table_chunk_len(&head, chunks - 1);
        sum = (chunks - 1) * head.chunk_bytes + last;
        if (last == 0 || last > head.chunk_bytes)
            abort();
    }
    if (sum != head.image_bytes || evidence_table_chunk_len(&head, chunks) != 0)
        abort();
    for (size_t at = EVIDENCE_TABLE_HEADER; size - at >= EVIDENCE_TABLE_RECORD;
         at += EVIDENCE_TABLE_RECORD) {
        struct evidence_chunk chunk;
        uint8_t record[EVIDENCE_TABLE_RECORD];
        if (evidence_chunk_read(data + at, &chunk, &e) != 0)
            continue;
        if (chunk.segment == 0)
            abort();
        evidence_chunk_write(&chunk, record);
        if (memcmp(record, data + at, sizeof record) != 0)
            abort();
    }
    return 0;
}
