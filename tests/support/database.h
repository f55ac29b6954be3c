/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fresh databases for tests, on both engines:
 *
 *     char url[DATABASE_URL];
 *     if (!database_fresh(DB_POSTGRES, url))
 *         skip();
 *     database_open(url)     a migrated DB_WRITE connection
 *
 * SQLite files live in a folder under /tmp; PostgreSQL is a real server that tests/scenario/
 * postgres.sh starts at the first use and that ends with the test, however that ends. When the
 * server's programs are not installed, "skipped: …" is printed and database_fresh says false.
 * Run tests from the top of the source tree (meson does).
 */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H

#include "store/db.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DATABASE_URL = 240 };

static struct {
    char folder[64];
    char server[160]; /* "host=… user=…" */
    int input;        /* closing it ends the server */
    bool tried;
    pid_t owner;
    unsigned made;
} database_state;

static inline void database_clean(void)
{
    char command[128];

    if (database_state.owner != getpid()) /* a forked child's exit is not the test's */
        return;
    if (database_state.folder[0]) {
        snprintf(command, sizeof(command), "rm -rf '%s'", database_state.folder);
        if (system(command) != 0)
            fprintf(stderr, "%s: not removed\n", database_state.folder);
    }
    if (database_state.input > 0)
        close(database_state.input);
}

static inline const char *database_folder(void)
{
    if (!database_state.folder[0]) {
        strcpy(database_state.folder, "/tmp/tocsin-test-XXXXXX");
        if (!mkdtemp(database_state.folder))
            abort();
        if (!database_state.owner) {
            database_state.owner = getpid();
            atexit(database_clean);
        }
    }
    return database_state.folder;
}

static inline bool database_server(void)
{
    int in[2];
    int out[2];
    char line[sizeof(database_state.server)] = "";

    if (database_state.tried)
        return database_state.server[0] != '\0';
    database_state.tried = true;
    (void)database_folder();
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        abort();
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl("tests/scenario/postgres.sh", "postgres.sh", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    FILE *said = fdopen(out[0], "r");
    if (!said || !fgets(line, sizeof(line), said) || strncmp(line, "postgres:", 9) != 0) {
        printf("%s", line[0] ? line : "tests/scenario/postgres.sh said nothing\n");
        if (strncmp(line, "skipped", 7) != 0)
            abort(); /* installed, but it does not run: that is a failure, not a skip */
        return false;
    }
    fclose(said);
    char *end = strstr(line, " dbname=");
    if (!end)
        abort();
    *end = '\0';
    snprintf(database_state.server, sizeof(database_state.server), "%s", line + 9);
    database_state.input = in[1];
    return true;
}

/* Runs one command on the server's first database: to make databases, or to break things. */
static inline void database_command(const char *command)
{
    char text[DATABASE_URL];

    snprintf(text, sizeof(text), "%s dbname=postgres", database_state.server);
    PGconn *connection = PQconnectdb(text);
    PGresult *result = PQexec(connection, command);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s: %s", command, PQerrorMessage(connection));
        abort();
    }
    PQclear(result);
    PQfinish(connection);
}

/* The URL of a database that nobody has used yet. */
static inline bool database_fresh(enum db_engine engine, char url[DATABASE_URL])
{
    unsigned number = ++database_state.made;
    char command[64];

    if (engine == DB_SQLITE) {
        snprintf(url, DATABASE_URL, "sqlite:%s/%u.db", database_folder(), number);
        return true;
    }
    if (!database_server())
        return false;
    snprintf(command, sizeof(command), "CREATE DATABASE test%u TEMPLATE template0", number);
    database_command(command);
    snprintf(url, DATABASE_URL, "postgres:%s dbname=test%u", database_state.server, number);
    return true;
}

/* A DB_WRITE connection with the newest schema; the test fails loudly when there is none. */
static inline struct db *database_open(const char *url)
{
    struct db *db;
    struct err e = {0};

    if (db_open(&db, url, DB_WRITE, &e) || db_migrate(db, 1, &e)) {
        fprintf(stderr, "%s: %s (%s) %s\n", url, e.text, e.code, e.where);
        abort();
    }
    return db;
}

#endif
