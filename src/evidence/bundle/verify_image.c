/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/image_flow.h"
#include "evidence/bundle/verifying.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void damaged(void *context, uint64_t number, const struct err *why)
{
    struct verifying *v = context;
    struct err ignored = {0};
    (void)number;
    v->verdict->damaged_chunks++;
    v->segment_failed = true;
    (void)evidence_verify_problem(v, "the image", why->where, why->text, &ignored);
}

static int64_t file_size(const char *folder, const char *name)
{
    char path[4096];
    struct stat st;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return -1;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
}

static int close_segment(struct verifying *v, struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    char name[64], segment[EVIDENCE_NAME];
    if (v->segment == 0)
        return 0;
    evidence_segment_name(v->segment, evidence_image_head(v->image)->packed, segment);
    snprintf(name, sizeof name, "data/%s", segment);
    if (v->is_image && !v->options->tree_only) {
        if (sha256_twin_final(&v->image_digest, v->verdict->sha256) != 0)
            return digest_failed(e);
        memcpy(sha256, v->verdict->sha256, sizeof sha256);
    } else if (sha256_final(&v->segment_digest, sha256) != 0) {
        return digest_failed(e);
    }
    const struct evidence_manifest_entry *entry = map_get(&v->segments, slice_str(name));
    v->verdict->files++;
    if (!entry)
        return evidence_verify_problem(v, name, "",
                                       "the manifest does not list this file of the image", e);
    int64_t bytes = file_size(v->folder, name);
    bool failed = v->segment_failed, alike = memcmp(sha256, entry->sha256, sizeof sha256) == 0;
    v->segment_failed = false;
    if (!failed && (bytes < 0 || (uint64_t)bytes != v->segment_bytes))
        return evidence_verify_problem(v, name, "",
                                       "there is something in the file besides the chunks", e);
    if (!failed && !alike && !v->options->tree_only)
        return evidence_verify_problem(v, name, "",
                                       "the file is not the one that the manifest lists", e);
    return 0;
}

/* The stored bytes, in their order, for the manifest's hashes of segments. */
static int take_stored(void *context, const struct evidence_block *b, struct err *e)
{
    struct verifying *v = context;
    struct evidence_chunk record;
    if (evidence_image_record(v->image, b->number, &record, e) != 0)
        return -1;
    if (record.segment != v->segment) {
        if (close_segment(v, e) != 0)
            return -1;
        v->segment = record.segment;
        v->segment_bytes = 0;
    }
    if (record.at != v->segment_bytes && !v->segment_failed) {
        v->segment_failed = true;
        if (evidence_verify_problem(v, "data/image.chunks", "",
                                    "chunks do not lie one behind the other", e) != 0)
            return -1;
    }
    v->segment_bytes += record.stored;
    v->verdict->unreadable_chunks += record.bad;
    if (v->is_image || v->options->tree_only)
        return 0; /* the image's own hash, or the chunks' alone */
    const uint8_t *stored = b->piece_kind == EVIDENCE_PIECE_PLAIN ? b->data : b->piece;
    return sha256_update(&v->segment_digest, slice_of(stored, b->piece_len)) == 0
               ? 0
               : digest_failed(e);
}

static int take_second(void *context, const struct evidence_block *b, struct err *e)
{
    struct verifying *v = context;
    return b->failed || sha512_update(&v->second, slice_of(b->data, b->len)) == 0
               ? 0
               : digest_failed(e);
}

static bool watch(void *context, uint64_t bytes)
{
    struct verifying *v = context;
    return !v->options->watch || v->options->watch(v->options->watch_context, "verifying", bytes,
                                                   evidence_image_head(v->image)->image_bytes);
}

static int check_tree(struct verifying *v, struct err *e)
{
    struct evidence_tree tree;
    struct err found = {0};
    if (evidence_tree_of_image(v->image, &tree, &found) != 0)
        return evidence_verify_judge(v, "data/image.chunks", &found, e);
    if (v->has_record && memcmp(tree.root, v->recorded_root, sizeof tree.root) != 0 &&
        evidence_verify_problem(v, "data/image.chunks", "",
                                "the hash tree over the chunks is not the one of acquisition.json",
                                e) != 0)
        return -1;
    return v->has_trees && (!v->trees.has_image || v->trees.image_bytes != v->recorded_bytes ||
                            memcmp(tree.root, v->trees.image_root, sizeof tree.root) != 0)
               ? evidence_verify_problem(
                     v, EVIDENCE_TREE_FILE, "",
                     "the hash tree over the chunks is not the one of data/image.chunks", e)
               : 0;
}

