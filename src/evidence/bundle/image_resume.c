/* SPDX-License-Identifier: Apache-2.0 */
/* Going on with an image that was broken off: nothing is believed that is not read back and fits.
 */
#include "base/file.h"
#include "base/memory.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/image_write_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct resuming {
    struct evidence_image_writer *w;
    struct evidence_image *image;
    struct evidence_image_reader *reader;
    uint8_t *data;   /* a chunk */
    uint8_t *stored; /* what is stored for it */
};

static int open_old(struct resuming *r, struct err *e)
{
    struct evidence_image_writer *w = r->w;
    r->image = evidence_image_open(w->folder, true, e);
    if (!r->image)
        return -1;
    const struct evidence_table_head *old = evidence_image_head(r->image);
    if (old->chunk_bytes != w->options.head.chunk_bytes ||
        old->image_bytes != w->options.head.image_bytes || old->packed != w->options.head.packed)
        return err_set(e, ERR_CONFLICT, "evidence.other", NULL,
                       "what was begun is of another size or stored otherwise: %llu bytes in "
                       "chunks of %u, and not %llu in chunks of %u",
                       (unsigned long long)old->image_bytes, old->chunk_bytes,
                       (unsigned long long)w->options.head.image_bytes,
                       w->options.head.chunk_bytes);
    memcpy(w->options.head.seed, old->seed, sizeof old->seed);
    r->reader = evidence_image_reader_new(r->image, e);
    r->data = mem_new_pages(old->chunk_bytes);
    r->stored = mem_new_pages(evidence_image_stored_room(r->image));
    if (!r->reader)
        return -1;
    evidence_image_reader_in_order(r->reader);
    return r->data && r->stored ? 0 : err_memory(e);
}

/* The chunk must lie right behind the one before it: a new segment, or the end of the last. */
static bool follows(const struct evidence_image_writer *w, const struct evidence_chunk *c)
{
    if (w->segment_count && c->segment == w->segment_count)
        return c->at == w->segments[w->segment_count - 1].bytes;
    return c->segment == w->segment_count + 1 && c->at == 0;
}

/* 1: kept, 0: it is not sound, -1. */
static int keep(struct resuming *r, uint64_t number, const struct evidence_stage *again,
                struct err *e)
{
    struct evidence_image_writer *w = r->w;
    struct evidence_block block = {
        .number = number, .offset = number * w->options.head.chunk_bytes, .data = r->data};
    struct evidence_chunk c;
    struct err why = {0};
    block.len = evidence_table_chunk_len(&w->options.head, number);
    if (evidence_image_fetch(r->reader, number, r->stored, &c, &why) != 0 ||
        evidence_image_unpack(r->reader, number, r->stored, &c, r->data, &why) != 0) {
        if (why.kind == ERR_VERIFY || why.kind == ERR_NOT_FOUND)
            return 0;
        *e = why;
        return -1;
    }
    if (!follows(w, &c))
        return 0;
    if (c.segment > w->segment_count) {
        if (evidence_image_close_segment(w, e) != 0 || evidence_image_add_segment(w, e) != 0)
            return -1;
        w->segment = evidence_segment_open(w->folder, c.segment, w->options.head.packed, O_RDWR, e);
        if (w->segment < 0)
            return -1;
    }
    if (sha256_update(&w->digest, slice_of(r->stored, c.stored)) != 0)
        return digest_failed(e);
    evidence_image_current(w)->bytes += c.stored;
    w->chunks++;
    w->bad_chunks += c.bad;
    block.bad = c.bad;
    memcpy(block.hash, c.hash, sizeof block.hash);
    return !again || again->take(again->context, &block, e) == 0 ? 1 : -1;
}

/* Cuts off what lies behind the chunks that are kept. */
static int cut(struct evidence_image_writer *w, struct err *e)
{
    off_t table = EVIDENCE_TABLE_HEADER + (off_t)w->chunks * EVIDENCE_TABLE_RECORD;
    if (ftruncate(w->table, table) != 0 || lseek(w->table, table, SEEK_SET) < 0)
        return evidence_image_write_failed(e, errno, "the table of chunks");
    if (w->segment >= 0) {
        off_t bytes = (off_t)evidence_image_current(w)->bytes;
        if (ftruncate(w->segment, bytes) != 0)
            return evidence_image_write_failed(e, errno, "the image");
        evidence_in_order_writer_init(&w->out, w->segment, (uint64_t)bytes);
    }
    for (uint32_t number = (uint32_t)w->segment_count + 1;; number++) {
        char name[EVIDENCE_NAME], path[4096];
        evidence_segment_name(number, w->options.head.packed, name);
        snprintf(path, sizeof path, "%s/%s", w->folder, name);
        if (unlink(path) != 0)
            return errno == ENOENT ? 0 : err_errno(e, errno, "evidence.write", "%s", path);
    }
}

struct evidence_image_writer *
evidence_image_writer_resume(const struct evidence_image_write_options *options,
                             const struct evidence_stage *again, uint64_t *from, struct err *e)
{
    struct resuming r = {.w = mem_new(1, sizeof *r.w)};
    int result = -1, kept = 1;
    if (!r.w) {
        err_memory(e);
        return NULL;
    }
    r.w->options = *options;
    r.w->table = r.w->segment = -1;
    r.w->folder = mem_strdup(options->folder);
    if (!r.w->folder || sha256_init(&r.w->digest) != 0) {
        err_memory(e);
        goto out;
    }
    r.w->table = evidence_table_open(r.w->folder, O_RDWR, e);
    if (r.w->table < 0 || open_old(&r, e) != 0)
        goto out;
    for (uint64_t i = 0; kept == 1 && i < evidence_image_chunks(r.image); i++)
        kept = keep(&r, i, again, e);
    result = kept < 0 ? -1 : cut(r.w, e);
    *from = r.w->chunks;
out:
    evidence_image_reader_free(r.reader);
    evidence_image_close(r.image);
    mem_free(r.data);
    mem_free(r.stored);
    if (result != 0) {
        evidence_image_writer_free(r.w);
        return NULL;
    }
    return r.w;
}
