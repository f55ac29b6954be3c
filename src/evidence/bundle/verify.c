/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/verify.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "evidence/acquire/read_log.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/image_files.h"
#include "evidence/bundle/image_flow.h"
#include "evidence/bundle/manifest.h"
#include "evidence/bundle/tree.h"
#include "evidence/custody.h"
#include "evidence/logical/check.h"
#include "evidence/seal/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD_MOST = 64 << 20 };

struct verifying {
    const char *folder;
    char data[4096];
    const struct evidence_verify_options *options;
    struct evidence_verdict *verdict;
    struct evidence_problem *problems;
    pthread_mutex_t lock; /* of problems: they are found by several threads */
    struct evidence_manifest payload, tags;
    struct map segments; /* of the payload: chunks may lie in another each time */
    /* what acquisition.json says */
    bool has_record;
    uint8_t recorded_sha256[SHA256_LEN], recorded_root[SHA256_LEN];
    uint64_t recorded_bytes;
    bool has_second;
    uint8_t recorded_sha512[SHA512_LEN];
    struct sha512_context second;
    bool has_trees;
    struct evidence_trees trees;
    /* the segment under way */
    struct evidence_image *image;
    struct sha256_context segment_digest;
    struct sha256_twin image_digest;
    uint32_t segment;
    uint64_t segment_bytes; /* of its chunks so far, one behind the other */
    bool segment_failed;
    bool is_image; /* the image is stored plain in one segment, whose hash is the image's */
    uint64_t chunks_done;
};

/* A problem; the first are kept, all are counted. */
static int problem(struct verifying *v, const char *what, const char *where, const char *text,
                   struct err *e)
{
    struct evidence_verdict *verdict = v->verdict;
    int result = 0;
    pthread_mutex_lock(&v->lock);
    verdict->sound = false;
    if (verdict->problems_all++ < EVIDENCE_PROBLEMS_KEPT) {
        struct evidence_problem *p = &v->problems[verdict->problem_count++];
        p->what = arena_strdup(&verdict->arena, what);
        p->where = arena_strdup(&verdict->arena, where);
        p->text = arena_strdup(&verdict->arena, text);
        if (!p->what || !p->where || !p->text)
            result = err_memory(e);
    }
    pthread_mutex_unlock(&v->lock);
    return result;
}

/* What was found wrong is a problem; what could not be found out is a failure. */
static int judge(struct verifying *v, const char *what, struct err *found, struct err *e)
{
    if (found->kind != ERR_VERIFY && found->kind != ERR_NOT_FOUND && found->kind != ERR_INPUT) {
        *e = *found;
        return -1;
    }
    int result = problem(v, what, found->where, found->text, e);
    err_clear(found);
    return result;
}

static int read_tag(struct verifying *v, const char *name, struct buf *text, struct err *e)
{
    return evidence_file_read(v->folder, name, EVIDENCE_MANIFEST_MOST, text, e);
}

static int read_manifest(struct verifying *v, const char *name, struct evidence_manifest *m,
                         struct err *e)
{
    struct buf text;
    struct err found = {0};
    buf_init(&text);
    int result = read_tag(v, name, &text, &found);
    if (result == 0)
        result = evidence_manifest_parse(&v->verdict->arena, buf_slice(&text), m, &found);
    buf_fini(&text);
    return result == 0 ? 0 : judge(v, name, &found, e);
}

static bool is_segment(const char *name)
{
    return strncmp(name, "data/image-", 11) == 0;
}

static int check_file(struct verifying *v, const struct evidence_manifest_entry *entry,
                      struct err *e)
{
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
    struct err found = {0};
    v->verdict->files++;
    if (evidence_file_digest(v->folder, entry->name, sha256, &bytes, &found) != 0)
        return judge(v, entry->name, &found, e);
    if (memcmp(sha256, entry->sha256, sizeof sha256) != 0)
        return problem(v, entry->name, "", "the file is not the one that the manifest lists", e);
    return 0;
}

/* All files but segments, which are read with the image. */
static int check_files(struct verifying *v, const struct evidence_manifest *m, bool segments,
                       struct err *e)
{
    for (size_t i = 0; i < m->count; i++)
        if (is_segment(m->entries[i].name) == segments && check_file(v, &m->entries[i], e) != 0)
            return -1;
    return 0;
}

static const struct evidence_manifest_entry *entry_of(const struct evidence_manifest *m,
                                                      const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->entries[i].name, name) == 0)
            return &m->entries[i];
    return NULL;
}

static bool hash_member(const struct json_value *v, const char *name, uint8_t *out, size_t len)
{
    return hex_parse(json_get_string(v, name), out, len) == 0;
}

