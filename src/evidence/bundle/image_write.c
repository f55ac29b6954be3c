/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/image_write_internal.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/sha256_each.h"
#include "crypto/merkle.h"
#include "evidence/acquire/block_hash.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/member.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int evidence_image_write_failed(struct err *e, int why, const char *name)
{
    if (why == ENOSPC || why == EDQUOT) {
        err_set(
            e, ERR_UNAVAILABLE, "evidence.no-space", NULL,
            "there is no space left for %s; what is written so far is kept, and is not complete",
            name);
        return err_hint(e, "make room and run the same command again: it comes to the end");
    }
    return err_errno(e, why, "evidence.write", "%s cannot be written", name);
}

int evidence_image_settle(struct evidence_image_writer *w, struct err *e)
{
    if (w->segment < 0 || evidence_in_order_settle(&w->out) == 0)
        return 0;
    return evidence_image_write_failed(e, errno, "the image");
}

int evidence_image_close_segment(struct evidence_image_writer *w, struct err *e)
{
    if (w->segment < 0)
        return 0;
    if (evidence_image_settle(w, e) != 0)
        return -1;
    if (sha256_final(&w->digest, evidence_image_current(w)->sha256) != 0)
        return digest_failed(e);
    int result = fsync(w->segment) == 0
                     ? 0
                     : evidence_image_write_failed(e, errno, "a segment of the image");
    evidence_in_order_writer_fini(&w->out);
    close(w->segment);
    w->segment = -1;
    return result;
}

int evidence_image_add_segment(struct evidence_image_writer *w, struct err *e)
{
    if (w->segment_count == w->segment_room) {
        size_t room = w->segment_room ? w->segment_room * 2 : 16;
        void *grown = mem_resize(w->segments, room, sizeof *w->segments);
        if (!grown)
            return err_memory(e);
        w->segments = grown;
        w->segment_room = room;
    }
    w->segments[w->segment_count] =
        (struct evidence_segment){.number = (uint32_t)w->segment_count + 1};
    w->segment_count++;
    return 0;
}

static int open_segment(struct evidence_image_writer *w, struct err *e)
{
    if (evidence_image_close_segment(w, e) != 0 || evidence_image_add_segment(w, e) != 0)
        return -1;
    w->segment = evidence_segment_open(w->folder, evidence_image_current(w)->number,
                                       w->options.head.packed, O_RDWR | O_CREAT | O_EXCL, e);
    if (w->segment < 0) {
        w->segment_count--;
        return -1;
    }
    evidence_in_order_writer_init(&w->out, w->segment, 0);
    return 0;
}

int evidence_image_put_records(struct evidence_image_writer *w, struct err *e)
{
    if (w->record_count &&
        file_write_all(w->table, w->records, w->record_count * EVIDENCE_TABLE_RECORD) != 0)
        return evidence_image_write_failed(e, errno, "the table of chunks");
    w->record_count = 0;
    return 0;
}

static int take(void *context, const struct evidence_block *b, struct err *e)
{
    struct evidence_image_writer *w = context;
    struct slice bytes = b->piece_kind == EVIDENCE_PIECE_PLAIN ? slice_of(b->data, b->len)
                                                               : slice_of(b->piece, b->piece_len);
    if (w->segment < 0 || evidence_image_current(w)->bytes + bytes.len > w->options.segment_bytes)
        if (open_segment(w, e) != 0)
            return -1;
    struct evidence_segment *s = evidence_image_current(w);
    struct evidence_chunk chunk = {.segment = s->number,
                                   .at = s->bytes,
                                   .stored = (uint32_t)bytes.len,
                                   .kind = b->piece_kind,
                                   .bad = b->bad};
    memcpy(chunk.hash, b->hash, sizeof chunk.hash);
    if (evidence_in_order_put(&w->out, bytes) != 0)
        return evidence_image_write_failed(e, errno, "the image");
    if (!evidence_image_is_whole(w) && sha256_update(&w->digest, bytes) != 0)
        return digest_failed(e);
    s->bytes += bytes.len;
    w->bad_chunks += b->bad;
    w->chunks++;
    evidence_chunk_write(&chunk, w->records + w->record_count * EVIDENCE_TABLE_RECORD);
    if (++w->record_count < RECORDS)
        return 0;
    /* what they speak of is there, but for less than a page, which who goes on finds missing */
    if (evidence_in_order_flush(&w->out) != 0)
        return evidence_image_write_failed(e, errno, "the image");
    return evidence_image_put_records(w, e);
}

static int prepare(void *context, void *worker, struct evidence_block *b, struct err *e)
{
    struct evidence_image_writer *w = context;
    struct slice data = slice_of(b->data, b->len);
    enum evidence_hashes mine = b->zero ? EVIDENCE_HASHES_NONE : EVIDENCE_HASHES_OF_ZEROS;
    if (w->options.given <= mine && sha256(data, b->hash) != 0)
        return digest_failed(e);
    b->piece_kind = EVIDENCE_PIECE_PLAIN;
    if (!w->options.head.packed)
        return 0;
    bool stored = true;
    b->piece_len = b->bad ? evidence_member_store(data, b->piece)
                          : evidence_member_pack(worker, data, b->zero, b->piece, &stored);
    b->piece_kind = stored ? EVIDENCE_PIECE_STORED : EVIDENCE_PIECE_DEFLATED;
    return 0;
}

/* The same for neighbours of which nothing but their hashes is wanted. */
static int hash_all(void *context, void *worker, struct evidence_block *const *blocks, size_t count,
                    struct err *e)
{
    (void)context, (void)worker;
    for (size_t i = 0; i < count; i++)
        blocks[i]->piece_kind = EVIDENCE_PIECE_PLAIN;
    return evidence_blocks_hash(blocks, count, e);
}

static void *worker_new(void *context, struct err *e)
{
    (void)context;
    return evidence_packer_new(e);
}

static void worker_free(void *worker)
{
    evidence_packer_free(worker);
}

void evidence_image_writer_whole(struct evidence_image_writer *w, const uint8_t sha256[SHA256_LEN])
{
    if (evidence_image_is_whole(w) && !w->again && w->segment_count == 1)
        memcpy(w->segments[0].sha256, sha256, SHA256_LEN);
}

struct evidence_workshop evidence_image_writer_workshop(struct evidence_image_writer *w)
{
    bool hashes = !w->options.head.packed && w->options.given == EVIDENCE_HASHES_OF_ZEROS;
    return (struct evidence_workshop){
        .worker_new = worker_new,
        .worker_free = worker_free,
        .prepare = prepare,
        .prepare_all = hashes && sha256_each_gains() ? hash_all : NULL,
        .context = w,
        .piece_room =
            w->options.head.packed ? evidence_member_stored_bytes(w->options.head.chunk_bytes) : 0};
}

struct evidence_stage evidence_image_writer_stage(struct evidence_image_writer *w)
{
    return (struct evidence_stage){.take = take, .context = w, .prepared = true};
}
