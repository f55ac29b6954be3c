/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/image_read.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/in_order.h"
#include "evidence/bundle/member.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct evidence_image {
    char *folder;
    int table;
    struct evidence_table_head head;
    uint64_t chunks;
};

struct evidence_image_reader {
    const struct evidence_image *image;
    struct evidence_unpacker *unpacker;
    uint8_t *stored; /* stored_room bytes */
    size_t stored_room;
    uint32_t segment; /* that fd is of; 0: none */
    int fd;
    bool is_in_order;
    struct evidence_in_order_reader in_order; /* of fd, then */
    uint8_t *kept;                            /* the chunk that read_at has read last */
    uint64_t kept_number;
    size_t kept_len;
    bool has_kept;
    uint8_t zeros[SHA256_LEN]; /* the hash of so many zeros, once it has been taken */
    size_t zeros_of;
    bool was_zero; /* what was inflated last, as far as it was seen without looking */
};

static int open_table(struct evidence_image *image, bool partial, struct err *e)
{
    uint8_t head[EVIDENCE_TABLE_HEADER];
    struct stat st;
    image->table = evidence_table_open(image->folder, O_RDONLY, e);
    if (image->table < 0)
        return -1;
    if (evidence_read_exactly(image->table, head, sizeof head, 0) != 0)
        return err_set(e, ERR_VERIFY, "evidence.table", NULL,
                       "data/image.chunks has no header: it is cut off");
    if (evidence_table_head_read(head, &image->head, e) != 0)
        return err_context(e, "data/image.chunks");
    if (fstat(image->table, &st) != 0)
        return err_errno(e, errno, "evidence.read", "data/image.chunks");
    uint64_t rest = (uint64_t)st.st_size - EVIDENCE_TABLE_HEADER;
    uint64_t wanted = evidence_table_chunks(&image->head);
    image->chunks = rest / EVIDENCE_TABLE_RECORD;
    if (partial && image->chunks > wanted)
        image->chunks = wanted;
    if (!partial && (image->chunks != wanted || rest % EVIDENCE_TABLE_RECORD))
        return err_set(e, ERR_VERIFY, "evidence.table", NULL,
                       "data/image.chunks has %llu records, and the image has %llu chunks",
                       (unsigned long long)image->chunks, (unsigned long long)wanted);
    return 0;
}

struct evidence_image *evidence_image_open(const char *folder, bool partial, struct err *e)
{
    struct evidence_image *image = mem_new(1, sizeof *image);
    if (!image) {
        err_memory(e);
        return NULL;
    }
    image->table = -1;
    image->folder = mem_strdup(folder);
    if (!image->folder)
        err_memory(e);
    if (!image->folder || open_table(image, partial, e) != 0) {
        evidence_image_close(image);
        return NULL;
    }
    return image;
}

void evidence_image_close(struct evidence_image *image)
{
    if (!image)
        return;
    if (image->table >= 0)
        close(image->table);
    mem_free(image->folder);
    mem_free(image);
}

const struct evidence_table_head *evidence_image_head(const struct evidence_image *image)
{
    return &image->head;
}

uint64_t evidence_image_chunks(const struct evidence_image *image)
{
    return image->chunks;
}

int evidence_image_record(const struct evidence_image *image, uint64_t number,
                          struct evidence_chunk *chunk, struct err *e)
{
    uint8_t record[EVIDENCE_TABLE_RECORD];
    uint64_t at = EVIDENCE_TABLE_HEADER + number * EVIDENCE_TABLE_RECORD;
    if (number >= image->chunks ||
        evidence_read_exactly(image->table, record, sizeof record, at) != 0)
        return err_set(e, ERR_VERIFY, "evidence.table", NULL,
                       "data/image.chunks has no record of chunk %llu", (unsigned long long)number);
    if (evidence_chunk_read(record, chunk, e) != 0) {
        e->kind = ERR_VERIFY;
        return err_context(e, "data/image.chunks, record at %llu", (unsigned long long)at);
    }
    return 0;
}

