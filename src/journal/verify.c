/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal against itself: every act, tile and head recomputed from the acts' rows alone. The
 * tree is built a second time here, by merkle_frontier and not by the writer's right edge.
 */
#include "journal/journal_internal.h"

#include "base/map.h"
#include "base/memory.h"
#include "crypto/digest.h"

enum { ORIGINS_MAX = 64 };

struct verifying {
    struct db *db;
    struct merkle_frontier tree;
    uint8_t tiles[TILE_LEVELS][TILE_WIDTH][MERKLE_HASH]; /* what each level's growing tile holds */
    int64_t last_at;
    struct note_key *origins; /* who the log said it was, one after the other */
    size_t origin_count;
    uint64_t next_checkpoint; /* size of the first stored checkpoint not looked at; or ~0 */
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *progress_context;
    uint64_t all;
    struct journal_verified *result;
};

/* ---- tiles ------------------------------------------------------------------------------- */

static int compare_tile(struct verifying *v, unsigned level, uint64_t n, unsigned width,
                        struct err *e)
{
    struct db_query q;
    int rc = -1, found = db_find(&q, v->db, e, SQL_TILE_GET, DB_INT(level), DB_INT((int64_t)n));

    if (found >= 0) {
        struct slice data = found ? db_blob(&q, 0) : slice_of(NULL, 0);
        if (data.len == (size_t)width * MERKLE_HASH &&
            memcmp(data.data, v->tiles[level], data.len) == 0)
            rc = 0;
        else
            err_set(e, ERR_VERIFY, "journal.tile", "C2SP tlog-tiles",
                    found ? "tile %llu of level %u is not what the acts give"
                          : "tile %llu of level %u is missing",
                    (unsigned long long)n, level);
    }
    db_query_finish(&q);
    return rc;
}

static int add_to_tiles(struct verifying *v, const uint8_t leaf[MERKLE_HASH], struct err *e)
{
    uint64_t index = v->tree.size - 1; /* of the hash at this level */
    uint8_t hash[MERKLE_HASH];

    memcpy(hash, leaf, MERKLE_HASH);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        memcpy(v->tiles[level][index % TILE_WIDTH], hash, MERKLE_HASH);
        if ((index + 1) % TILE_WIDTH != 0)
            return 0;
        index /= TILE_WIDTH;
        if (compare_tile(v, level, index, TILE_WIDTH, e) != 0 ||
            tile_reduce((const uint8_t(*)[MERKLE_HASH])v->tiles[level], TILE_WIDTH, hash, e) != 0)
            return -1;
    }
    return 0;
}

static int compare_growing_tiles(struct verifying *v, struct err *e)
{
    for (unsigned level = 1; level < TILE_LEVELS; level++) {
        uint64_t width = edge_width(v->tree.size, level);
        if (width % TILE_WIDTH != 0 &&
            compare_tile(v, level, width / TILE_WIDTH, (unsigned)(width % TILE_WIDTH), e) != 0)
            return -1;
    }
    return 0;
}

/* ---- checkpoints ------------------------------------------------------------------------- */

static int find_next_checkpoint(struct verifying *v, uint64_t from, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, v->db, e, SQL_CHECKPOINT_FIRST_FROM, DB_INT((int64_t)from));

    v->next_checkpoint = found == 1 ? (uint64_t)db_int(&q, 0) : UINT64_MAX;
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int check_cosignatures(struct verifying *v, const struct note *note, struct err *e)
{
    struct db_query q;
    int row = -1, rc = -1;

    if (db_select(&q, v->db, e, SQL_COSIGNATURE_LIST, DB_INT((int64_t)v->next_checkpoint)) == 0) {
        while ((row = db_step(&q, e)) == 1) {
            struct note_key witness;
            if (note_key_parse(&witness, db_slice(&q, 0), e) != 0)
                break;
            int valid = note_verify(note, &witness, NULL, e);
            if (valid != 1) {
                err_clear(e);
                err_set(e, ERR_VERIFY, "journal.cosignature", "C2SP tlog-cosignature",
                        "the cosignature of \"%s\" for %llu acts does not hold", witness.name,
                        (unsigned long long)v->next_checkpoint);
                break;
            }
            v->result->cosignatures++;
        }
        rc = row == 0 ? 0 : -1;
    }
    db_query_finish(&q);
    return rc;
}

