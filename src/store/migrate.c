/* SPDX-License-Identifier: Apache-2.0 */
/* Which schema a database has, whether we know it, and the way forward. */
#include "store/db_driver.h"

#include "base/log.h"

#include <stdio.h>

enum { DIGEST_TEXT = 17 };

int db_schema_known(void)
{
    return schema_versions[schema_versions_count - 1].version;
}

/*
 * A number for the text of one version in this engine (FNV-1a, 64 bit): it tells apart builds whose
 * tables differ under one version number. It is no protection against anybody.
 */
static void version_digest(const struct db *db, int version, char text[DIGEST_TEXT])
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < *db->driver->schema_count; i++) {
        if (db->driver->schema[i].version != version)
            continue;
        for (const char *at = db->driver->schema[i].text; *at; at++)
            hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
        hash = (hash ^ 0xff) * 0x100000001b3u;
    }
    snprintf(text, DIGEST_TEXT, "%016llx", (unsigned long long)hash);
}

/* Reads which versions the database has gone through; *version is the highest, 0 for none. */
static int read_versions(struct db *db, int *version, struct err *e)
{
    struct db_query q = {0};
    char known[DIGEST_TEXT];
    bool has;
    int result = -1;

    *version = 0;
    if (db->driver->has_schema(db, &has, e))
        return db_fail(db, e);
    if (!has)
        return 0;
    if (db_select(&q, db, e, SQL_SCHEMA_VERSIONS))
        goto out;
    while ((result = db_step(&q, e)) == 1) {
        int64_t at = db_int(&q, 0);
        if (at > db_schema_known()) {
            /* The last one counts: "schema 9", not the first of those we do not know. */
            *version = (int)at;
            continue;
        }
        *version = (int)at;
        version_digest(db, *version, known);
        if (!slice_is(db_slice(&q, 2), known)) {
            err_set(e, ERR_CONFLICT, "store.changed-schema", NULL,
                    "the database has schema %d, but with other tables than this tocsin's",
                    *version);
            err_hint(e, "it was made by another build: use that build, or restore a backup made by "
                        "a release");
            result = -1;
            goto out;
        }
    }
out:
    db_query_finish(&q);
    return result;
}

int db_check_schema(struct db *db, struct err *e)
{
    int version;

    if (read_versions(db, &version, e))
        return -1;
    if (version <= db_schema_known())
        return 0;
    err_set(e, ERR_CONFLICT, "store.newer-schema", NULL,
            "made by a newer tocsin: schema %d, this one knows %d", version, db_schema_known());
    return err_hint(e, "start the newer tocsin; a schema never goes back");
}

int db_schema_version(struct db *db, int *version, struct err *e)
{
    return read_versions(db, version, e);
}

static int apply(struct db *db, const struct schema_version *step, int64_t now, struct err *e)
{
    char digest[DIGEST_TEXT];

    for (size_t i = 0; i < *db->driver->schema_count; i++) {
        const struct schema_statement *statement = &db->driver->schema[i];
        if (statement->version != step->version)
            continue;
        if (db->driver->script(db, statement->text, e)) {
            err_where(e, "schema %d, %.100s", step->version, statement->name);
            return db_fail(db, e);
        }
    }
    version_digest(db, step->version, digest);
    return db_run(db, e, SQL_SCHEMA_APPLIED, DB_INT(step->version), DB_TEXT(step->name),
                  DB_TEXT(digest), DB_INT(now)) == 1
               ? 0
               : -1;
}

int db_migrate(struct db *db, int64_t now, struct err *e)
{
    if (db->mode == DB_READ)
        return err_set(e, ERR_DENIED, "store.read-only", NULL,
                       "this connection only reads, and cannot bring the schema forward");
    for (size_t i = 0; i < schema_versions_count; i++) {
        const struct schema_version *step = &schema_versions[i];
        int version;

        if (db_begin(db, e))
            return -1;
        /* Read inside the transaction: another program may just have done this step. */
        if (db_check_schema(db, e) || db_schema_version(db, &version, e) ||
            (version < step->version && apply(db, step, now, e))) {
            db_rollback(db);
            return -1;
        }
        if (version >= step->version) {
            db_rollback(db);
            continue;
        }
        if (db_commit(db, e))
            return -1;
        log_info("store.migrated", LOG_I("version", step->version), LOG_S("name", step->name));
    }
    return 0;
}
