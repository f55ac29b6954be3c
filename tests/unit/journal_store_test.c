/* SPDX-License-Identifier: Apache-2.0 */
/* The stored journal, on SQLite and on PostgreSQL: appending, going back, heads, proofs, damage. */
#include "../support/database.h"
#include "base/memory.h"
#include "journal/journal_internal.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <cmocka.h>

#define ORIGIN "centre.example/tocsin/0123456789abcdef"
#define ORGANISATION "org_01234567890123456789012345"

struct fixture {
    enum db_engine engine;
    char url[DATABASE_URL];
    struct db *db;
    struct journal *journal;
    struct key *private_key;
    struct note_key key;
    int64_t now; /* what the test's clock says */
    struct clock clock;
    struct err e;
};

static struct fixture fixtures[] = {{.engine = DB_SQLITE}, {.engine = DB_POSTGRES}};

#define ok(call) assert_ok((call), #call, f, __LINE__)

static void assert_ok(int64_t result, const char *call, const struct fixture *f, int line)
{
    if (result < 0)
        fail_msg("line %d: %s: %s (%s, %s)", line, call, f->e.text, f->e.code, f->e.where);
}

#define refused(call, expected) assert_refused((call), #call, (expected), f, __LINE__)

static void assert_refused(int64_t result, const char *call, const char *expected,
                           struct fixture *f, int line)
{
    if (result >= 0)
        fail_msg("line %d: %s was not refused with %s", line, call, expected);
    if (strcmp(f->e.code, expected) != 0)
        fail_msg("line %d: %s: %s (%s) instead of %s", line, call, f->e.text, f->e.code, expected);
    err_clear(&f->e);
}

static int64_t test_now(void *context)
{
    return ((struct fixture *)context)->now;
}

static struct note_key make_key(struct key *key, const char *name, enum note_type type)
{
    struct note_key made;
    uint8_t public_key[ED25519_PUBLIC_LEN];
    struct err e = {0};

    if (key_to_ed25519(key, public_key, &e) != 0 ||
        note_key_init(&made, slice_str(name), type, public_key, &e) != 0)
        abort();
    return made;
}

static int set_up(void **state)
{
    struct fixture *f = *state;

    f->db = NULL;
    f->journal = NULL;
    err_clear(&f->e);
    f->now = INT64_C(1795294799000000);
    f->clock = (struct clock){.now = test_now, .monotonic = test_now, .context = f};
    if (!database_fresh(f->engine, f->url))
        return 0;
    f->db = database_open(f->url);
    f->private_key = key_generate(KEY_ED25519, &f->e);
    f->key = make_key(f->private_key, ORIGIN, NOTE_ED25519);
    return journal_open(&f->journal, f->db, &f->clock, &random_system, &f->e);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    journal_close(f->journal);
    db_close(f->db);
    key_free(f->private_key);
    f->journal = NULL;
    f->db = NULL;
    f->private_key = NULL;
    return 0;
}

static struct fixture *fixture(void **state)
{
    struct fixture *f = *state;

    if (!f->db)
        skip();
    return f;
}

static void begin(struct fixture *f)
{
    ok(db_begin(f->db, &f->e));
    ok(journal_begin(f->journal, f->db, &f->e));
}

static void commit(struct fixture *f)
{
    ok(journal_flush(f->journal, f->db, &f->e));
    ok(db_commit(f->db, &f->e));
    journal_committed(f->journal);
}

static void roll_back(struct fixture *f)
{
    db_rollback(f->db);
    journal_rolled_back(f->journal);
}

static struct journal_entry append(struct fixture *f, const char *data)
{
    const struct act act = {.type = "advisory.imported",
                            .actor = "sys:test",
                            .organisation = ORGANISATION,
                            .data = slice_str(data)};
    struct journal_entry entry;

    ok(journal_append(f->journal, f->db, &act, &entry, &f->e));
    return entry;
}

static void append_many(struct fixture *f, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        f->now++;
        append(f, "{}");
    }
}

static void open_log(struct fixture *f)
{
    begin(f);
    ok(journal_open_log(f->journal, f->db, &f->key, NULL, 0, &f->e));
    commit(f);
}

