/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/acquire/acquisition.h"
#include "evidence/acquire/block_hash.h"
#include "evidence/acquire/passes.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/image_write.h"
#include "evidence/bundle/statement.h"
#include "evidence/selftest.h"

#include <stdio.h>
#include <string.h>

enum { SEGMENT_BYTES = 0xffe00000u /* below 4 GiB, which is the most that FAT holds */ };

static int take_digest(void *context, const struct evidence_block *block, struct err *e)
{
    struct evidence_acquisition *a = context;
    return sha256_twin_update(&a->linear, slice_of(block->data, block->len), NULL) == 0
               ? 0
               : digest_failed(e);
}

static int line_digest(void *context, struct evidence_block *block, struct err *e)
{
    struct evidence_acquisition *a = context;
    /* plain chunks are hashed by the workers, who have time; of zeros the hash is known */
    bool chunk = !a->options->plain || block->zero;
    return evidence_block_hash(block, &a->linear, chunk ? block->hash : NULL, e);
}

static bool watch_reading(void *context, uint64_t bytes)
{
    struct evidence_acquisition *a = context;
    return !a->options->watch ||
           a->options->watch(a->options->watch_context, "reading", a->from + bytes, a->source.bytes,
                             a->reading.read_errors);
}

static int open_writer(struct evidence_acquisition *a, bool begun, struct err *e)
{
    struct evidence_image_write_options options = {
        .folder = a->data,
        .head = {.chunk_bytes = EVIDENCE_CHUNK,
                 .image_bytes = a->source.bytes,
                 .packed = !a->options->plain},
        .given = a->options->plain ? EVIDENCE_HASHES_OF_ZEROS : EVIDENCE_HASHES_ALL,
        .whole_given = true,
        .segment_bytes = a->options->segment_bytes ? a->options->segment_bytes : SEGMENT_BYTES};
    struct evidence_stage again = {.take = take_digest, .context = a};
    struct err why = {0};
    uint64_t chunks = 0;
    if (begun) {
        if (file_make_folder(a->data, 0700, e) != 0 ||
            evidence_bundle_sweep(a->options->folder, e) != 0)
            return -1;
        a->writer = evidence_image_writer_resume(&options, &again, &chunks, &why);
        a->from = chunks * EVIDENCE_CHUNK;
        if (a->from > a->source.bytes)
            a->from = a->source.bytes;
        if (!a->writer && why.kind != ERR_NOT_FOUND && strcmp(why.code, "evidence.table") != 0) {
            *e = why;
            return -1;
        }
        if (!a->writer && evidence_table_remove(a->data, e) != 0)
            return -1;
    }
    if (!a->writer)
        a->writer = evidence_image_writer_new(&options, e);
    return a->writer ? 0 : -1;
}

/* What could not be logged ends it, as a log that leaves something out is none. */
static int next(void *context, struct evidence_block *block, size_t room, struct err *e)
{
    struct evidence_acquisition *a = context;
    int result = a->feed.next(a->feed.context, block, room, e);
    return evidence_read_log_check(a->log, e) == 0 ? result : -1;
}

static int begin_log(struct evidence_acquisition *a, bool begun, struct err *e)
{
    const struct evidence_read_log_options options = {.data = a->data,
                                                      .begun = begun,
                                                      .bytes = a->source.bytes,
                                                      .range_from = a->source.from,
                                                      .sector = a->source.sector,
                                                      .kept = a->from,
                                                      .open = &a->reading.map,
                                                      .clock = a->clock};
    a->log = evidence_read_log_new(&options, e);
    if (!a->log)
        return -1;
    a->source.listener = evidence_read_log_listener(a->log);
    return 0;
}

static int read_all(struct evidence_acquisition *a, struct err *e)
{
    struct evidence_stage stages[] = {evidence_image_writer_stage(a->writer)};
    a->feed = evidence_reading_feed(&a->reading);
    struct evidence_pipeline p = {.feed = {.next = next, .context = a},
                                  .workshop = evidence_image_writer_workshop(a->writer),
                                  .line = {.run = line_digest, .context = a},
                                  .stages = stages,
                                  .stage_count = ARRAY_LEN(stages),
                                  .block_bytes = EVIDENCE_CHUNK,
                                  .workers = a->options->workers,
                                  .watch = watch_reading,
                                  .watch_context = a};
    return evidence_pipeline_run(&p, e);
}

static int run(struct evidence_acquisition *a, struct err *e)
{
    if (a->options->plain)
        sha256_twin_without_extensions(&a->linear); /* a single hash is faster so */
    int begun = evidence_acquisition_begin(a, e);
    if (begun < 0 || open_writer(a, begun == 1, e) != 0 ||
        evidence_reading_init(&a->reading, &a->source, EVIDENCE_CHUNK, a->from, NULL, e) != 0)
        return -1;
    a->reading.fill = a->options->fill;
    a->reading.retries = a->options->retries;
    if ((a->from > 0 && evidence_passes_known(a, e) != 0) || begin_log(a, begun == 1, e) != 0)
        return -1;
    int result = read_all(a, e);
    if (result == 0)
        result = evidence_passes_again(a, e);
    struct err later = {0};
    if (result != 0) { /* what is there is kept, and can be gone on with */
        if ((evidence_image_writer_sync(a->writer, &later) != 0 ||
             evidence_read_log_sync(a->log, &later) != 0) &&
            result > 0)
            *e = later;
        a->acquired->stopped = result > 0;
        return result > 0 && !err_is_set(e) ? 0 : -1;
    }
    if (evidence_image_writer_finish(a->writer, &a->written, e) != 0 ||
        (a->stopped_by = evidence_passes_digest(a, e)) < 0)
        return -1;
    if (a->stopped_by > 0) {
        a->acquired->stopped = true;
        return evidence_read_log_sync(a->log, e);
    }
    evidence_image_writer_whole(a->writer, a->acquired->sha256);
    return evidence_acquisition_close(a, e);
}

int evidence_acquire(const struct evidence_acquire_options *options,
                     struct evidence_acquired *acquired, struct err *e)
{
    struct evidence_acquisition *a = mem_new(1, sizeof *a);
    *acquired = (struct evidence_acquired){0};
    if (!a)
        return err_memory(e);
    a->options = options;
    a->acquired = acquired;
    a->clock = options->clock ? options->clock : &clock_system;
    a->started = clock_now(a->clock);
    int result = -1;
    buf_init(&a->selftest);
    if (sha256_twin_init(&a->linear) != 0)
        digest_failed(e);
    else if (options->selftest && evidence_selftest_read(options->selftest, &a->selftest, e) != 0)
        result = -1;
    else if (evidence_source_open(&a->source, options->source, &options->range, e) == 0) {
        a->source.stand_in = options->stand_in;
        result = options->blocker_test
                     ? options->blocker_test(options->blocker_context, &a->source, &a->blocker, e)
                     : 0;
        if (result == 0)
            result = run(a, e);
        evidence_source_close(&a->source);
    }
    acquired->resumed_at = a->from;
    evidence_image_writer_free(a->writer);
    evidence_read_log_free(a->log);
    evidence_reading_fini(&a->reading);
    sha256_twin_fini(&a->linear);
    buf_fini(&a->selftest);
    mem_free(a);
    return result;
}
