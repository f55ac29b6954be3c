/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out at every single allocation, ours and SQLite's: no crash, no leak (under ASan), no
 * lie. What was said to be committed is there, and what failed says why.
 */
#include "base/file.h"
#include "base/memory.h"
#include "store/sqlite.h"
#include "../support/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* SQLite's allocator over ours, with the size in front of each block. */
enum { HEAD = 16 };

static void *sqlite_new(int size)
{
    uint8_t *block = mem_new(1, (size_t)size + HEAD);

    if (!block)
        return NULL;
    memcpy(block, &size, sizeof(size));
    return block + HEAD;
}

static void sqlite_free(void *block)
{
    if (block)
        mem_free((uint8_t *)block - HEAD);
}

static int sqlite_size(void *block)
{
    int size = 0;

    if (block)
        memcpy(&size, (uint8_t *)block - HEAD, sizeof(size));
    return size;
}

static void *sqlite_resize(void *block, int size)
{
    uint8_t *moved = mem_resize((uint8_t *)block - HEAD, 1, (size_t)size + HEAD);

    if (!moved)
        return NULL;
    memcpy(moved, &size, sizeof(size));
    return moved + HEAD;
}

static int sqlite_round_up(int size)
{
    return (size + 7) & ~7;
}

static int sqlite_start(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void sqlite_end(void *context)
{
    (void)context;
}

static const sqlite3_mem_methods methods = {.xMalloc = sqlite_new,
                                            .xFree = sqlite_free,
                                            .xRealloc = sqlite_resize,
                                            .xSize = sqlite_size,
                                            .xRoundup = sqlite_round_up,
                                            .xInit = sqlite_start,
                                            .xShutdown = sqlite_end};

static int64_t insert(struct db *db, const char *id, struct err *e)
{
    return db_run(db, e, SQL_ORGANISATION_INSERT, DB_TEXT(id), DB_BOOL(false), DB_INT(1), DB_NIL);
}

/* One of each thing that a connection does. *committed: 1 when the commit was said to be done. */
static int work(const char *url, int *committed, struct err *e)
{
    struct db *db = NULL;
    struct db_query q = {0};
    struct db_query inner = {0};
    struct err expected = {0};
    int result = -1;

    *committed = 0;
    if (db_open(&db, url, DB_WRITE, e) || db_begin(db, e) || insert(db, "org_1", e) < 0 ||
        db_savepoint(db, e))
        goto out;
    if (insert(db, "org_1", &expected) >= 0) {
        fail_msg("a row was inserted twice");
    } else if (expected.kind != ERR_CONFLICT) {
        *e = expected;
        goto out;
    }
    if (db_rollback_to(db, e) || insert(db, "org_2", e) < 0 || db_commit(db, e))
        goto out;
    *committed = 1;
    if (db_select(&q, db, e, SQL_ORGANISATION_LIST, DB_TEXT(""), DB_INT(9)) || db_step(&q, e) < 0)
        goto out;
    /* The same statement within itself needs a second one. */
    if (db_find(&inner, db, e, SQL_ORGANISATION_LIST, DB_TEXT(""), DB_INT(9)) < 0)
        goto out;
    assert_string_equal(db_text(&inner, 0), "org_1");
    result = 0;
out:
    db_query_finish(&inner);
    db_query_finish(&q);
    db_close(db);
    return result;
}

static void make(const char *url)
{
    db_close(database_open(url));
}

static void copy_file(const char *from_url, const char *to_url)
{
    struct err e = {0};
    struct buf content;

    buf_init(&content);
    if (file_read(from_url + strlen("sqlite:"), 1 << 24, &content, &e) ||
        file_write(to_url + strlen("sqlite:"), buf_slice(&content), 0600, &e))
        fail_msg("%s", e.text);
    buf_fini(&content);
}

/* What is there, with memory enough: all or nothing. */
static int rows_there(const char *url)
{
    struct err e = {0};
    struct db_query q;
    int rows = 0;

    struct db *db = database_open(url);
    assert_int_equal(db_select(&q, db, &e, SQL_ORGANISATION_LIST, DB_TEXT(""), DB_INT(9)), 0);
    while (db_step(&q, &e) == 1)
        rows++;
    db_query_finish(&q);
    db_close(db);
    assert_false(err_is_set(&e));
    return rows;
}

static void every_allocation_may_fail(void **state)
{
    char made[DATABASE_URL];
    char url[DATABASE_URL];
    long failures = 0;

    (void)state;
    database_fresh(DB_SQLITE, made);
    make(made);
    for (long k = 0;; k++) {
        struct err e = {0};
        int committed;

        database_fresh(DB_SQLITE, url);
        copy_file(made, url);
        mem_fail_after(k);
        int result = work(url, &committed, &e);
        long taken = mem_allocations();
        mem_fail_after(-1);
        if (result != 0 && (!err_is_set(&e) || e.code[0] == '\0'))
            fail_msg("allocation %ld failed and nothing was said", k);
        failures += result != 0;
        int rows = rows_there(url);
        if (rows != (committed ? 2 : 0))
            fail_msg("allocation %ld: %d rows, committed: %d", k, rows, committed);
        unlink(url + strlen("sqlite:"));
        if (taken <= k) { /* the run ended before its turn came */
            assert_int_equal(result, 0);
            printf("%ld allocations, %ld of them fatal\n", k, failures);
            break;
        }
    }
    assert_true(failures > 50);
}

/* The whole schema takes thousands of allocations: a sample of them, denser at the beginning. */
static void allocations_of_a_migration_may_fail(void **state)
{
    char url[DATABASE_URL];
    long taken = 1;

    (void)state;
    for (long k = 0; k <= taken; k += 1 + k / 40) {
        struct err e = {0};
        struct db *db = NULL;

        database_fresh(DB_SQLITE, url);
        mem_fail_after(k);
        int result = db_open(&db, url, DB_WRITE, &e) || db_migrate(db, 1, &e) ? -1 : 0;
        db_close(db);
        taken = mem_allocations();
        mem_fail_after(-1);
        if (result != 0 && !err_is_set(&e))
            fail_msg("allocation %ld failed and nothing was said", k);
        assert_int_equal(rows_there(url), 0); /* it goes on from whatever is there */
    }
}

static void every_allocation_of_a_backup_may_fail(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    char partial[DATABASE_URL + 16];
    long failures = 0;

    (void)state;
    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    snprintf(path, sizeof(path), "%s/backup.db", database_folder());
    snprintf(partial, sizeof(partial), "%s.partial", path);
    for (long k = 0;; k++) {
        struct err e = {0};

        mem_fail_after(k);
        int result = db_backup(db, path, NULL, NULL, &e);
        long taken = mem_allocations();
        mem_fail_after(-1);
        failures += result != 0;
        if (result != 0 && !err_is_set(&e))
            fail_msg("allocation %ld failed and nothing was said", k);
        /* There and whole, or not there. */
        assert_int_equal(access(path, F_OK), result);
        assert_int_equal(access(partial, F_OK), -1);
        if (result == 0)
            assert_int_equal(db_backup_check(path, &e), 0);
        unlink(path);
        if (taken <= k) {
            assert_int_equal(result, 0);
            break;
        }
    }
    db_close(db);
    assert_true(failures > 20);
}

/* PostgreSQL's client allocates by itself; here only ours fail. */
static void every_allocation_may_fail_on_postgres(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};
    int committed;
    int result = -1;

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    for (long k = 0; result != 0; k++) {
        err_clear(&e);
        database_fresh(DB_POSTGRES, url);
        make(url);
        mem_fail_after(k);
        result = work(url, &committed, &e);
        mem_fail_after(-1);
        if (result != 0 && e.kind != ERR_MEMORY)
            fail_msg("allocation %ld: %s (%s)", k, e.text, e.code);
        assert_int_equal(rows_there(url), committed ? 2 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(allocations_of_a_migration_may_fail),
        cmocka_unit_test(every_allocation_of_a_backup_may_fail),
        cmocka_unit_test(every_allocation_may_fail_on_postgres),
    };

    /* No look-aside slots: each allocation comes to us. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
        abort();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
