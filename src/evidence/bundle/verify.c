/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/verifying.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "evidence/acquire/read_log.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/tree.h"
#include "evidence/custody.h"
#include "evidence/logical/check.h"
#include "evidence/seal/check.h"

#include <stdio.h>
#include <string.h>

int evidence_verify_problem(struct verifying *v, const char *what, const char *where,
                            const char *text, struct err *e)
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

int evidence_verify_judge(struct verifying *v, const char *what, struct err *found, struct err *e)
{
    if (found->kind != ERR_VERIFY && found->kind != ERR_NOT_FOUND && found->kind != ERR_INPUT) {
        *e = *found;
        return -1;
    }
    int result = evidence_verify_problem(v, what, found->where, found->text, e);
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
    return result == 0 ? 0 : evidence_verify_judge(v, name, &found, e);
}

bool evidence_is_segment(const char *name)
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
        return evidence_verify_judge(v, entry->name, &found, e);
    if (memcmp(sha256, entry->sha256, sizeof sha256) != 0)
        return evidence_verify_problem(v, entry->name, "",
                                       "the file is not the one that the manifest lists", e);
    return 0;
}

int evidence_verify_files(struct verifying *v, const struct evidence_manifest *m, bool segments,
                          struct err *e)
{
    for (size_t i = 0; i < m->count; i++)
        if (evidence_is_segment(m->entries[i].name) == segments &&
            check_file(v, &m->entries[i], e) != 0)
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
            result = evidence_verify_problem(v, "acquisition.json", "/image/sha512",
                                             "it is no SHA-512", e);
        v->recorded_bytes = v->has_record ? (uint64_t)bytes : 0;
        if (!v->has_record && needs_image)
            result = evidence_verify_problem(
                v, "acquisition.json", "/image",
                "it does not say what the image is: sha256, tree_root, bytes", e);
    } else {
        result = evidence_verify_judge(v, "acquisition.json", &found, e);
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
    return result == 0 ? 0 : evidence_verify_judge(v, EVIDENCE_READ_LOG, &found, e);
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
    return result == 0 ? 0 : evidence_verify_judge(v, EVIDENCE_TREE_FILE, &found, e);
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
    return result == 0 ? 0 : evidence_verify_judge(v, "data/files.jsonl", &found, e);
}

static int extra(void *context, const char *name, struct err *e)
{
    return evidence_verify_problem(context, name, "", "no manifest lists this file: it was added",
                                   e);
}

static int seal_problem(void *context, const char *what, const char *where, const char *text,
                        struct err *e)
{
    return evidence_verify_problem(context, what, where, text, e);
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
        result = evidence_verify_judge(v, "custody", &found, e);
    for (size_t i = 0; i < state.problem_count && result == 0; i++)
        result = evidence_verify_problem(v, state.problems[i].what, state.problems[i].where,
                                         state.problems[i].text, e);
    if (result == 0 && state.problems_all > state.problem_count)
        result = evidence_verify_problem(v, "custody", "",
                                         "there are more problems of the log than are shown", e);
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
        return evidence_verify_problem(v, "INCOMPLETE", "", "the acquisition was not finished", e);
    }
    if (read_manifest(v, "tagmanifest-sha256.txt", &v->tags, e) != 0 ||
        read_manifest(v, "manifest-sha256.txt", &v->payload, e) != 0 ||
        evidence_verify_files(v, &v->tags, false, e) != 0 ||
        evidence_verify_files(v, &v->payload, false, e) != 0)
        return -1;
    if (!entry_of(&v->tags, "acquisition.json") || !entry_of(&v->tags, "manifest-sha256.txt"))
        if (evidence_verify_problem(v, "tagmanifest-sha256.txt", "",
                                    "it does not list acquisition.json and manifest-sha256.txt",
                                    e) != 0)
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
    return entry_of(&v->payload, "data/image.chunks") ? evidence_verify_image(v, e) : 0;
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
