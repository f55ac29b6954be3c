/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a bundle by the lines of its manifest, and records of files by their own lines. */
#include "base/file.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "evidence/bundle/manifest.h"
#include "evidence/disclose/disclosing.h"
#include "evidence/logical/record.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES_MOST = 1 << 30, PART = 1 << 20 };

struct lines {
    struct buf text;
    struct slice *all;
    size_t count;
    struct disclosing_tree tree;
};

static void lines_fini(struct lines *l)
{
    buf_fini(&l->text);
    mem_free(l->all);
    disclosing_tree_fini(&l->tree);
}

static int split(struct lines *l, struct err *e)
{
    size_t count = 0;
    for (size_t i = 0; i < l->text.len; i++)
        count += l->text.data[i] == '\n';
    l->all = mem_new(count + 1, sizeof *l->all);
    if (!l->all)
        return err_memory(e);
    for (size_t from = 0; l->count < count;) {
        const uint8_t *end = memchr(l->text.data + from, '\n', l->text.len - from);
        size_t len = (size_t)(end - l->text.data) - from;
        l->all[l->count++] = slice_of(l->text.data + from, len);
        from += len + 1;
    }
    return 0;
}

/* The lines of a file of the bundle, and their tree with the seed of another. */
static int lines_init(struct disclosing *d, struct lines *l, const char *name, const char *seed,
                      const struct evidence_tree *tree, struct err *e)
{
    struct buf salt;
    *l = (struct lines){0};
    buf_init(&l->text);
    buf_init(&salt);
    uint8_t(*hashes)[MERKLE_HASH] = NULL;
    int result = evidence_file_read(d->options->folder, name, LINES_MOST, &l->text, e);
    if (result == 0)
        result = evidence_file_read(d->options->folder, seed, EVIDENCE_SEED, &salt, e);
    if (result == 0)
        result = split(l, e);
    if (result == 0 && (salt.len != EVIDENCE_SEED || l->count != tree->count))
        result = err_set(e, ERR_VERIFY, "disclose.tree", NULL,
                         "%s or %s is not what tree.json was made of", name, seed);
    if (result == 0 && !(hashes = mem_new(l->count + 1, MERKLE_HASH)))
        result = err_memory(e);
    for (size_t i = 0; result == 0 && i < l->count; i++)
        if (sha256(l->all[i], hashes[i]) != 0)
            result = digest_failed(e);
    if (result == 0)
        result = disclosing_tree_init(&l->tree, salt.data, hashes, l->count, tree->root, e);
    buf_fini(&salt);
    mem_free(hashes);
    return result;
}

static bool chosen(struct disclosing *d, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < d->options->pattern_count; i++)
        if (fnmatch(d->options->patterns[i], name, 0) == 0)
            found = d->matched[i] = true;
    return found;
}

/* Copies a file of the bundle, and holds it against its hash. */
static int copy(struct disclosing *d, const char *name, const char *shown,
                const uint8_t want[SHA256_LEN], struct err *e)
{
    uint8_t sha[SHA256_LEN];
    struct sha256_context digest = {0};
    char *to = disclosing_path(d, d->options->target, shown, e);
    uint8_t *part = mem_new(PART, 1);
    int in = -1, out = -1, result = -1;
    ssize_t n;
    if (!to)
        goto out;
    if (!part || sha256_init(&digest) != 0) {
        err_memory(e);
        goto out;
    }
    in = evidence_file_open(d->options->folder, name, e);
    if (in < 0)
        goto out;
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (out < 0) {
        err_errno(e, errno, "disclose.write", "%s cannot be made", shown);
        goto out;
    }
    while ((n = read(in, part, PART)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_errno(e, errno, "disclose.read", "%s cannot be read", name);
            goto out;
        }
        if (file_write_all(out, part, (size_t)n) != 0) {
            err_errno(e, errno, "disclose.write", "%s", shown);
            goto out;
        }
        if (sha256_update(&digest, slice_of(part, (size_t)n)) != 0) {
            digest_failed(e);
            goto out;
        }
    }
    if (fsync(out) != 0)
        err_errno(e, errno, "disclose.write", "%s", shown);
    else if (sha256_final(&digest, sha) != 0)
        digest_failed(e);
    else if (memcmp(sha, want, sizeof sha) != 0)
        err_set(e, ERR_VERIFY, "evidence.damaged", NULL,
                "%s is not the file that the manifest lists", name);
    else
        result = 0;
out:
    if (digest.evp)
        sha256_fini(&digest);
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) != 0 && result == 0)
        result = err_errno(e, errno, "disclose.write", "%s", shown);
    mem_free(part);
    return result;
}

