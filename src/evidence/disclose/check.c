/* SPDX-License-Identifier: Apache-2.0 */
/* A disclosure held against its proofs and what was sealed. */
#include "base/encoding.h"
#include "base/file.h"
#include "base/memory.h"
#include "crypto/merkle.h"
#include "evidence/bundle/folder.h"
#include "evidence/bundle/table.h"
#include "evidence/bundle/tree.h"
#include "evidence/disclose.h"
#include "evidence/logical/record.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 256 << 20, PROBLEMS = 100 };

static const struct json_limits limits = {256 << 20, 16, 50000000};

struct checking {
    const char *folder, *roots, *tsa_roots;
    struct evidence_disclosure *verdict;
    struct arena *arena;
    struct evidence_trees trees;
    struct evidence_shown *shown;
    const char **files; /* of shown/ that a proof is about */
    size_t file_count;
};

static int problem(struct checking *c, struct err *e, const char *format, ...) PRINTF_LIKE(3, 4);
static int problem(struct checking *c, struct err *e, const char *format, ...)
{
    char text[700];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    c->verdict->sound = false;
    if (c->verdict->problem_count == PROBLEMS)
        return 0;
    const char *copy = arena_strdup(c->arena, text);
    c->verdict->problems[c->verdict->problem_count++] = copy;
    return copy ? 0 : err_memory(e);
}

static int judge(struct checking *c, const char *what, struct err *found, struct err *e)
{
    if (found->kind == ERR_MEMORY || found->kind == ERR_SYSTEM || found->kind == ERR_INTERNAL) {
        *e = *found;
        return -1;
    }
    int result = problem(c, e, "%s: %s", what, found->text);
    err_clear(found);
    return result;
}

/* 1: read; 0: a problem, said; -1. */
static int read_text(struct checking *c, const char *name, struct buf *text, struct err *e)
{
    struct err found = {0};
    if (evidence_file_read(c->folder, name, TEXT_MOST, text, &found) == 0)
        return 1;
    return judge(c, name, &found, e);
}

/* tagmanifest-sha256.txt must list tree.json as it is. */
static int check_trees(struct checking *c, struct slice manifest, struct err *e)
{
    struct buf text;
    struct evidence_manifest tags = {0};
    struct err found = {0};
    uint8_t sha[SHA256_LEN];
    bool listed = false;
    buf_init(&text);
    int result = read_text(c, "sealed/" EVIDENCE_TREE_FILE, &text, e);
    if (result == 1 && (evidence_trees_read(&c->trees, buf_slice(&text), &found) != 0 ||
                        evidence_manifest_parse(c->arena, manifest, &tags, &found) != 0))
        result = judge(c, "sealed", &found, e) == 0 ? 0 : -1;
    if (result == 1 && sha256(buf_slice(&text), sha) != 0)
        result = digest_failed(e);
    for (size_t i = 0; result == 1 && i < tags.count; i++)
        if (strcmp(tags.entries[i].name, EVIDENCE_TREE_FILE) == 0)
            listed = memcmp(tags.entries[i].sha256, sha, sizeof sha) == 0;
    if (result == 1 && !listed)
        result = problem(c, e, "sealed/tree.json is not the one that tagmanifest-sha256.txt lists");
    buf_fini(&text);
    return result;
}

static int check_seal_text(struct checking *c, struct slice json, const uint8_t tags[SHA256_LEN],
                           struct err *e)
{
    struct json_doc *doc = NULL;
    struct err found = {0};
    uint8_t said[SHA256_LEN];
    if (json_parse(&doc, json, NULL, &found) != 0)
        return judge(c, "sealed/seal.json", &found, e);
    bool good =
        slice_is(json_get_string(json_root(doc), "format"), "tocsin-evidence-seal/v1") &&
        hex_parse(json_get_string(json_root(doc), "tagmanifest_sha256"), said, sizeof said) == 0 &&
        memcmp(said, tags, sizeof said) == 0;
    json_doc_free(doc);
    return good ? 0 : problem(c, e, "sealed/seal.json is the seal of something else");
}