struct evidence_image_reader *evidence_image_reader_new(const struct evidence_image *image,
                                                        struct err *e)
{
    struct evidence_image_reader *r = mem_new(1, sizeof *r);
    if (!r) {
        err_memory(e);
        return NULL;
    }
    r->image = image;
    r->fd = -1;
    r->stored_room = evidence_image_stored_room(image);
    r->stored = mem_new(r->stored_room, 1);
    r->unpacker = evidence_unpacker_new(e);
    if (!r->stored || !r->unpacker) {
        err_memory(e);
        evidence_image_reader_free(r);
        return NULL;
    }
    return r;
}

static void close_segment(struct evidence_image_reader *r)
{
    if (r->fd < 0)
        return;
    if (r->is_in_order)
        evidence_in_order_reader_fini(&r->in_order);
    close(r->fd);
    r->fd = -1;
    r->segment = 0;
}

void evidence_image_reader_in_order(struct evidence_image_reader *reader)
{
    close_segment(reader);
    reader->is_in_order = true;
}

void evidence_image_reader_free(struct evidence_image_reader *reader)
{
    if (!reader)
        return;
    close_segment(reader);
    evidence_unpacker_free(reader->unpacker);
    mem_free(reader->stored);
    mem_free(reader->kept);
    mem_free(reader);
}

/* Every complaint about a chunk says where in the image and where in the bundle. */
static int damaged(const struct evidence_image *image, uint64_t number,
                   const struct evidence_chunk *c, const char *why, struct err *e)
{
    char name[EVIDENCE_NAME];
    uint64_t from = number * image->head.chunk_bytes;
    size_t len = evidence_table_chunk_len(&image->head, number);
    evidence_segment_name(c->segment, image->head.packed, name);
    err_set(e, ERR_VERIFY, "evidence.damaged", NULL, "chunk %llu of the image is damaged: %s",
            (unsigned long long)number, why);
    return err_where(e, "bytes %llu to %llu of the image; data/%s from %llu, %u bytes",
                     (unsigned long long)from, (unsigned long long)(from + len - 1), name,
                     (unsigned long long)c->at, c->stored);
}

static int open_segment(struct evidence_image_reader *r, uint32_t number, struct err *e)
{
    if (r->segment == number)
        return 0;
    close_segment(r);
    r->fd = evidence_segment_open(r->image->folder, number, r->image->head.packed, O_RDONLY, e);
    if (r->fd < 0)
        return -1;
    r->segment = number;
    if (r->is_in_order)
        evidence_in_order_reader_init(&r->in_order, r->fd);
    return 0;
}

static int read_segment(struct evidence_image_reader *r, uint8_t *out, size_t len, uint64_t at)
{
    return r->is_in_order ? evidence_in_order_read(&r->in_order, out, len, at)
                          : evidence_read_exactly(r->fd, out, len, at);
}

size_t evidence_image_stored_room(const struct evidence_image *image)
{
    return evidence_member_stored_bytes(image->head.chunk_bytes);
}

int evidence_image_fetch(struct evidence_image_reader *reader, uint64_t number, uint8_t *stored,
                         struct evidence_chunk *record, struct err *e)
{
    const struct evidence_image *image = reader->image;
    size_t len = evidence_table_chunk_len(&image->head, number);
    if (evidence_image_record(image, number, record, e) != 0 ||
        open_segment(reader, record->segment, e) != 0)
        return -1;
    bool plain = record->kind == EVIDENCE_PIECE_PLAIN;
    if (plain == image->head.packed || record->stored > reader->stored_room ||
        (plain && record->stored != len) || record->at > (uint64_t)INT64_MAX - record->stored)
        return damaged(image, number, record, "its record says something that cannot be", e);
    if (read_segment(reader, stored, record->stored, record->at) == 0)
        return 0;
    if (errno)
        return err_errno(e, errno, "evidence.read", "chunk %llu of the image cannot be read",
                         (unsigned long long)number);
    return damaged(image, number, record, "the file ends before it", e);
}

