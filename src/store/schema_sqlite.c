/* SPDX-License-Identifier: Apache-2.0 */
/* The schema in SQLite's words; each word is explained in store/schema.h. */
#include "store/schema.h"

#include "base/compiler.h"

#define T_INT "INTEGER"
#define T_TIME "INTEGER"
#define T_BOOL "INTEGER"
#define T_TEXT "TEXT"
#define T_ID "TEXT"
#define T_BLOB "BLOB"
#define T_HASH "BLOB"
#define T_AUTO "INTEGER PRIMARY KEY AUTOINCREMENT"
#define ONLY_SQLITE(text) text
#define ONLY_POSTGRES(text) ""

#define TABLE(version, name, columns)                                                              \
    {version, #name, "CREATE TABLE " #name " (" columns ") STRICT"},
#define TABLE_BY_KEY(version, name, columns)                                                       \
    {version, #name, "CREATE TABLE " #name " (" columns ") STRICT, WITHOUT ROWID"},
#define INDEX(version, name, on) {version, #name, "CREATE INDEX " #name " ON " on},
#define UNIQUE_INDEX(version, name, on) {version, #name, "CREATE UNIQUE INDEX " #name " ON " on},
#define CHANGE(version, text) {version, text, text},

const struct schema_statement schema_sqlite[] = {
#include "store/schema/all.def"
};
const size_t schema_sqlite_count = ARRAY_LEN(schema_sqlite);
