/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable rows through the store, beside what the disk alone allows: writing the same bytes to a
 * file and fdatasync, once a batch. Interleaved in short turns; medians of the turns. Each row is a
 * 300-byte value with a key, in a savepoint of its own, as the writer runs commands.
 *
 *     store_bench [FOLDER]     on the file system of FOLDER (default: here)
 */
#include "../support/database.h"

#include <fcntl.h>
#include <stdint.h>
#include <time.h>

enum { TURNS = 9, ROW = 300, CEILING = 100000 };
static const double turn_seconds = 0.25;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool done, const char *what, const struct err *e)
{
    if (done)
        return;
    fprintf(stderr, "%s: %s (%s)\n", what, e->text, e->code);
    exit(3);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, TURNS, sizeof(*values), by_value);
    return values[TURNS / 2];
}

/* Rows a second, committed in batches, for one turn. */
static double rows_a_second(struct db *db, unsigned batch)
{
    static uint8_t value[ROW];
    static uint64_t number;
    struct err e = {0};
    uint64_t rows = 0;
    double begin = now();

    do {
        must(db_begin(db, &e) == 0, "begin", &e);
        for (unsigned i = 0; i < batch; i++) {
            char name[32];
            snprintf(name, sizeof(name), "%020llu", (unsigned long long)number++);
            memcpy(value, name, 20);
            must(db_savepoint(db, &e) == 0, "savepoint", &e);
            must(db_run(db, &e, SQL_FACT_SET, DB_TEXT(name), DB_BYTES(value, ROW), DB_INT(1)) == 1,
                 "insert", &e);
            must(db_release(db, &e) == 0, "release", &e);
        }
        must(db_commit(db, &e) == 0, "commit", &e);
        rows += batch;
    } while (now() - begin < turn_seconds);
    return (double)rows / (now() - begin);
}

/* The same bytes to a file that has its blocks already, as a database's log has. */
static double synced_rows_a_second(int fd, unsigned batch)
{
    static uint8_t bytes[CEILING];
    size_t len = (size_t)batch * ROW;
    uint64_t rows = 0;
    off_t at = 0;
    double begin = now();

    do {
        for (size_t done = 0; done < len;) {
            size_t part = len - done < sizeof(bytes) ? len - done : sizeof(bytes);
            if (pwrite(fd, bytes, part, at) != (ssize_t)part) {
                perror("pwrite");
                exit(3);
            }
            done += part;
            at = (at + (off_t)part) % (32 << 20);
        }
        if (fdatasync(fd)) {
            perror("fdatasync");
            exit(3);
        }
        rows += batch;
    } while (now() - begin < turn_seconds);
    return (double)rows / (now() - begin);
}

static void compare(const char *engine, struct db *db, int fd, unsigned batch, bool has_goal)
{
    double ours[TURNS];
    double disk[TURNS];

    rows_a_second(db, batch);
    for (int i = 0; i < TURNS; i++) {
        ours[i] = rows_a_second(db, batch);
        disk[i] = synced_rows_a_second(fd, batch);
    }
    double rate = median(ours);
    double bound = median(disk);
    char goal[64] = "no goal";
    /* DESIGN section 9: 0.8 x what the disk allows, up to 100,000 a second. */
    if (has_goal && 0.8 * bound < CEILING)
        snprintf(goal, sizeof(goal), "goal >= 0.80 x");
    else if (has_goal)
        snprintf(goal, sizeof(goal), "goal >= %.2f x (100,000/s)", CEILING / bound);
    printf("store: durable rows in batches of %u, %s | ours %.0f/s | fdatasync x %u: %.0f/s | "
           "%.2f x | %s\n",
           batch, engine, rate, batch, bound, rate / bound, goal);
    fflush(stdout);
}

static void compare_reads(const char *engine, struct db *db)
{
    struct err e = {0};
    double rate[TURNS];

    for (int i = 0; i < TURNS; i++) {
        uint64_t found = 0;
        double begin = now();
        do {
            char name[32];
            struct db_query q;
            snprintf(name, sizeof(name), "%020llu", (unsigned long long)(found * 7919 % 4096));
            must(db_find(&q, db, &e, SQL_FACT_GET, DB_TEXT(name)) >= 0, "read", &e);
            db_query_finish(&q);
            found++;
        } while (now() - begin < turn_seconds / 2);
        rate[i] = (double)found / (now() - begin);
    }
    printf("store: rows read by key, one connection, %s | ours %.0f/s | - | - | no goal\n", engine,
           median(rate));
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    char name[DATABASE_URL - 16];
    char url[DATABASE_URL];
    static const unsigned batches[] = {1, 16, 256};

    snprintf(name, sizeof(name), "%s/store-bench-%d", folder, getpid());
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, 33 << 20)) {
        perror(name);
        return 3;
    }
    unlink(name);
    for (off_t at = 0; at < 33 << 20; at += 1 << 20) {
        static const uint8_t zero[1 << 20];
        if (pwrite(fd, zero, sizeof(zero), at) != sizeof(zero)) {
            perror(name);
            return 3;
        }
    }
    fsync(fd);

    snprintf(url, sizeof(url), "sqlite:%s.db", name);
    struct db *db = database_open(url);
    for (int i = 0; i < 4; i++) /* until the log has the size that it then keeps */
        rows_a_second(db, 256);
    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        compare("SQLite", db, fd, batches[i], true);
    compare_reads("SQLite", db);
    db_close(db);
    unlink(url + strlen("sqlite:"));

    if (database_fresh(DB_POSTGRES, url)) {
        db = database_open(url);
        for (size_t i = 0; i < ARRAY_LEN(batches); i++)
            compare("PostgreSQL", db, fd, batches[i], false);
        compare_reads("PostgreSQL", db);
        db_close(db);
    }
    close(fd);
    return 0;
}
