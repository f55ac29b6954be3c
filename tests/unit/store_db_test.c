/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of store/db.h, each test once on SQLite and once on PostgreSQL. */
#include "base/memory.h"
#include "store/db_driver.h"
#include "../support/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct fixture {
    enum db_engine engine;
    char url[DATABASE_URL];
    struct db *db;
    struct err e;
};

static struct fixture fixtures[] = {{.engine = DB_SQLITE}, {.engine = DB_POSTGRES}};

/* Each test gets a database of its own. */
static int set_up(void **state)
{
    struct fixture *f = *state;

    f->db = NULL;
    err_clear(&f->e);
    if (database_fresh(f->engine, f->url))
        f->db = database_open(f->url);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    db_close(f->db);
    f->db = NULL;
    return 0;
}

static struct fixture *fixture(void **state)
{
    struct fixture *f = *state;

    if (!f->db)
        skip();
    return f;
}

#define ok(call) assert_ok((call), #call, f, __LINE__)

static void assert_ok(int64_t result, const char *call, const struct fixture *f, int line)
{
    if (result < 0)
        fail_msg("line %d: %s: %s (%s, %s)", line, call, f->e.text, f->e.code, f->e.where);
}

/* The call failed with this code; forgets the error. */
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

static int64_t set(struct fixture *f, const char *name, const char *value)
{
    return db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT(name), DB_BLOB(slice_str(value)), DB_INT(1));
}

static int64_t insert(struct fixture *f, const char *id)
{
    return db_run(f->db, &f->e, SQL_ORGANISATION_INSERT, DB_TEXT(id), DB_BOOL(false), DB_INT(1),
                  DB_NIL);
}

static bool there(struct fixture *f, struct db *db, const char *name)
{
    struct db_query q;
    int found = db_find(&q, db, &f->e, SQL_FACT_GET, DB_TEXT(name));

    ok(found);
    db_query_finish(&q);
    return found == 1;
}

static void commit_keeps_and_rollback_forgets(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    assert_true(db_in_transaction(f->db));
    assert_int_equal(set(f, "a", "1"), 1);
    ok(db_commit(f->db, &f->e));
    assert_false(db_in_transaction(f->db));
    ok(db_begin(f->db, &f->e));
    ok(set(f, "b", "2"));
    assert_true(there(f, f->db, "b"));
    db_rollback(f->db);
    db_rollback(f->db);
    assert_true(there(f, f->db, "a"));
    assert_false(there(f, f->db, "b"));

    struct db *again;
    ok(db_open(&again, f->url, DB_READ, &f->e));
    assert_true(there(f, again, "a"));
    assert_false(there(f, again, "b"));
    db_close(again);
}

static void closing_rolls_back(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(set(f, "a", "1"));
    db_close(f->db);
    f->db = database_open(f->url);
    assert_false(there(f, f->db, "a"));
}

