/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/export.h"
#include "base/memory.h"
#include "evidence/bundle/image_flow.h"
#include "evidence/bundle/tree.h"
#include "evidence/image/digests.h"
#include "evidence/image/part.h"

#include <stdio.h>
#include <string.h>

struct workshop { /* where the format has parts: the flow's, and then these */
    struct evidence_workshop unpack;
    const struct evidence_exporter *format;
};

struct worker {
    void *unpack;
    struct evidence_parter *parter;
};

struct running {
    struct evidence_exporting *x;
    const struct evidence_exporter *format;
    struct evidence_image *image;
    struct evidence_image_flow flow;
    struct workshop workshop;
    struct sha256_twin linear;
    void *writer;
    struct evidence_digests digests;
};

static void worker_free(void *own)
{
    struct worker *w = own;
    evidence_parter_free(w->parter);
    evidence_image_reader_free(w->unpack);
    mem_free(w);
}

static void *worker_new(void *context, struct err *e)
{
    struct workshop *shop = context;
    struct worker *w = mem_new(1, sizeof *w);
    if (!w) {
        err_memory(e);
        return NULL;
    }
    w->unpack = shop->unpack.worker_new(shop->unpack.context, e);
    if (w->unpack)
        w->parter = evidence_parter_new(e);
    if (w->parter)
        return w;
    worker_free(w);
    return NULL;
}

static int prepare(void *context, void *worker, struct evidence_block *b, struct err *e)
{
    struct workshop *shop = context;
    struct worker *w = worker;
    if (shop->unpack.prepare(shop->unpack.context, w->unpack, b, e) != 0)
        return -1;
    /* what was stored has been unpacked, and its room is free for what the format stores */
    evidence_parts_make(w->parter, slice_of(b->data, b->len), shop->format->adler, b->piece);
    return 0;
}

static int take_block(void *context, const struct evidence_block *b, struct err *e)
{
    struct running *r = context;
    return r->format->take(r->writer, b, e);
}

static bool watch(void *context, uint64_t bytes)
{
    const struct running *r = context;
    const struct evidence_export_options *o = r->x->options;
    return !o->watch || o->watch(o->watch_context, "exporting", bytes, r->x->facts.bytes);
}

static int check_size(struct running *r, struct err *e)
{
    const struct evidence_table_head *head = evidence_image_head(r->image);
    if (head->image_bytes != r->x->facts.bytes)
        return err_set(e, ERR_VERIFY, "evidence.damaged", NULL,
                       "data/image.chunks speaks of %llu bytes, and acquisition.json of %llu",
                       (unsigned long long)head->image_bytes,
                       (unsigned long long)r->x->facts.bytes);
    if (r->format->parts && head->chunk_bytes % EVIDENCE_PART != 0)
        return err_set(e, ERR_CONFLICT, "evidence.format", NULL,
                       "the chunks of this bundle have %u bytes, which are no whole parts of 32 "
                       "KiB",
                       head->chunk_bytes);
    return 0;
}

static void add_parts(struct running *r, struct evidence_pipeline *p)
{
    size_t room = evidence_parts_room(p->block_bytes);
    r->workshop = (struct workshop){.unpack = p->workshop, .format = r->format};
    if (p->workshop.piece_room > room)
        room = p->workshop.piece_room;
    p->workshop = (struct evidence_workshop){.worker_new = worker_new,
                                             .worker_free = worker_free,
                                             .prepare = prepare,
                                             .context = &r->workshop,
                                             .piece_room = room};
}

/* 1: stopped. */
static int run_pipeline(struct running *r, struct err *e)
{
    struct evidence_stage stages[4] = {{.take = take_block, .context = r, .prepared = true}};
    struct evidence_pipeline p = {.stages = stages,
                                  .stage_count = 1,
                                  .workers = r->x->options->workers,
                                  .watch = watch,
                                  .watch_context = r};
    for (size_t i = 0; i < r->digests.count; i++)
        stages[p.stage_count++] = evidence_digests_stage(&r->digests, i, true);
    r->flow.linear = &r->linear;
    evidence_image_flow_into(&r->flow, &p);
    if (r->format->parts)
        add_parts(r, &p);
    return evidence_pipeline_run(&p, e);
}

