/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/repeat.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/acquire/reading.h"
#include "evidence/bundle/image_read.h"
#include "evidence/bundle/manifest.h"
#include "evidence/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MOST = 64 << 20, LISTED = 1000 };

struct repeating {
    const struct evidence_repeat_options *options;
    struct evidence_repeated *done;
    struct evidence_image *image;
    struct buf text; /* acquisition.json */
    struct json_doc *doc;
    struct evidence_source source;
    struct evidence_reading reading;
    struct sha256_context linear;
    uint64_t *bad; /* chunks in which something could not be read at once */
    size_t bad_count, bad_room;
    uint64_t listed[LISTED]; /* chunks that differ */
    char path[4096];         /* of the source */
    uint8_t tags[SHA256_LEN];
    int64_t started;
};

static int differs(struct repeating *r, uint64_t number, const uint8_t hash[SHA256_LEN],
                   struct err *e)
{
    struct evidence_chunk record;
    if (evidence_image_record(r->image, number, &record, e) != 0)
        return -1;
    if (memcmp(record.hash, hash, SHA256_LEN) != 0) {
        if (r->done->differing_chunks < LISTED)
            r->listed[r->done->differing_chunks] = number;
        r->done->differing_chunks++;
    }
    return 0;
}

static int prepare(void *context, void *worker, struct evidence_block *b, struct err *e)
{
    (void)context;
    (void)worker;
    return sha256(slice_of(b->data, b->len), b->hash) == 0 ? 0 : digest_failed(e);
}

static int take_chunk(void *context, const struct evidence_block *b, struct err *e)
{
    struct repeating *r = context;
    if (!b->bad)
        return differs(r, b->number, b->hash, e);
    if (r->bad_count == r->bad_room) {
        size_t room = r->bad_room ? 2 * r->bad_room : 64;
        uint64_t *more = mem_resize(r->bad, room, sizeof *more);
        if (!more)
            return err_memory(e);
        r->bad = more;
        r->bad_room = room;
    }
    r->bad[r->bad_count++] = b->number;
    return 0;
}

static int take_linear(void *context, const struct evidence_block *b, struct err *e)
{
    struct repeating *r = context;
    return sha256_update(&r->linear, slice_of(b->data, b->len)) == 0 ? 0 : digest_failed(e);
}

static bool watch(void *context, uint64_t bytes)
{
    struct repeating *r = context;
    return !r->options->watch ||
           r->options->watch(r->options->watch_context, bytes, r->source.bytes);
}

/* Sector by sector, as an acquisition does it around what it could not read at once. */
static int read_bad(struct repeating *r, struct err *e)
{
    size_t chunk = evidence_image_head(r->image)->chunk_bytes;
    uint8_t *data = mem_new_pages(chunk);
    uint8_t hash[SHA256_LEN];
    int result = data ? 0 : err_memory(e);
    for (size_t i = 0; result == 0 && i < r->bad_count; i++) {
        uint64_t offset = r->bad[i] * chunk;
        size_t len = evidence_table_chunk_len(evidence_image_head(r->image), r->bad[i]);
        evidence_reading_fill(r->reading.fill, offset, data, len);
        result = evidence_map_set(&r->reading.map, offset, len, EVIDENCE_NOT_TRIMMED, e);
        for (unsigned pass = 1; result == 0 && pass <= 2 + r->reading.retries; pass++)
            result = evidence_reading_again(&r->reading, offset, data, len, pass, e) < 0 ? -1 : 0;
        if (result == 0 && sha256(slice_of(data, len), hash) != 0)
            result = digest_failed(e);
        if (result == 0)
            result = differs(r, r->bad[i], hash, e);
        if (result == 0 && !watch(r, r->source.bytes))
            result = err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
    }
    mem_free(data);
    return result;
}

static int read_source(struct repeating *r, struct err *e)
{
    struct evidence_stage stages[] = {{.take = take_chunk, .context = r, .prepared = true},
                                      {.take = take_linear, .context = r}};
    if (sha256_init(&r->linear) != 0)
        return digest_failed(e);
    if (evidence_reading_init(&r->reading, &r->source, evidence_image_head(r->image)->chunk_bytes,
                              0, NULL, e) != 0)
        return -1;
    const struct json_value *was = json_get(json_root(r->doc), "reading");
    r->reading.retries = r->options->retries;
    r->reading.fill = slice_is(json_get_string(was, "unreadable_is_filled_with"), "zeros")
                          ? EVIDENCE_FILL_ZERO
                          : EVIDENCE_FILL_PATTERN;
    struct evidence_pipeline p = {.feed = evidence_reading_feed(&r->reading),
                                  .workshop = {.prepare = prepare, .context = r},
                                  .stages = stages,
                                  .stage_count = ARRAY_LEN(stages),
                                  .block_bytes = evidence_image_head(r->image)->chunk_bytes,
                                  .workers = r->options->workers,
                                  .watch = watch,
                                  .watch_context = r};
    int result = evidence_pipeline_run(&p, e);
    if (result > 0)
        return err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
    if (result != 0 || read_bad(r, e) != 0)
        return -1;
    struct evidence_repeated *d = r->done;
    d->unreadable = evidence_map_sum(&r->reading.map, EVIDENCE_UNREADABLE) +
                    evidence_map_sum(&r->reading.map, EVIDENCE_NOT_TRIMMED);
    d->has_sha256 = r->bad_count == 0;
    if (d->has_sha256 && sha256_final(&r->linear, d->sha256) != 0)
        return digest_failed(e);
    d->same = d->differing_chunks == 0 && d->bytes == evidence_image_head(r->image)->image_bytes;
    return 0;
}

