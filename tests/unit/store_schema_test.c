/* SPDX-License-Identifier: Apache-2.0 */
/* Versioned schema, migrations forward, refusal of what we do not know: on both engines. */
#include "store/sqlite.h"
#include "../support/database.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static enum db_engine engines[] = {DB_SQLITE, DB_POSTGRES};

static void fresh(void **state, char url[DATABASE_URL])
{
    if (!database_fresh(*(enum db_engine *)*state, url))
        skip();
}

static void run_script(struct db *db, const char *text)
{
    struct err e = {0};

    if (db->driver->script(db, text, &e))
        fail_msg("%s: %s", text, e.text);
}

static void assert_refused(const char *url, enum db_mode mode, const char *code)
{
    struct err e = {0};
    struct db *db = NULL;

    assert_int_equal(db_open(&db, url, mode, &e), -1);
    assert_null(db);
    assert_string_equal(e.code, code);
    assert_true(err_is_set(&e) && e.text[0]);
}

static void an_empty_database_is_brought_forward_once(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};
    struct db *db;
    int version = -1;

    fresh(state, url);
    assert_int_equal(db_open(&db, url, DB_WRITE, &e), 0);
    assert_int_equal(db_schema_version(db, &version, &e), 0);
    assert_int_equal(version, 0);
    assert_int_equal(db_migrate(db, 77, &e), 0);
    assert_int_equal(db_schema_version(db, &version, &e), 0);
    assert_int_equal(version, db_schema_known());
    assert_int_equal(db_migrate(db, 78, &e), 0);

    struct db_query q;
    assert_int_equal(db_find(&q, db, &e, SQL_SCHEMA_VERSIONS), 1);
    assert_int_equal(db_int(&q, 0), 1);
    assert_string_equal(db_text(&q, 1), "first release");
    assert_int_equal(db_int(&q, 3), 77); /* the second time nothing happened */
    db_query_finish(&q);
    db_close(db);
    assert_int_equal(db_open(&db, url, DB_READ, &e), 0);
    db_close(db);
}

/* The versions are numbered 1, 2, 3 …, and each has statements in each engine. */
static void versions_are_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_versions_count; i++) {
        size_t sqlite = 0;
        size_t postgres = 0;
        assert_int_equal(schema_versions[i].version, (int)i + 1);
        for (size_t j = 0; j < schema_sqlite_count; j++)
            sqlite += schema_sqlite[j].version == schema_versions[i].version;
        for (size_t j = 0; j < schema_postgres_count; j++)
            postgres += schema_postgres[j].version == schema_versions[i].version;
        assert_true(sqlite > 0 && postgres > 0);
    }
    for (size_t j = 0; j < schema_sqlite_count; j++)
        assert_in_range(schema_sqlite[j].version, 1, schema_versions_count);
    assert_int_equal(schema_sqlite_count, schema_postgres_count);
}

static void a_newer_schema_is_refused_by_name(void **state)
{
    char url[DATABASE_URL];
    char expected[120];
    struct err e = {0};

    fresh(state, url);
    struct db *db = database_open(url);
    run_script(db, "INSERT INTO schema_version VALUES (8, 'later', 'x', 0), (9, 'last', 'x', 0)");
    snprintf(expected, sizeof(expected), "made by a newer tocsin: schema 9, this one knows %d",
             db_schema_known());
    assert_int_equal(db_migrate(db, 0, &e), -1);
    assert_string_equal(e.text, expected);
    assert_false(db_in_transaction(db));
    db_close(db);
    assert_refused(url, DB_WRITE, "store.newer-schema");
    assert_refused(url, DB_READ, "store.newer-schema");
}

static void other_tables_under_our_number_are_refused(void **state)
{
    char url[DATABASE_URL];

    fresh(state, url);
    struct db *db = database_open(url);
    run_script(db, "UPDATE schema_version SET digest = '0123456789abcdef' WHERE version = 1");
    db_close(db);
    assert_refused(url, DB_WRITE, "store.changed-schema");
}

