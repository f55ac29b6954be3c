/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DESIGN section 8: nothing acknowledged is lost, not by kill -9, a full disk or a lost database
 * connection; what cannot be stored is refused, and nothing is torn.
 */
#include "base/memory.h"
#include "store/postgres.h"
#include "../support/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

enum { BATCH = 10, ROUNDS = 20 };

static int put(struct db *db, struct err *e, int64_t batch, int64_t row, size_t len)
{
    static uint8_t filling[1 << 14]; /* that no engine can compress */
    char name[48];
    unsigned seed = 1;

    for (size_t i = 0; filling[0] == 0 && i < sizeof(filling); i++)
        filling[sizeof(filling) - 1 - i] = (uint8_t)((unsigned)rand_r(&seed) >> 8 | 1);
    snprintf(name, sizeof(name), "%012lld-%lld", (long long)batch, (long long)row);
    return db_run(db, e, SQL_FACT_SET, DB_TEXT(name), DB_BYTES(filling, len), DB_INT(batch)) == 1
               ? 0
               : -1;
}

/* How many batches are there; none is there in part. Read in pages, as rooms do. */
static int64_t count_whole_batches(struct db *db)
{
    struct err e = {0};
    struct db_query q;
    char last[48] = "";
    int64_t rows = 0;
    int64_t before;
    int more;

    do {
        before = rows;
        if (db_select(&q, db, &e, SQL_FACT_LIST, DB_TEXT(last), DB_INT(50)))
            fail_msg("%s (%s)", e.text, e.code);
        while ((more = db_step(&q, &e)) == 1) {
            snprintf(last, sizeof(last), "%s", db_text(&q, 0));
            /* Names sort by batch and row, so the n-th row is row n of its batch. */
            assert_int_equal(last[13] - '0', rows % BATCH);
            rows++;
        }
        if (more)
            fail_msg("%s (%s)", e.text, e.code);
        db_query_finish(&q);
    } while (rows > before);
    assert_int_equal(rows % BATCH, 0);
    return rows / BATCH;
}

/* Commits batches for ever, and says each to the pipe after its commit. */
static void write_batches(const char *url, int64_t from, int acknowledge)
{
    struct err e = {0};
    struct db *db;

    if (db_open(&db, url, DB_WRITE, &e))
        _exit(1);
    if (db_engine(db) == DB_POSTGRES) {
        int64_t pid = PQbackendPID(((struct postgres_db *)db)->connection);
        if (write(acknowledge, &pid, sizeof(pid)) != sizeof(pid))
            _exit(1);
    }
    for (int64_t batch = from;; batch++) {
        if (db_begin(db, &e))
            _exit(2);
        for (int64_t row = 0; row < BATCH; row++) {
            if (put(db, &e, batch, row, 3000))
                _exit(3);
        }
        if (db_commit(db, &e))
            _exit(4);
        if (write(acknowledge, &batch, sizeof(batch)) != sizeof(batch))
            _exit(5);
    }
}

static struct db *open_again(const char *url)
{
    struct err e = {0};
    struct db *db;

    for (int i = 0; i < 500; i++) { /* a crashed server recovers first */
        err_clear(&e);
        if (db_open(&db, url, DB_WRITE, &e) == 0)
            return db;
        if (strcmp(e.code, "store.connection") != 0)
            break;
        usleep(20000);
    }
    fail_msg("%s (%s)", e.text, e.code);
    return NULL;
}

/*
 * Kills the writer (SQLite) or the server process that works for it (PostgreSQL, which then
 * recovers as from a crash) at random moments.
 */
static void kill_at_random_moments(enum db_engine engine, int rounds)
{
    char url[DATABASE_URL];
    int64_t next = 0;
    unsigned seed = 20261121;

    if (!database_fresh(engine, url))
        skip();
    db_close(database_open(url));
    for (int round = 0; round < rounds; round++) {
        int64_t word = 0;
        int64_t acknowledged = next - 1;
        int64_t backend = 0;
        int pipes[2];

        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(pipes[0]);
            write_batches(url, next, pipes[1]);
        }
        close(pipes[1]);
        if (engine == DB_POSTGRES)
            assert_int_equal(read(pipes[0], &backend, sizeof(backend)), sizeof(backend));
        /* At least one commit, then anywhere. */
        assert_int_equal(read(pipes[0], &acknowledged, sizeof(acknowledged)), sizeof(word));
        usleep((useconds_t)(rand_r(&seed) % 20000));
        assert_int_equal(kill(engine == DB_POSTGRES ? (pid_t)backend : child, SIGKILL), 0);
        while (read(pipes[0], &word, sizeof(word)) == sizeof(word))
            acknowledged = word;
        close(pipes[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);

        struct db *db = open_again(url);
        int64_t there = count_whole_batches(db);
        /* At most the one whose acknowledgement was on its way is there beyond. */
        if (there < acknowledged + 1 || there > acknowledged + 2)
            fail_msg("round %d: %lld batches acknowledged, %lld there", round,
                     (long long)acknowledged + 1, (long long)there);
        next = there;
        db_close(db);
    }
}