static void savepoints_nest(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(set(f, "outside", ""));
    ok(db_savepoint(f->db, &f->e));
    ok(set(f, "kept", ""));
    ok(db_savepoint(f->db, &f->e));
    ok(set(f, "undone", ""));
    ok(db_savepoint(f->db, &f->e));
    ok(set(f, "released into what is undone", ""));
    ok(db_release(f->db, &f->e));
    ok(db_rollback_to(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    ok(set(f, "second try", ""));
    ok(db_release(f->db, &f->e));
    ok(db_release(f->db, &f->e));
    ok(db_commit(f->db, &f->e));
    assert_true(there(f, f->db, "outside"));
    assert_true(there(f, f->db, "kept"));
    assert_true(there(f, f->db, "second try"));
    assert_false(there(f, f->db, "undone"));
    assert_false(there(f, f->db, "released into what is undone"));
}

/*
 * Random walks of savepoints, writes, failures and undoing, against a model: which of the rows
 * written so far would be there if we committed now.
 */
static void savepoints_follow_a_model(void **state)
{
    struct fixture *f = fixture(state);
    unsigned seed = 7;

    for (int walk = 0; walk < 20; walk++) {
        unsigned depth_of[40]; /* the savepoint that a row was written in; its loss is 0xff */
        unsigned written = 0;
        unsigned depth = 0;
        char name[16];

        ok(db_begin(f->db, &f->e));
        while (written < ARRAY_LEN(depth_of)) {
            bool full = depth == DB_SAVEPOINTS_MAX;
            switch (rand_r(&seed) % 6) {
            case 0:
            case 1:
                snprintf(name, sizeof(name), "%d-%u", walk, written);
                ok(set(f, name, ""));
                depth_of[written++] = depth;
                break;
            case 2:
                if (!full) {
                    ok(db_savepoint(f->db, &f->e));
                    depth++;
                }
                break;
            case 3:
                if (depth > 0) {
                    ok(db_release(f->db, &f->e));
                    depth--;
                    for (unsigned i = 0; i < written; i++)
                        depth_of[i] = depth_of[i] == depth + 1 ? depth : depth_of[i];
                }
                break;
            case 4: /* a failure, now and then after a savepoint that nothing else followed */
                if (depth == 0)
                    break;
                refused(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("x"), DB_NIL, DB_INT(0)),
                        "store.check");
                /* fall through */
            default:
                if (depth > 0) {
                    ok(db_rollback_to(f->db, &f->e));
                    for (unsigned i = 0; i < written; i++)
                        depth_of[i] = depth_of[i] == depth ? 0xff : depth_of[i];
                    depth--;
                }
            }
        }
        for (; depth > 0; depth--)
            ok(db_release(f->db, &f->e));
        ok(db_commit(f->db, &f->e));
        for (unsigned i = 0; i < written; i++) {
            snprintf(name, sizeof(name), "%d-%u", walk, i);
            assert_int_equal(there(f, f->db, name), depth_of[i] != 0xff);
        }
    }
}

static void savepoints_have_a_limit(void **state)
{
    struct fixture *f = fixture(state);

    refused(db_savepoint(f->db, &f->e), "store.misuse");
    ok(db_begin(f->db, &f->e));
    refused(db_release(f->db, &f->e), "store.misuse");
    refused(db_rollback_to(f->db, &f->e), "store.misuse");
    for (int i = 0; i < DB_SAVEPOINTS_MAX; i++)
        ok(db_savepoint(f->db, &f->e));
    refused(db_savepoint(f->db, &f->e), "store.misuse");
    ok(set(f, "deep", ""));
    for (int i = 0; i < DB_SAVEPOINTS_MAX; i++)
        ok(db_release(f->db, &f->e));
    ok(db_commit(f->db, &f->e));
    assert_true(there(f, f->db, "deep"));
}

/* DESIGN section 4: one failing command fails alone. */
static void a_violation_inside_a_savepoint_fails_alone(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(insert(f, "org_1"));
    ok(db_savepoint(f->db, &f->e));
    ok(set(f, "lost with it", ""));
    refused(insert(f, "org_1"), "store.unique");
    /* Until the savepoint is left, nothing goes. */
    refused(set(f, "x", ""), "store.aborted");
    refused(db_savepoint(f->db, &f->e), "store.aborted");
    refused(db_release(f->db, &f->e), "store.aborted");
    ok(db_rollback_to(f->db, &f->e));
    ok(insert(f, "org_2"));
    ok(db_commit(f->db, &f->e));

    struct db_query q;
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_ORGANISATION_FIND, DB_TEXT("org_1")), 1);
    db_query_finish(&q);
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_ORGANISATION_FIND, DB_TEXT("org_2")), 1);
    db_query_finish(&q);
    assert_false(there(f, f->db, "lost with it"));
}

static void a_violation_outside_a_savepoint_spoils_the_transaction(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(insert(f, "org_1"));
    refused(insert(f, "org_1"), "store.unique");
    refused(set(f, "x", ""), "store.aborted");
    refused(db_commit(f->db, &f->e), "store.aborted");
    assert_false(db_in_transaction(f->db));
    ok(db_begin(f->db, &f->e));
    ok(insert(f, "org_1")); /* it was not kept */
    ok(db_commit(f->db, &f->e));
}

