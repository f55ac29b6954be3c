/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/table.h"

#include <string.h>

enum { VERSION = 1, SEED = 32, FLAG_BAD = 0x80, KIND = 0x0f };

static const uint8_t magic[8] = {'T', 'O', 'C', 'S', 'I', 'N', 'C', 'H'};

static void put(uint8_t *out, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        out[i] = (uint8_t)number;
}

static uint64_t get(const uint8_t *in, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | in[i];
    return number;
}

static bool all_zero(const uint8_t *in, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (in[i])
            return false;
    return true;
}

uint64_t evidence_table_chunks(const struct evidence_table_head *head)
{
    return head->image_bytes / head->chunk_bytes + (head->image_bytes % head->chunk_bytes != 0);
}

size_t evidence_table_chunk_len(const struct evidence_table_head *head, uint64_t number)
{
    uint64_t from = number * head->chunk_bytes;
    uint64_t rest = head->image_bytes - from;
    return from >= head->image_bytes  ? 0
           : rest < head->chunk_bytes ? (size_t)rest
                                      : head->chunk_bytes;
}

void evidence_table_head_write(const struct evidence_table_head *head,
                               uint8_t out[EVIDENCE_TABLE_HEADER])
{
    memset(out, 0, EVIDENCE_TABLE_HEADER);
    memcpy(out, magic, sizeof magic);
    put(out + 8, VERSION, 2);
    put(out + 10, EVIDENCE_TABLE_RECORD, 2);
    put(out + 12, head->chunk_bytes, 4);
    put(out + 16, head->image_bytes, 8);
    out[24] = head->packed;
    memcpy(out + SEED, head->seed, sizeof head->seed);
}

static int bad(struct err *e, unsigned offset, const char *why)
{
    err_set(e, ERR_INPUT, "evidence.table", NULL, "%s", why);
    return err_where(e, "offset %u", offset);
}

int evidence_table_head_read(const uint8_t in[EVIDENCE_TABLE_HEADER],
                             struct evidence_table_head *head, struct err *e)
{
    if (memcmp(in, magic, sizeof magic) != 0)
        return bad(e, 0, "this is no table of chunks");
    if (get(in + 8, 2) != VERSION || get(in + 10, 2) != EVIDENCE_TABLE_RECORD)
        return bad(e, 8, "the table of chunks has a version that this program does not know");
    *head = (struct evidence_table_head){
        .chunk_bytes = (uint32_t)get(in + 12, 4), .image_bytes = get(in + 16, 8), .packed = in[24]};
    if (head->chunk_bytes < EVIDENCE_CHUNK_LEAST || head->chunk_bytes > EVIDENCE_CHUNK_MOST ||
        head->chunk_bytes % 512 != 0)
        return bad(e, 12, "chunks have 4 KiB to 8 MiB, in whole sectors");
    if (head->image_bytes > INT64_MAX)
        return bad(e, 16, "no image is that large");
    if (in[24] > 1 || !all_zero(in + 25, SEED - 25))
        return bad(e, 24, "reserved bytes are not zero");
    memcpy(head->seed, in + SEED, sizeof head->seed);
    return 0;
}

void evidence_chunk_write(const struct evidence_chunk *chunk, uint8_t out[EVIDENCE_TABLE_RECORD])
{
    put(out, chunk->at, 8);
    put(out + 8, chunk->segment, 4);
    out[12] = (uint8_t)((unsigned)chunk->kind | (chunk->bad ? FLAG_BAD : 0));
    put(out + 13, chunk->stored, 3);
    memcpy(out + 16, chunk->hash, 32);
}

int evidence_chunk_read(const uint8_t in[EVIDENCE_TABLE_RECORD], struct evidence_chunk *chunk,
                        struct err *e)
{
    unsigned kind = in[12] & KIND;
    if (kind > EVIDENCE_PIECE_PLAIN || (in[12] & ~(unsigned)(KIND | FLAG_BAD)))
        return bad(e, 12, "a chunk is stored in a way that this program does not know");
    *chunk = (struct evidence_chunk){.at = get(in, 8),
                                     .segment = (uint32_t)get(in + 8, 4),
                                     .kind = (enum evidence_piece_kind)kind,
                                     .bad = in[12] & FLAG_BAD,
                                     .stored = (uint32_t)get(in + 13, 3)};
    if (chunk->segment == 0 || chunk->at > INT64_MAX)
        return bad(e, 0, "a chunk lies in no segment");
    memcpy(chunk->hash, in + 16, 32);
    return 0;
}
