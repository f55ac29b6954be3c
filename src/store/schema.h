/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema: every table of the program, as numbered forward steps.
 *
 * A room keeps its tables in store/schema/ROOM.def:
 *
 *     TABLE(1, organisation, "id " T_ID " PRIMARY KEY, exercise " T_BOOL " NOT NULL")
 *     TABLE_BY_KEY(1, member, "a " T_ID ", b " T_ID ", PRIMARY KEY (a, b)")
 *     INDEX(1, member_by_b, "member (b)")            or  UNIQUE_INDEX(1, name, "table (columns)")
 *     CHANGE(2, "ALTER TABLE organisation ADD COLUMN country " T_TEXT)
 *
 * The rule: schema version 1 is all statements numbered 1 of all rooms, in the order of
 * schema/all.def and then of the text; version 2 is all statements numbered 2, and so on. While
 * the first release is being built everything is 1 and may change freely. Once a version has been
 * released its statements never change: the next change is a new CHANGE (or TABLE) with the next
 * number, and a line in schema/versions.def. The digest of each version's text is kept in the
 * database, and a database whose version says something else is refused by name.
 *
 * TABLE_BY_KEY is for tables that are only reached through a primary key that is not one integer:
 * SQLite then stores the rows in that key's order instead of beside it. Not for rows over 200
 * bytes.
 *
 * Type words, by engine (all text compares byte by byte; SQLite tables are STRICT):
 *   T_INT   INTEGER / BIGINT            T_BOOL  INTEGER / BOOLEAN
 *   T_TEXT  TEXT / TEXT COLLATE "C"     T_BLOB  BLOB / BYTEA
 *   T_ID    as T_TEXT: an opaque id     T_TIME  as T_INT: microseconds since 1970, UTC
 *   T_HASH  as T_BLOB: a digest         T_AUTO  a primary key that the database counts up
 *   ONLY_SQLITE("…"), ONLY_POSTGRES("…")  text that only one engine sees
 *
 * Principles: every object has an opaque id, the organisation that owns it, and `exercise`; what
 * is shown to others has an audience or a TLP label; what identifies a person stands in `person`
 * (or another table whose rows can be erased), and everything else refers to it by id.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

struct schema_statement {
    int version;
    const char *name; /* of the table or index; for a CHANGE the text itself */
    const char *text; /* DDL of one engine */
};

struct schema_version {
    int version;
    const char *name;
};

extern const struct schema_version schema_versions[];
extern const size_t schema_versions_count;

extern const struct schema_statement schema_sqlite[];
extern const size_t schema_sqlite_count;
extern const struct schema_statement schema_postgres[];
extern const size_t schema_postgres_count;

#endif