/* A tree built from the stored commitments alone, by a simpler way. */
static void root_of_rows(struct fixture *f, uint64_t size, uint8_t root[32])
{
    struct merkle_frontier tree = {.size = 0};
    struct db_query q;
    uint8_t leaf[32];
    int row;

    ok(db_select(&q, f->db, &f->e, SQL_ACT_COMMITMENTS, DB_INT(0), DB_INT((int64_t)size)));
    while ((row = db_step(&q, &f->e)) == 1) {
        assert_int_equal(merkle_leaf(db_blob(&q, 1), leaf), 0);
        assert_int_equal(merkle_frontier_append(&tree, leaf), 0);
    }
    ok(row);
    db_query_finish(&q);
    assert_int_equal(tree.size, size);
    assert_int_equal(merkle_frontier_root(&tree, root), 0);
}

static void check_memory(struct fixture *f)
{
    uint8_t root[32], expected[32];
    uint64_t size;

    ok(journal_root(f->journal, &size, root, &f->e));
    root_of_rows(f, size, expected);
    assert_memory_equal(root, expected, 32);
}

static void store_checkpoint(struct fixture *f, struct buf *note)
{
    struct buf text;
    uint8_t root[32];
    uint64_t size;

    buf_init(&text);
    ok(journal_root(f->journal, &size, root, &f->e));
    checkpoint_put(&text, slice_str(journal_origin(f->journal)), size, root);
    buf_put_slice(note, buf_slice(&text));
    buf_putc(note, '\n');
    ok(note_sign(note, buf_slice(&text), &f->key, f->private_key, &f->e));
    ok(db_begin(f->db, &f->e));
    ok(journal_checkpoint_store(f->db, buf_slice(note), f->now, &f->e));
    ok(db_commit(f->db, &f->e));
    buf_fini(&text);
}

static void verify_all(struct fixture *f, uint64_t size)
{
    struct journal_verified result;

    ok(journal_verify(f->db, NULL, NULL, &result, &f->e));
    assert_int_equal(result.size, size);
}

/* ------------------------------------------------------------------------------------------- */

static void nothing_before_the_log_is_open(void **state)
{
    struct fixture *f = fixture(state);
    const struct act act = {.type = "a.b", .actor = "sys:test"};
    struct journal_head head;

    begin(f);
    refused(journal_append(f->journal, f->db, &act, NULL, &f->e), "journal.not-opened");
    ok(journal_open_log(f->journal, f->db, &f->key, NULL, 0, &f->e));
    assert_string_equal(journal_origin(f->journal), ORIGIN);
    roll_back(f);
    assert_string_equal(journal_origin(f->journal), "");
    verify_all(f, 0);
    open_log(f);
    begin(f);
    refused(journal_open_log(f->journal, f->db, &f->key, NULL, 0, &f->e), "journal.opened");
    roll_back(f);
    ok(journal_head(f->db, &head, &f->e));
    assert_int_equal(head.size, 1);
    assert_string_equal(head.origin, ORIGIN);
    verify_all(f, 1);
}

/* Sizes around every boundary of tiles, in batches of odd length, with reloads in between. */
static void tiles_follow_the_tree(void **state)
{
    struct fixture *f = fixture(state);
    static const uint64_t batches[] = {1, 2, 250, 1, 1, 1, 255, 256, 257, 511, 3000};
    uint64_t size = 1;

    open_log(f);
    for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
        begin(f);
        append_many(f, batches[i]);
        commit(f);
        size += batches[i];
        assert_int_equal(journal_committed_size(f->journal), size);
        check_memory(f);
        if (i % 3 == 1) { /* another program takes over */
            journal_close(f->journal);
            f->journal = NULL;
            ok(journal_open(&f->journal, f->db, &f->clock, &random_system, &f->e));
            check_memory(f);
        }
    }
    verify_all(f, size);
}

