/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_internal.h"

#include "base/memory.h"
#include "crypto/digest.h"

/* Randomness is drawn for many acts at once: a system call each would cost more than the tree. */
enum { SALTS_AT_ONCE = 64 };

struct journal {
    const struct clock *clock;
    const struct random *random;
    struct note_key key, committed_key; /* the name is the origin; "" before it was opened */
    bool opened;                        /* there is a row in log_state, or will be by a commit */
    bool opened_committed;              /* … is committed */
    uint64_t size, committed_size;
    int64_t last_at, committed_at;
    struct edge edges[TILE_LEVELS];
    struct buf body; /* of the act being built; kept for its room */
    uint8_t salts[SALTS_AT_ONCE][ACT_SALT];
    size_t salts_left;
    uint8_t ids[SALTS_AT_ONCE * ID_RANDOM]; /* for ids; not a secret */
    size_t ids_left;
};

/* ---- the right edge ---------------------------------------------------------------------- */

int tile_reduce(const uint8_t (*hashes)[MERKLE_HASH], size_t count, uint8_t out[MERKLE_HASH],
                struct err *e)
{
    uint8_t work[TILE_WIDTH / 2][MERKLE_HASH];

    if (count == 1) {
        memcpy(out, hashes[0], MERKLE_HASH);
        return 0;
    }
    for (size_t i = 0; i < count / 2; i++)
        if (merkle_node(hashes[2 * i], hashes[2 * i + 1], work[i]) != 0)
            return digest_failed(e);
    for (size_t width = count / 4; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++)
            if (merkle_node(work[2 * i], work[2 * i + 1], work[i]) != 0)
                return digest_failed(e);
    memcpy(out, work[0], MERKLE_HASH);
    return 0;
}

/* Room for one more hash on every level, so that what follows an INSERT needs no memory. */
static int edges_reserve(struct journal *journal, struct err *e)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct edge *edge = &journal->edges[level];
        if (edge->count < edge->room)
            continue;
        size_t room = edge->room ? edge->room * 2 : TILE_WIDTH;
        void *grown = mem_resize(edge->hashes, room, sizeof *edge->hashes);
        if (!grown)
            return err_memory(e);
        edge->hashes = grown;
        edge->room = room;
    }
    return 0;
}

/* A leaf hash behind the others, and the tiles' roots that follow. Room has been reserved. */
static int edges_append(struct journal *journal, const uint8_t leaf[MERKLE_HASH], struct err *e)
{
    uint8_t hash[MERKLE_HASH];

    memcpy(hash, leaf, MERKLE_HASH);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct edge *edge = &journal->edges[level];
        memcpy(edge->hashes[edge->count++], hash, MERKLE_HASH);
        if ((edge->base + edge->count) % TILE_WIDTH != 0)
            break;
        if (tile_reduce((const uint8_t(*)[MERKLE_HASH])edge->hashes + edge->count - TILE_WIDTH,
                        TILE_WIDTH, hash, e) != 0)
            return -1;
    }
    return 0;
}

static void edges_cut(struct journal *journal, uint64_t size)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct edge *edge = &journal->edges[level];
        edge->count = (size_t)(edge_width(size, level) - edge->base);
        if (edge->flushed > edge_width(size, level))
            edge->flushed = edge_width(size, level);
    }
}

/* The full tiles are committed: only the growing one of each level is still needed. */
static void edges_forget_full(struct journal *journal)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct edge *edge = &journal->edges[level];
        size_t full = edge->count / TILE_WIDTH * TILE_WIDTH;
        if (full == 0)
            continue;
        memmove(edge->hashes, edge->hashes + full, (edge->count - full) * MERKLE_HASH);
        edge->count -= full;
        edge->base += full;
    }
}

static int edge_node(void *context, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                     struct err *e)
{
    const struct journal *journal = context;
    const struct edge *edge = &journal->edges[level / 8];
    uint64_t begin = (index << level % 8) - edge->base;
    size_t count = (size_t)1 << level % 8;

    if (begin > edge->count || count > edge->count - begin)
        return err_set(e, ERR_INTERNAL, "journal.edge", NULL, "a hash is not at the right edge");
    return tile_reduce((const uint8_t(*)[MERKLE_HASH])edge->hashes + begin, count, out, e);
}

int journal_root(const struct journal *journal, uint64_t *size, uint8_t root[MERKLE_HASH],
                 struct err *e)
{
    union {
        const struct journal *in;
        void *out;
    } context = {.in = journal}; /* edge_node only reads */
    const struct merkle_source source = {.node = edge_node, .context = context.out};

