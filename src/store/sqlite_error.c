/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

/* The errno of the last failed write, which SQLite does not always pass on from a commit. */
static int last_errno(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    int said = sqlite3_system_errno(handle);

    if (said == 0 &&
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK &&
        file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &said);
    if (said == 0)
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &said);
    return said;
}

static bool disk_is_full(sqlite3 *handle, int code)
{
    int said;

    if ((code & 0xff) == SQLITE_FULL)
        return true;
    if (!handle || ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CANTOPEN))
        return false;
    /* SQLite says FULL for ENOSPC only; a quota or a file size limit is the same to the user. */
    said = last_errno(handle);
    return said == ENOSPC || said == EDQUOT || said == EFBIG;
}

static int constraint(sqlite3 *handle, int code, struct err *e)
{
    /* These messages name table and columns, never values. */
    const char *said = handle ? sqlite3_errmsg(handle) : "";

    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return err_set(e, ERR_CONFLICT, "store.unique", NULL, "such a row is there already: %s",
                       said);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return err_set(e, ERR_CONFLICT, "store.foreign-key", NULL,
                       "a row that is referred to is not there, or is still referred to");
    default:
        return err_set(e, ERR_CONFLICT, "store.check", NULL, "the schema does not allow it: %s",
                       said);
    }
}

int sqlite_error(sqlite3 *handle, int code, struct err *e)
{
    if (disk_is_full(handle, code)) {
        err_set(e, ERR_UNAVAILABLE, "store.full", NULL, "the disk of the database is full");
        return err_hint(e, "free some space; reading goes on, writing is possible again at once");
    }
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return constraint(handle, code, e);
    case SQLITE_NOMEM: return err_memory(e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_UNAVAILABLE, "store.busy", NULL,
                       "another program held the database for over %d seconds", DB_BUSY_SECONDS);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(e, ERR_DENIED, "store.read-only", NULL,
                       "the database may not be written: %s", sqlite3_errstr(code));
    case SQLITE_TOOBIG:
        return err_set(e, ERR_LIMIT, "store.too-big", NULL, "a value is larger than SQLite stores");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(e, ERR_SYSTEM, "store.corrupt", NULL, "the database file is damaged: %s",
                sqlite3_errstr(code));
        return err_hint(e, "keep the file, and restore the last backup");
    case SQLITE_CANTOPEN:
        return err_errno(e, handle ? sqlite3_system_errno(handle) : ENOENT, "store.open",
                         "the database file cannot be opened");
    case SQLITE_IOERR:
        return err_errno(e, handle ? last_errno(handle) : EIO, "store.engine",
                         "the disk of the database failed (SQLite's code %d)", code);
    default:
        return err_set(e, ERR_SYSTEM, "store.engine", NULL, "SQLite: %s",
                       handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    }
}

int sqlite_fail(struct sqlite_db *db, int code, struct err *e)
{
    /* Out of disk, memory or after an I/O error SQLite may undo the whole transaction by itself. */
    if (db->base.in_transaction && sqlite3_get_autocommit(db->handle))
        db->base.lost = true;
    return sqlite_error(db->handle, code, e);
}