static int read_record(struct verifying *v, struct err *e)
{
    struct buf text;
    struct json_doc *doc = NULL;
    struct err found = {0};
    int64_t bytes = -1;
    buf_init(&text);
    int result = read_tag(v, "acquisition.json", &text, &found);
    if (result == 0)
        result = json_parse(&doc, buf_slice(&text), NULL, &found);
    if (result == 0) {
        const struct json_value *image = json_get(json_root(doc), "image");
        bool needs_image = entry_of(&v->payload, "data/image.chunks") != NULL || image;
        v->has_record = hash_member(image, "sha256", v->recorded_sha256, SHA256_LEN) &&
                        hash_member(image, "tree_root", v->recorded_root, SHA256_LEN) &&
                        json_int64(json_get(image, "bytes"), &bytes) && bytes >= 0;
        v->has_second = hash_member(image, "sha512", v->recorded_sha512, SHA512_LEN);
        if (!v->has_second && json_get(image, "sha512"))
            result = problem(v, "acquisition.json", "/image/sha512", "it is no SHA-512", e);
        v->recorded_bytes = v->has_record ? (uint64_t)bytes : 0;
        if (!v->has_record && needs_image)
            result = problem(v, "acquisition.json", "/image",
                             "it does not say what the image is: sha256, tree_root, bytes", e);
    } else {
        result = judge(v, "acquisition.json", &found, e);
    }
    json_doc_free(doc);
    buf_fini(&text);
    return result;
}

/* How the source was read, against the map and the record (docs/formats-evidence.md section 2.1).
 */
static int check_reads(struct verifying *v, struct err *e)
{
    struct buf text;
    struct err found = {0};
    bool listed = entry_of(&v->payload, EVIDENCE_READ_LOG) != NULL;
    buf_init(&text);
    int result = read_tag(v, "acquisition.json", &text, &found);
    if (result == 0)
        result = evidence_read_log_verify(v->folder, listed, buf_slice(&text), &found);
    buf_fini(&text);
    return result == 0 ? 0 : judge(v, EVIDENCE_READ_LOG, &found, e);
}

static void damaged(void *context, uint64_t number, const struct err *why)
{
    struct verifying *v = context;
    struct err ignored = {0};
    (void)number;
    v->verdict->damaged_chunks++;
    v->segment_failed = true;
    (void)problem(v, "the image", why->where, why->text, &ignored);
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
        return problem(v, name, "", "the manifest does not list this file of the image", e);
    int64_t bytes = file_size(v->folder, name);
    bool failed = v->segment_failed, alike = memcmp(sha256, entry->sha256, sizeof sha256) == 0;
    v->segment_failed = false;
    if (!failed && (bytes < 0 || (uint64_t)bytes != v->segment_bytes))
        return problem(v, name, "", "there is something in the file besides the chunks", e);
    if (!failed && !alike && !v->options->tree_only)
        return problem(v, name, "", "the file is not the one that the manifest lists", e);
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
        if (problem(v, "data/image.chunks", "", "chunks do not lie one behind the other", e) != 0)
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
        return judge(v, "data/image.chunks", &found, e);
    if (v->has_record && memcmp(tree.root, v->recorded_root, sizeof tree.root) != 0 &&
        problem(v, "data/image.chunks", "",
                "the hash tree over the chunks is not the one of acquisition.json", e) != 0)
        return -1;
    return v->has_trees && (!v->trees.has_image || v->trees.image_bytes != v->recorded_bytes ||
                            memcmp(tree.root, v->trees.image_root, sizeof tree.root) != 0)
               ? problem(v, EVIDENCE_TREE_FILE, "",
                         "the hash tree over the chunks is not the one of data/image.chunks", e)
               : 0;
}

/* The tree over the files, which proves single ones of them to others. */
static int check_file_tree(struct verifying *v, struct err *e)
{
    struct buf text, seed, lines;
    struct evidence_tree tree;
    struct err found = {0};
    buf_init(&text);
    buf_init(&seed);
    buf_init(&lines);
    int result = read_tag(v, EVIDENCE_TREE_FILE, &text, &found);
    if (result == 0)
        result = evidence_trees_read(&v->trees, buf_slice(&text), &found);
    v->has_trees = result == 0;
    if (result == 0)
        result = read_tag(v, EVIDENCE_TREE_SEED, &seed, &found);
    if (result == 0 && seed.len != EVIDENCE_SEED)
        result = err_set(&found, ERR_INPUT, "evidence.tree", NULL,
                         EVIDENCE_TREE_SEED " has not 32 bytes");
    if (result == 0)
        result = read_tag(v, "manifest-sha256.txt", &lines, &found);
    if (result == 0)
        result = evidence_tree_of_lines(buf_slice(&lines), seed.data, &tree, &found);
    if (result == 0 && (tree.count != v->trees.files.count ||
                        memcmp(tree.root, v->trees.files.root, sizeof tree.root) != 0))
        result = err_set(&found, ERR_VERIFY, "evidence.tree", NULL,
                         "the hash tree over the files is not that of manifest-sha256.txt");
    buf_fini(&text);
    buf_fini(&seed);
    buf_fini(&lines);
    return result == 0 ? 0 : judge(v, EVIDENCE_TREE_FILE, &found, e);
}

