/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/tree.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "evidence/bundle/table.h"

#include <string.h>

#define FORMAT "tocsin-evidence-tree/v1"

int evidence_leaf_salt(const uint8_t seed[EVIDENCE_SEED], uint64_t number,
                       uint8_t salt[EVIDENCE_SALT])
{
    uint8_t message[EVIDENCE_SEED + 8];
    memcpy(message, seed, EVIDENCE_SEED);
    for (size_t i = 8; i-- > 0; number >>= 8)
        message[EVIDENCE_SEED + i] = (uint8_t)number;
    return sha256(slice_of(message, sizeof message), salt);
}

int evidence_leaf(const uint8_t salt[EVIDENCE_SALT], const uint8_t hash[32], uint8_t leaf[32])
{
    uint8_t entry[EVIDENCE_SALT + 32];
    memcpy(entry, salt, EVIDENCE_SALT);
    memcpy(entry + EVIDENCE_SALT, hash, 32);
    return merkle_leaf(slice_of(entry, sizeof entry), leaf);
}

int evidence_tree_append_hash(struct merkle_frontier *f, const uint8_t seed[EVIDENCE_SEED],
                              const uint8_t hash[32])
{
    uint8_t salt[EVIDENCE_SALT], leaf[MERKLE_HASH];
    return evidence_leaf_salt(seed, f->size, salt) == 0 && evidence_leaf(salt, hash, leaf) == 0 &&
                   merkle_frontier_append(f, leaf) == 0
               ? 0
               : -1;
}

static int close_tree(const struct merkle_frontier *f, struct evidence_tree *tree, struct err *e)
{
    tree->count = f->size;
    return merkle_frontier_root(f, tree->root) == 0 ? 0 : digest_failed(e);
}

int evidence_tree_append(struct merkle_frontier *f, const uint8_t seed[EVIDENCE_SEED],
                         struct slice line)
{
    uint8_t hash[SHA256_LEN];
    return sha256(line, hash) == 0 ? evidence_tree_append_hash(f, seed, hash) : -1;
}

int evidence_tree_of_lines(struct slice text, const uint8_t seed[EVIDENCE_SEED],
                           struct evidence_tree *tree, struct err *e)
{
    struct merkle_frontier f = {0};
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        if (evidence_tree_append(&f, seed, slice_of(text.data, len)) != 0)
            return digest_failed(e);
        len += end != NULL;
        text = slice_of(text.data + len, text.len - len);
    }
    return close_tree(&f, tree, e);
}

void evidence_trees_write(const struct evidence_trees *trees, struct buf *out)
{
    struct json_writer w;
    json_write_init(&w, out, 0); /* members in the order of RFC 8785 */
    json_write_object(&w);
    json_write_name(&w, "files");
    json_write_object(&w);
    json_member_int(&w, "count", (int64_t)trees->files.count);
    json_member_hex(&w, "root", slice_of(trees->files.root, 32));
    json_write_object_end(&w);
    json_member_string(&w, "format", FORMAT);
    if (trees->has_image) {
        json_write_name(&w, "image");
        json_write_object(&w);
        json_member_int(&w, "bytes", (int64_t)trees->image_bytes);
        json_member_int(&w, "chunk_bytes", trees->chunk_bytes);
        json_member_hex(&w, "root", slice_of(trees->image_root, 32));
        json_write_object_end(&w);
    }
    if (trees->has_records) {
        json_write_name(&w, "records");
        json_write_object(&w);
        json_member_int(&w, "count", (int64_t)trees->records.count);
        json_member_hex(&w, "root", slice_of(trees->records.root, 32));
        json_write_object_end(&w);
    }
    json_write_object_end(&w);
    buf_putc(out, '\n');
}

static bool root_of(const struct json_value *v, uint8_t root[32])
{
    return hex_parse(json_get_string(v, "root"), root, 32) == 0;
}

static bool number_of(const struct json_value *v, const char *name, int64_t least, int64_t most,
                      int64_t *out)
{
    return json_int64(json_get(v, name), out) && *out >= least && *out <= most;
}

static bool read_trees(struct evidence_trees *trees, const struct json_value *root)
{
    const struct json_value *files = json_get(root, "files"), *image = json_get(root, "image"),
                            *records = json_get(root, "records");
    int64_t count, bytes, chunk;
    *trees = (struct evidence_trees){.has_image = image != NULL, .has_records = records != NULL};
    if (!slice_is(json_get_string(root, "format"), FORMAT) ||
        !number_of(files, "count", 0, INT64_MAX, &count) || !root_of(files, trees->files.root))
        return false;
    trees->files.count = (uint64_t)count;
    if (records && (!number_of(records, "count", 0, INT64_MAX, &count) ||
                    !root_of(records, trees->records.root)))
        return false;
    trees->records.count = records ? (uint64_t)count : 0;
    if (!image)
        return true;
    if (!number_of(image, "bytes", 0, INT64_MAX, &bytes) ||
        !number_of(image, "chunk_bytes", EVIDENCE_CHUNK_LEAST, EVIDENCE_CHUNK_MOST, &chunk) ||
        !root_of(image, trees->image_root))
        return false;
    trees->image_bytes = (uint64_t)bytes;
    trees->chunk_bytes = (uint32_t)chunk;
    return true;
}

int evidence_trees_read(struct evidence_trees *trees, struct slice text, struct err *e)
{
    struct json_doc *doc;
    if (json_parse(&doc, text, NULL, e) != 0)
        return err_context(e, EVIDENCE_TREE_FILE);
    bool good = read_trees(trees, json_root(doc));
    json_doc_free(doc);
    return good ? 0
                : err_set(e, ERR_INPUT, "evidence.tree", "tocsin formats of evidence, section 8",
                          EVIDENCE_TREE_FILE " does not say what " FORMAT " says");
}