/* Another build's tables, seen from this one's database: one letter is enough. */
static void any_other_text_gives_another_digest(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};
    size_t size = schema_sqlite_count * sizeof(struct schema_statement);
    struct schema_statement *other = malloc(size);
    char *text = strdup(schema_sqlite[1].text);

    (void)state;
    assert_true(other && text);
    memcpy(other, schema_sqlite, size);
    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    struct db_driver changed = *db->driver;
    const struct db_driver *driver = db->driver;
    changed.schema = other;
    db->driver = &changed;
    other[1].text = text; /* the same still */
    assert_int_equal(db_check_schema(db, &e), 0);
    text[strlen(text) - 1] ^= 1;
    assert_int_equal(db_check_schema(db, &e), -1);
    assert_string_equal(e.code, "store.changed-schema");
    db->driver = driver;
    db_close(db);
    free(text);
    free(other);
}

static void a_database_of_others_is_refused(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};
    struct db *db;

    fresh(state, url);
    assert_int_equal(db_open(&db, url, DB_WRITE, &e), 0);
    run_script(db, "CREATE TABLE customer (name TEXT)");
    if (db_engine(db) == DB_SQLITE)
        run_script(db, "PRAGMA application_id = 0");
    db_close(db);
    assert_refused(url, DB_WRITE, "store.not-ours");
}

static void a_sqlite_file_is_checked_and_private(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};
    struct stat st;

    (void)state;
    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    /* The log and its index get the file's own mode. */
    const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char path[DATABASE_URL + 8];
        snprintf(path, sizeof(path), "%s%s", url + strlen("sqlite:"), ends[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    run_script(db, "PRAGMA application_id = 42");
    db_close(db);
    assert_refused(url, DB_READ, "store.not-ours");

    database_fresh(DB_SQLITE, url);
    int fd = open(url + strlen("sqlite:"), O_CREAT | O_WRONLY, 0600);
    char junk[8192];
    memset(junk, 'x', sizeof(junk));
    assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
    close(fd);
    assert_refused(url, DB_WRITE, "store.corrupt");
    assert_int_equal(db_open(&db, url, DB_READ, &e), -1);
    assert_non_null(strstr(e.where, url + strlen("sqlite:")));
}

/* What a write connection's promises rest on. */
static void sqlite_syncs_every_commit(void **state)
{
    static const struct {
        const char *pragma;
        const char *value;
    } table[] = {
        {"PRAGMA synchronous", "2"}, {"PRAGMA journal_mode", "wal"}, {"PRAGMA foreign_keys", "1"}};
    char url[DATABASE_URL];

    (void)state;
    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        sqlite3_stmt *stmt = NULL;
        sqlite3 *handle = ((struct sqlite_db *)db)->handle;
        assert_int_equal(sqlite3_prepare_v2(handle, table[i].pragma, -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(stmt, 0), table[i].value);
        sqlite3_finalize(stmt);
    }
    db_close(db);
}

static void a_server_that_does_not_sync_is_refused(void **state)
{
    char url[DATABASE_URL];

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    database_command("ALTER SYSTEM SET full_page_writes = off");
    database_command("SELECT pg_reload_conf()");
    char name[] = "store.unsafe-server";
    struct err e = {0};
    struct db *db = NULL;
    for (int i = 0; i < 100 && strcmp(e.code, name) != 0; i++) { /* the reload takes a moment */
        db_close(db);
        err_clear(&e);
        usleep(20000);
        if (db_open(&db, url, DB_WRITE, &e))
            db = NULL;
    }
    db_close(db);
    database_command("ALTER SYSTEM RESET full_page_writes");
    database_command("SELECT pg_reload_conf()");
    assert_string_equal(e.code, name);
}

static void an_encoding_that_is_not_utf8_is_refused(void **state)
{
    char url[DATABASE_URL];

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    database_command("CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'");
    strcpy(strstr(url, "dbname="), "dbname=latin");
    assert_refused(url, DB_WRITE, "store.unsafe-server");
}

/* A migration that fails on the way leaves the database as it was. */
static void a_failed_migration_leaves_nothing(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};
    struct db *db;
    int version = -1;
    bool sqlite = *(enum db_engine *)*state == DB_SQLITE;

    fresh(state, url);
    assert_int_equal(db_open(&db, url, DB_WRITE, &e), 0);
    /* A type of the last core table's name is in its way; SQLite may not grow. */
    run_script(db, sqlite ? "PRAGMA max_page_count = 6" : "CREATE TYPE fact AS ENUM ('a')");
    assert_int_equal(db_migrate(db, 1, &e), -1);
    assert_string_equal(e.code, sqlite ? "store.full" : "store.engine");
    assert_non_null(strstr(e.where, "schema 1, "));
    assert_false(db_in_transaction(db));
    err_clear(&e);
    assert_int_equal(db_schema_version(db, &version, &e), 0);
    assert_int_equal(version, 0);
    run_script(db, sqlite ? "PRAGMA max_page_count = 1000000" : "DROP TYPE fact");
    assert_int_equal(db_migrate(db, 1, &e), 0);
    db_close(db);
}