static void killed_writers_lose_nothing_in_sqlite(void **state)
{
    (void)state;
    kill_at_random_moments(DB_SQLITE, ROUNDS);
}

static void crashed_servers_lose_nothing_in_postgres(void **state)
{
    (void)state;
    kill_at_random_moments(DB_POSTGRES, 3);
}

static void break_connection(const struct db *db)
{
    char command[80];

    snprintf(command, sizeof(command), "SELECT pg_terminate_backend(%d, 5000)",
             PQbackendPID(((const struct postgres_db *)db)->connection));
    database_command(command);
}

static void a_lost_connection_is_said_and_left(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    struct db *db = database_open(url);
    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(put(db, &e, 1, 0, 10), 0);
    break_connection(db);
    assert_int_equal(put(db, &e, 1, 1, 10), -1);
    assert_string_equal(e.code, "store.connection");
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    assert_false(db_is_alive(db));
    err_clear(&e);
    assert_int_equal(db_commit(db, &e), -1);
    assert_string_equal(e.code, "store.connection"); /* it cannot have happened */
    assert_false(db_in_transaction(db));
    err_clear(&e);
    assert_int_equal(db_begin(db, &e), -1);
    assert_string_equal(e.code, "store.connection");
    db_rollback(db);
    db_close(db);
    db = open_again(url);
    assert_int_equal(count_whole_batches(db), 0);
    db_close(db);
}

/* Between the request to commit and its answer nobody knows: the caller must ask again. */
static void a_connection_lost_in_the_commit_is_an_unknown_outcome(void **state)
{
    char url[DATABASE_URL];
    struct err e = {0};

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    struct db *db = database_open(url);
    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(put(db, &e, 1, 0, 10), 0);
    break_connection(db);
    assert_int_equal(db_commit(db, &e), -1);
    assert_string_equal(e.code, "store.outcome-unknown");
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    db_close(db);
}

/* Writes batches until the disk says no. Returns the number of the first that was not committed. */
static int64_t fill(struct db *db, int64_t from)
{
    struct err e = {0};

    for (int64_t batch = from; batch < 100000; batch++) {
        int failed = db_begin(db, &e);
        for (int64_t row = 0; !failed && row < BATCH; row++)
            failed = put(db, &e, batch, row, 8000);
        if (!failed)
            failed = db_commit(db, &e);
        if (failed) {
            if (strcmp(e.code, "store.full") != 0)
                fail_msg("%s (%s)", e.text, e.code);
            assert_int_equal(e.kind, ERR_UNAVAILABLE);
            db_rollback(db);
            return batch;
        }
    }
    fail_msg("the disk was never full");
    return -1;
}

/* Fills the disk: reads go on, nothing is torn. Returns how many batches are there. */
static int64_t fill_and_look(struct db *db, const char *url)
{
    struct err e = {0};
    struct db *reader;
    int64_t committed = fill(db, 0);

    assert_true(committed > 0);
    assert_true(db_is_alive(db));
    assert_int_equal(count_whole_batches(db), committed);
    assert_int_equal(db_open(&reader, url, DB_READ, &e), 0);
    assert_int_equal(count_whole_batches(reader), committed);
    db_close(reader);
    /* Asked again it says so again. (What SQLite's log gave back may have made a little room.) */
    for (int i = 0; i < 3; i++) {
        committed = fill(db, committed);
        assert_int_equal(count_whole_batches(db), committed);
    }
    return committed;
}

static void write_one_more(struct db *db, int64_t batch)
{
    struct err e = {0};

    assert_int_equal(db_begin(db, &e), 0);
    for (int64_t row = 0; row < BATCH; row++)
        assert_int_equal(put(db, &e, batch, row, 100), 0);
    if (db_commit(db, &e))
        fail_msg("%s (%s)", e.text, e.code);
}