static int check_stamp(struct checking *c, struct slice signature, struct err *e)
{
    struct evidence_disclosure *v = c->verdict;
    struct buf answer;
    struct slice token;
    struct err found = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/sealed/seal.tsr", c->folder);
    if (file_kind(path) == 0)
        return 0; /* it says so: not stamped */
    buf_init(&answer);
    int result = read_text(c, "sealed/seal.tsr", &answer, e);
    if (result == 1) {
        if (evidence_stamp_token(buf_slice(&answer), &token, &found) != 0 ||
            evidence_stamp_check(token, signature, NULL, c->tsa_roots, &v->stamp, &found) != 0) {
            result = judge(c, "sealed/seal.tsr", &found, e);
        } else {
            v->stamped = true;
            v->stamp_vouched = v->stamp.chain_checked;
            result = 0;
        }
    }
    buf_fini(&answer);
    return result < 0 ? -1 : 0;
}

static int check_seal(struct checking *c, const uint8_t tags[SHA256_LEN], struct err *e)
{
    struct evidence_disclosure *v = c->verdict;
    struct buf json, signature;
    struct err found = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/sealed/seal.json", c->folder);
    if (file_kind(path) == 0)
        return 0;
    buf_init(&json);
    buf_init(&signature);
    int result = read_text(c, "sealed/seal.json", &json, e);
    if (result == 1)
        result = read_text(c, "sealed/seal.p7s", &signature, e);
    if (result == 1 && check_seal_text(c, buf_slice(&json), tags, e) == 0 &&
        check_stamp(c, buf_slice(&signature), e) == 0) {
        int64_t at = v->stamp_vouched ? v->stamp.at : 0;
        if (evidence_cms_verify_at(buf_slice(&json), buf_slice(&signature), c->roots, at,
                                   &v->signature, &found) != 0) {
            result = judge(c, "sealed/seal.p7s", &found, e);
        } else {
            v->sealed = true;
            v->vouched = v->signature.chain_checked;
        }
    } else if (result == 1) {
        result = -1;
    }
    buf_fini(&json);
    buf_fini(&signature);
    return result < 0 ? -1 : 0;
}

/* Proofs */

struct leaf {
    uint64_t number;
    uint8_t salt[EVIDENCE_SALT];
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t proof_count;
};

static bool read_leaf(const struct json_value *v, struct leaf *leaf)
{
    int64_t number;
    const struct json_value *proof = json_get(v, "proof");
    if (!json_int64(json_get(v, "number"), &number) || number < 0 ||
        hex_parse(json_get_string(v, "salt"), leaf->salt, sizeof leaf->salt) != 0 ||
        !json_is(proof, JSON_ARRAY) || json_count(proof) > MERKLE_PROOF_MAX)
        return false;
    leaf->number = (uint64_t)number;
    leaf->proof_count = 0;
    json_each(one, proof) if (hex_parse(json_string(one), leaf->proof[leaf->proof_count++],
                                        MERKLE_HASH) != 0) return false;
    return true;
}

/* 1: it holds; 0: not; -1. */
static int leads_to(const struct leaf *leaf, const uint8_t hash[SHA256_LEN], uint64_t count,
                    const uint8_t root[32], struct err *e)
{
    uint8_t hashed[MERKLE_HASH];
    struct err found = {0};
    if (evidence_leaf(leaf->salt, hash, hashed) != 0)
        return digest_failed(e);
    if (merkle_verify_inclusion(leaf->number, count, root, hashed,
                                (const uint8_t(*)[MERKLE_HASH])leaf->proof, leaf->proof_count,
                                &found) == 0)
        return 1;
    if (found.kind == ERR_VERIFY)
        return 0;
    *e = found;
    return -1;
}

/* The hash of a file in shown/. 1, 0: a problem, said; -1. */
static int hash_shown(struct checking *c, const struct json_value *v, const char **name,
                      uint8_t sha[SHA256_LEN], uint64_t *bytes, struct err *e)
{
    struct slice file = json_get_string(v, "file");
    struct err found = {0};
    char *copy = arena_copy(c->arena, file.data, file.len);
    if (!copy)
        return err_memory(e);
    *name = copy;
    if (file.len < 7 || memcmp(copy, "shown/", 6) != 0 || strchr(copy + 6, '/') ||
        strlen(copy) != file.len)
        return problem(c, e, "a proof is of no file in shown/");
    if (evidence_file_digest(c->folder, copy, sha, bytes, &found) != 0)
        return judge(c, copy, &found, e);
    c->files[c->file_count++] = copy;
    return 1;
}

