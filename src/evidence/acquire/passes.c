/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/passes.h"
#include "base/memory.h"
#include "evidence/bundle/image_flow.h"

#include <string.h>

struct chunk {
    struct evidence_image *image;
    struct evidence_image_reader *reader;
    struct evidence_block block;
};

static int chunk_open(struct chunk *c, struct evidence_acquisition *a, struct err *e)
{
    *c = (struct chunk){0};
    if (evidence_image_writer_sync(a->writer, e) != 0)
        return -1;
    c->image = evidence_image_open(a->data, true, e);
    c->reader = c->image ? evidence_image_reader_new(c->image, e) : NULL;
    if (!c->reader)
        return -1;
    c->block.data = mem_new_pages(EVIDENCE_CHUNK);
    return c->block.data ? 0 : err_memory(e);
}

static void chunk_close(struct chunk *c)
{
    evidence_image_reader_free(c->reader);
    evidence_image_close(c->image);
    mem_free(c->block.data);
}

static int chunk_read(struct chunk *c, uint64_t number, struct err *e)
{
    c->block.number = number;
    c->block.offset = number * EVIDENCE_CHUNK;
    return evidence_image_read(c->reader, number, c->block.data, &c->block.len, NULL, e);
}

int evidence_passes_known(struct evidence_acquisition *a, struct err *e)
{
    struct chunk c;
    uint32_t sector = a->source.sector;
    uint8_t filled[4096];
    int result = chunk_open(&c, a, e);
    for (uint64_t i = 0; result == 0 && i < a->from / EVIDENCE_CHUNK + 1; i++) {
        struct evidence_chunk record;
        if (i >= evidence_image_chunks(c.image))
            break;
        result = evidence_image_record(c.image, i, &record, e);
        if (result != 0 || !record.bad)
            continue;
        a->dirty = true;
        result = chunk_read(&c, i, e);
        for (size_t at = 0; result == 0 && at < c.block.len; at += sector) {
            size_t len = c.block.len - at < sector ? c.block.len - at : sector;
            uint64_t offset = c.block.offset + at;
            evidence_reading_fill(a->options->fill, offset, filled, len);
            if (memcmp(filled, c.block.data + at, len) == 0)
                result = evidence_map_set(&a->reading.map, offset, len, EVIDENCE_NOT_TRIMMED, e);
        }
    }
    chunk_close(&c);
    return result;
}

static bool goes_on(struct evidence_acquisition *a, const char *phase, uint64_t done, uint64_t all)
{
    return !a->options->watch ||
           a->options->watch(a->options->watch_context, phase, done, all, a->reading.read_errors);
}

/* Chunk by chunk. 1: stopped. */
static int pass(struct evidence_acquisition *a, struct chunk *c, unsigned number, struct err *e)
{
    enum evidence_state wanted = number < 3 ? EVIDENCE_NOT_TRIMMED : EVIDENCE_UNREADABLE;
    uint64_t all = evidence_map_sum(&a->reading.map, wanted), done = 0;
    struct evidence_extent x;
    evidence_read_log_pass(a->log, number + 1);
    for (uint64_t at = 0; evidence_map_next(&a->reading.map, at, wanted, &x);) {
        uint64_t chunk = x.from / EVIDENCE_CHUNK;
        at = (chunk + 1) * EVIDENCE_CHUNK;
        if (!goes_on(a, number < 3 ? "around bad sectors" : "bad sectors again", done, all))
            return 1;
        done += x.bytes < at - x.from ? x.bytes : at - x.from;
        if (chunk_read(c, chunk, e) != 0)
            return -1;
        int64_t won = evidence_reading_again(&a->reading, c->block.offset, c->block.data,
                                             c->block.len, number, e);
        if (won < 0 || evidence_read_log_check(a->log, e) != 0)
            return -1;
        struct evidence_extent rest;
        uint64_t end = c->block.offset + c->block.len;
        c->block.bad =
            (evidence_map_next(&a->reading.map, c->block.offset, EVIDENCE_UNREADABLE, &rest) &&
             rest.from < end) ||
            (evidence_map_next(&a->reading.map, c->block.offset, EVIDENCE_NOT_TRIMMED, &rest) &&
             rest.from < end);
        if ((won > 0 || !c->block.bad) && evidence_image_writer_again(a->writer, &c->block, e) != 0)
            return -1;
    }
    return 0;
}

int evidence_passes_again(struct evidence_acquisition *a, struct err *e)
{
    struct chunk c;
    if (!evidence_reading_is_open(&a->reading))
        return 0;
    a->dirty = true;
    int result = chunk_open(&c, a, e);
    for (unsigned number = 1; result == 0 && number <= 2 + a->reading.retries; number++)
        result = pass(a, &c, number, e);
    chunk_close(&c);
    return result;
}