/* The records of a logical acquisition (docs/formats-evidence.md section 10). */
static int check_records(struct verifying *v, struct err *e)
{
    struct evidence_tree tree;
    struct err found = {0};
    int result = evidence_file_records_check(v->folder, &v->payload, &tree, &found);
    if (result == 0 && v->has_trees &&
        (!v->trees.has_records || tree.count != v->trees.records.count ||
         memcmp(tree.root, v->trees.records.root, sizeof tree.root) != 0))
        result = err_set(&found, ERR_VERIFY, "evidence.tree", NULL,
                         "the hash tree over the records is not that of tree.json");
    return result == 0 ? 0 : judge(v, "data/files.jsonl", &found, e);
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
        return problem(v, "the image", "", "its SHA-256 is not the one of acquisition.json", e);
    uint8_t sha512[SHA512_LEN];
    if (!v->has_second)
        return 0;
    if (sha512_final(&v->second, sha512) != 0)
        return digest_failed(e);
    if (memcmp(sha512, v->recorded_sha512, sizeof sha512) != 0)
        return problem(v, "the image", "", "its SHA-512 is not the one of acquisition.json", e);
    return 0;
}

static int check_image(struct verifying *v, struct err *e)
{
    struct evidence_verdict *verdict = v->verdict;
    struct err found = {0};
    v->image = evidence_image_open(v->data, false, &found);
    if (!v->image) /* its segments are files like others then */
        return judge(v, "data/image.chunks", &found, e) != 0 ||
                       check_files(v, &v->payload, true, e) != 0
                   ? -1
                   : 0;
    verdict->has_image = true;
    for (size_t i = 0; i < v->payload.count; i++) {
        struct evidence_manifest_entry *entry = &v->payload.entries[i];
        if (is_segment(entry->name) && map_set(&v->segments, slice_str(entry->name), entry) != 0)
            return err_memory(e);
    }
    verdict->chunks = evidence_image_chunks(v->image);
    verdict->image_bytes = evidence_image_head(v->image)->image_bytes;
    if (v->has_record && verdict->image_bytes != v->recorded_bytes &&
        problem(v, "data/image.chunks", "", "the image has not the size of acquisition.json", e) !=
            0)
        return -1;
    if (sha256_init(&v->segment_digest) != 0 || sha256_twin_init(&v->image_digest) != 0)
        return digest_failed(e);
    struct evidence_chunk last;
    v->is_image = verdict->chunks > 0 && !evidence_image_head(v->image)->packed &&
                  evidence_image_record(v->image, verdict->chunks - 1, &last, &found) == 0 &&
                  last.segment == 1;
    err_clear(&found);
    int result = run_flow(v, &found);
    if (result != 0 && judge(v, "the image", &found, e) != 0)
        return -1;
    return check_tree(v, e) != 0 ? -1 : judge_image(v, e);
}

static int extra(void *context, const char *name, struct err *e)
{
    return problem(context, name, "", "no manifest lists this file: it was added", e);
}

static int seal_problem(void *context, const char *what, const char *where, const char *text,
                        struct err *e)
{
    return problem(context, what, where, text, e);
}

static int check_seals(struct verifying *v, struct err *e)
{
    uint8_t tags[SHA256_LEN] = {0};
    uint64_t bytes;
    struct err found = {0};
    struct evidence_seals seals = {.folder = v->folder,
                                   .roots = v->options->roots,
                                   .tsa_roots = v->options->tsa_roots,
                                   .tags_sha256 = tags,
                                   .arena = &v->verdict->arena,
                                   .problem = seal_problem,
                                   .context = v};
    if (evidence_file_digest(v->folder, "tagmanifest-sha256.txt", tags, &bytes, &found) != 0 &&
        found.kind == ERR_MEMORY) { /* else it was told already */
        *e = found;
        return -1;
    }
    int result = evidence_seals_check(&seals, e);
    v->verdict->seals = seals.found;
    v->verdict->seal_count = result == 0 ? seals.count : 0;
    return result;
}