/* Every chunk fits its record; these say that the records are the ones that were closed. */
static int check_whole(struct running *r, struct err *e)
{
    struct evidence_tree tree;
    if (evidence_digests_finish(&r->digests, e) != 0)
        return -1;
    if (sha256_twin_final(&r->linear, r->x->exported->sha256) != 0)
        return digest_failed(e);
    if (r->linear.has_others)
        sha256_twin_others(&r->linear, r->x->exported->md5, r->x->exported->sha1);
    if (evidence_tree_of_image(r->image, &tree, e) != 0)
        return -1;
    if (memcmp(tree.root, r->x->facts.root, sizeof tree.root) != 0)
        return err_set(e, ERR_VERIFY, "evidence.damaged", NULL,
                       "the hash tree over data/image.chunks is not the one of acquisition.json");
    if (memcmp(r->x->exported->sha256, r->x->facts.sha256, SHA256_LEN) != 0)
        return err_set(e, ERR_VERIFY, "evidence.damaged", NULL,
                       "the image's SHA-256 is not the one of acquisition.json");
    return 0;
}

static int run(struct running *r, struct err *e)
{
    struct evidence_exported *done = r->x->exported;
    if (check_size(r, e) != 0)
        return -1;
    done->has_md5_sha1 = r->format->digests;
    if (r->format->digests && !sha256_twin_with_others(&r->linear) &&
        (evidence_digests_add(&r->digests, "MD5", done->md5, e) != 0 ||
         evidence_digests_add(&r->digests, "SHA1", done->sha1, e) != 0))
        return -1;
    r->writer = r->format->open(r->x, e);
    if (!r->writer)
        return -1;
    int result = run_pipeline(r, e);
    done->stopped = result > 0;
    if (result != 0)
        return result > 0 ? 0 : -1;
    if (check_whole(r, e) != 0 || r->format->finish(r->writer, e) != 0)
        return -1;
    done->files = (uint32_t)r->x->outputs.count;
    for (size_t i = 0; i < r->x->outputs.count; i++)
        done->stored_bytes += r->x->outputs.files[i].bytes;
    return evidence_sidecar_write(r->x, r->format->name, e) == 0
               ? evidence_outputs_commit(&r->x->outputs, e)
               : -1;
}

static void sum_unreadable(struct evidence_exporting *x)
{
    struct evidence_extent extent;
    if (!x->facts.has_map)
        return;
    for (uint64_t at = 0; evidence_map_next(&x->facts.map, at, EVIDENCE_UNREADABLE, &extent);
         at = extent.from + extent.bytes) {
        x->exported->unreadable += extent.bytes;
        x->unreadable_ranges++;
    }
}

static const struct evidence_exporter *format_of(enum evidence_export_format format)
{
    return format == EVIDENCE_EXPORT_RAW   ? &evidence_raw_exporter
           : format == EVIDENCE_EXPORT_E01 ? &evidence_ewf_exporter
                                           : &evidence_aff4_exporter;
}

int evidence_export(const struct evidence_export_options *options,
                    struct evidence_exported *exported, struct err *e)
{
    struct evidence_exporting x = {.options = options, .exported = exported};
    struct running *r = mem_new(1, sizeof *r);
    char data[4096];
    int result = -1;
    *exported = (struct evidence_exported){0};
    if (!r)
        return err_memory(e);
    r->x = &x;
    r->format = format_of(options->format);
    if (sha256_twin_init(&r->linear) != 0) {
        digest_failed(e);
        goto out;
    }
    if (evidence_image_facts_read(&x.facts, options->bundle, e) != 0)
        goto out;
    sum_unreadable(&x);
    exported->bytes = x.facts.bytes;
    if ((size_t)snprintf(data, sizeof data, "%s/data", options->bundle) >= sizeof data) {
        err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", options->bundle);
        goto out;
    }
    r->image = evidence_image_open(data, false, e);
    if (!r->image || evidence_image_flow_init(&r->flow, r->image, e) != 0)
        goto out;
    result = run(r, e);
    if (r->writer)
        r->format->close(r->writer);
    evidence_image_flow_fini(&r->flow);
out:
    evidence_digests_fini(&r->digests);
    sha256_twin_fini(&r->linear);
    evidence_image_close(r->image);
    evidence_outputs_fini(&x.outputs);
    evidence_image_facts_fini(&x.facts);
    mem_free(r);
    return result;
}