/* More than 65,536 acts: a full tile of level 1, and one that grows on level 2. */
static void three_levels_of_tiles(void **state)
{
    struct fixture *f = fixture(state);
    struct tile_path path = {.level = 2, .n = 0, .width = 1};
    struct buf tile;

    open_log(f);
    for (unsigned i = 0; i < 3; i++) {
        begin(f);
        append_many(f, 22000);
        commit(f);
    }
    check_memory(f);
    verify_all(f, 66001);
    struct journal_reader *reader = journal_reader_new(f->db, &f->e);
    assert_non_null(reader);
    buf_init(&tile);
    ok(journal_tile(reader, &path, &tile, &f->e));
    assert_int_equal(tile.len, 32);
    path = (struct tile_path){.level = 1, .n = 0, .width = 256};
    buf_reset(&tile);
    ok(journal_tile(reader, &path, &tile, &f->e));
    assert_int_equal(tile.len, 8192);
    path = (struct tile_path){.level = 1, .n = 1, .width = 2};
    buf_reset(&tile);
    refused(journal_tile(reader, &path, &tile, &f->e), "journal.tile");
    path.width = 1;
    ok(journal_tile(reader, &path, &tile, &f->e));
    path = (struct tile_path){.entries = true, .n = 257, .width = 66001 % 256};
    buf_reset(&tile);
    ok(journal_tile(reader, &path, &tile, &f->e));
    assert_int_equal(tile.len, 34 * (66001 % 256));
    assert_memory_equal(tile.data, "\0\x20", 2);
    buf_fini(&tile);
    journal_reader_free(reader);
}

/* A command that fails alone takes its acts with it, and nobody else's. */
static void savepoints_and_rollbacks(void **state)
{
    struct fixture *f = fixture(state);

    open_log(f);
    begin(f);
    append_many(f, 253);
    commit(f);
    for (unsigned round = 0; round < 4; round++) {
        begin(f);
        append_many(f, 3);
        struct journal_mark mark = journal_mark(f->journal);
        ok(db_savepoint(f->db, &f->e));
        append_many(f, 700); /* over several tiles */
        ok(db_rollback_to(f->db, &f->e));
        journal_reset_to(f->journal, mark);
        append_many(f, 1);
        if (round % 2) {
            roll_back(f);
            check_memory(f);
        } else {
            commit(f);
            check_memory(f);
        }
    }
    /* A transaction that fails after the tiles were written. */
    begin(f);
    append_many(f, 600);
    ok(journal_flush(f->journal, f->db, &f->e));
    roll_back(f);
    begin(f);
    append_many(f, 600);
    commit(f);
    check_memory(f);
    verify_all(f, 254 + 8 + 600);
}

/* The clock jumps back a day: acts stay in order, and say so. */
static void a_clock_that_jumps_back(void **state)
{
    struct fixture *f = fixture(state);
    const int64_t day = INT64_C(86400000000);

    open_log(f);
    begin(f);
    struct journal_entry first = append(f, "{}");
    f->now -= day;
    struct journal_entry second = append(f, "{}");
    f->now += 2 * day;
    struct journal_entry third = append(f, "{}");
    commit(f);
    assert_int_equal(second.at, first.at);
    assert_int_equal(third.at, first.at + day);
    verify_all(f, 4);
    struct buf proof;
    buf_init(&proof);
    struct buf note;
    buf_init(&note);
    store_checkpoint(f, &note);
    ok(journal_prove_act(f->db, second.index, &proof, &f->e));
    struct journal_proof parsed;
    ok(journal_proof_parse(&parsed, buf_slice(&proof), &f->e));
    struct slice body;
    ok(journal_proof_verify(&parsed, &f->key, NULL, 0, 0, &body, &f->e));
    assert_non_null(memmem(body.data, body.len, "\"clock\":\"2026-11-20T", 20));
    journal_proof_fini(&parsed);
    buf_fini(&proof);
    buf_fini(&note);
}