    *size = journal->committed_size;
    return merkle_source_root(&source, journal->committed_size, root, e);
}

/* ---- loading ----------------------------------------------------------------------------- */

static int load_leaves(struct journal *journal, struct db *db, struct err *e)
{
    struct edge *edge = &journal->edges[0];
    struct db_query q;
    int rc = -1, row;

    edge->base = journal->size / TILE_WIDTH * TILE_WIDTH;
    edge->count = 0;
    if (db_select(&q, db, e, SQL_ACT_COMMITMENTS, DB_INT((int64_t)edge->base),
                  DB_INT((int64_t)journal->size)) != 0)
        goto out;
    while ((row = db_step(&q, e)) == 1) {
        uint8_t commitment[ACT_COMMITMENT];
        if ((uint64_t)db_int(&q, 0) != edge->base + edge->count ||
            !db_blob_copy(&q, 1, commitment, sizeof commitment)) {
            err_set(e, ERR_VERIFY, "journal.gap", NULL, "act %llu of the journal is not there",
                    (unsigned long long)(edge->base + edge->count));
            goto out;
        }
        if (edges_reserve(journal, e) != 0)
            goto out;
        if (merkle_leaf(slice_of(commitment, sizeof commitment), edge->hashes[edge->count]) != 0) {
            digest_failed(e);
            goto out;
        }
        edge->count++;
    }
    if (row == 0 && edge->base + edge->count != journal->size)
        err_set(e, ERR_VERIFY, "journal.gap", NULL,
                "the journal ends with act %llu, but should have %llu acts",
                (unsigned long long)(edge->base + edge->count), (unsigned long long)journal->size);
    else if (row == 0)
        rc = 0;
out:
    db_query_finish(&q);
    return rc;
}

/* The growing tile of a level above the leaves. */
static int load_tile(struct journal *journal, struct db *db, unsigned level, struct err *e)
{
    struct edge *edge = &journal->edges[level];
    uint64_t width = edge_width(journal->size, level);
    struct db_query q;
    int rc = -1;

    edge->base = width / TILE_WIDTH * TILE_WIDTH;
    edge->count = 0;
    if (width == edge->base)
        return 0;
    int found =
        db_find(&q, db, e, SQL_TILE_GET, DB_INT(level), DB_INT((int64_t)(edge->base / TILE_WIDTH)));
    if (found < 0)
        goto out;
    struct slice data = found ? db_blob(&q, 0) : slice_of(NULL, 0);
    if (data.len < (width - edge->base) * MERKLE_HASH) {
        err_set(e, ERR_VERIFY, "journal.tile", "C2SP tlog-tiles",
                "tile %llu of level %u has %zu hashes, but should have %llu",
                (unsigned long long)(edge->base / TILE_WIDTH), level, data.len / MERKLE_HASH,
                (unsigned long long)(width - edge->base));
        goto out;
    }
    if (edges_reserve(journal, e) != 0)
        goto out;
    edge->count = (size_t)(width - edge->base);
    memcpy(edge->hashes, data.data, edge->count * MERKLE_HASH);
    rc = 0;
out:
    db_query_finish(&q);
    return rc;
}

/* 1 and the row's values, 0: the log was never opened, -1. */
static int load_state(struct db *db, struct note_key *key, uint64_t *size, int64_t *last_at,
                      struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_JOURNAL_STATE);

    if (found == 1) {
        if (note_key_parse(key, db_slice(&q, 1), e) != 0) {
            err_context(e, "the journal's head");
            found = -1;
        } else if (!slice_is(db_slice(&q, 0), key->name)) {
            err_set(e, ERR_VERIFY, "journal.head", NULL,
                    "the journal's key is for another origin than the journal's");
            found = -1;
        } else {
            *size = (uint64_t)db_int(&q, 2);
            *last_at = db_int(&q, 3);
        }
    }
    db_query_finish(&q);
    return found;
}

static int load(struct journal *journal, struct db *db, struct err *e)
{
    uint64_t size = 0;
    int64_t last_at = 0;
    struct note_key key = {.name = ""};
    int found = load_state(db, &key, &size, &last_at, e);

    if (found < 0)
        return -1;
    journal->key = journal->committed_key = key;
    journal->opened = journal->opened_committed = found == 1;
    journal->size = journal->committed_size = size;
    journal->last_at = journal->committed_at = last_at;
    if (load_leaves(journal, db, e) != 0)
        return -1;
    for (unsigned level = 1; level < TILE_LEVELS; level++)
        if (load_tile(journal, db, level, e) != 0)
            return -1;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        journal->edges[level].flushed = edge_width(size, level);
    return 0;
}