/* Several programs start at once on a new database: each finds it made, and it is made once. */
/* A database of schema 1, as an earlier build left it. */
static struct db *first_schema(const char *url)
{
    struct err e = {0};
    struct db *db;

    assert_int_equal(db_open(&db, url, DB_WRITE, &e), 0);
    for (size_t i = 0; i < *db->driver->schema_count; i++)
        if (db->driver->schema[i].version == 1)
            run_script(db, db->driver->schema[i].text);
    return db;
}

/* V54: what devices signed under schema 1 counts under the next one: the last word of each. */
static void outcomes_become_words(void **state)
{
    static const char *const rows[] = {
        "INSERT INTO organisation VALUES ('org', 'active', FALSE, 0, NULL)",
        "INSERT INTO audience VALUES ('aud', 'org', FALSE, 0, NULL)",
        "INSERT INTO asset (id, organisation, audience, exercise, state, way, created_at, "
        "created_act) VALUES ('ast1', 'org', 'aud', FALSE, 'active', 'online', 0, 0), "
        "('ast2', 'org', 'aud', FALSE, 'active', 'online', 0, 0)",
    };
    char url[DATABASE_URL];
    struct err e = {0};
    struct db_query q;

    fresh(state, url);
    struct db *db = first_schema(url);
    bool sqlite = *(enum db_engine *)*state == DB_SQLITE;
    const char *blob = sqlite ? "x'01'" : "'\\x01'::bytea";
    const char *other = sqlite ? "x'02'" : "'\\x02'::bytea";
    char text[1200];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        run_script(db, rows[i]);
    snprintf(text, sizeof(text), "INSERT INTO document VALUES (%s, 0, %s)", blob, blob);
    run_script(db, text);
    run_script(db,
               "INSERT INTO advisory VALUES ('adv', 'org', FALSE, 'n', 't', 'p', '', 't', NULL, "
               "NULL, 0, 0)");
    snprintf(text, sizeof(text),
             "INSERT INTO revision (id, advisory, version, document, title, tlp, released, state, "
             "imported_at, imported_act) VALUES ('rev', 'adv', '1', %s, 't', '', '', 'published', "
             "0, 0)",
             blob);
    run_script(db, text);
    run_script(db,
               "INSERT INTO publication (id, organisation, exercise, revision, trigger_word, "
               "state, as_of, entries, members, created_at) VALUES ('pub1', 'org', FALSE, 'rev', "
               "'manual', 'signed', 0, 1, 1, 0), ('pub2', 'org', FALSE, 'rev', 'addition', "
               "'signed', 0, 1, 1, 0)");
    /* the same notice in two publications is one notice */
    const struct {
        const char *publication;
        int position;
        const char *digest;
    } notices[] = {{"pub1", 0, blob}, {"pub1", 1, other}, {"pub2", 0, blob}};
    for (size_t i = 0; i < ARRAY_LEN(notices); i++) {
        snprintf(text, sizeof(text),
                 "INSERT INTO notice VALUES ('%s', %d, 'aud', %s, 1, FALSE, 1, 'affected', %s, %s, "
                 "%s, %s)",
                 notices[i].publication, notices[i].position, blob, notices[i].digest, blob, blob,
                 blob);
        run_script(db, text);
    }
    snprintf(text, sizeof(text),
             "INSERT INTO outcome VALUES ('ast1', %s, 'planned', %s, 5, 50), "
             "('ast1', %s, 'installed', %s, 6, 60), ('ast1', %s, 'read', %s, 7, 70), "
             "('ast2', %s, 'installed', %s, 8, 80), ('ast2', %s, 'failed', %s, 9, 90)",
             blob, blob, blob, blob, other, blob, blob, blob, other, blob);
    run_script(db, text);
    run_script(db, "INSERT INTO schema_version VALUES (1, 'first release', '', 0)");
    /* the digest that this build has for schema 1 is what a fresh database would say */
    char fresh_url[DATABASE_URL];
    char digest[40];
    assert_true(database_fresh(*(enum db_engine *)*state, fresh_url));
    struct db *whole = database_open(fresh_url);
    assert_int_equal(db_find(&q, whole, &e, SQL_SCHEMA_VERSIONS), 1);
    snprintf(digest, sizeof(digest), "%s", db_text(&q, 2));
    db_query_finish(&q);
    db_close(whole);
    snprintf(text, sizeof(text), "UPDATE schema_version SET digest = '%s'", digest);
    run_script(db, text);

    if (db_migrate(db, 1, &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
    static const struct {
        const char *asset, *state, *reason;
        int64_t act;
    } expected[] = {{"ast1", "done", "installed", 6}, {"ast2", "open", "failed", 9}};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_int_equal(db_find(&q, db, &e, SQL_REMEDIATION_OF_ASSET, DB_TEXT(expected[i].asset),
                                 DB_TEXT("adv")),
                         1);
        assert_string_equal(db_text(&q, 0), "");
        assert_string_equal(db_text(&q, 1), "device");
        assert_string_equal(db_text(&q, 2), expected[i].state);
        assert_string_equal(db_text(&q, 4), expected[i].reason);
        assert_int_equal(db_int(&q, 5), expected[i].act);
        assert_int_equal(db_step(&q, &e), 0);
        db_query_finish(&q);
    }
    db_close(db);
}

static void several_migrators_at_once(void **state)
{
    char url[DATABASE_URL];
    pid_t children[6];
    struct err e = {0};
    struct db *db;
    struct db_query q;

    fresh(state, url);
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0)
            continue;
        if (db_open(&db, url, DB_WRITE, &e) || db_migrate(db, (int64_t)i, &e)) {
            fprintf(stderr, "migrator %zu: %s (%s)\n", i, e.text, e.code);
            _exit(1);
        }
        db_close(db);
        _exit(0);
    }
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(db_open(&db, url, DB_READ, &e), 0);
    assert_int_equal(db_find(&q, db, &e, SQL_SCHEMA_VERSIONS), 1);
    for (int i = 1; i < db_schema_known(); i++)
        assert_int_equal(db_step(&q, &e), 1);
    assert_int_equal(db_step(&q, &e), 0);
    db_query_finish(&q);
    db_close(db);
}

#define ON_BOTH(test)                                                                              \
    cmocka_unit_test_prestate(test, &engines[0]), cmocka_unit_test_prestate(test, &engines[1])

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_a_row),
        cmocka_unit_test(a_sqlite_file_is_checked_and_private),
        cmocka_unit_test(sqlite_syncs_every_commit),
        cmocka_unit_test(any_other_text_gives_another_digest),
        cmocka_unit_test(a_server_that_does_not_sync_is_refused),
        cmocka_unit_test(an_encoding_that_is_not_utf8_is_refused),
        ON_BOTH(an_empty_database_is_brought_forward_once),
        ON_BOTH(a_newer_schema_is_refused_by_name),
        ON_BOTH(other_tables_under_our_number_are_refused),
        ON_BOTH(a_database_of_others_is_refused),
        ON_BOTH(a_failed_migration_leaves_nothing),
        ON_BOTH(outcomes_become_words),
        ON_BOTH(several_migrators_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