static void an_outer_savepoint_undoes_a_failure_of_the_inner(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    ok(insert(f, "org_1"));
    ok(db_savepoint(f->db, &f->e));
    refused(insert(f, "org_1"), "store.unique");
    ok(db_rollback_to(f->db, &f->e));
    ok(db_rollback_to(f->db, &f->e));
    ok(insert(f, "org_1"));
    ok(db_commit(f->db, &f->e));
}

static void the_schema_refuses_by_code(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    refused(db_run(f->db, &f->e, SQL_PERSON_INSERT, DB_TEXT("per_1"), DB_TEXT("org_none"),
                   DB_BOOL(true), DB_INT(0), DB_NIL, DB_TEXT("name"), DB_TEXT("mail")),
            "store.foreign-key");
    ok(db_rollback_to(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    refused(
        db_run(f->db, &f->e, SQL_ORGANISATION_INSERT, DB_TEXT("org_1"), DB_NIL, DB_INT(0), DB_NIL),
        "store.check"); /* exercise is NOT NULL */
    ok(db_rollback_to(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    refused(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("x"), DB_NIL, DB_INT(0)), "store.check");
    ok(db_rollback_to(f->db, &f->e));
    ok(db_commit(f->db, &f->e));
}

/* A violation's message names the table or constraint, never what stood in the row. */
static void errors_do_not_show_values(void **state)
{
    struct fixture *f = fixture(state);

    ok(db_begin(f->db, &f->e));
    ok(insert(f, "org_secret"));
    assert_int_equal(insert(f, "org_secret"), -1);
    assert_null(strstr(f->e.text, "secret"));
    assert_int_equal(f->e.kind, ERR_CONFLICT);
    assert_string_equal(f->e.where, "statement ORGANISATION_INSERT");
    db_rollback(f->db);
}

static void integers_keep_their_extremes(void **state)
{
    static const int64_t table[] = {0,         1,         -1,        INT32_MAX,       INT32_MIN,
                                    INT64_MAX, INT64_MIN, 1LL << 53, -(1LL << 53) - 1};
    struct fixture *f = fixture(state);
    struct db_query q;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        ok(db_begin(f->db, &f->e));
        ok(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("n"), DB_BYTES("", 0), DB_INT(table[i])));
        ok(db_commit(f->db, &f->e));
        assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("n")), 1);
        assert_true(db_int(&q, 1) == table[i]);
        db_query_finish(&q);
    }
}

static void blobs_hold_any_byte(void **state)
{
    struct fixture *f = fixture(state);
    uint8_t all[256];
    uint8_t digest[32];
    struct db_query q;

    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    ok(db_begin(f->db, &f->e));
    ok(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("all"), DB_BYTES(all, 256), DB_INT(0)));
    ok(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("empty"), DB_BYTES(all, 0), DB_INT(0)));
    ok(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("digest"), DB_BYTES(all, 32), DB_INT(0)));
    ok(db_commit(f->db, &f->e));

    assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("all")), 1);
    assert_true(slice_equal(db_blob(&q, 0), slice_of(all, 256)));
    db_query_finish(&q);
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("empty")), 1);
    assert_false(db_is_null(&q, 0));
    assert_non_null(db_blob(&q, 0).data);
    assert_int_equal(db_blob(&q, 0).len, 0);
    db_query_finish(&q);
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("digest")), 1);
    assert_true(db_blob_copy(&q, 0, digest, sizeof(digest)));
    assert_memory_equal(digest, all, 32);
    db_query_finish(&q);
}

static void a_blob_of_50_mib(void **state)
{
    struct fixture *f = fixture(state);
    size_t len = 50u << 20;
    uint8_t *big = mem_new(1, len);
    struct db_query q;

    assert_non_null(big);
    for (size_t i = 0; i < len; i += 4093)
        big[i] = (uint8_t)i;
    ok(db_begin(f->db, &f->e));
    ok(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT("big"), DB_BYTES(big, len), DB_INT(0)));
    ok(db_commit(f->db, &f->e));
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("big")), 1);
    assert_true(slice_equal(db_blob(&q, 0), slice_of(big, len)));
    db_query_finish(&q);
    mem_free(big);
}