static int check_checkpoint(struct verifying *v, struct err *e)
{
    const char *wrong = "is not one";
    uint8_t root[MERKLE_HASH];
    struct checkpoint checkpoint;
    struct note note;
    struct buf text;
    uint64_t size;
    int rc = -1;

    buf_init(&text);
    if (journal_checkpoint_at_or_after(v->db, v->next_checkpoint, &text, &size, e) != 1)
        goto out;
    if (note_parse(&note, buf_slice(&text), e) != 0 ||
        checkpoint_parse(&checkpoint, note.text, e) != 0)
        goto wrong;
    if (merkle_frontier_root(&v->tree, root) != 0) {
        digest_failed(e);
        goto out;
    }
    wrong = "has another size or root than the acts give";
    if (checkpoint.size != v->tree.size || memcmp(root, checkpoint.root, sizeof root) != 0)
        goto wrong;
    wrong = "is not signed by the log that its acts name";
    bool is_signed = false;
    for (size_t i = 0; i < v->origin_count && !is_signed; i++)
        if (slice_is(checkpoint.origin, v->origins[i].name)) {
            int valid = note_verify(&note, &v->origins[i], NULL, e);
            if (valid < 0)
                goto wrong;
            is_signed = valid == 1;
        }
    if (!is_signed)
        goto wrong;
    v->result->checkpoints++;
    if (check_cosignatures(v, &note, e) != 0 ||
        find_next_checkpoint(v, v->next_checkpoint + 1, e) != 0)
        goto out;
    rc = 0;
    goto out;
wrong:
    err_clear(e);
    err_set(e, ERR_VERIFY, "journal.checkpoint", "C2SP tlog-checkpoint",
            "the stored checkpoint of %llu acts %s", (unsigned long long)v->next_checkpoint, wrong);
out:
    buf_fini(&text);
    return rc;
}

/* ---- acts -------------------------------------------------------------------------------- */

static int wrong_act(struct err *e, const struct journal_row *row, const char *why)
{
    struct err cause = *e;

    err_clear(e);
    return err_set(e, ERR_VERIFY, "journal.act", "tocsin formats section 2.1", "act %llu %s%s%s",
                   (unsigned long long)row->index, why, cause.text[0] ? ": " : "", cause.text);
}

static int note_origin(struct verifying *v, const struct act_view *act,
                       const struct journal_row *row, struct err *e)
{
    if (v->origin_count == ORIGINS_MAX)
        return wrong_act(e, row, "opens the log once too often");
    if (note_key_parse(&v->origins[v->origin_count], json_get_string(act->data, "key"), e) != 0 ||
        !slice_is(json_get_string(act->data, "origin"), v->origins[v->origin_count].name))
        return wrong_act(e, row, "does not name the log's key");
    v->origin_count++;
    return 0;
}

static int check_body(struct verifying *v, const struct journal_row *row, struct err *e)
{
    uint8_t commitment[ACT_COMMITMENT], leaf[MERKLE_HASH];
    struct json_doc *doc = NULL;
    struct act_view act;
    int rc = -1;

    if (act_commit(row->salt.data, row->body, commitment, leaf, e) != 0)
        return -1;
    if (memcmp(commitment, row->commitment, sizeof commitment) != 0)
        return wrong_act(e, row, "was changed: its commitment is another");
    if (act_check(row->body, e) != 0)
        return wrong_act(e, row, "is not as an act has to be");
    if (json_parse(&doc, row->body, NULL, e) != 0)
        return -1;
    if (act_view(&act, json_root(doc), e) != 0)
        wrong_act(e, row, "is not as an act has to be");
    else if (!slice_is(act.id, row->id) || act.at != row->at || !slice_is(act.type, row->type) ||
             !slice_equal(act.organisation, slice_str(row->organisation)))
        wrong_act(e, row, "has a row that says something else than the act");
    else if (slice_is(act.type, "log.opened") && note_origin(v, &act, row, e) != 0)
        rc = -1;
    else
        rc = 0;
    json_doc_free(doc);
    return rc;
}