static void add_shown(struct checking *c, const char *kind, const char *file, const char *what)
{
    c->shown[c->verdict->shown_count++] =
        (struct evidence_shown){.kind = kind, .file = file, .what = what};
}

static int check_chunk(struct checking *c, const struct json_value *v, struct err *e)
{
    const struct evidence_table_head head = {.chunk_bytes = c->trees.chunk_bytes,
                                             .image_bytes = c->trees.image_bytes};
    struct leaf leaf;
    uint8_t sha[SHA256_LEN];
    uint64_t bytes;
    const char *name;
    if (!c->trees.has_image || !read_leaf(v, &leaf))
        return problem(c, e, "a chunk without an image, or without a proof");
    int result = hash_shown(c, v, &name, sha, &bytes, e);
    if (result != 1)
        return result;
    uint64_t count = evidence_table_chunks(&head);
    result = leads_to(&leaf, sha, count, c->trees.image_root, e);
    if (result < 0)
        return -1;
    if (result == 0 || bytes != evidence_table_chunk_len(&head, leaf.number))
        return problem(c, e, "%s is not chunk %" PRIu64 " of what was sealed", name, leaf.number);
    uint64_t from = leaf.number * head.chunk_bytes;
    const char *what = arena_printf(c->arena, "bytes %" PRIu64 " to %" PRIu64 " of the image", from,
                                    from + bytes - 1);
    if (!what)
        return err_memory(e);
    add_shown(c, "chunk", name, what);
    return 0;
}

/* A line, and its place in a tree. 1, 0, -1 */
static int check_line(struct checking *c, const struct json_value *v,
                      const struct evidence_tree *tree, struct err *e)
{
    struct leaf leaf;
    uint8_t sha[SHA256_LEN];
    struct slice line = json_get_string(v, "line");
    if (!read_leaf(v, &leaf) || line.len == 0)
        return problem(c, e, "a line without a proof");
    if (sha256(line, sha) != 0)
        return digest_failed(e);
    int result = leads_to(&leaf, sha, tree->count, tree->root, e);
    return result == 0
               ? problem(c, e, "line %" PRIu64 " is not one of what was sealed", leaf.number)
               : result;
}

static int check_file(struct checking *c, const struct json_value *v, struct err *e)
{
    uint8_t sha[SHA256_LEN];
    uint64_t bytes;
    const char *name;
    struct evidence_manifest one = {0};
    struct err found = {0};
    int result = check_line(c, v, &c->trees.files, e);
    if (result == 1)
        result = hash_shown(c, v, &name, sha, &bytes, e);
    if (result != 1)
        return result;
    if (evidence_manifest_parse(c->arena, json_get_string(v, "line"), &one, &found) != 0)
        return judge(c, name, &found, e);
    if (one.count != 1 || memcmp(one.entries[0].sha256, sha, sizeof sha) != 0)
        return problem(c, e, "%s is not the file that its line is of", name);
    add_shown(c, "file", name, one.entries[0].name);
    return 0;
}

static int check_record(struct checking *c, const struct json_value *v, struct err *e)
{
    uint8_t sha[SHA256_LEN], said[SHA256_LEN];
    uint64_t bytes;
    const char *name = "";
    struct json_doc *doc = NULL;
    struct err found = {0};
    if (!c->trees.has_records)
        return problem(c, e, "a record of a file, and what was sealed has no such tree");
    int result = check_line(c, v, &c->trees.records, e);
    if (result != 1)
        return result;
    if (json_parse(&doc, json_get_string(v, "line"), &evidence_record_limits, &found) != 0)
        return judge(c, "a record", &found, e);
    const struct json_value *root = json_root(doc), *content = json_get(root, "content");
    struct slice path = json_get_string(root, "path");
    char *what = arena_copy(c->arena, path.data, path.len);
    if (!what)
        result = err_memory(e);
    if (result == 1 && json_get(v, "file"))
        result = hash_shown(c, v, &name, sha, &bytes, e);
    if (result == 1 && name[0] &&
        (hex_parse(json_get_string(content, "sha256"), said, sizeof said) != 0 ||
         memcmp(said, sha, sizeof sha) != 0))
        result = problem(c, e, "%s is not the content of its record", name);
    json_doc_free(doc);
    if (result == 1)
        add_shown(c, "record", name, what);
    return result < 0 ? -1 : 0;
}