struct rereading {
    struct evidence_acquisition *a;
    struct sha256_twin digest;
    struct sha512_context *second; /* NULL: not wanted */
    const char *phase;
};

static int line(void *context, struct evidence_block *block, struct err *e)
{
    struct rereading *r = context;
    return sha256_twin_update(&r->digest, slice_of(block->data, block->len), NULL) == 0
               ? 0
               : digest_failed(e);
}

/* What is read has been hashed by the line; here, a second time. */
static int take(void *context, const struct evidence_block *block, struct err *e)
{
    struct rereading *r = context;
    return !r->second || sha512_update(r->second, slice_of(block->data, block->len)) == 0
               ? 0
               : digest_failed(e);
}

static bool watch(void *context, uint64_t bytes)
{
    struct rereading *r = context;
    return goes_on(r->a, r->phase, bytes, r->a->source.bytes);
}

static int digest_of(struct rereading *r, struct evidence_pipeline *p, uint8_t sha256[SHA256_LEN],
                     struct err *e)
{
    struct evidence_stage stage = {.take = take, .context = r, .prepared = true};
    p->stages = &stage;
    p->stage_count = 1;
    p->workers = r->a->options->workers;
    p->watch = watch;
    p->watch_context = r;
    int result = evidence_pipeline_run(p, e);
    if (result == 0 && sha256_twin_final(&r->digest, sha256) != 0)
        result = digest_failed(e);
    return result;
}

static int read_back(struct evidence_acquisition *a, uint8_t sha256[SHA256_LEN], struct err *e)
{
    struct sha512_context second = {0};
    struct rereading r = {
        .a = a, .second = a->options->sha512 ? &second : NULL, .phase = "reading back"};
    struct evidence_image *image = evidence_image_open(a->data, false, e);
    struct evidence_image_flow flow = {0};
    struct evidence_pipeline p = {0};
    int result = -1;
    if (sha256_twin_init(&r.digest) != 0 || (r.second && sha512_init(r.second) != 0))
        digest_failed(e);
    else if (image && evidence_image_flow_init(&flow, image, e) == 0) {
        flow.linear = &r.digest;
        evidence_image_flow_into(&flow, &p);
        result = digest_of(&r, &p, sha256, e);
    }
    a->acquired->has_sha512 = result == 0 && r.second;
    if (a->acquired->has_sha512 && sha512_final(r.second, a->acquired->sha512) != 0)
        result = digest_failed(e);
    sha512_fini(&second);
    evidence_image_flow_fini(&flow);
    evidence_image_close(image);
    sha256_twin_fini(&r.digest);
    return result;
}

static int rehash_source(struct evidence_acquisition *a, uint8_t sha256[SHA256_LEN], struct err *e)
{
    struct rereading r = {.a = a, .phase = "reading the source again"};
    struct evidence_reading again;
    if (evidence_reading_init(&again, &a->source, EVIDENCE_CHUNK, 0, NULL, e) != 0)
        return -1;
    again.fill = a->options->fill;
    evidence_read_log_pass(a->log, 0);
    struct evidence_pipeline p = {.feed = evidence_reading_feed(&again),
                                  .line = {.run = line, .context = &r},
                                  .block_bytes = EVIDENCE_CHUNK};
    int result = sha256_twin_init(&r.digest) == 0 ? 0 : digest_failed(e);
    sha256_twin_without_extensions(&r.digest);
    if (result == 0)
        result = digest_of(&r, &p, sha256, e);
    sha256_twin_fini(&r.digest);
    evidence_reading_fini(&again);
    return result;
}

int evidence_passes_digest(struct evidence_acquisition *a, struct err *e)
{
    struct evidence_acquired *done = a->acquired;
    uint8_t again[SHA256_LEN];
    int result = 0;
    if (!a->dirty && sha256_twin_final(&a->linear, done->sha256) != 0)
        return digest_failed(e);
    if (a->dirty || a->options->sha512 || !a->options->no_read_back) {
        result = read_back(a, a->dirty ? done->sha256 : again, e);
        if (result == 0 && !a->dirty && memcmp(again, done->sha256, sizeof again) != 0)
            return err_set(e, ERR_VERIFY, "evidence.read-back", NULL,
                           "what was written is not what was read: the hashes differ");
        done->read_back = result == 0;
    }
    if (result == 0 && a->options->rehash_source && !a->dirty) {
        result = rehash_source(a, again, e);
        done->source_rehashed = result == 0;
        done->source_changed = result == 0 && memcmp(again, done->sha256, sizeof again) != 0;
    }
    return result;
}
