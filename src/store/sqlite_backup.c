/* SPDX-License-Identifier: Apache-2.0 */
/* On-line backup: a copy of one moment, checked before it gets its name. */
#include "store/sqlite.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGES_A_STEP = 2048 };

static void discard(char **path)
{
    if (*path)
        unlink(*path);
    mem_free(*path);
}

static void close_handle(sqlite3 **handle)
{
    sqlite3_close_v2(*handle);
}

/* Copies all pages; the source's open read transaction keeps them of one moment. */
static int copy_pages(sqlite3 *source, sqlite3 *target, db_progress_fn *progress, void *context,
                      struct err *e)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
    int code = SQLITE_OK;

    if (!backup)
        return sqlite_error(target, sqlite3_extended_errcode(target), e);
    while (code == SQLITE_OK) {
        code = sqlite3_backup_step(backup, PAGES_A_STEP);
        int64_t total = sqlite3_backup_pagecount(backup);
        if (progress && !progress(context, total - sqlite3_backup_remaining(backup), total)) {
            sqlite3_backup_finish(backup);
            return err_set(e, ERR_CONFLICT, "store.backup-stopped", NULL, "the backup was stopped");
        }
    }
    sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? 0 : sqlite_error(target, code, e);
}

static int copy(const struct sqlite_db *db, const char *path, db_progress_fn *progress,
                void *context, struct err *e)
{
    sqlite3 *source CLEANUP(close_handle) = NULL;
    sqlite3 *target CLEANUP(close_handle) = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code;

    /* A connection of its own: the caller's transactions neither see nor disturb it. */
    code = sqlite3_open_v2(db->path, &source, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(source, DB_BUSY_SECONDS * 1000);
        code = sqlite3_exec(source, "PRAGMA query_only = ON; BEGIN; SELECT 1 FROM sqlite_schema",
                            NULL, NULL, NULL);
    }
    if (code != SQLITE_OK)
        return sqlite_error(source, code, e);
    code = sqlite3_open_v2(path, &target, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(target, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return sqlite_error(target, code, e);
    return copy_pages(source, target, progress, context, e);
}

/* Syncs the file, gives it its name unless that is taken, and syncs the folder. */
static int publish(const char *partial, const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    int fd = open(partial, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd);

    if (fd >= 0)
        close(fd);
    if (failed)
        return err_errno(e, errno, "store.backup", "the backup could not be synced to disk");
    if (file_rename_new(AT_FDCWD, partial, AT_FDCWD, path) != 0) {
        if (errno == EEXIST)
            return err_set(e, ERR_CONFLICT, "store.backup-exists", NULL,
                           "there is a file of that name already");
        return err_errno(e, errno, "store.backup", "the backup could not be named");
    }
    char *folder = slash ? mem_strdup(path) : NULL;
    if (slash && !folder) {
        unlink(path);
        return err_memory(e);
    }
    if (folder)
        folder[slash == path ? 1 : slash - path] = '\0';
    fd = open(folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mem_free(folder);
    failed = fd < 0 || fsync(fd);
    if (fd >= 0)
        close(fd);
    if (failed)
        return err_errno(e, errno, "store.backup", "the backup's folder could not be synced");
    return 0;
}

int sqlite_backup(struct db *base, const char *path, db_progress_fn *progress, void *context,
                  struct err *e)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    size_t size = strlen(path) + sizeof(".partial");
    char *partial CLEANUP(discard) = NULL;
    char *name;
    int fd;

    if (strcmp(db->path, ":memory:") == 0)
        return err_set(e, ERR_USAGE, "store.backup-engine", NULL,
                       "a database in memory has no backup");
    if (access(path, F_OK) == 0) {
        err_set(e, ERR_CONFLICT, "store.backup-exists", NULL,
                "there is a file of that name already");
        return err_where(e, "%s", path);
    }
    name = mem_new(1, size);
    if (!name)
        return err_memory(e);
    snprintf(name, size, "%s.partial", path);
    unlink(name); /* left by a backup that was killed */
    fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_errno(e, errno, "store.backup", "the backup file cannot be made");
        err_where(e, "%s", name);
        mem_free(name);
        return -1;
    }
    close(fd);
    partial = name; /* from here on it is removed whatever happens */
    if (copy(db, partial, progress, context, e) || db_backup_check(partial, e) ||
        publish(partial, path, e))
        return err_where(e, "%s", path);
    return 0;
}

/* Runs a pragma that yields nothing or "ok" when all is well. */
static int check_pragma(sqlite3 *handle, const char *pragma, const char *what, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(handle, pragma, -1, &stmt, NULL);
    int result = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(stmt, 0);
        if (!said || strcmp(said, "ok") != 0)
            result =
                err_set(e, ERR_VERIFY, "store.corrupt", NULL, "%s: %s", what, said ? said : "?");
    } else if (code != SQLITE_DONE) {
        result = sqlite_error(handle, code, e);
    }
    sqlite3_finalize(stmt);
    return result;
}

/* immutable: the copy is a single file, and looking at it makes no other beside it. */
static void put_uri(char *uri, size_t size, const char *path)
{
    size_t at = (size_t)snprintf(uri, size, "file:%s", path[0] == '/' ? "" : "./");

    for (; *path; path++) {
        if (strchr("?#%", *path))
            at += (size_t)snprintf(uri + at, size - at, "%%%02x", (unsigned)*path);
        else
            uri[at++] = *path;
    }
    snprintf(uri + at, size - at, "?immutable=1");
}

int db_backup_check(const char *path, struct err *e)
{
    struct db *db = NULL;
    size_t size = strlen(path) * 3 + 64;
    char *uri = mem_new(1, size);
    sqlite3 *handle;
    int result = -1;

    if (!uri)
        return err_memory(e);
    put_uri(uri, size, path);
    if (sqlite_open_file(&db, uri, DB_READ, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e))
        goto out;
    handle = ((struct sqlite_db *)db)->handle;
    if (check_pragma(handle, "PRAGMA integrity_check(1)", "the backup is damaged", e) ||
        check_pragma(handle, "PRAGMA foreign_key_check", "rows of the backup refer to nothing", e))
        goto out;
    result = db_check_schema(db, e);
out:
    db_close(db);
    mem_free(uri);
    return result ? err_where(e, "%s", path) : 0;
}