static int check_row(void *context, const struct journal_row *row, struct err *e)
{
    struct verifying *v = context;
    uint8_t leaf[MERKLE_HASH];

    if (row->index != v->tree.size)
        return err_set(e, ERR_VERIFY, "journal.gap", NULL, "act %llu of the journal is not there",
                       (unsigned long long)v->tree.size);
    if (row->at < v->last_at)
        return err_set(e, ERR_VERIFY, "journal.order", "tocsin formats section 2.1",
                       "act %llu says an earlier time than the act in front of it",
                       (unsigned long long)row->index);
    v->last_at = row->at;
    if (row->body.data) {
        if (check_body(v, row, e) != 0)
            return -1;
    } else {
        v->result->forgotten++;
    }
    if (merkle_leaf(slice_of(row->commitment, ACT_COMMITMENT), leaf) != 0 ||
        merkle_frontier_append(&v->tree, leaf) != 0)
        return digest_failed(e);
    if (add_to_tiles(v, leaf, e) != 0)
        return -1;
    if (v->tree.size == v->next_checkpoint && check_checkpoint(v, e) != 0)
        return -1;
    if (v->progress && v->tree.size % 4096 == 0)
        v->progress(v->progress_context, v->tree.size, v->all);
    return 0;
}

int journal_verify(struct db *db, void (*progress)(void *context, uint64_t done, uint64_t all),
                   void *context, struct journal_verified *result, struct err *e)
{
    struct verifying *v = mem_new(1, sizeof *v);
    struct journal_head head;
    bool begun = false;
    int rc = -1;

    *result = (struct journal_verified){.size = 0};
    if (!v)
        return err_memory(e);
    *v = (struct verifying){.db = db,
                            .last_at = INT64_MIN,
                            .progress = progress,
                            .progress_context = context,
                            .result = result};
    v->origins = mem_new(ORIGINS_MAX, sizeof *v->origins);
    if (!v->origins) {
        err_memory(e);
        goto out;
    }
    if (!db_in_transaction(db)) { /* one state for all statements */
        if (db_begin(db, e) != 0)
            goto out;
        begun = true;
    }
    if (journal_head(db, &head, e) != 0 || find_next_checkpoint(v, 0, e) != 0)
        goto out;
    v->all = head.size;
    if (v->next_checkpoint == 0 && check_checkpoint(v, e) != 0)
        goto out;
    if (journal_read(db, 0, head.size, check_row, v, NULL, e) < 0)
        goto out;
    if (v->tree.size != head.size) {
        err_set(e, ERR_VERIFY, "journal.gap", NULL,
                "act %llu is not there: the journal should have %llu acts",
                (unsigned long long)v->tree.size, (unsigned long long)head.size);
        goto out;
    }
    if (head.size > 0 && v->last_at != head.last_at) {
        err_set(e, ERR_VERIFY, "journal.head", NULL,
                "the head does not say the time of the last act");
        goto out;
    }
    if (head.size > 0 &&
        (v->origin_count == 0 || strcmp(v->origins[v->origin_count - 1].name, head.origin) != 0)) {
        err_set(e, ERR_VERIFY, "journal.head", "tocsin formats section 2.1",
                "the head has another origin than the last act that opened the log");
        goto out;
    }
    if (compare_growing_tiles(v, e) != 0)
        goto out;
    if (v->next_checkpoint != UINT64_MAX) {
        err_set(e, ERR_VERIFY, "journal.checkpoint", "C2SP tlog-checkpoint",
                "a checkpoint of %llu acts is kept, but the journal has only %llu",
                (unsigned long long)v->next_checkpoint, (unsigned long long)head.size);
        goto out;
    }
    result->size = head.size;
    if (merkle_frontier_root(&v->tree, result->root) != 0) {
        digest_failed(e);
        goto out;
    }
    rc = 0;
out:
    if (begun)
        db_rollback(db);
    mem_free(v->origins);
    mem_free(v);
    return rc;
}