/* A limit on the size of files, which needs no rights; it holds for this process only. */
static void a_full_disk_refuses_writes_and_reads_on_sqlite(void **state)
{
    char url[DATABASE_URL];
    struct rlimit before;
    struct rlimit small = {4 << 20, 4 << 20};

    (void)state;
    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int64_t committed = fill_and_look(db, url);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    write_one_more(db, committed);
    db_close(db);
    db = database_open(url);
    assert_int_equal(count_whole_batches(db), committed + 1);
    db_close(db);
}

/* A file system of some MiB of our own; false when we may not mount. */
static bool mount_small(const char *folder, const char *options)
{
    if (mkdir(folder, 0755) && errno != EEXIST)
        return false;
    return geteuid() == 0 && mount("tmpfs", folder, "tmpfs", 0, options) == 0;
}

static void a_full_file_system_refuses_writes_and_reads_on_sqlite(void **state)
{
    char folder[DATABASE_URL];
    char url[DATABASE_URL + 32];
    char filler[DATABASE_URL + 32];
    static const char zero[1 << 16];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/small", database_folder());
    if (!mount_small(folder, "size=8m")) {
        printf("skipped: a small file system can be mounted by root only\n");
        skip();
    }
    snprintf(url, sizeof(url), "sqlite:%s/t.db", folder);
    struct db *db = database_open(url);
    snprintf(filler, sizeof(filler), "%s/filler", folder);
    int fd = open(filler, O_CREAT | O_WRONLY, 0600);
    for (int i = 0; i < 32; i++)
        assert_int_equal(write(fd, zero, sizeof(zero)), sizeof(zero));
    close(fd);
    int64_t committed = fill_and_look(db, url);
    assert_int_equal(unlink(filler), 0); /* "free some space" */
    write_one_more(db, committed);
    db_close(db);
    db = database_open(url);
    int64_t there = count_whole_batches(db);
    db_close(db);
    assert_int_equal(umount(folder), 0);
    assert_int_equal(there, committed + 1);
}

/* Whom the server runs as: the owner of its socket's folder. */
static uid_t server_user(void)
{
    char folder[160];
    struct stat st;

    assert_int_equal(sscanf(database_state.server, "host=%159s", folder), 1);
    assert_int_equal(stat(folder, &st), 0);
    return st.st_uid;
}

/* The server's tables on a small file system; its log is elsewhere. */
static void a_full_file_system_refuses_writes_and_reads_on_postgres(void **state)
{
    char url[DATABASE_URL];
    char folder[DATABASE_URL - 80];
    char command[DATABASE_URL];

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    snprintf(folder, sizeof(folder), "/tmp/tocsin-small-%d", getpid());
    if (!mount_small(folder, "size=24m,mode=0777")) {
        rmdir(folder);
        printf("skipped: a small file system can be mounted by root only\n");
        skip();
    }
    if (chown(folder, server_user(), (gid_t)-1))
        fail_msg("chown %s: %s", folder, strerror(errno));
    snprintf(command, sizeof(command), "CREATE TABLESPACE small LOCATION '%s'", folder);
    database_command(command);
    /* The default strategy leaves holes in the files, which a full disk does not let it fill. */
    database_command("CREATE DATABASE small TEMPLATE template0 STRATEGY file_copy "
                     "TABLESPACE small");
    strcpy(strstr(url, "dbname="), "dbname=small");
    struct db *db = database_open(url);
    int64_t committed = fill_and_look(db, url);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=48m"), 0);
    write_one_more(db, committed);
    assert_int_equal(count_whole_batches(db), committed + 1);
    db_close(db);
    database_command("DROP DATABASE small");
    database_command("DROP TABLESPACE small");
    assert_int_equal(umount(folder), 0);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_writers_lose_nothing_in_sqlite),
        cmocka_unit_test(crashed_servers_lose_nothing_in_postgres),
        cmocka_unit_test(a_lost_connection_is_said_and_left),
        cmocka_unit_test(a_connection_lost_in_the_commit_is_an_unknown_outcome),
        cmocka_unit_test(a_full_disk_refuses_writes_and_reads_on_sqlite),
        cmocka_unit_test(a_full_file_system_refuses_writes_and_reads_on_sqlite),
        cmocka_unit_test(a_full_file_system_refuses_writes_and_reads_on_postgres),
    };

    /* Mounts of our own, which end with us however we end. */
    if (geteuid() == 0 &&
        (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)))
        perror("unshare");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
