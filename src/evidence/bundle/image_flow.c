/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/image_flow.h"
#include "base/memory.h"
#include "crypto/sha256_each.h"
#include "evidence/acquire/block_hash.h"

#include <string.h>

enum { PLACES = 256 /* more than any ring has */ };

int evidence_image_flow_init(struct evidence_image_flow *flow, const struct evidence_image *image,
                             struct err *e)
{
    *flow = (struct evidence_image_flow){.image = image};
    flow->reader = evidence_image_reader_new(image, e);
    flow->records = mem_new(PLACES, sizeof *flow->records);
    if (flow->reader && flow->records) {
        evidence_image_reader_in_order(flow->reader);
        pthread_mutex_init(&flow->lock, NULL);
        return 0;
    }
    evidence_image_reader_free(flow->reader);
    mem_free(flow->records);
    return err_memory(e);
}

void evidence_image_flow_fini(struct evidence_image_flow *flow)
{
    if (!flow->reader)
        return;
    evidence_image_reader_free(flow->reader);
    mem_free(flow->records);
    pthread_mutex_destroy(&flow->lock);
}

/* 0: it was told of; -1: it is the end. */
static int tell(struct evidence_image_flow *flow, struct evidence_block *block, const struct err *e)
{
    if (!flow->damaged || (e->kind != ERR_VERIFY && e->kind != ERR_NOT_FOUND))
        return -1;
    block->failed = true;
    pthread_mutex_lock(&flow->lock);
    flow->damaged(flow->context, block->number, e);
    pthread_mutex_unlock(&flow->lock);
    return 0;
}

/* Plain chunks are read to where they belong. */
static uint8_t *stored_of(const struct evidence_image_flow *flow,
                          const struct evidence_block *block)
{
    return evidence_image_head(flow->image)->packed ? block->piece : block->data;
}

static int next(void *context, struct evidence_block *block, size_t room, struct err *e)
{
    struct evidence_image_flow *flow = context;
    const struct evidence_table_head *head = evidence_image_head(flow->image);
    (void)room;
    if (flow->next >= evidence_image_chunks(flow->image))
        return 0;
    struct evidence_chunk *record = &flow->records[flow->next % PLACES];
    block->number = flow->next++;
    block->offset = block->number * head->chunk_bytes;
    block->len = evidence_table_chunk_len(head, block->number);
    *record = (struct evidence_chunk){0};
    bool fetched =
        evidence_image_fetch(flow->reader, block->number, stored_of(flow, block), record, e) == 0;
    if (!fetched) {
        if (tell(flow, block, e) != 0)
            return -1;
        err_clear(e);
    }
    block->bad = record->bad;
    block->piece_len = fetched ? record->stored : 0; /* what it says may be more than fits */
    block->piece_kind = record->kind;
    memcpy(block->hash, record->hash, sizeof block->hash);
    return 1;
}

static void *worker_new(void *context, struct err *e)
{
    struct evidence_image_flow *flow = context;
    return evidence_image_reader_new(flow->image, e);
}

static void worker_free(void *worker)
{
    evidence_image_reader_free(worker);
}

/* A chunk that is damaged is told of, and is no failure. */
static int told(struct evidence_image_flow *flow, struct evidence_block *block, int result,
                struct err *e)
{
    if (result == 0)
        return 0;
    if (tell(flow, block, e) != 0)
        return -1;
    err_clear(e);
    return 0;
}

static int prepare(void *context, void *worker, struct evidence_block *block, struct err *e)
{
    struct evidence_image_flow *flow = context;
    const struct evidence_chunk *record = &flow->records[block->number % PLACES];
    if (block->failed)
        return 0;
    const uint8_t *stored = stored_of(flow, block);
    int result = flow->together
                     ? evidence_image_inflate(worker, block->number, stored, record, block->data, e)
                     : evidence_image_unpack(worker, block->number, stored, record, block->data, e);
    block->zero = evidence_image_was_zero(worker);
    return told(flow, block, result, e);
}

static int compare(struct evidence_image_flow *flow, struct evidence_block *block,
                   const uint8_t hash[SHA256_LEN], struct err *e)
{
    const struct evidence_chunk *record = &flow->records[block->number % PLACES];
    return told(flow, block, evidence_image_compare(flow->image, block->number, record, hash, e),
                e);
}

/* The same for neighbours, whose hashes are taken side by side; of zeros the hash is known. */
static int prepare_all(void *context, void *worker, struct evidence_block *const *blocks,
                       size_t count, struct err *e)
{
    struct evidence_image_flow *flow = context;
    for (size_t i = 0; i < count; i++) {
        struct evidence_block *b = blocks[i];
        if (b->failed)
            continue;
        int result = evidence_image_inflate(worker, b->number, stored_of(flow, b),
                                            &flow->records[b->number % PLACES], b->data, e);
        b->zero = result == 0 && evidence_image_was_zero(worker);
        if (told(flow, b, result, e) != 0 ||
            (b->zero && evidence_image_zeros(worker, slice_of(b->data, b->len), b->hash, e) != 0))
            return -1;
    }
    if (evidence_blocks_hash(blocks, count, e) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (!blocks[i]->failed && compare(flow, blocks[i], blocks[i]->hash, e) != 0)
            return -1;
    return 0;
}

static int line(void *context, struct evidence_block *block, struct err *e)
{
    struct evidence_image_flow *flow = context;
    uint8_t hash[SHA256_LEN];
    if (block->failed)
        return 0;
    if (evidence_block_hash(block, flow->linear, flow->together ? hash : NULL, e) != 0)
        return -1;
    return flow->together ? compare(flow, block, hash, e) : 0;
}

void evidence_image_flow_into(struct evidence_image_flow *flow, struct evidence_pipeline *p)
{
    /* Unpacking keeps the processors busy, so the hashes are taken in one pass; plain chunks are
     * hashed by themselves beside the image, where MD5 does not give the time for them. */
    bool packed = evidence_image_head(flow->image)->packed;
    flow->together = flow->linear && flow->linear->fast && (packed || flow->linear->has_others);
    if (flow->linear && !flow->together)
        sha256_twin_without_extensions(flow->linear);
    if (flow->linear)
        p->line = (struct evidence_line){.run = line, .context = flow, .prepared = true};
    p->feed = (struct evidence_feed){.next = next, .context = flow};
    p->workshop = (struct evidence_workshop){
        .worker_new = worker_new,
        .worker_free = worker_free,
        .prepare = prepare,
        .prepare_all = !flow->together && sha256_each_gains() ? prepare_all : NULL,
        .context = flow,
        .piece_room = packed ? evidence_image_stored_room(flow->image) : 0};
    p->block_bytes = evidence_image_head(flow->image)->chunk_bytes;
}
