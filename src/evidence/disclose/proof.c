/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of single leaves, and the chunks of an image that a disclosure shows. */
#include "base/file.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "evidence/disclose/disclosing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int disclosing_tree_init(struct disclosing_tree *t, const uint8_t seed[EVIDENCE_SEED],
                         uint8_t (*hashes)[MERKLE_HASH], size_t count, const uint8_t root[32],
                         struct err *e)
{
    uint8_t found[MERKLE_HASH];
    *t = (struct disclosing_tree){.count = count};
    memcpy(t->seed, seed, sizeof t->seed);
    for (size_t i = 0; i < count; i++) { /* each hash becomes its leaf, in its place */
        uint8_t salt[EVIDENCE_SALT], leaf[MERKLE_HASH];
        if (evidence_leaf_salt(seed, i, salt) != 0 || evidence_leaf(salt, hashes[i], leaf) != 0)
            return digest_failed(e);
        memcpy(hashes[i], leaf, sizeof leaf);
    }
    t->table = merkle_table_new((const uint8_t(*)[MERKLE_HASH])hashes, count, e);
    if (!t->table)
        return -1;
    struct merkle_source source = merkle_table_source(t->table);
    if (merkle_source_root(&source, count, found, e) != 0)
        return -1;
    return memcmp(found, root, sizeof found) == 0
               ? 0
               : err_set(e, ERR_VERIFY, "disclose.tree", NULL,
                         "the hash tree of the bundle is not the one of tree.json: it is damaged");
}

void disclosing_tree_fini(struct disclosing_tree *t)
{
    merkle_table_free(t->table);
    t->table = NULL;
}

int disclosing_proof(const struct disclosing_tree *t, uint64_t number, struct json_writer *w,
                     struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], salt[EVIDENCE_SALT];
    size_t count;
    struct merkle_source source = merkle_table_source(t->table);
    if (merkle_source_inclusion(&source, number, t->count, proof, &count, e) != 0)
        return -1;
    if (evidence_leaf_salt(t->seed, number, salt) != 0)
        return digest_failed(e);
    json_member_int(w, "number", (int64_t)number);
    json_write_name(w, "proof");
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        char hex[2 * MERKLE_HASH + 1];
        for (size_t k = 0; k < MERKLE_HASH; k++)
            snprintf(hex + 2 * k, 3, "%02x", proof[i][k]);
        json_write_string(w, hex);
    }
    json_write_array_end(w);
    json_member_hex(w, "salt", slice_of(salt, sizeof salt));
    return 0;
}

/* Chunks */

static int mark(struct disclosing *d, uint8_t *wanted, uint64_t chunks, struct err *e)
{
    const struct evidence_disclose_options *o = d->options;
    for (size_t i = 0; i < o->range_count; i++) {
        struct evidence_disclose_range r = o->ranges[i];
        if (r.bytes == 0 || r.from >= d->trees.image_bytes ||
            r.bytes > d->trees.image_bytes - r.from)
            return err_set(e, ERR_USAGE, "evidence.range", NULL,
                           "the range from %" PRIu64 " is empty, or ends behind the %" PRIu64
                           " bytes of the image",
                           r.from, d->trees.image_bytes);
        uint64_t last = (r.from + r.bytes - 1) / d->trees.chunk_bytes;
        for (uint64_t n = r.from / d->trees.chunk_bytes; n <= last && n < chunks; n++)
            wanted[n] = 1;
        d->disclosed->asked_bytes += r.bytes;
    }
    return 0;
}

static int show_chunk(struct disclosing *d, struct evidence_image_reader *reader, uint64_t number,
                      uint8_t *data, const struct disclosing_tree *tree, struct err *e)
{
    struct evidence_chunk record;
    size_t len;
    char name[64];
    if (evidence_image_read(reader, number, data, &len, &record, e) != 0)
        return -1;
    snprintf(name, sizeof name, "shown/chunk-%010" PRIu64 ".raw", number);
    char *path = disclosing_path(d, d->options->target, name, e);
    if (!path || file_create(path, slice_of(data, len), 0644, e) != 0)
        return -1;
    json_write_object(&d->w);
    json_member_int(&d->w, "bytes", (int64_t)len);
    json_member_string(&d->w, "file", name);
    json_member_int(&d->w, "from", (int64_t)(number * d->trees.chunk_bytes));
    if (disclosing_proof(tree, number, &d->w, e) != 0)
        return -1;
    json_member_hex(&d->w, "sha256", slice_of(record.hash, sizeof record.hash));
    if (record.bad)
        json_member_bool(&d->w, "some_sectors_were_unreadable", true);
    json_write_object_end(&d->w);
    d->disclosed->chunks++;
    d->disclosed->chunk_bytes += len;
    return 0;
}

static int show_chunks(struct disclosing *d, const struct evidence_image *image,
                       struct disclosing_tree *tree, uint8_t *wanted, struct err *e)
{
    uint64_t chunks = evidence_image_chunks(image);
    const struct evidence_table_head *head = evidence_image_head(image);
    uint8_t(*hashes)[MERKLE_HASH] = mem_new(chunks + 1, MERKLE_HASH);
    uint8_t *data = mem_new(head->chunk_bytes, 1);
    struct evidence_image_reader *reader = evidence_image_reader_new(image, e);
    int result = !reader ? -1 : hashes && data ? 0 : err_memory(e);
    for (uint64_t i = 0; result == 0 && i < chunks; i++) {
        struct evidence_chunk record;
        result = evidence_image_record(image, i, &record, e);
        if (result == 0)
            memcpy(hashes[i], record.hash, MERKLE_HASH);
    }
    if (result == 0)
        result = disclosing_tree_init(tree, head->seed, hashes, chunks, d->trees.image_root, e);
    if (result == 0)
        result = mark(d, wanted, chunks, e);
    for (uint64_t i = 0; result == 0 && i < chunks; i++)
        if (wanted[i])
            result = show_chunk(d, reader, i, data, tree, e);
    evidence_image_reader_free(reader);
    mem_free(hashes);
    mem_free(data);
    return result;
}

int disclosing_chunks(struct disclosing *d, struct err *e)
{
    struct disclosing_tree tree = {0};
    if (d->options->range_count == 0)
        return 0;
    if (!d->trees.has_image)
        return err_set(e, ERR_NOT_FOUND, "disclose.tree", NULL,
                       "the bundle has no image with a hash tree");
    char *data = disclosing_path(d, d->options->folder, "data", e);
    struct evidence_image *image = data ? evidence_image_open(data, false, e) : NULL;
    uint8_t *wanted = image ? mem_new(evidence_image_chunks(image) + 1, 1) : NULL;
    int result = !image ? -1 : wanted ? 0 : err_memory(e);
    json_write_name(&d->w, "chunks");
    json_write_array(&d->w);
    if (result == 0)
        result = show_chunks(d, image, &tree, wanted, e);
    json_write_array_end(&d->w);
    disclosing_tree_fini(&tree);
    mem_free(wanted);
    evidence_image_close(image);
    return result;
}