static void texts_come_back_as_they_were(void **state)
{
    static const char *const table[] = {"", "plain", "it's \"quoted\" \\ $1 ?1 %s",
                                        "Zürich 東京 🔔 \xef\xbf\xbf\x01\x7f", "line\nbreak\ttab"};
    struct fixture *f = fixture(state);
    struct db_query q;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        ok(db_begin(f->db, &f->e));
        ok(db_run(f->db, &f->e, SQL_FACT_SET, DB_TEXT(table[i]), DB_BYTES("x", 1), DB_INT(0)));
        ok(db_commit(f->db, &f->e));
        ok(db_select(&q, f->db, &f->e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(100)));
        bool found = table[i][0] == '\0'; /* the list starts behind "" */
        while (db_step(&q, &f->e) == 1)
            found = found || strcmp(db_text(&q, 0), table[i]) == 0;
        db_query_finish(&q);
        assert_true(found);
        assert_true(there(f, f->db, table[i]));
    }
}

static void text_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } table[] = {{"a\0b", 3}, {"\0", 1}, {"\xff", 1}, {"\xed\xa0\x80", 3}};
    struct fixture *f = fixture(state);
    struct db_query q;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        refused(db_find(&q, f->db, &f->e, SQL_FACT_GET,
                        DB_SLICE(slice_of(table[i].text, table[i].len))),
                "store.text");
        db_query_finish(&q);
    }
    /* In a transaction it spoils as any failure does, and a savepoint helps. */
    ok(db_begin(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    refused(db_run(f->db, &f->e, SQL_FACT_SET, DB_SLICE(slice_of("a\0b", 3)), DB_BYTES("", 0),
                   DB_INT(0)),
            "store.text");
    ok(db_rollback_to(f->db, &f->e));
    ok(set(f, "fine", ""));
    ok(db_commit(f->db, &f->e));
}

/* Text sorts by its bytes, whatever the locale of the server or of the database is. */
static void texts_sort_by_bytes(void **state)
{
    static const char *const sorted[] = {"A", "B", "_", "a", "a b", "a-b", "aa", "b", "\xc3\xa4"};
    struct fixture *f = fixture(state);
    struct db_query q;

    ok(db_begin(f->db, &f->e));
    for (size_t i = ARRAY_LEN(sorted); i-- > 0;)
        ok(set(f, sorted[i], ""));
    ok(db_commit(f->db, &f->e));
    ok(db_select(&q, f->db, &f->e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(100)));
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        assert_int_equal(db_step(&q, &f->e), 1);
        assert_string_equal(db_text(&q, 0), sorted[i]);
    }
    assert_int_equal(db_step(&q, &f->e), 0);
    assert_int_equal(db_step(&q, &f->e), 0);
    db_query_finish(&q);
}

static void nulls_booleans_and_numbers_of_rows(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query q;

    ok(db_begin(f->db, &f->e));
    assert_int_equal(db_run(f->db, &f->e, SQL_ORGANISATION_INSERT, DB_TEXT("org_1"), DB_BOOL(true),
                            DB_INT(5), DB_TEXT(NULL)),
                     1);
    assert_int_equal(db_run(f->db, &f->e, SQL_ORGANISATION_CLOSE, DB_TEXT("org_1")), 1);
    assert_int_equal(db_run(f->db, &f->e, SQL_ORGANISATION_CLOSE, DB_TEXT("org_1")), 0);
    assert_int_equal(db_run(f->db, &f->e, SQL_FACT_DELETE, DB_TEXT("none")), 0);
    ok(db_commit(f->db, &f->e));
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_ORGANISATION_FIND, DB_TEXT("org_1")), 1);
    assert_string_equal(db_text(&q, 0), "closed");
    assert_true(db_bool(&q, 1));
    assert_int_equal(db_int(&q, 1), 1);
    assert_int_equal(db_int(&q, 2), 5);
    assert_true(db_is_null(&q, 3));
    assert_null(db_text(&q, 3));
    assert_null(db_slice(&q, 4).data);
    assert_int_equal(db_step(&q, &f->e), 0);
    db_query_finish(&q);
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_ORGANISATION_FIND, DB_TEXT("org_2")), 0);
    db_query_finish(&q);
}

