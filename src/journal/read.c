/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_internal.h"

#include "base/memory.h"
#include "crypto/digest.h"

#include <stdio.h>

int journal_head(struct db *db, struct journal_head *head, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_JOURNAL_STATE);

    *head = (struct journal_head){.size = 0};
    if (found == 1) {
        snprintf(head->origin, sizeof head->origin, "%s", db_text(&q, 0));
        snprintf(head->vkey, sizeof head->vkey, "%s", db_text(&q, 1));
        head->size = (uint64_t)db_int(&q, 2);
        head->last_at = db_int(&q, 3);
    }
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

/* ---- tiles ------------------------------------------------------------------------------- */

enum { CACHED_TILES = 16 };

/* A tile with the roots of all its full subtrees: nodes[r][i] is over 2^r of its hashes. */
struct cached_tile {
    uint64_t n;
    uint64_t used; /* when, for replacing the one not used for longest */
    unsigned level;
    unsigned width; /* 0: free */
    uint8_t nodes[2 * TILE_WIDTH][MERKLE_HASH];
};

struct journal_reader {
    struct db *db;
    uint64_t size;
    uint64_t uses;
    struct cached_tile tiles[CACHED_TILES];
};

/* Where the roots over 2^r hashes begin in nodes. */
static size_t row_of(unsigned r)
{
    size_t begin = 0;

    for (unsigned i = 0; i < r; i++)
        begin += (size_t)TILE_WIDTH >> i;
    return begin;
}

struct journal_reader *journal_reader_new(struct db *db, struct err *e)
{
    struct journal_reader *reader = mem_new(1, sizeof *reader);
    struct journal_head head;

    if (!reader) {
        err_memory(e);
        return NULL;
    }
    if (journal_head(db, &head, e) != 0) {
        mem_free(reader);
        return NULL;
    }
    reader->db = db;
    reader->size = head.size;
    return reader;
}

void journal_reader_free(struct journal_reader *reader)
{
    mem_free(reader);
}

uint64_t journal_reader_size(const struct journal_reader *reader)
{
    return reader->size;
}

static int missing(struct err *e, const struct cached_tile *tile)
{
    return err_set(e, ERR_VERIFY, "journal.tile", "C2SP tlog-tiles",
                   "tile %llu of level %u does not hold the %u hashes that it should",
                   (unsigned long long)tile->n, tile->level, tile->width);
}

/* The growing tile of leaves is not stored: it follows from its acts. */
static int read_leaves(struct journal_reader *reader, struct cached_tile *tile, struct err *e)
{
    uint64_t begin = tile->n * TILE_WIDTH;
    uint8_t commitment[ACT_COMMITMENT];
    struct db_query q;
    unsigned count = 0;
    int rc = -1, row = -1;

    if (db_select(&q, reader->db, e, SQL_ACT_COMMITMENTS, DB_INT((int64_t)begin),
                  DB_INT((int64_t)(begin + tile->width))) != 0)
        goto out;
    while ((row = db_step(&q, e)) == 1 && count < tile->width) {
        if ((uint64_t)db_int(&q, 0) != begin + count ||
            !db_blob_copy(&q, 1, commitment, sizeof commitment))
            break;
        if (merkle_leaf(slice_of(commitment, sizeof commitment), tile->nodes[count]) != 0) {
            digest_failed(e);
            goto out;
        }
        count++;
    }
    if (row < 0)
        goto out;
    rc = count == tile->width ? 0 : missing(e, tile);
out:
    db_query_finish(&q);
    return rc;
}

static int read_stored(struct journal_reader *reader, struct cached_tile *tile, struct err *e)
{
    struct db_query q;
    int rc = -1, found = db_find(&q, reader->db, e, SQL_TILE_GET, DB_INT(tile->level),
                                 DB_INT((int64_t)tile->n));

    if (found >= 0) {
        struct slice data = found ? db_blob(&q, 0) : slice_of(NULL, 0);
        if (data.len < (size_t)tile->width * MERKLE_HASH) {
            missing(e, tile);
        } else {
            memcpy(tile->nodes, data.data, (size_t)tile->width * MERKLE_HASH);
            rc = 0;
        }
    }
    db_query_finish(&q);
    return rc;
}

static int fill_tile(struct journal_reader *reader, struct cached_tile *tile, struct err *e)
{
    int rc = tile->level == 0 && tile->width < TILE_WIDTH ? read_leaves(reader, tile, e)
                                                          : read_stored(reader, tile, e);

    if (rc != 0)
        return -1;
    for (unsigned r = 1; r <= 7; r++) {
        size_t below = row_of(r - 1), here = row_of(r);
        for (size_t i = 0; i < tile->width >> r; i++)
            if (merkle_node(tile->nodes[below + 2 * i], tile->nodes[below + 2 * i + 1],
                            tile->nodes[here + i]) != 0)
                return digest_failed(e);
    }
    return 0;
}

/* The tile with all hashes that it has in the reader's tree; NULL when it failed. */
static struct cached_tile *get_tile(struct journal_reader *reader, unsigned level, uint64_t n,
                                    struct err *e)
{
    struct cached_tile *oldest = &reader->tiles[0];
    uint64_t there = edge_width(reader->size, level) - n * TILE_WIDTH;