static void proofs_for_every_size(void **state)
{
    struct fixture *f = fixture(state);
    uint8_t proof[MERKLE_PROOF_MAX][32];
    static uint8_t roots[601][32], leaves[600][32];
    struct merkle_frontier tree = {.size = 0};
    struct db_query q;
    size_t n;

    open_log(f);
    begin(f);
    append_many(f, 599);
    commit(f);
    ok(db_select(&q, f->db, &f->e, SQL_ACT_COMMITMENTS, DB_INT(0), DB_INT(600)));
    for (size_t i = 0; i < 600; i++) {
        assert_int_equal(merkle_frontier_root(&tree, roots[i]), 0);
        assert_int_equal(db_step(&q, &f->e), 1);
        assert_int_equal(merkle_leaf(db_blob(&q, 1), leaves[i]), 0);
        assert_int_equal(merkle_frontier_append(&tree, leaves[i]), 0);
    }
    assert_int_equal(merkle_frontier_root(&tree, roots[600]), 0);
    db_query_finish(&q);
    struct journal_reader *reader = journal_reader_new(f->db, &f->e);
    assert_non_null(reader);
    for (uint64_t size = 1; size <= 600; size += size < 520 && size > 260 ? 37 : 1) {
        uint8_t root[32];
        ok(journal_root_at(reader, size, root, &f->e));
        assert_memory_equal(root, roots[size], 32);
        for (uint64_t index = 0; index < size; index += 1 + size / 9) {
            ok(journal_prove_inclusion(reader, index, size, proof, &n, &f->e));
            ok(merkle_verify_inclusion(index, size, roots[size], leaves[index],
                                       (const uint8_t(*)[32])proof, n, &f->e));
        }
        for (uint64_t old = 0; old <= size; old += 1 + size / 7) {
            ok(journal_prove_consistency(reader, old, size, proof, &n, &f->e));
            ok(merkle_verify_consistency(old, roots[old], size, roots[size],
                                         (const uint8_t(*)[32])proof, n, &f->e));
        }
    }
    refused(journal_prove_inclusion(reader, 0, 601, proof, &n, &f->e), "journal.range");
    refused(journal_prove_inclusion(reader, 600, 600, proof, &n, &f->e), "merkle.range");
    refused(journal_prove_consistency(reader, 5, 601, proof, &n, &f->e), "journal.range");
    journal_reader_free(reader);
}

static int count_row(void *context, const struct journal_row *row, struct err *e)
{
    uint64_t *seen = context;

    (void)e;
    assert_int_equal(row->index, seen[0]);
    seen[0]++;
    return seen[0] == seen[1] ? 1 : 0;
}

static void followers_go_on(void **state)
{
    struct fixture *f = fixture(state);
    uint64_t next, seen[2] = {0, 0};

    open_log(f);
    begin(f);
    append_many(f, 1233);
    commit(f);
    ok(journal_follower_position(f->db, "matcher", &next, &f->e));
    assert_int_equal(next, 0);
    assert_int_equal(journal_read(f->db, 0, 1000, count_row, seen, &next, &f->e), 1000);
    assert_int_equal(next, 1000);
    ok(db_begin(f->db, &f->e));
    ok(journal_follower_move(f->db, "matcher", next, &f->e));
    ok(db_commit(f->db, &f->e));
    ok(journal_follower_position(f->db, "matcher", &next, &f->e));
    seen[1] = 1100; /* the callback stops there */
    assert_int_equal(journal_read(f->db, next, 1000, count_row, seen, &next, &f->e), 100);
    assert_int_equal(next, 1100);
    seen[1] = 0;
    assert_int_equal(journal_read(f->db, next, 1000, count_row, seen, &next, &f->e), 134);
    assert_int_equal(next, 1234);
    assert_int_equal(journal_read(f->db, next, 1000, count_row, seen, &next, &f->e), 0);
    ok(db_begin(f->db, &f->e));
    refused(journal_follower_move(f->db, "matcher", 999, &f->e), "journal.follower");
    db_rollback(f->db);
    ok(journal_follower_position(f->db, "matcher", &next, &f->e));
    assert_int_equal(next, 1000);
}

static int find_row(void *context, const struct journal_row *row, struct err *e)
{
    (void)e;
    *(uint64_t *)context = row->body.data ? row->index : UINT64_MAX;
    return 0;
}