int evidence_image_inflate(struct evidence_image_reader *reader, uint64_t number,
                           const uint8_t *stored, const struct evidence_chunk *record, uint8_t *out,
                           struct err *e)
{
    const struct evidence_image *image = reader->image;
    size_t len = evidence_table_chunk_len(&image->head, number);
    struct err why = {0};
    reader->was_zero = false;
    if (record->kind == EVIDENCE_PIECE_PLAIN) {
        if (out != stored)
            memcpy(out, stored, len);
        reader->was_zero = evidence_is_zero(slice_of(out, len)); /* sooner said than hashed */
        return 0;
    }
    if (evidence_member_unpack(reader->unpacker, slice_of(stored, record->stored), out, len,
                               &why) != 0)
        return damaged(image, number, record, why.text, e);
    reader->was_zero = evidence_unpacker_was_zero(reader->unpacker);
    return 0;
}

bool evidence_image_was_zero(const struct evidence_image_reader *reader)
{
    return reader->was_zero;
}

int evidence_image_compare(const struct evidence_image *image, uint64_t number,
                           const struct evidence_chunk *record, const uint8_t hash[32],
                           struct err *e)
{
    if (memcmp(hash, record->hash, SHA256_LEN) != 0)
        return damaged(image, number, record, "its SHA-256 is not that of the table", e);
    return 0;
}

int evidence_image_zeros(struct evidence_image_reader *reader, struct slice zeros, uint8_t hash[32],
                         struct err *e)
{
    if (reader->zeros_of != zeros.len) {
        if (sha256(zeros, reader->zeros) != 0)
            return digest_failed(e);
        reader->zeros_of = zeros.len;
    }
    memcpy(hash, reader->zeros, sizeof reader->zeros);
    return 0;
}

int evidence_image_unpack(struct evidence_image_reader *reader, uint64_t number,
                          const uint8_t *stored, const struct evidence_chunk *record, uint8_t *out,
                          struct err *e)
{
    size_t len = evidence_table_chunk_len(&reader->image->head, number);
    uint8_t hash[SHA256_LEN];
    if (evidence_image_inflate(reader, number, stored, record, out, e) != 0)
        return -1;
    struct slice chunk = slice_of(out, len);
    if (reader->was_zero) {
        if (evidence_image_zeros(reader, chunk, hash, e) != 0)
            return -1;
    } else if (sha256(chunk, hash) != 0) {
        return digest_failed(e);
    }
    return evidence_image_compare(reader->image, number, record, hash, e);
}

int evidence_image_read(struct evidence_image_reader *reader, uint64_t number, uint8_t *out,
                        size_t *len, struct evidence_chunk *record, struct err *e)
{
    struct evidence_chunk own, *c = record ? record : &own;
    *len = evidence_table_chunk_len(&reader->image->head, number);
    return evidence_image_fetch(reader, number, reader->stored, c, e) == 0
               ? evidence_image_unpack(reader, number, reader->stored, c, out, e)
               : -1;
}

int evidence_image_read_at(struct evidence_image_reader *reader, uint64_t offset, uint8_t *out,
                           size_t len, struct err *e)
{
    const struct evidence_table_head *head = &reader->image->head;
    if (offset > head->image_bytes || len > head->image_bytes - offset)
        return err_set(e, ERR_USAGE, "evidence.range", NULL, "the image has only %llu bytes",
                       (unsigned long long)head->image_bytes);
    if (!reader->kept && !(reader->kept = mem_new(head->chunk_bytes, 1)))
        return err_memory(e);
    while (len > 0) {
        uint64_t number = offset / head->chunk_bytes;
        if (!reader->has_kept || reader->kept_number != number) {
            reader->has_kept = false;
            if (evidence_image_read(reader, number, reader->kept, &reader->kept_len, NULL, e) != 0)
                return -1;
            reader->kept_number = number;
            reader->has_kept = true;
        }
        size_t from = (size_t)(offset % head->chunk_bytes);
        size_t part = reader->kept_len - from < len ? reader->kept_len - from : len;
        memcpy(out, reader->kept + from, part);
        out += part;
        offset += part;
        len -= part;
    }
    return 0;
}