    reader->uses++;
    for (size_t i = 0; i < CACHED_TILES; i++) {
        struct cached_tile *tile = &reader->tiles[i];
        if (tile->width != 0 && tile->level == level && tile->n == n) {
            tile->used = reader->uses;
            return tile;
        }
        if (tile->used < oldest->used)
            oldest = tile;
    }
    oldest->level = level;
    oldest->n = n;
    oldest->used = reader->uses;
    oldest->width = there > TILE_WIDTH ? TILE_WIDTH : (unsigned)there;
    if (fill_tile(reader, oldest, e) != 0) {
        oldest->width = 0;
        return NULL;
    }
    return oldest;
}

static int reader_node(void *context, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                       struct err *e)
{
    struct journal_reader *reader = context;
    unsigned r = level % 8;
    uint64_t first = index << r;
    struct cached_tile *tile;

    if (level / 8 >= TILE_LEVELS || first + (1u << r) > edge_width(reader->size, level / 8))
        return err_set(e, ERR_USAGE, "journal.range", NULL, "the journal has no such subtree");
    tile = get_tile(reader, level / 8, first / TILE_WIDTH, e);
    if (!tile)
        return -1;
    memcpy(out, tile->nodes[row_of(r) + (size_t)(first % TILE_WIDTH >> r)], MERKLE_HASH);
    return 0;
}

struct merkle_source journal_reader_source(struct journal_reader *reader)
{
    return (struct merkle_source){.node = reader_node, .context = reader};
}

static int in_range(const struct journal_reader *reader, uint64_t size, struct err *e)
{
    if (size <= reader->size)
        return 0;
    return err_set(e, ERR_USAGE, "journal.range", NULL, "the journal has %llu acts, not yet %llu",
                   (unsigned long long)reader->size, (unsigned long long)size);
}

int journal_root_at(struct journal_reader *reader, uint64_t size, uint8_t root[MERKLE_HASH],
                    struct err *e)
{
    struct merkle_source source = journal_reader_source(reader);

    if (in_range(reader, size, e) != 0)
        return -1;
    return merkle_source_root(&source, size, root, e);
}

int journal_prove_inclusion(struct journal_reader *reader, uint64_t index, uint64_t size,
                            uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n, struct err *e)
{
    struct merkle_source source = journal_reader_source(reader);

    if (in_range(reader, size, e) != 0)
        return -1;
    return merkle_source_inclusion(&source, index, size, proof, n, e);
}

int journal_prove_consistency(struct journal_reader *reader, uint64_t from, uint64_t to,
                              uint8_t proof[MERKLE_PROOF_MAX][MERKLE_HASH], size_t *n,
                              struct err *e)
{
    struct merkle_source source = journal_reader_source(reader);

    if (in_range(reader, to, e) != 0)
        return -1;
    return merkle_source_consistency(&source, from, to, proof, n, e);
}

/* ---- what the public door serves --------------------------------------------------------- */

static int put_entries(struct journal_reader *reader, const struct tile_path *path, struct buf *out,
                       struct err *e)
{
    uint64_t begin = path->n * TILE_WIDTH;
    struct db_query q;
    unsigned count = 0;
    int row = -1;

    if (db_select(&q, reader->db, e, SQL_ACT_COMMITMENTS, DB_INT((int64_t)begin),
                  DB_INT((int64_t)(begin + path->width))) != 0) {
        db_query_finish(&q);
        return -1;
    }
    while ((row = db_step(&q, e)) == 1) {
        struct slice commitment = db_blob(&q, 1);
        if ((uint64_t)db_int(&q, 0) != begin + count || commitment.len != ACT_COMMITMENT)
            break;
        buf_putc(out, 0); /* big-endian length, tlog-tiles "Log entries" */
        buf_putc(out, ACT_COMMITMENT);
        buf_put_slice(out, commitment);
        count++;
    }
    db_query_finish(&q);
    if (row < 0)
        return -1;
    if (count != path->width)
        return err_set(e, ERR_VERIFY, "journal.gap", NULL, "act %llu of the journal is not there",
                       (unsigned long long)(begin + count));
    return buf_check(out, e);
}

int journal_tile(struct journal_reader *reader, const struct tile_path *path, struct buf *out,
                 struct err *e)
{
    struct cached_tile *tile;

    if (path->level >= TILE_LEVELS || path->width < 1 || path->width > TILE_WIDTH ||
        !tile_path_exists(path, reader->size))
        return err_set(e, ERR_NOT_FOUND, "journal.tile", "C2SP tlog-tiles",
                       "the journal of %llu acts has no such tile",
                       (unsigned long long)reader->size);
    if (path->entries)
        return put_entries(reader, path, out, e);
    tile = get_tile(reader, path->level, path->n, e);
    if (!tile)
        return -1;
    buf_put(out, tile->nodes, (size_t)path->width * MERKLE_HASH);
    return buf_check(out, e);
}