/* Retention ends: the act is gone, every other proof holds. */
static void forgetting_leaves_the_tree(void **state)
{
    struct fixture *f = fixture(state);
    struct buf before, after, note;
    uint64_t index = 0;

    buf_init(&before);
    buf_init(&after);
    buf_init(&note);
    open_log(f);
    begin(f);
    append_many(f, 300);
    struct journal_entry entry = append(f, "{\"secret\":true}");
    append_many(f, 10);
    commit(f);
    store_checkpoint(f, &note);
    ok(journal_prove_act(f->db, 7, &before, &f->e));
    assert_int_equal(journal_find(f->db, entry.id, find_row, &index, &f->e), 1);
    assert_int_equal(index, entry.index);
    ok(db_begin(f->db, &f->e));
    assert_int_equal(journal_forget(f->db, entry.index, &f->e), 1);
    assert_int_equal(journal_forget(f->db, entry.index, &f->e), 0);
    refused(journal_forget(f->db, 0, &f->e), "journal.keeps");
    refused(journal_forget(f->db, 99999, &f->e), "journal.act");
    ok(db_commit(f->db, &f->e));
    assert_int_equal(journal_find(f->db, entry.id, find_row, &index, &f->e), 1);
    assert_true(index == UINT64_MAX);
    assert_int_equal(journal_find(f->db, "act_00000000000000000000000000", find_row, &index, &f->e),
                     0);
    refused(journal_prove_act(f->db, entry.index, &after, &f->e), "journal.forgotten");
    buf_reset(&after);
    ok(journal_prove_act(f->db, 7, &after, &f->e));
    assert_true(slice_equal(buf_slice(&before), buf_slice(&after)));
    verify_all(f, 312);
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&note);
}

static void checkpoints_and_cosignatures(void **state)
{
    struct fixture *f = fixture(state);
    struct key *private_keys[2];
    struct note_key witnesses[2];
    struct buf first, second, lines, got;
    struct note note;
    uint64_t size;

    buf_init(&first);
    buf_init(&second);
    buf_init(&lines);
    buf_init(&got);
    for (size_t i = 0; i < 2; i++) {
        private_keys[i] = key_generate(KEY_ED25519, &f->e);
        witnesses[i] = make_key(private_keys[i], i ? "w1.example" : "w0.example", NOTE_COSIGNATURE);
    }
    open_log(f);
    assert_int_equal(journal_checkpoint_latest(f->db, &got, &size, &f->e), 0);
    begin(f);
    append_many(f, 9);
    commit(f);
    store_checkpoint(f, &first);
    /* w0 cosigns the first */
    ok(note_parse(&note, buf_slice(&first), &f->e));
    ok(cosignature_sign(&lines, note.text, 1795294799, &witnesses[0], private_keys[0], &f->e));
    ok(db_begin(f->db, &f->e));
    assert_int_equal(
        journal_cosignature_store(f->db, 10, buf_slice(&lines), &witnesses[0], 1, &f->e), 1);
    assert_int_equal(
        journal_cosignature_store(f->db, 10, buf_slice(&lines), &witnesses[0], 1, &f->e), 0);
    /* … which is nothing by w1, and nothing for a size that has no checkpoint */
    assert_int_equal(
        journal_cosignature_store(f->db, 10, buf_slice(&lines), &witnesses[1], 1, &f->e), 0);
    refused(journal_cosignature_store(f->db, 9, buf_slice(&lines), &witnesses[0], 1, &f->e),
            "journal.checkpoint");
    ok(db_commit(f->db, &f->e));
    begin(f);
    append_many(f, 5);
    commit(f);
    store_checkpoint(f, &second);
    /* the old cosignature does not fit the new head */
    ok(db_begin(f->db, &f->e));
    refused(journal_cosignature_store(f->db, 15, buf_slice(&lines), &witnesses[0], 1, &f->e),
            "note.signature");
    ok(db_commit(f->db, &f->e));
    assert_int_equal(journal_checkpoint_latest(f->db, &got, &size, &f->e), 1);
    assert_int_equal(size, 15);
    assert_true(slice_equal(buf_slice(&got), buf_slice(&second)));
    buf_reset(&got);
    assert_int_equal(journal_checkpoint_cosigned(f->db, witnesses, 2, 1, &got, &size, &f->e), 1);
    assert_int_equal(size, 10);
    ok(note_parse(&note, buf_slice(&got), &f->e));
    assert_int_equal(note.count, 2);
    buf_reset(&got);
    assert_int_equal(journal_checkpoint_cosigned(f->db, witnesses, 2, 2, &got, &size, &f->e), 0);
    assert_int_equal(got.len, 0);
    assert_int_equal(journal_checkpoint_at_or_after(f->db, 11, &got, &size, &f->e), 1);
    assert_int_equal(size, 15);
    verify_all(f, 15);

    /* a checkpoint of another tree, of another key, of the future */
    struct buf text, forged;
    buf_init(&text);
    buf_init(&forged);
    uint8_t root[32] = {1};
    checkpoint_put(&text, slice_str(ORIGIN), 15, root);
    buf_printf(&forged, "%s\n", buf_text(&text));
    ok(note_sign(&forged, buf_slice(&text), &f->key, f->private_key, &f->e));
    ok(db_begin(f->db, &f->e));
    refused(journal_checkpoint_store(f->db, buf_slice(&forged), 1, &f->e), "journal.checkpoint");
    buf_reset(&text);
    buf_reset(&forged);
    checkpoint_put(&text, slice_str(ORIGIN), 16, root);
    buf_printf(&forged, "%s\n", buf_text(&text));
    ok(note_sign(&forged, buf_slice(&text), &f->key, f->private_key, &f->e));
    refused(journal_checkpoint_store(f->db, buf_slice(&forged), 1, &f->e), "journal.checkpoint");
    buf_reset(&forged);
    buf_printf(&forged, "%s\n", buf_text(&text));
    struct note_key other = make_key(private_keys[0], ORIGIN, NOTE_ED25519);
    ok(note_sign(&forged, buf_slice(&text), &other, private_keys[0], &f->e));
    refused(journal_checkpoint_store(f->db, buf_slice(&forged), 1, &f->e), "checkpoint.unsigned");
    ok(journal_checkpoint_prune(f->db, INT64_MAX, &f->e));
    ok(db_commit(f->db, &f->e));
    buf_reset(&got);
    assert_int_equal(journal_checkpoint_latest(f->db, &got, &size, &f->e), 1);
    assert_int_equal(size, 15); /* the newest stays, the cosigned one too */
    buf_reset(&got);
    assert_int_equal(journal_checkpoint_cosigned(f->db, witnesses, 2, 1, &got, &size, &f->e), 1);
    verify_all(f, 15);
    for (size_t i = 0; i < 2; i++)
        key_free(private_keys[i]);
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&lines);
    buf_fini(&got);
    buf_fini(&text);
    buf_fini(&forged);
}

