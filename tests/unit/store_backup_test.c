/* SPDX-License-Identifier: Apache-2.0 */
/* On-line backup: of one moment, while others write; checked; whole or not there. */
#include "store/sqlite.h"
#include "../support/database.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static void path_for(const char *name, char path[DATABASE_URL])
{
    static unsigned number;

    snprintf(path, DATABASE_URL, "%s/%u-%s", database_folder(), ++number, name);
}

/* A pair of rows a transaction: a copy of one moment has as many "a" as "b". */
static void write_pairs(struct db *db, unsigned from, unsigned count)
{
    static const uint8_t filling[2000];
    struct err e = {0};
    char name[32];

    for (unsigned i = from; i < from + count; i++) {
        int64_t done = db_begin(db, &e);
        for (int half = 0; half < 2 && done >= 0; half++) {
            snprintf(name, sizeof(name), "%c%08u", "ab"[half], i);
            done = db_run(db, &e, SQL_FACT_SET, DB_TEXT(name), DB_BYTES(filling, sizeof(filling)),
                          DB_INT(0));
        }
        if (done < 0 || db_commit(db, &e)) {
            fprintf(stderr, "%s (%s)\n", e.text, e.code);
            abort();
        }
    }
}

static unsigned count_pairs(const char *path)
{
    char url[DATABASE_URL + 16];
    struct err e = {0};
    struct db *db;
    struct db_query q;
    unsigned count[2] = {0};

    snprintf(url, sizeof(url), "sqlite:%s", path);
    if (db_open(&db, url, DB_READ, &e) ||
        db_select(&q, db, &e, SQL_FACT_LIST, DB_TEXT(""), DB_INT(1000000)))
        fail_msg("%s (%s)", e.text, e.where);
    while (db_step(&q, &e) == 1)
        count[db_text(&q, 0)[0] == 'b']++;
    db_query_finish(&q);
    db_close(db);
    assert_int_equal(count[0], count[1]);
    return count[0];
}

static bool in_order(void *context, int64_t done, int64_t total)
{
    int64_t *last = context;

    assert_true(done > *last && done <= total);
    *last = done;
    return true;
}

static void a_backup_is_the_database(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    struct err e = {0};
    struct stat st;
    int64_t last = 0;

    (void)state;
    database_fresh(DB_SQLITE, url);
    path_for("copy?with#odd%name.db", path);
    struct db *db = database_open(url);
    write_pairs(db, 0, 3000);
    if (db_backup(db, path, in_order, &last, &e))
        fail_msg("%s (%s)", e.text, e.where);
    assert_true(last > 2048); /* more than one step was needed */
    assert_int_equal(count_pairs(path), 3000);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(db_backup_check(path, &e), 0);
    /* Never over something that is there. */
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "store.backup-exists");
    assert_int_equal(e.kind, ERR_CONFLICT);
    db_close(db);
    /* It is a database to go on with. */
    char copy[DATABASE_URL + 16];
    snprintf(copy, sizeof(copy), "sqlite:%s", path);
    db = database_open(copy);
    write_pairs(db, 3000, 1);
    db_close(db);
    assert_int_equal(count_pairs(path), 3001);
}

static bool slowly(void *context, int64_t done, int64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    usleep(3000);
    return true;
}

/* Another process writes all the time: the copy is of one moment, and it ends. */
static void others_write_meanwhile(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    struct err e = {0};

    (void)state;
    database_fresh(DB_SQLITE, url);
    path_for("copy.db", path);
    struct db *db = database_open(url);
    write_pairs(db, 0, 4000);
    db_close(db);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        db = database_open(url);
        for (unsigned i = 4000;; i++)
            write_pairs(db, i, 1);
    }
    assert_int_equal(db_open(&db, url, DB_READ, &e), 0);
    int result = db_backup(db, path, slowly, NULL, &e);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (result)
        fail_msg("%s (%s)", e.text, e.where);
    assert_true(count_pairs(path) >= 4000);
    db_close(db);
}

/* The connection's own open transaction is neither seen nor disturbed. */
static void a_backup_within_a_transaction(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    struct err e = {0};

    (void)state;
    database_fresh(DB_SQLITE, url);
    path_for("copy.db", path);
    struct db *db = database_open(url);
    write_pairs(db, 0, 1);
    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(
        db_run(db, &e, SQL_FACT_SET, DB_TEXT("a-uncommitted"), DB_BYTES("", 0), DB_INT(0)), 1);
    if (db_backup(db, path, NULL, NULL, &e))
        fail_msg("%s (%s)", e.text, e.where);
    assert_int_equal(db_commit(db, &e), 0);
    assert_int_equal(count_pairs(path), 1);
    db_close(db);
}

static bool stop(void *context, int64_t done, int64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return false;
}

