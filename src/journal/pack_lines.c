/* SPDX-License-Identifier: Apache-2.0 */
/* Line files, checked by several threads and merged in order. */
#include "journal/pack_check.h"

#include "base/memory.h"

#include <pthread.h>

enum { BATCH_LINES = 2048, BATCH_BYTES = 8 << 20, LINES_FOR_THREADS = 32 };

struct batch {
    struct pack_check *c;
    const struct pack_line_kind *kind;
    struct buf bytes;
    size_t begins[BATCH_LINES + 1];
    size_t count;
    uint64_t first; /* number of the first line */
    uint8_t *records;
    struct err *errors; /* one a line */
    unsigned threads;
};

struct share {
    struct batch *batch;
    unsigned thread;
};

static void check_one(struct batch *b, unsigned thread, size_t i)
{
    const struct json_limits limits = {
        .bytes = PACK_LINE_MAX, .depth = 32, .values = PACK_LINE_MAX / 4};
    struct err *e = &b->errors[i];
    struct json_doc *doc = NULL;
    struct pack_line_in in = {
        .thread = thread,
        .number = b->first + i,
        .text = slice_of(b->bytes.data + b->begins[i], b->begins[i + 1] - b->begins[i]),
    };

    if (json_parse(&doc, in.text, &limits, e) != 0 ||
        json_doc_check_canonical(doc, in.text, e) != 0)
        goto out;
    in.doc = doc;
    in.root = json_root(doc);
    if (!json_is(in.root, JSON_OBJECT)) {
        pack_wrong(e, "pack.line", "a line is a JSON object");
        goto out;
    }
    (void)!b->kind->line(b->c, &in, b->records + i * b->kind->record, e);
out:
    json_doc_free(doc);
}

static void *work(void *context)
{
    const struct share *share = context;

    for (size_t i = share->thread; i < share->batch->count; i += share->batch->threads)
        check_one(share->batch, share->thread, i);
    return NULL;
}

static void check_batch(struct batch *b)
{
    struct share shares[PACK_THREADS_MAX];
    pthread_t threads[PACK_THREADS_MAX];
    unsigned started = 1;

    b->threads = b->count < LINES_FOR_THREADS ? 1 : b->c->threads;
    for (unsigned i = 0; i < b->threads; i++)
        shares[i] = (struct share){.batch = b, .thread = i};
    while (started < b->threads &&
           pthread_create(&threads[started], NULL, work, &shares[started]) == 0)
        started++;
    work(&shares[0]);
    for (unsigned i = started; i < b->threads; i++) /* threads that could not be had */
        work(&shares[i]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(threads[i], NULL);
}

static int merge_batch(struct batch *b, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < b->count; i++) {
        void *record = b->records + i * b->kind->record;
        struct err *cause = &b->errors[i];
        bool good = !err_is_set(cause);
        if (rc == 0 && good)
            (void)!b->kind->merge(b->c, b->first + i, record, cause);
        else if (good && b->kind->drop)
            b->kind->drop(record);
        if (rc == 0 && err_is_set(cause)) {
            char code[sizeof cause->code];
            memcpy(code, cause->code, sizeof code);
            rc = pack_fail_cause(b->c, memcmp(code, "pack.", 5) == 0 ? code : "pack.line",
                                 b->kind->step, b->kind->file, b->first + i, NULL, cause, e);
        }
    }
    return rc;
}

int pack_lines_check(struct pack_check *c, const struct pack_line_kind *kind, struct err *e)
{
    const struct pack_file *file = pack_files_find(&c->files, kind->file);
    struct pack_stream stream;
    struct batch *b = mem_new(1, sizeof *b);
    struct slice line;
    int rc = -1, got = 1;

    if (!b)
        return err_memory(e);
    *b = (struct batch){.c = c, .kind = kind, .first = 1};
    buf_init(&b->bytes);
    b->records = mem_new(BATCH_LINES, kind->record ? kind->record : 1);
    b->errors = mem_new(BATCH_LINES, sizeof *b->errors);
    if (!b->records || !b->errors) {
        err_memory(e);
        goto out;
    }
    if (pack_stream_open(&stream, &c->files, file, e) != 0)
        goto out;
    while (got == 1) {
        struct err cause = {0};
        buf_reset(&b->bytes);
        b->count = 0;
        while (b->count < BATCH_LINES && b->bytes.len < BATCH_BYTES &&
               (got = pack_stream_line(&stream, &line, &cause)) == 1) {
            b->begins[b->count++] = b->bytes.len;
            buf_put_slice(&b->bytes, line);
        }
        b->begins[b->count] = b->bytes.len;
        if (buf_check(&b->bytes, e) != 0)
            goto done;
        memset(b->records, 0, b->count * kind->record);
        memset(b->errors, 0, b->count * sizeof *b->errors);
        check_batch(b);
        if (merge_batch(b, e) != 0)
            goto done;
        b->first += b->count;
        if (got < 0 &&
            pack_fail_cause(c, "pack.line", kind->step, kind->file, b->first, NULL, &cause, e) != 0)
            goto done;
    }
    rc = 0;
done:
    pack_stream_close(&stream);
out:
    buf_fini(&b->bytes);
    mem_free(b->records);
    mem_free(b->errors);
    mem_free(b);
    return rc;
}