static int check_parts(struct checking *c, const struct json_value *root, struct err *e)
{
    json_each(v, json_get(root, "chunks")) if (check_chunk(c, v, e) != 0) return -1;
    json_each(v, json_get(root, "files")) if (check_file(c, v, e) != 0) return -1;
    json_each(v, json_get(root, "records")) if (check_record(c, v, e) != 0) return -1;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Nothing lies in shown/ that no proof is about. */
static int check_strangers(struct checking *c, struct err *e)
{
    const char **names;
    size_t count;
    if (evidence_folder_list(c->folder, "shown", c->arena, &names, &count, e) != 0)
        return -1;
    qsort(c->files, c->file_count, sizeof *c->files, compare);
    for (size_t i = 0; i < count; i++) {
        char path[4096], *key = path;
        snprintf(path, sizeof path, "shown/%s", names[i]);
        if (!bsearch(&key, c->files, c->file_count, sizeof *c->files, compare) &&
            problem(c, e, "%s: no proof is about it", path) != 0)
            return -1;
    }
    return 0;
}

static int check(struct checking *c, const struct json_value *root, struct err *e)
{
    struct buf manifest;
    uint8_t tags[SHA256_LEN];
    size_t parts = json_count(json_get(root, "chunks")) + json_count(json_get(root, "files")) +
                   json_count(json_get(root, "records"));
    if (!slice_is(json_get_string(root, "format"), "tocsin-evidence-disclosure/v1"))
        return problem(c, e, "disclosure.json is of another format");
    c->shown = arena_new(c->arena, parts + 1, sizeof *c->shown);
    c->files = arena_new(c->arena, parts + 1, sizeof *c->files);
    c->verdict->shown = c->shown;
    if (!c->shown || !c->files)
        return err_memory(e);
    buf_init(&manifest);
    int result = read_text(c, "sealed/tagmanifest-sha256.txt", &manifest, e);
    if (result == 1)
        result = check_trees(c, buf_slice(&manifest), e);
    if (result == 1) {
        c->verdict->image_bytes = c->trees.image_bytes;
        result = sha256(buf_slice(&manifest), tags) != 0 ? digest_failed(e)
                 : check_seal(c, tags, e) != 0           ? -1
                 : check_parts(c, root, e) != 0          ? -1
                                                         : check_strangers(c, e);
    }
    buf_fini(&manifest);
    return result < 0 ? -1 : 0;
}

int evidence_disclosure_verify(const char *folder, const char *roots, const char *tsa_roots,
                               struct evidence_disclosure *verdict, struct err *e)
{
    struct json_doc *doc = NULL;
    struct buf text;
    struct err found = {0};
    struct checking c = {.folder = folder,
                         .roots = roots,
                         .tsa_roots = tsa_roots,
                         .verdict = verdict,
                         .arena = &verdict->arena};
    *verdict = (struct evidence_disclosure){.sound = true};
    arena_init(&verdict->arena, 0);
    verdict->problems = arena_new(&verdict->arena, PROBLEMS, sizeof *verdict->problems);
    if (!verdict->problems)
        return err_memory(e);
    buf_init(&text);
    int result = read_text(&c, EVIDENCE_DISCLOSURE_FILE, &text, e);
    if (result == 1 && json_parse(&doc, buf_slice(&text), &limits, &found) != 0)
        result = judge(&c, EVIDENCE_DISCLOSURE_FILE, &found, e);
    else if (result == 1)
        result = check(&c, json_root(doc), e);
    json_doc_free(doc);
    buf_fini(&text);
    return result < 0 ? -1 : 0;
}

void evidence_disclosure_fini(struct evidence_disclosure *verdict)
{
    arena_fini(&verdict->arena);
}