/* Database restored from an older copy: refused, and both heads are named. */
static void a_known_head_shows_a_rollback(void **state)
{
    struct fixture *f = fixture(state);
    uint8_t root[32], other[32];
    uint64_t size;

    open_log(f);
    begin(f);
    append_many(f, 20);
    commit(f);
    ok(journal_root(f->journal, &size, root, &f->e));
    ok(journal_check_known_head(f->db, size, root, "the signer", &f->e));
    begin(f);
    append_many(f, 20);
    commit(f);
    ok(journal_check_known_head(f->db, size, root, "the signer", &f->e));
    memcpy(other, root, 32);
    other[3] ^= 4;
    refused(journal_check_known_head(f->db, size, other, "the signer", &f->e), "journal.forked");
    assert_int_equal(journal_check_known_head(f->db, 100, root, "the signer", &f->e), -1);
    assert_string_equal(f->e.code, "journal.rolled-back");
    assert_non_null(strstr(f->e.text, "41 acts"));
    assert_non_null(strstr(f->e.text, "100"));
    err_clear(&f->e);
    /* accepted: a new origin, on the same tree */
    struct note_key renamed =
        make_key(f->private_key, "centre.example/tocsin/fedcba9876543210", NOTE_ED25519);
    begin(f);
    ok(journal_open_log(f->journal, f->db, &renamed, ORIGIN, 41, &f->e));
    roll_back(f);
    assert_string_equal(journal_origin(f->journal), ORIGIN);
    begin(f);
    ok(journal_open_log(f->journal, f->db, &renamed, ORIGIN, 41, &f->e));
    commit(f);
    assert_string_equal(journal_origin(f->journal), renamed.name);
    f->key = renamed;
    struct buf note;
    buf_init(&note);
    store_checkpoint(f, &note);
    buf_fini(&note);
    verify_all(f, 42);
}