static int show_file(struct disclosing *d, const struct lines *l, size_t number,
                     const struct evidence_manifest_entry *entry, struct err *e)
{
    char name[64];
    snprintf(name, sizeof name, "shown/file-%010zu", number);
    if (copy(d, entry->name, name, entry->sha256, e) != 0)
        return -1;
    json_write_object(&d->w);
    json_member_string(&d->w, "file", name);
    json_member_slice(&d->w, "line", l->all[number]);
    if (disclosing_proof(&l->tree, number, &d->w, e) != 0)
        return -1;
    json_write_object_end(&d->w);
    d->disclosed->files++;
    return 0;
}

int disclosing_files(struct disclosing *d, struct err *e)
{
    struct lines l;
    if (d->options->pattern_count == 0)
        return 0;
    int result = lines_init(d, &l, "manifest-sha256.txt", EVIDENCE_TREE_SEED, &d->trees.files, e);
    json_write_name(&d->w, "files");
    json_write_array(&d->w);
    for (size_t i = 0; result == 0 && i < l.count; i++) {
        struct evidence_manifest one;
        struct arena arena;
        arena_init(&arena, 0);
        result = evidence_manifest_parse(&arena, l.all[i], &one, e);
        /* the seeds would give away all that is not chosen */
        bool seed =
            result == 0 && one.count == 1 && fnmatch("data/*.seed", one.entries[0].name, 0) == 0;
        bool table =
            result == 0 && one.count == 1 && strcmp(one.entries[0].name, "data/image.chunks") == 0;
        if (result == 0 && one.count == 1 && !seed && !table && chosen(d, one.entries[0].name))
            result = show_file(d, &l, i, &one.entries[0], e);
        arena_fini(&arena);
    }
    json_write_array_end(&d->w);
    lines_fini(&l);
    return result;
}

/* The content of a record whose bytes were taken. */
static int show_content(struct disclosing *d, const struct json_value *content, size_t number,
                        struct err *e)
{
    uint8_t want[SHA256_LEN];
    char name[64];
    struct slice file = json_get_string(content, "file"), hex = json_get_string(content, "sha256");
    char *from = arena_copy(&d->arena, file.data, file.len);
    if (!from)
        return err_memory(e);
    if (file.len == 0 || hex.len != 2 * SHA256_LEN || file.data[0] == '/' || strstr(from, ".."))
        return err_set(e, ERR_INPUT, "disclose.record", NULL, "record %zu names no file", number);
    for (size_t i = 0; i < SHA256_LEN; i++) {
        unsigned byte = 0;
        if (sscanf((const char *)hex.data + 2 * i, "%2x", &byte) != 1)
            return err_set(e, ERR_INPUT, "disclose.record", NULL, "record %zu has no hash", number);
        want[i] = (uint8_t)byte;
    }
    snprintf(name, sizeof name, "shown/content-%010zu", number);
    if (copy(d, from, name, want, e) != 0)
        return -1;
    json_member_string(&d->w, "file", name);
    return 0;
}

static int show_record(struct disclosing *d, const struct lines *l, size_t number,
                       const struct json_value *record, struct err *e)
{
    const struct json_value *content = json_get(record, "content");
    json_write_object(&d->w);
    if (content && show_content(d, content, number, e) != 0)
        return -1;
    json_member_slice(&d->w, "line", l->all[number]);
    if (disclosing_proof(&l->tree, number, &d->w, e) != 0)
        return -1;
    json_write_object_end(&d->w);
    d->disclosed->records++;
    return 0;
}

int disclosing_records(struct disclosing *d, struct err *e)
{
    struct lines l;
    if (d->options->pattern_count == 0 || !d->trees.has_records)
        return 0;
    int result = lines_init(d, &l, "data/files.jsonl", "data/records.seed", &d->trees.records, e);
    json_write_name(&d->w, "records");
    json_write_array(&d->w);
    for (size_t i = 0; result == 0 && i < l.count; i++) {
        struct json_doc *doc = NULL;
        result = json_parse(&doc, l.all[i], &evidence_record_limits, e);
        struct slice path = result == 0 ? json_get_string(json_root(doc), "path") : slice_str("");
        char *name = result == 0 ? arena_copy(&d->arena, path.data, path.len) : NULL;
        if (result == 0 && !name)
            result = err_memory(e);
        if (result == 0 && path.len > 0 && chosen(d, name))
            result = show_record(d, &l, i, json_root(doc), e);
        json_doc_free(doc);
    }
    json_write_array_end(&d->w);
    lines_fini(&l);
    return result;
}