static void a_query_runs_again(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query q;

    ok(db_begin(f->db, &f->e));
    ok(db_query_start(&q, f->db, SQL_FACT_SET, &f->e));
    for (int64_t i = 0; i < 10; i++) {
        char name[2] = {(char)('0' + i), 0};
        db_query_again(&q);
        db_bind_text(&q, name);
        db_bind_blob(&q, slice_str("v"));
        db_bind_int(&q, i);
        assert_int_equal(db_step(&q, &f->e), 0);
        assert_int_equal(db_changed(&q), 1);
    }
    db_query_finish(&q);
    ok(db_commit(f->db, &f->e));
    ok(db_select(&q, f->db, &f->e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(3)));
    assert_int_equal(db_step(&q, &f->e), 1);
    db_query_again(&q); /* in the middle of its rows */
    db_bind_slice_text(&q, slice_str("8"));
    db_bind_int(&q, 5);
    assert_int_equal(db_step(&q, &f->e), 1);
    assert_string_equal(db_text(&q, 0), "9");
    db_query_finish(&q);
}

/* The same statement within itself, as a walk over a tree does. */
static void a_statement_runs_within_itself(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query outer;
    struct db_query inner;
    int pairs = 0;

    ok(db_begin(f->db, &f->e));
    ok(set(f, "1", ""));
    ok(set(f, "2", ""));
    ok(set(f, "3", ""));
    ok(db_select(&outer, f->db, &f->e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(10)));
    while (db_step(&outer, &f->e) == 1) {
        ok(db_select(&inner, f->db, &f->e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(10)));
        while (db_step(&inner, &f->e) == 1)
            pairs++;
        db_query_finish(&inner);
    }
    db_query_finish(&outer);
    assert_int_equal(pairs, 9);
    ok(db_commit(f->db, &f->e));
}

static void savepoints_while_a_query_is_open(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query q;
    int rows = 0;

    ok(db_begin(f->db, &f->e));
    ok(set(f, "1", ""));
    ok(set(f, "2", ""));
    ok(db_select(&q, f->db, &f->e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(10)));
    while (db_step(&q, &f->e) == 1) {
        ok(db_savepoint(f->db, &f->e));
        if (rows++ == 0) {
            ok(insert(f, "org_1"));
            ok(db_release(f->db, &f->e));
        } else {
            refused(insert(f, "org_1"), "store.unique");
            ok(db_rollback_to(f->db, &f->e));
        }
    }
    assert_int_equal(rows, 2);
    refused(db_commit(f->db, &f->e), "store.misuse"); /* the query is not finished */
    db_query_finish(&q);
    assert_false(there(f, f->db, "1"));
}

static void a_read_connection_cannot_write(void **state)
{
    struct fixture *f = fixture(state);
    struct db *reader;

    ok(db_open(&reader, f->url, DB_READ, &f->e));
    assert_int_equal(db_mode(reader), DB_READ);
    assert_int_equal(db_engine(reader), f->engine);
    refused(db_run(reader, &f->e, SQL_FACT_DELETE, DB_TEXT("x")), "store.read-only");
    /* Not by a statement that our own check does not see, either. */
    refused(reader->driver->script(reader, "DELETE FROM fact", &f->e), "store.read-only");
    refused(db_migrate(reader, 1, &f->e), "store.read-only");
    ok(db_begin(reader, &f->e));
    assert_false(there(f, reader, "x"));
    ok(db_commit(reader, &f->e));
    db_close(reader);
}

static void a_reader_sees_one_moment(void **state)
{
    struct fixture *f = fixture(state);
    struct db *reader;

    ok(db_open(&reader, f->url, DB_READ, &f->e));
    ok(db_begin(reader, &f->e)); /* the moment, before its first query */
    ok(db_begin(f->db, &f->e));
    ok(set(f, "later", ""));
    ok(db_commit(f->db, &f->e));
    assert_false(there(f, reader, "later"));
    ok(db_commit(reader, &f->e));
    assert_true(there(f, reader, "later"));
    db_close(reader);
}

