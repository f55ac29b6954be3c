/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries: a notice with its path to the signed root (docs/formats.md section 3.3). */
#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/merkle.h"
#include "fleet/chain_store.h"

#include <pthread.h>
#include <stdio.h>

enum { KEPT = 8 };

struct kept_tree {
    char publication[ID_TEXT];
    struct merkle_table *table;
    struct buf envelope;
    uint64_t used;
};

struct fleet_tree_cache {
    pthread_mutex_t lock;
    struct kept_tree trees[KEPT];
    uint64_t clock;
};

struct fleet_tree_cache *fleet_tree_cache_new(struct err *e)
{
    struct fleet_tree_cache *cache = mem_new(1, sizeof(*cache));

    if (!cache) {
        err_memory(e);
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static void forget(struct kept_tree *tree)
{
    merkle_table_free(tree->table);
    buf_fini(&tree->envelope);
    memset(tree, 0, sizeof(*tree));
}

void fleet_tree_cache_free(struct fleet_tree_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < KEPT; i++)
        forget(&cache->trees[i]);
    pthread_mutex_destroy(&cache->lock);
    mem_free(cache);
}

struct leaves {
    uint8_t (*at)[MERKLE_HASH];
    size_t count;
    size_t room;
};

static int read_leaves(struct db *db, const char *publication, struct leaves *leaves, struct err *e)
{
    int64_t after = -1;

    for (;;) {
        struct db_query q;
        unsigned rows = 0;
        int step;
        if (db_select(&q, db, e, SQL_NOTICE_ENTRIES, DB_TEXT(publication), DB_INT(after),
                      DB_INT(1000)) != 0)
            return -1;
        while ((step = db_step(&q, e)) == 1) {
            after = db_int(&q, 0);
            rows++;
            if (leaves->count == leaves->room) {
                size_t room = leaves->room ? leaves->room * 2 : 64;
                void *grown = mem_resize(leaves->at, room, MERKLE_HASH);
                if (!grown) {
                    step = err_memory(e);
                    break;
                }
                leaves->at = grown;
                leaves->room = room;
            }
            if (merkle_leaf(db_blob(&q, 1), leaves->at[leaves->count++]) != 0) {
                step = err_memory(e);
                break;
            }
        }
        db_query_finish(&q);
        if (step < 0)
            return -1;
        if (rows < 1000)
            return 0;
    }
}

static int load_tree(struct db *db, const char *publication, struct kept_tree *tree, struct err *e)
{
    struct leaves leaves = {0};
    struct db_query q;
    int result = -1;

    forget(tree);
    int found = db_find(&q, db, e, SQL_PUBLICATION_FIND, DB_TEXT(publication));
    if (found == 1 && !db_is_null(&q, 11))
        buf_put_slice(&tree->envelope, db_blob(&q, 11));
    db_query_finish(&q);
    if (found < 0)
        return -1;
    if (tree->envelope.len == 0)
        return err_set(e, ERR_INTERNAL, "fleet.not-signed", NULL,
                       "the publication %s is not signed", publication);
    if (buf_check(&tree->envelope, e) == 0 && read_leaves(db, publication, &leaves, e) == 0) {
        tree->table = merkle_table_new((const uint8_t(*)[MERKLE_HASH])leaves.at, leaves.count, e);
        if (tree->table) {
            snprintf(tree->publication, sizeof(tree->publication), "%s", publication);
            result = 0;
        }
    }
    mem_free(leaves.at);
    if (result != 0)
        forget(tree);
    return result;
}

/* Called with the lock held. */
static struct kept_tree *tree_of(struct db *db, struct fleet_tree_cache *cache,
                                 const char *publication, struct err *e)
{
    struct kept_tree *oldest = &cache->trees[0];

    for (size_t i = 0; i < KEPT; i++) {
        struct kept_tree *tree = &cache->trees[i];
        if (tree->table && strcmp(tree->publication, publication) == 0) {
            tree->used = ++cache->clock;
            return tree;
        }
        if (tree->used < oldest->used)
            oldest = tree;
    }
    if (load_tree(db, publication, oldest, e) != 0)
        return NULL;
    oldest->used = ++cache->clock;
    return oldest;
}

int fleet_delivery_write(struct db *db, struct fleet_tree_cache *cache,
                         const struct fleet_link *link, struct buf *out, struct err *e)
{
    uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH];
    struct json_writer w;
    size_t hashes;
    int result = -1;

    pthread_mutex_lock(&cache->lock);
    struct kept_tree *tree = tree_of(db, cache, link->publication, e);
    if (!tree)
        goto out;
    struct merkle_source source = merkle_table_source(tree->table);
    if (merkle_source_inclusion(&source, (uint64_t)link->position.notice,
                                merkle_table_size(tree->table), proof, &hashes, e) != 0)
        goto out;
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_int(&w, "n", (int64_t)link->position.n);
    json_member_base64(&w, "notice", link->body);
    json_member_base64(&w, "entry", link->entry);
    json_write_name(&w, "path");
    json_write_array(&w);
    for (size_t i = 0; i < hashes; i++) {
        struct buf text;
        buf_init(&text);
        base64_put(&text, slice_of(proof[i], MERKLE_HASH));
        json_write_slice(&w, buf_slice(&text));
        buf_fini(&text);
    }
    json_write_array_end(&w);
    json_write_name(&w, "publication");
    json_write_raw(&w, buf_slice(&tree->envelope));
    json_write_object_end(&w);
    result = buf_check(out, e);
out:
    pthread_mutex_unlock(&cache->lock);
    return result;
}

int fleet_entry_path(struct db *db, struct fleet_tree_cache *cache, const char *publication,
                     uint64_t index, uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *count,
                     struct err *e)
{
    int result = -1;

    pthread_mutex_lock(&cache->lock);
    struct kept_tree *tree = tree_of(db, cache, publication, e);
    if (tree) {
        struct merkle_source source = merkle_table_source(tree->table);
        result = merkle_source_inclusion(&source, index, merkle_table_size(tree->table), proof,
                                         count, e);
    }
    pthread_mutex_unlock(&cache->lock);
    return result;
}