int journal_open(struct journal **out, struct db *db, const struct clock *clock,
                 const struct random *random, struct err *e)
{
    struct journal *journal = mem_new(1, sizeof *journal);

    if (!journal)
        return err_memory(e);
    journal->clock = clock;
    journal->random = random;
    buf_init(&journal->body);
    if (load(journal, db, e) != 0) {
        journal_close(journal);
        return -1;
    }
    *out = journal;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        mem_free(journal->edges[level].hashes);
    buf_fini(&journal->body);
    mem_free_secret(journal, sizeof *journal);
}

int journal_begin(struct journal *journal, struct db *db, struct err *e)
{
    uint64_t size = 0;
    int64_t last_at = 0;
    struct note_key key = {.name = ""};
    int found = load_state(db, &key, &size, &last_at, e);

    if (found < 0)
        return -1;
    if ((found == 1) == journal->opened_committed && size == journal->committed_size)
        return 0;
    return load(journal, db, e);
}

const char *journal_origin(const struct journal *journal)
{
    return journal->key.name;
}

const struct note_key *journal_key(const struct journal *journal)
{
    return &journal->key;
}

uint64_t journal_size(const struct journal *journal)
{
    return journal->size;
}

uint64_t journal_committed_size(const struct journal *journal)
{
    return journal->committed_size;
}

/* ---- appending --------------------------------------------------------------------------- */

/* The journal's own source for act_id_new: from what was drawn before. */
static int take_random(void *context, void *out, size_t len)
{
    struct journal *journal = context;
    struct err ignored = {0};

    if (journal->ids_left < len) {
        if (len > sizeof journal->ids ||
            random_fill(journal->random, journal->ids, sizeof journal->ids, &ignored) != 0)
            return -1;
        journal->ids_left = sizeof journal->ids;
    }
    journal->ids_left -= len;
    memcpy(out, journal->ids + journal->ids_left, len);
    return 0;
}

int journal_new_id(struct journal *journal, char id[ID_TEXT], struct err *e)
{
    const struct random pool = {.fill = take_random, .context = journal};

    return act_id_new(journal->clock, &pool, id, e);
}

static int take_salt(struct journal *journal, uint8_t salt[ACT_SALT], struct err *e)
{
    if (journal->salts_left == 0) {
        if (random_fill(journal->random, journal->salts, sizeof journal->salts, e) != 0)
            return -1;
        journal->salts_left = SALTS_AT_ONCE;
    }
    uint8_t *next = journal->salts[--journal->salts_left];
    memcpy(salt, next, ACT_SALT);
    secret_wipe(next, ACT_SALT); /* a salt is known to nobody but its act's row */
    return 0;
}

int journal_append(struct journal *journal, struct db *db, const struct act *given,
                   struct journal_entry *entry, struct err *e)
{
    struct act act = *given;
    char id[ID_TEXT];
    uint8_t salt[ACT_SALT], commitment[ACT_COMMITMENT], leaf[MERKLE_HASH];

    if (!journal->opened)
        return err_set(e, ERR_CONFLICT, "journal.not-opened", NULL,
                       "the journal has no origin yet");
    if (!act.id) {
        if (journal_new_id(journal, id, e) != 0)
            return -1;
        act.id = id;
    }
    act.at = clock_now(journal->clock);
    act.clock = 0;
    if (act.at < journal->last_at) {
        act.clock = act.at;
        act.at = journal->last_at;
    }
    buf_reset(&journal->body);
    if (act_build(&act, &journal->body, e) != 0 || take_salt(journal, salt, e) != 0 ||
        act_commit(salt, buf_slice(&journal->body), commitment, leaf, e) != 0 ||
        edges_reserve(journal, e) != 0)
        return -1;
    if (db_run(db, e, SQL_ACT_INSERT, DB_INT((int64_t)journal->size), DB_TEXT(act.id),
               DB_INT(act.at), DB_TEXT(act.type), DB_TEXT(act.organisation), DB_BOOL(act.exercise),
               DB_BYTES(commitment, sizeof commitment), DB_BYTES(salt, sizeof salt),
               DB_BLOB(buf_slice(&journal->body))) != 1)
        return -1;
    if (edges_append(journal, leaf, e) != 0)
        return -1;
    if (entry) {
        *entry = (struct journal_entry){.index = journal->size, .at = act.at};
        memcpy(entry->id, act.id, strlen(act.id) + 1);
    }
    journal->size++;
    journal->last_at = act.at;
    return 0;
}