/* Two centres on one database: the second one sees what the first appended. */
static void another_writer_is_seen(void **state)
{
    struct fixture *f = fixture(state);
    struct journal *other;

    open_log(f);
    ok(journal_open(&other, f->db, &f->clock, &random_system, &f->e));
    begin(f);
    append_many(f, 300);
    commit(f);
    struct journal *mine = f->journal;
    f->journal = other;
    begin(f);
    assert_int_equal(journal_size(other), 301);
    append_many(f, 5);
    commit(f);
    f->journal = mine;
    /* without journal_begin the flush is refused, not torn */
    ok(db_begin(f->db, &f->e));
    const struct act act = {.type = "a.b", .actor = "sys:test"};
    assert_int_equal(journal_append(mine, f->db, &act, NULL, &f->e), -1);
    err_clear(&f->e);
    roll_back(f);
    begin(f);
    append_many(f, 1);
    commit(f);
    journal_close(other);
    verify_all(f, 307);
}

/* ---- damage: each is found, and named ------------------------------------------------------ */

static void damage(struct fixture *f, const char *sqlite)
{
    char path[DATABASE_URL + 64], command[1024];

    snprintf(path, sizeof path, "%s", f->url + strlen("sqlite:"));
    snprintf(command, sizeof command,
             "python3 -c \"import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); "
             "assert d.execute(sys.argv[2]).rowcount==1; d.commit()\" '%s' \"%s\"",
             path, sqlite);
    assert_int_equal(system(command), 0);
}

static void damage_is_found(void **state)
{
    static const struct {
        const char *sql, *code;
    } cases[] = {
        {"UPDATE act SET body = CAST(replace(CAST(body AS TEXT), 'sys:test', 'sys:tess') AS BLOB) "
         "WHERE idx = 300",
         "journal.act"},
        {"UPDATE act SET salt = zeroblob(32) WHERE idx = 5", "journal.act"},
        {"UPDATE act SET type = 'a.c' WHERE idx = 5", "journal.act"},
        {"UPDATE act SET at = at + 1 WHERE idx = 5", "journal.act"},
        {"UPDATE act SET at = at + 100000000 WHERE idx = 5", "journal.act"},
        {"UPDATE act SET commitment = zeroblob(32), salt = NULL, body = NULL WHERE idx = 5",
         "journal.tile"},
        {"UPDATE act SET commitment = zeroblob(32), salt = NULL, body = NULL WHERE idx = 600",
         "journal.checkpoint"},
        {"DELETE FROM act WHERE idx = 77", "journal.gap"},
        {"DELETE FROM act WHERE idx = 600", "journal.gap"},
        {"DELETE FROM tile WHERE level = 0 AND n = 1", "journal.tile"},
        {"UPDATE tile SET data = zeroblob(64) WHERE level = 1 AND n = 0", "journal.tile"},
        {"UPDATE tile SET data = substr(data, 1, 32) WHERE level = 1 AND n = 0", "journal.tile"},
        {"UPDATE log_state SET size = 602", "journal.gap"},
        {"UPDATE log_state SET last_at = 5", "journal.head"},
        {"UPDATE checkpoint SET size = 600, note = replace(note, '601', '600')",
         "journal.checkpoint"},
        {"UPDATE checkpoint SET size = 602", "journal.checkpoint"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct journal_verified result;
        struct buf note;
        assert_int_equal(set_up(state), 0);
        buf_init(&note);
        open_log(f);
        begin(f);
        append_many(f, 600);
        commit(f);
        store_checkpoint(f, &note);
        verify_all(f, 601);
        damage(f, cases[i].sql);
        int rc = journal_verify(f->db, NULL, NULL, &result, &f->e);
        if (rc == 0 || strcmp(f->e.code, cases[i].code) != 0)
            fail_msg("%s: %s (%s) instead of %s", cases[i].sql, f->e.text, f->e.code,
                     cases[i].code);
        buf_fini(&note);
        tear_down(state);
    }
}

/* kill -9 while batches are committed: the journal verifies and ends where a commit ended. */
static void killed_at_any_moment(void **state)
{
    struct fixture *f = fixture(state);
    uint64_t least = 1;

    open_log(f);
    journal_close(f->journal);
    db_close(f->db);
    f->journal = NULL;
    f->db = NULL;
    for (unsigned round = 0; round < 10; round++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
            struct err e = {0};
            if (db_open(&f->db, f->url, DB_WRITE, &e) != 0 ||
                journal_open(&f->journal, f->db, &f->clock, &random_system, &e) != 0)
                _exit(1);
            for (;;) {
                const struct act act = {.type = "a.b", .actor = "sys:test"};
                uint64_t size;
                bool fine = db_begin(f->db, &e) == 0 && journal_begin(f->journal, f->db, &e) == 0;
                for (unsigned i = 0; fine && i < 97; i++)
                    fine = journal_append(f->journal, f->db, &act, NULL, &e) == 0;
                if (!fine || journal_flush(f->journal, f->db, &e) != 0 || db_commit(f->db, &e) != 0)
                    _exit(1);
                journal_committed(f->journal);
                size = journal_committed_size(f->journal);
                if (write(told[1], &size, sizeof size) != sizeof size)
                    _exit(1);
            }
        }
        assert_true(child > 0);
        close(told[1]);
        usleep(30000 + round * 3777);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        uint64_t size;
        while (read(told[0], &size, sizeof size) == sizeof size)
            least = size;
        close(told[0]);
        f->db = database_open(f->url);
        ok(journal_open(&f->journal, f->db, &f->clock, &random_system, &f->e));
        size = journal_committed_size(f->journal);
        assert_true(size >= least); /* nothing acknowledged is lost */
        assert_int_equal((size - 1) % 97, 0);
        verify_all(f, size);
        journal_close(f->journal);
        db_close(f->db);
        f->journal = NULL;
        f->db = NULL;
    }
    assert_true(least > 1);
    f->db = database_open(f->url);
}