static int run_flow(struct verifying *v, struct err *e)
{
    struct evidence_image_flow flow;
    bool second = v->has_second && !v->options->tree_only;
    struct evidence_stage stages[] = {{.take = take_stored, .context = v, .prepared = true},
                                      {.take = take_second, .context = v, .prepared = true}};
    struct evidence_pipeline p = {.stages = stages,
                                  .stage_count = second ? 2 : 1,
                                  .workers = v->options->workers,
                                  .watch = watch,
                                  .watch_context = v};
    if (second && sha512_init(&v->second) != 0)
        return digest_failed(e);
    if (evidence_image_flow_init(&flow, v->image, e) != 0)
        return -1;
    flow.damaged = damaged;
    flow.context = v;
    flow.linear = v->options->tree_only ? NULL : &v->image_digest;
    evidence_image_flow_into(&flow, &p);
    int result = evidence_pipeline_run(&p, e);
    evidence_image_flow_fini(&flow);
    if (result > 0)
        return err_set(e, ERR_UNAVAILABLE, "evidence.stopped", NULL, "it was stopped");
    return result == 0 ? close_segment(v, e) : -1;
}

static int judge_image(struct verifying *v, struct err *e)
{
    struct evidence_verdict *verdict = v->verdict;
    if (v->options->tree_only || verdict->damaged_chunks)
        return 0;
    if (!v->is_image && sha256_twin_final(&v->image_digest, verdict->sha256) != 0)
        return digest_failed(e);
    verdict->image_checked = true;
    if (v->has_record && memcmp(verdict->sha256, v->recorded_sha256, SHA256_LEN) != 0)
        return evidence_verify_problem(v, "the image", "",
                                       "its SHA-256 is not the one of acquisition.json", e);
    uint8_t sha512[SHA512_LEN];
    if (!v->has_second)
        return 0;
    if (sha512_final(&v->second, sha512) != 0)
        return digest_failed(e);
    if (memcmp(sha512, v->recorded_sha512, sizeof sha512) != 0)
        return evidence_verify_problem(v, "the image", "",
                                       "its SHA-512 is not the one of acquisition.json", e);
    return 0;
}

int evidence_verify_image(struct verifying *v, struct err *e)
{
    struct evidence_verdict *verdict = v->verdict;
    struct err found = {0};
    v->image = evidence_image_open(v->data, false, &found);
    if (!v->image) /* its segments are files like others then */
        return evidence_verify_judge(v, "data/image.chunks", &found, e) != 0 ||
                       evidence_verify_files(v, &v->payload, true, e) != 0
                   ? -1
                   : 0;
    verdict->has_image = true;
    for (size_t i = 0; i < v->payload.count; i++) {
        struct evidence_manifest_entry *entry = &v->payload.entries[i];
        if (evidence_is_segment(entry->name) &&
            map_set(&v->segments, slice_str(entry->name), entry) != 0)
            return err_memory(e);
    }
    verdict->chunks = evidence_image_chunks(v->image);
    verdict->image_bytes = evidence_image_head(v->image)->image_bytes;
    if (v->has_record && verdict->image_bytes != v->recorded_bytes &&
        evidence_verify_problem(v, "data/image.chunks", "",
                                "the image has not the size of acquisition.json", e) != 0)
        return -1;
    if (sha256_init(&v->segment_digest) != 0 || sha256_twin_init(&v->image_digest) != 0)
        return digest_failed(e);
    struct evidence_chunk last;
    v->is_image = verdict->chunks > 0 && !evidence_image_head(v->image)->packed &&
                  evidence_image_record(v->image, verdict->chunks - 1, &last, &found) == 0 &&
                  last.segment == 1;
    err_clear(&found);
    int result = run_flow(v, &found);
    if (result != 0 && evidence_verify_judge(v, "the image", &found, e) != 0)
        return -1;
    return check_tree(v, e) != 0 ? -1 : judge_image(v, e);
}
