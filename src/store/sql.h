/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement table: every SQL text of the program, each with an id and each for both engines.
 *
 * A room keeps its statements in store/sql/ROOM.def, a list of
 *
 *     SQL(ORGANISATION_FIND, "SELECT state, exercise FROM organisation WHERE id = $1")
 *
 * which gives SQL_ORGANISATION_FIND. One text runs on SQLite and PostgreSQL (a test prepares each
 * on both, and compares parameters and columns):
 *   - parameters are $1 … $n, each used at least once; the SQLite driver rewrites them to ?n;
 *   - CAST(x AS BIGINT) instead of ::, also where PostgreSQL cannot guess a parameter's type, and
 *     around SUM() (numeric in PostgreSQL);
 *   - upsert is INSERT … ON CONFLICT (key) DO UPDATE SET …; RETURNING and WITH are fine;
 *   - no LIKE, no double-quoted text, no function that only one engine has; COALESCE, CASE, length,
 *     lower (ASCII), substr, COUNT, MIN, MAX, row_number() are fine;
 *   - ORDER BY a column that may be NULL says NULLS FIRST or NULLS LAST;
 *   - what may yield many rows has LIMIT $n and starts behind a key.
 * One statement each, without a semicolon.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stdbool.h>

enum sql_id {
#define SQL(id, text) SQL_##id,
#include "store/sql/all.def"
#undef SQL
    SQL_COUNT
};

/* The text as written, and the id's name ("ORGANISATION_FIND"). */
const char *sql_text(enum sql_id id);
const char *sql_name(enum sql_id id);

/* Whether the statement changes rows, by its words: not a SELECT, or a WITH that inserts … */
bool sql_changes(enum sql_id id);

/* The highest $n in the text, outside of quotes and comments; 0: none. */
unsigned sql_parameters(const char *text);
/* The '$' of the next parameter from `at` on, and its number; NULL when there is none. */
const char *sql_next_parameter(const char *at, unsigned *number);

#endif