static void assert_nothing_left(const char *path)
{
    char partial[DATABASE_URL + 16];

    snprintf(partial, sizeof(partial), "%s.partial", path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(partial, F_OK), -1);
}

static void a_stopped_backup_leaves_nothing(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    char partial[DATABASE_URL + 16];
    struct err e = {0};

    (void)state;
    database_fresh(DB_SQLITE, url);
    path_for("copy.db", path);
    struct db *db = database_open(url);
    write_pairs(db, 0, 100);
    assert_int_equal(db_backup(db, path, stop, NULL, &e), -1);
    assert_string_equal(e.code, "store.backup-stopped");
    assert_nothing_left(path);
    err_clear(&e);
    /* What a killed backup left is no hindrance. */
    snprintf(partial, sizeof(partial), "%s.partial", path);
    close(open(partial, O_CREAT | O_WRONLY, 0644));
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), 0);
    assert_int_equal(access(partial, F_OK), -1);
    assert_int_equal(count_pairs(path), 100);
    assert_int_equal(db_backup(db, "/nonexistent/folder/x.db", NULL, NULL, &e), -1);
    assert_string_equal(e.code, "store.backup");
    db_close(db);
}

static void a_full_disk_leaves_nothing(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    struct err e = {0};
    struct rlimit before;
    struct rlimit small = {2 << 20, 2 << 20};

    (void)state;
    database_fresh(DB_SQLITE, url);
    path_for("copy.db", path);
    struct db *db = database_open(url);
    write_pairs(db, 0, 1000);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int result = db_backup(db, path, NULL, NULL, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -1);
    assert_string_equal(e.code, "store.full");
    assert_nothing_left(path);
    db_close(db);
}

static void overwrite(const char *path, off_t at, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, len, at), len);
    close(fd);
}

static void assert_check_says(const char *path, const char *code)
{
    struct err e = {0};

    assert_int_equal(db_backup_check(path, &e), -1);
    assert_string_equal(e.code, code);
    assert_non_null(strstr(e.where, path));
}

static void damaged_backups_are_found(void **state)
{
    static const uint8_t junk[4096] = {0xff, 0xff, 0xff};
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    struct err e = {0};

    (void)state;
    path_for("none.db", path);
    assert_check_says(path, "store.open");

    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    write_pairs(db, 0, 1000);
    path_for("page.db", path);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), 0);
    overwrite(path, 4096 * 100, junk, sizeof(junk));
    assert_check_says(path, "store.corrupt");

    path_for("short.db", path);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), 0);
    assert_int_equal(truncate(path, 4096 * 50), 0);
    assert_check_says(path, "store.corrupt");

    path_for("header.db", path);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), 0);
    overwrite(path, 0, junk, 16);
    assert_check_says(path, "store.corrupt");

    path_for("other.db", path);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), 0);
    overwrite(path, 68, "\0\0\0\1", 4); /* the application id */
    assert_check_says(path, "store.not-ours");

    path_for("reference.db", path);
    assert_int_equal(db->driver->script(db,
                                        "PRAGMA foreign_keys = OFF; "
                                        "INSERT INTO organisation_name VALUES ('none', 'x', NULL)",
                                        &e),
                     0);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "store.corrupt");
    assert_nothing_left(path);
    err_clear(&e);

    path_for("newer.db", path);
    assert_int_equal(db->driver->script(db,
                                        "DELETE FROM organisation_name; "
                                        "INSERT INTO schema_version VALUES (99, 'x', 'x', 0)",
                                        &e),
                     0);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "store.newer-schema");
    assert_nothing_left(path);
    db_close(db);
}

static void postgres_names_its_own_tool(void **state)
{
    char url[DATABASE_URL];
    char path[DATABASE_URL];
    struct err e = {0};

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    path_for("x.dump", path);
    struct db *db = database_open(url);
    assert_int_equal(db_backup(db, path, NULL, NULL, &e), -1);
    assert_string_equal(e.code, "store.backup-engine");
    db_close(db);
    /* The hint is a command that works. */
    if (system("command -v pg_dump >/dev/null") == 0) {
        assert_int_equal(system(e.hint), 0);
        assert_int_equal(access(path, F_OK), 0);
    }
    err_clear(&e);
    assert_int_equal(db_open(&db, "sqlite::memory:", DB_WRITE, &e), 0);
    assert_int_equal(db_backup(db, "/nonexistent", NULL, NULL, &e), -1);
    assert_string_equal(e.code, "store.backup-engine");
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_is_the_database),
        cmocka_unit_test(others_write_meanwhile),
        cmocka_unit_test(a_backup_within_a_transaction),
        cmocka_unit_test(a_stopped_backup_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(damaged_backups_are_found),
        cmocka_unit_test(postgres_names_its_own_tool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