static uint64_t number_of(const struct json_value *v, const char *name)
{
    int64_t number;
    return json_int64(json_get(v, name), &number) && number > 0 ? (uint64_t)number : 0;
}

static int open_bundle(struct repeating *r, struct err *e)
{
    const char *bundle = r->options->bundle;
    char path[4200];
    uint64_t bytes;
    snprintf(path, sizeof path, "%s/INCOMPLETE", bundle);
    if (file_kind(bundle) != 2 || file_kind(path) != 0)
        return err_set(e, ERR_NOT_FOUND, "evidence.bundle", NULL, "%s is no bundle, or %s", bundle,
                       "its acquisition was not finished");
    if (evidence_file_digest(bundle, "tagmanifest-sha256.txt", r->tags, &bytes, e) != 0)
        return -1;
    if (evidence_file_read(bundle, "acquisition.json", RECORD_MOST, &r->text, e) != 0 ||
        json_parse(&r->doc, buf_slice(&r->text), NULL, e) != 0)
        return -1;
    const struct json_value *image = json_get(json_root(r->doc), "image");
    if (hex_parse(json_get_string(image, "sha256"), r->done->then, SHA256_LEN) != 0)
        return err_set(e, ERR_INPUT, "evidence.bundle", NULL, "%s has no image", bundle);
    snprintf(path, sizeof path, "%s/data", bundle);
    r->image = evidence_image_open(path, false, e);
    if (!r->image)
        return -1;
    r->done->chunks = evidence_image_chunks(r->image);
    r->done->unreadable_then =
        number_of(json_get(json_root(r->doc), "reading"), "unreadable_bytes");
    return 0;
}

static int open_source(struct repeating *r, struct err *e)
{
    const struct json_value *was = json_get(json_root(r->doc), "source");
    struct slice path = json_get_string(was, "path");
    struct evidence_range range = {number_of(was, "range_from"), number_of(was, "range_bytes")};
    if (r->options->source)
        path = slice_str(r->options->source);
    if (path.len == 0 || path.len >= sizeof r->path)
        return err_set(e, ERR_INPUT, "evidence.source", NULL,
                       "the record does not say where the source was");
    memcpy(r->path, path.data, path.len);
    r->path[path.len] = 0;
    if (evidence_source_open(&r->source, r->path, &range, e) != 0)
        return -1;
    r->done->bytes = r->source.bytes;
    if (r->source.bytes == evidence_image_head(r->image)->image_bytes)
        return 0;
    evidence_source_close(&r->source);
    return err_set(e, ERR_VERIFY, "evidence.source", NULL,
                   "%s has %" PRIu64 " bytes, and %" PRIu64 " were acquired: it is another source, "
                   "or it was changed",
                   r->path, r->source.bytes, evidence_image_head(r->image)->image_bytes);
}

static void source_part(struct json_writer *w, const struct repeating *r)
{
    const struct evidence_identity *i = &r->source.identity;
    struct slice was = json_get_string(json_get(json_root(r->doc), "source"), "serial");
    json_write_name(w, "source");
    json_write_object(w);
    json_member_string(w, "path", r->path);
    json_member_int(w, "bytes", (int64_t)r->source.bytes);
    if (i->model[0])
        json_member_string(w, "model", i->model);
    if (i->serial[0])
        json_member_string(w, "serial", i->serial);
    if (i->serial[0] || was.len)
        json_member_bool(w, "serial_is_that_of_the_record", slice_is(was, i->serial));
    json_write_object_end(w);
}