int journal_open_log(struct journal *journal, struct db *db, const struct note_key *key,
                     const char *previous_origin, uint64_t lost_from, struct err *e)
{
    struct buf data, vkey;
    struct json_writer w;
    int rc = -1;

    if (journal->opened && !previous_origin)
        return err_set(e, ERR_CONFLICT, "journal.opened", NULL,
                       "the journal is open already, under the origin \"%s\"", journal->key.name);
    buf_init(&data);
    buf_init(&vkey);
    note_key_put(&vkey, key);
    json_write_init(&w, &data, 0);
    json_write_object(&w);
    json_member_slice(&w, "key", buf_slice(&vkey));
    if (previous_origin)
        json_member_int(&w, "lost_from", (int64_t)lost_from);
    json_member_string(&w, "origin", key->name);
    if (previous_origin)
        json_member_string(&w, "previous_origin", previous_origin);
    json_member_string(&w, "reason", previous_origin ? "restore" : "init");
    json_write_object_end(&w);
    if (buf_check(&data, e) != 0 || buf_check(&vkey, e) != 0 ||
        db_run(db, e, SQL_JOURNAL_STATE_OPEN, DB_TEXT(key->name), DB_SLICE(buf_slice(&vkey)),
               DB_INT((int64_t)journal->committed_size), DB_INT(journal->committed_at)) != 1)
        goto out;
    journal->opened = true;
    journal->key = *key;
    const struct act act = {.type = "log.opened", .actor = "sys:journal", .data = buf_slice(&data)};
    rc = journal_append(journal, db, &act, NULL, e);
out:
    buf_fini(&data);
    buf_fini(&vkey);
    return rc;
}

struct journal_mark journal_mark(const struct journal *journal)
{
    return (struct journal_mark){.size = journal->size, .last_at = journal->last_at};
}

void journal_reset_to(struct journal *journal, struct journal_mark mark)
{
    journal->size = mark.size;
    journal->last_at = mark.last_at;
    edges_cut(journal, mark.size);
}

/* ---- the end of a transaction ------------------------------------------------------------ */

static int flush_level(struct journal *journal, struct db *db, unsigned level, struct err *e)
{
    struct edge *edge = &journal->edges[level];
    uint64_t width = edge_width(journal->size, level);

    if (edge->flushed == width)
        return 0;
    for (uint64_t n = edge->flushed / TILE_WIDTH; n * TILE_WIDTH < width; n++) {
        uint64_t begin = n * TILE_WIDTH;
        uint64_t count = width - begin > TILE_WIDTH ? TILE_WIDTH : width - begin;
        if (level == 0 && count < TILE_WIDTH)
            break; /* the newest leaves follow from their acts */
        if (db_run(db, e, SQL_TILE_PUT, DB_INT(level), DB_INT((int64_t)n),
                   DB_BYTES(edge->hashes[begin - edge->base], count * MERKLE_HASH)) != 1)
            return -1;
    }
    edge->flushed = width;
    return 0;
}

int journal_flush(struct journal *journal, struct db *db, struct err *e)
{
    if (journal->size == journal->committed_size)
        return 0;
    for (unsigned level = 0; level < TILE_LEVELS; level++)
        if (flush_level(journal, db, level, e) != 0)
            return -1;
    int64_t moved = db_run(db, e, SQL_JOURNAL_STATE_MOVE, DB_INT((int64_t)journal->size),
                           DB_INT(journal->last_at), DB_INT((int64_t)journal->committed_size));
    if (moved == 0)
        return err_set(e, ERR_CONFLICT, "journal.moved", NULL,
                       "another writer has appended to the journal");
    return moved == 1 ? 0 : -1;
}

void journal_committed(struct journal *journal)
{
    journal->committed_size = journal->size;
    journal->committed_at = journal->last_at;
    journal->opened_committed = journal->opened;
    journal->committed_key = journal->key;
    edges_forget_full(journal);
}

void journal_rolled_back(struct journal *journal)
{
    journal->size = journal->committed_size;
    journal->last_at = journal->committed_at;
    journal->opened = journal->opened_committed;
    journal->key = journal->committed_key;
    edges_cut(journal, journal->committed_size);
}
