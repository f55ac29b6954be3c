/* SPDX-License-Identifier: Apache-2.0 */
/* DESIGN section 7: every statement runs on both engines, from the first day. */
#include "store/db_driver.h"
#include "../support/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *type_name(enum db_type type)
{
    static const char *const names[] = {"null", "integer", "text", "blob", "another type"};

    return names[type];
}

/* What the engine says to one statement, in words when it does not take it. */
static bool shape_of(struct db *db, enum sql_id id, struct db_shape *shape)
{
    struct err e = {0};

    if (db->driver->shape(db, id, shape, &e) == 0)
        return true;
    printf("SQL_%s on %s: %s\n", sql_name(id), db_engine(db) == DB_SQLITE ? "SQLite" : "PostgreSQL",
           e.text);
    return false;
}

static int complain(enum sql_id id, const char *what)
{
    printf("SQL_%s: %s\n", sql_name(id), what);
    return 1;
}

/* Parameters are $1 to $n without a gap, and the ids' rule about what changes rows is right. */
static int check_text(enum sql_id id, const struct db_shape *sqlite)
{
    unsigned count = sql_parameters(sql_text(id));
    uint64_t seen = 0;
    unsigned number;

    for (const char *at = sql_text(id); (at = sql_next_parameter(at, &number)); at++)
        seen |= UINT64_C(1) << (number & 63);
    if (count > DB_PARAMETERS_MAX)
        return complain(id, "more than 32 parameters");
    if (seen != (UINT64_C(2) << count) - 2)
        return complain(id, "the parameters have a gap");
    if (count != sqlite->parameters)
        return complain(id, "SQLite counts other parameters");
    if (sql_changes(id) != sqlite->changes)
        return complain(id, "sql_changes() and SQLite do not agree");
    if (strchr(sql_text(id), ';'))
        return complain(id, "has a semicolon");
    return 0;
}

static void every_statement_runs_on_sqlite(void **state)
{
    char url[DATABASE_URL];
    struct db_shape shape;
    int wrong = 0;

    (void)state;
    database_fresh(DB_SQLITE, url);
    struct db *db = database_open(url);
    for (unsigned id = 0; id < SQL_COUNT; id++)
        wrong += shape_of(db, id, &shape) ? check_text(id, &shape) : 1;
    db_close(db);
    assert_int_equal(wrong, 0);
}

static void every_statement_runs_on_postgres(void **state)
{
    char url[DATABASE_URL];
    char other_url[DATABASE_URL];
    struct db_shape sqlite;
    struct db_shape postgres;
    int wrong = 0;

    (void)state;
    if (!database_fresh(DB_POSTGRES, url))
        skip();
    database_fresh(DB_SQLITE, other_url);
    struct db *db = database_open(url);
    struct db *other = database_open(other_url);
    for (unsigned id = 0; id < SQL_COUNT; id++) {
        if (!shape_of(db, id, &postgres) || !shape_of(other, id, &sqlite)) {
            wrong++;
            continue;
        }
        if (postgres.parameters != sqlite.parameters || postgres.columns != sqlite.columns)
            wrong += complain(id, "the engines count other parameters or columns");
        for (unsigned i = 0; i < postgres.columns; i++) {
            if (postgres.types[i] != DB_OTHER_TYPE)
                continue;
            printf("SQL_%s: column %u is %s: CAST it\n", sql_name(id), i,
                   type_name(postgres.types[i]));
            wrong++;
        }
    }
    db_close(db);
    db_close(other);
    assert_int_equal(wrong, 0);
}

static void parameters_are_found_outside_of_quotes_only(void **state)
{
    static const struct {
        const char *text;
        unsigned highest;
    } table[] = {
        {"SELECT 1", 0},
        {"SELECT $1", 1},
        {"SELECT $2, $1", 2},
        {"SELECT $12", 12},
        {"SELECT '$1'", 0},
        {"SELECT '''$1'", 0},
        {"SELECT '''' || $3", 3},
        {"SELECT \"$4\" FROM t WHERE a = $2", 2},
        {"SELECT 1 -- $5\n + $1", 1},
        {"SELECT 1 /* $5 */ + $1", 1},
        {"SELECT a$7 FROM t", 7},
        {"SELECT '$1", 0},
        {"SELECT /* $1", 0},
        {"$0", 0},
        {"$", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        assert_int_equal(sql_parameters(table[i].text), table[i].highest);
}

static void text_is_utf8_without_zero(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool fine;
    } table[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"exactly8", 8, true},
        {"a little longer than one word", 29, true},
        {"a\0b", 3, false},
        {"12345678\0", 9, false},
        {"1234567\0", 8, false},
        {"\0001234567", 8, false},
        {"12345678\x80", 9, false},
        {"1234567\xc3\xa9", 9, true},
        {"\xc3\xa9", 2, true},
        {"\xc3", 1, false},
        {"\xc0\x80", 2, false},
        {"\xc1\xbf", 2, false},
        {"\xe0\x80\x80", 3, false},
        {"\xe0\xa0\x80", 3, true},
        {"\xe2\x82", 2, false},
        {"\xed\x9f\xbf", 3, true},
        {"\xed\xa0\x80", 3, false},
        {"\xef\xbf\xbf", 3, true},
        {"\xf0\x8f\xbf\xbf", 4, false},
        {"\xf0\x90\x80\x80", 4, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"\xf4\x90\x80\x80", 4, false},
        {"\xf5\x80\x80\x80", 4, false},
        {"\xff", 1, false},
        {"\x80", 1, false},
        {"\xe2\x28\xa1", 3, false},
        {"\xe2\x82\x28", 3, false},
        {"\xf0\x90\x28\xbc", 4, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (db_text_is_fine(slice_of(table[i].text, table[i].len)) != table[i].fine)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_found_outside_of_quotes_only),
        cmocka_unit_test(text_is_utf8_without_zero),
        cmocka_unit_test(every_statement_runs_on_sqlite),
        cmocka_unit_test(every_statement_runs_on_postgres),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