static void differing_part(struct json_writer *w, const struct repeating *r)
{
    size_t chunk = evidence_image_head(r->image)->chunk_bytes;
    json_member_int(w, "chunks", (int64_t)r->done->chunks);
    json_member_int(w, "differing_chunks", (int64_t)r->done->differing_chunks);
    json_write_name(w, "differing");
    json_write_array(w);
    for (uint64_t i = 0; i < r->done->differing_chunks && i < LISTED; i++) {
        json_write_object(w);
        json_member_int(w, "chunk", (int64_t)r->listed[i]);
        json_member_int(w, "from", (int64_t)(r->listed[i] * chunk));
        json_member_int(
            w, "bytes",
            (int64_t)evidence_table_chunk_len(evidence_image_head(r->image), r->listed[i]));
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_member_int(w, "unreadable_bytes_then", (int64_t)r->done->unreadable_then);
    json_member_int(w, "unreadable_bytes", (int64_t)r->done->unreadable);
}

static int other_part(struct json_writer *w, const struct repeating *r, struct err *e)
{
    const struct evidence_repeat_options *o = r->options;
    struct buf log;
    uint8_t hash[SHA256_LEN];
    json_write_name(w, "other_tool");
    json_write_object(w);
    json_member_string(w, "name", o->other_tool);
    int result = 0;
    buf_init(&log);
    if (o->other_log) {
        result = file_read(o->other_log, RECORD_MOST, &log, e);
        if (result == 0 && sha256(buf_slice(&log), hash) != 0)
            result = digest_failed(e);
        if (result == 0)
            json_member_hex(w, "log_sha256", slice_of(hash, sizeof hash));
    }
    buf_fini(&log);
    json_write_object_end(w);
    return result;
}

static const char *conclusion(const struct repeating *r)
{
    const struct evidence_repeated *d = r->done;
    if (r->options->other_tool)
        return d->same ? "another tool gave the same hash for the source"
               : d->unreadable_then
                   ? "the hashes differ, as they must where sectors were unreadable"
                     " and tools fill them differently: compare readable ranges"
                   : "another tool gave another hash";
    if (d->same)
        return "the same procedure gave the same image";
    return d->unreadable != d->unreadable_then
               ? "other sectors were readable than then; the chunks that differ are listed"
               : "the source gives other data than then; the chunks that differ are listed";
}

static int write_document(struct repeating *r, struct buf *out, struct err *e)
{
    const struct evidence_repeated *d = r->done;
    const struct json_value *root = json_root(r->doc);
    const struct evidence_repeat_options *o = r->options;
    const char *name = strrchr(o->bundle, '/');
    struct json_writer w;
    json_write_init(&w, out, 2);
    json_write_object(&w);
    json_member_string(&w, "format", "tocsin-evidence-repeat/v1");
    json_member_string(&w, "bundle", name && name[1] ? name + 1 : o->bundle);
    json_member_hex(&w, "tagmanifest_sha256", slice_of(r->tags, sizeof r->tags));
    if (json_get_string(root, "exhibit").len)
        json_member_slice(&w, "exhibit", json_get_string(root, "exhibit"));
    if (o->examiner)
        json_member_string(&w, "examiner", o->examiner);
    json_member_time(&w, "started", r->started);
    json_member_time(&w, "ended", d->ended);
    json_write_name(&w, "tool");
    json_write_object(&w);
    if (evidence_tool_members(&w, NULL, e) != 0)
        return -1;
    json_write_object_end(&w);
    if (o->other_tool) {
        if (other_part(&w, r, e) != 0)
            return -1;
    } else {
        source_part(&w, r);
        differing_part(&w, r);
    }
    json_member_hex(&w, "sha256_then", slice_of(d->then, SHA256_LEN));
    if (d->has_sha256)
        json_member_hex(&w, "sha256", slice_of(d->sha256, SHA256_LEN));
    json_member_bool(&w, "same", d->same);
    json_member_string(&w, "conclusion", conclusion(r));
    json_write_object_end(&w);
    buf_putc(out, '\n');
    return buf_check(out, e);
}

static int run(struct repeating *r, struct buf *document, struct err *e)
{
    const struct clock *clock = r->options->clock ? r->options->clock : &clock_system;
    struct evidence_repeated *d = r->done;
    if (open_bundle(r, e) != 0)
        return -1;
    r->started = clock_now(clock);
    if (r->options->other_tool) {
        memcpy(d->sha256, r->options->other_sha256, SHA256_LEN);
        d->has_sha256 = true;
        d->bytes = evidence_image_head(r->image)->image_bytes;
        d->same = memcmp(d->sha256, d->then, SHA256_LEN) == 0;
    } else {
        if (open_source(r, e) != 0)
            return -1;
        int result = read_source(r, e);
        evidence_source_close(&r->source);
        if (result != 0)
            return -1;
    }
    d->ended = clock_now(clock);
    return write_document(r, document, e);
}

int evidence_repeat(const struct evidence_repeat_options *options, struct buf *document,
                    struct evidence_repeated *repeated, struct err *e)
{
    struct repeating *r = mem_new(1, sizeof *r);
    *repeated = (struct evidence_repeated){0};
    if (!r)
        return err_memory(e);
    r->options = options;
    r->done = repeated;
    buf_init(&r->text);
    int result = run(r, document, e);
    evidence_reading_fini(&r->reading);
    if (r->linear.evp)
        sha256_fini(&r->linear);
    evidence_image_close(r->image);
    json_doc_free(r->doc);
    buf_fini(&r->text);
    mem_free(r->bad);
    mem_free(r);
    return result;
}