/* The log that grew behind the manifests: it is signed record by record, and counted. */
static int check_custody(struct verifying *v, struct err *e)
{
    struct evidence_custody_state state;
    char path[4096];
    int result = 0;
    snprintf(path, sizeof path, "%s/custody", v->folder);
    if (file_kind(path) == 0)
        return 0;
    struct err found = {0};
    if (evidence_custody_verify(v->folder, v->options->roots, &state, &found) != 0 &&
        strcmp(found.code, "custody.none") != 0)
        result = judge(v, "custody", &found, e);
    for (size_t i = 0; i < state.problem_count && result == 0; i++)
        result =
            problem(v, state.problems[i].what, state.problems[i].where, state.problems[i].text, e);
    if (result == 0 && state.problems_all > state.problem_count)
        result = problem(v, "custody", "", "there are more problems of the log than are shown", e);
    v->verdict->custody_records = state.count;
    v->verdict->unrecorded = state.unrecorded;
    v->verdict->vouched_keys = state.vouched_keys;
    evidence_custody_state_fini(&state);
    return result;
}

static int verify(struct verifying *v, struct err *e)
{
    char mark[4096];
    snprintf(mark, sizeof mark, "%s/INCOMPLETE", v->folder);
    v->verdict->complete = file_kind(mark) == 0;
    if (!v->verdict->complete) {
        v->verdict->sound = false;
        return problem(v, "INCOMPLETE", "", "the acquisition was not finished", e);
    }
    if (read_manifest(v, "tagmanifest-sha256.txt", &v->tags, e) != 0 ||
        read_manifest(v, "manifest-sha256.txt", &v->payload, e) != 0 ||
        check_files(v, &v->tags, false, e) != 0 || check_files(v, &v->payload, false, e) != 0)
        return -1;
    if (!entry_of(&v->tags, "acquisition.json") || !entry_of(&v->tags, "manifest-sha256.txt"))
        if (problem(v, "tagmanifest-sha256.txt", "",
                    "it does not list acquisition.json and manifest-sha256.txt", e) != 0)
            return -1;
    if (read_record(v, e) != 0 ||
        (entry_of(&v->tags, EVIDENCE_TREE_FILE) && check_file_tree(v, e) != 0))
        return -1;
    if (v->has_record && check_reads(v, e) != 0)
        return -1;
    if (entry_of(&v->payload, "data/files.jsonl") && check_records(v, e) != 0)
        return -1;
    const struct evidence_manifest *const manifests[] = {&v->tags, &v->payload};
    const struct evidence_unlisted unlisted = {.extra = extra, .context = v};
    if (evidence_folder_unlisted(v->folder, manifests, ARRAY_LEN(manifests), &unlisted, e) != 0 ||
        check_seals(v, e) != 0 || check_custody(v, e) != 0)
        return -1;
    return entry_of(&v->payload, "data/image.chunks") ? check_image(v, e) : 0;
}

int evidence_verify(const char *folder, const struct evidence_verify_options *options,
                    struct evidence_verdict *verdict, struct err *e)
{
    static const struct evidence_verify_options none;
    struct verifying *v = mem_new(1, sizeof *v);
    *verdict = (struct evidence_verdict){.sound = true};
    arena_init(&verdict->arena, 0);
    if (!v)
        return err_memory(e);
    pthread_mutex_init(&v->lock, NULL);
    map_init(&v->segments);
    v->folder = folder;
    v->options = options ? options : &none;
    v->verdict = verdict;
    v->problems = arena_new(&verdict->arena, EVIDENCE_PROBLEMS_KEPT, sizeof *v->problems);
    verdict->problems = v->problems;
    int result = -1;
    if (!v->problems)
        err_memory(e);
    else if (file_kind(folder) != 2)
        err_set(e, ERR_NOT_FOUND, "evidence.bundle", NULL, "there is no folder %s", folder);
    else if ((size_t)snprintf(v->data, sizeof v->data, "%s/data", folder) >= sizeof v->data)
        err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", folder);
    else
        result = verify(v, e);
    evidence_image_close(v->image);
    if (v->segment_digest.evp)
        sha256_fini(&v->segment_digest);
    sha512_fini(&v->second);
    sha256_twin_fini(&v->image_digest);
    map_fini(&v->segments);
    pthread_mutex_destroy(&v->lock);
    mem_free(v);
    return result;
}

void evidence_verdict_fini(struct evidence_verdict *verdict)
{
    arena_fini(&verdict->arena);
}