/* Fails each allocation once: an error, no leak, and the next try works. */
static void torture(void **state)
{
    struct fixture *f = fixture(state);
    bool done = false;

    open_log(f);
    begin(f);
    append_many(f, 520);
    commit(f);
    struct buf note;
    buf_init(&note);
    store_checkpoint(f, &note);
    buf_fini(&note);
    for (long k = 0; !done; k++) {
        struct journal *journal = NULL;
        struct journal_verified result;
        struct buf proof;
        const struct act act = {.type = "a.b", .actor = "sys:test"};
        assert_true(k < 5000);
        err_clear(&f->e);
        buf_init(&proof);
        mem_fail_after(k);
        done = journal_open(&journal, f->db, &f->clock, &random_system, &f->e) == 0 &&
               db_begin(f->db, &f->e) == 0 && journal_begin(journal, f->db, &f->e) == 0 &&
               journal_append(journal, f->db, &act, NULL, &f->e) == 0 &&
               journal_flush(journal, f->db, &f->e) == 0;
        db_rollback(f->db);
        done = done && journal_prove_act(f->db, 300, &proof, &f->e) == 0 &&
               journal_verify(f->db, NULL, NULL, &result, &f->e) == 0;
        mem_fail_after(-1);
        if (!done)
            assert_true(err_is_set(&f->e));
        journal_close(journal);
        buf_fini(&proof);
    }
    err_clear(&f->e);
    verify_all(f, 521);
}

#define ON(engine, test)                                                                           \
    cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, &fixtures[engine])
#define ON_BOTH(test) ON(DB_SQLITE, test), ON(DB_POSTGRES, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(nothing_before_the_log_is_open),
        ON_BOTH(tiles_follow_the_tree),
        ON(DB_SQLITE, three_levels_of_tiles),
        ON_BOTH(savepoints_and_rollbacks),
        ON_BOTH(a_clock_that_jumps_back),
        ON_BOTH(proofs_for_every_size),
        ON_BOTH(followers_go_on),
        ON_BOTH(forgetting_leaves_the_tree),
        ON_BOTH(checkpoints_and_cosignatures),
        ON_BOTH(a_known_head_shows_a_rollback),
        ON_BOTH(another_writer_is_seen),
        cmocka_unit_test_prestate(damage_is_found, &fixtures[DB_SQLITE]),
        ON_BOTH(killed_at_any_moment),
        ON_BOTH(torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