/* What was checked inside a write transaction stays true until it commits: nobody else writes. */
static void there_is_one_writer(void **state)
{
    struct fixture *f = fixture(state);
    struct db *other;
    struct db_query q;

    ok(db_open(&other, f->url, DB_WRITE, &f->e));
    if (f->engine == DB_POSTGRES)
        ok(other->driver->script(other, "SET lock_timeout = '50ms'", &f->e));
    else
        ok(other->driver->script(other, "PRAGMA busy_timeout = 50", &f->e));
    ok(db_begin(f->db, &f->e));
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("token")), 0);
    db_query_finish(&q);
    refused(db_begin(other, &f->e), "store.busy");
    assert_false(db_in_transaction(other));
    assert_false(there(f, other, "token")); /* reading goes on */
    ok(set(f, "token", ""));
    ok(db_commit(f->db, &f->e));
    ok(db_begin(other, &f->e));
    assert_true(there(f, other, "token"));
    ok(db_commit(other, &f->e));
    db_close(other);
}

static void misuse_is_named_and_never_committed(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query q = {0};
    uint8_t digest[32];

    db_query_finish(&q);
    refused(db_step(&q, &f->e), "store.misuse");
    refused(set(f, "x", ""), "store.misuse"); /* no transaction */
    refused(db_commit(f->db, &f->e), "store.misuse");
    refused(db_query_start(&q, f->db, SQL_COUNT, &f->e), "store.misuse");
    db_query_finish(&q);
    ok(db_begin(f->db, &f->e));
    refused(db_begin(f->db, &f->e), "store.misuse");
    ok(db_savepoint(f->db, &f->e));
    refused(db_commit(f->db, &f->e), "store.misuse"); /* a savepoint is open */

    ok(db_begin(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    refused(db_run(f->db, &f->e, SQL_FACT_DELETE), "store.misuse");
    ok(db_rollback_to(f->db, &f->e));
    ok(db_savepoint(f->db, &f->e));
    refused(db_run(f->db, &f->e, SQL_FACT_DELETE, DB_TEXT("a"), DB_TEXT("b")), "store.misuse");
    ok(db_rollback_to(f->db, &f->e));
    ok(set(f, "x", "short"));
    db_rollback(f->db);

    /* A column that is read as what it is not: each spoils its transaction. */
    for (int how = 0; how < 6; how++) {
        ok(db_begin(f->db, &f->e));
        ok(set(f, "x", "short"));
        assert_int_equal(db_find(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("x")), 1);
        switch (how) {
        case 0: assert_int_equal(db_int(&q, 0), 0); break;
        case 1: assert_null(db_text(&q, 1)); break;
        case 2: assert_null(db_text(&q, 0)); break;
        case 3: assert_null(db_blob(&q, 2).data); break;
        case 4: assert_false(db_blob_copy(&q, 0, digest, sizeof(digest))); break;
        case 5:
            assert_int_equal(db_step(&q, &f->e), 0);
            assert_null(db_blob(&q, 0).data);
            break;
        }
        db_query_finish(&q);
        refused(db_commit(f->db, &f->e), "store.aborted");
    }
    assert_false(there(f, f->db, "x"));
}

static void more_values_than_fit_are_refused(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query q;

    ok(db_query_start(&q, f->db, SQL_FACT_GET, &f->e));
    for (int i = 0; i < DB_PARAMETERS_MAX + 1; i++)
        db_bind_int(&q, i);
    refused(db_step(&q, &f->e), "store.misuse");
    db_query_finish(&q);
    ok(db_select(&q, f->db, &f->e, SQL_FACT_GET, DB_TEXT("x")));
    assert_int_equal(db_step(&q, &f->e), 0);
    db_query_finish(&q);
}

static void persons_are_erased_and_their_ids_stay(void **state)
{
    struct fixture *f = fixture(state);
    struct db_query q;

    ok(db_begin(f->db, &f->e));
    ok(insert(f, "org_1"));
    ok(db_run(f->db, &f->e, SQL_PERSON_INSERT, DB_TEXT("per_1"), DB_TEXT("org_1"), DB_BOOL(false),
              DB_INT(1), DB_NIL, DB_TEXT("Ada"), DB_TEXT("ada@example.org")));
    ok(db_run(f->db, &f->e, SQL_ORGANISATION_NAME_SET, DB_TEXT("org_1"), DB_TEXT("Ada's works")));
    assert_int_equal(db_run(f->db, &f->e, SQL_PERSON_ERASE, DB_TEXT("per_1"), DB_INT(9)), 1);
    assert_int_equal(db_run(f->db, &f->e, SQL_PERSON_ERASE, DB_TEXT("per_1"), DB_INT(10)), 0);
    assert_int_equal(db_run(f->db, &f->e, SQL_ORGANISATION_NAME_ERASE, DB_TEXT("org_1"), DB_INT(9)),
                     1);
    ok(db_commit(f->db, &f->e));
    assert_int_equal(db_find(&q, f->db, &f->e, SQL_PERSON_FIND, DB_TEXT("per_1")), 1);
    assert_string_equal(db_text(&q, 0), "org_1");
    assert_true(db_is_null(&q, 2));
    assert_true(db_is_null(&q, 3));
    assert_int_equal(db_int(&q, 4), 9);
    db_query_finish(&q);
}

static void an_unknown_url_is_refused(void **state)
{
    struct fixture local = {0};
    struct fixture *f = &local;
    struct db *db;

    (void)state;
    refused(db_open(&db, "mysql:host=x password=hunter2", DB_READ, &f->e), "store.url");
    assert_null(db);
    refused(db_open(&db, "", DB_READ, &f->e), "store.url");
    refused(db_open(&db, "sqlite:", DB_WRITE, &f->e), "store.url");
    refused(db_open(&db, "sqlite:/nonexistent/folder/x.db", DB_WRITE, &f->e), "store.open");
    refused(db_open(&db, "sqlite:/tmp/tocsin-no-such-file.db", DB_READ, &f->e), "store.open");
    refused(db_open(&db, "postgres://ada:hunter2@host/x", DB_READ, &f->e), "store.url");
    refused(db_open(&db, "postgres:host=/nonexistent dbname=x", DB_READ, &f->e),
            "store.connection");
    refused(db_open(&db, "postgres:no such syntax", DB_READ, &f->e), "store.connection");
    assert_null(db);
    ok(db_open(&db, "sqlite::memory:", DB_WRITE, &f->e));
    ok(db_migrate(db, 1, &f->e));
    db_close(db);
    db_close(NULL);
}

#define ON(engine, test)                                                                           \
    cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, &fixtures[engine])
#define ON_BOTH(test) ON(DB_SQLITE, test), ON(DB_POSTGRES, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_url_is_refused),
        ON_BOTH(commit_keeps_and_rollback_forgets),
        ON_BOTH(closing_rolls_back),
        ON_BOTH(savepoints_nest),
        ON_BOTH(savepoints_follow_a_model),
        ON_BOTH(savepoints_have_a_limit),
        ON_BOTH(a_violation_inside_a_savepoint_fails_alone),
        ON_BOTH(a_violation_outside_a_savepoint_spoils_the_transaction),
        ON_BOTH(an_outer_savepoint_undoes_a_failure_of_the_inner),
        ON_BOTH(the_schema_refuses_by_code),
        ON_BOTH(errors_do_not_show_values),
        ON_BOTH(integers_keep_their_extremes),
        ON_BOTH(blobs_hold_any_byte),
        ON_BOTH(a_blob_of_50_mib),
        ON_BOTH(texts_come_back_as_they_were),
        ON_BOTH(text_that_is_none_is_refused),
        ON_BOTH(texts_sort_by_bytes),
        ON_BOTH(nulls_booleans_and_numbers_of_rows),
        ON_BOTH(a_query_runs_again),
        ON_BOTH(a_statement_runs_within_itself),
        ON_BOTH(savepoints_while_a_query_is_open),
        ON_BOTH(a_read_connection_cannot_write),
        ON_BOTH(a_reader_sees_one_moment),
        ON_BOTH(there_is_one_writer),
        ON_BOTH(misuse_is_named_and_never_committed),
        ON_BOTH(more_values_than_fit_are_refused),
        ON_BOTH(persons_are_erased_and_their_ids_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
