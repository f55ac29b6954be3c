/* SPDX-License-Identifier: Apache-2.0 */
/* One function decides who may see what (V06, V51; FIRST TLP 2.0). */
#include "store/may_see.h"
#include "../support/database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int look(const char *viewer, bool everywhere, bool concerned, const char *tlp)
{
    const struct viewer v = {
        .organisation = viewer, .everywhere = everywhere, .concerned = concerned};
    const struct shown s = {.organisation = "org_owner", .tlp = tlp};
    struct err e = {0};

    return may_see(NULL, &v, &s, &e);
}

static void labels_decide_for_strangers_to_it(void **state)
{
    (void)state;
    assert_int_equal(look("org_other", false, false, "WHITE"), 1);
    assert_int_equal(look("org_other", false, false, "CLEAR"), 1);
    assert_int_equal(look("org_other", false, false, "GREEN"), 1);
    assert_int_equal(look("org_other", false, false, ""), 1);
    assert_int_equal(look("org_other", false, false, "AMBER"), 0);
    assert_int_equal(look("org_other", false, false, "AMBER+STRICT"), 0);
    assert_int_equal(look("org_other", false, false, "RED"), 0);
    assert_int_equal(look("org_other", false, false, "an unknown label"), 0);
}

static void who_is_concerned_sees_amber_but_never_red(void **state)
{
    (void)state;
    assert_int_equal(look("org_other", false, true, "AMBER"), 1);
    assert_int_equal(look("org_other", false, true, "AMBER+STRICT"), 0);
    assert_int_equal(look("org_other", false, true, "RED"), 0);
}

static void the_owner_and_the_centre_see_everything(void **state)
{
    (void)state;
    assert_int_equal(look("org_owner", false, false, "RED"), 1);
    assert_int_equal(look("org_centre", true, false, "RED"), 1);
    assert_int_equal(look("", false, false, "RED"), 0);
}

/* An organisation that is not known owns nothing, not even what nobody owns. */
static void nobody_owns_nothing(void **state)
{
    const struct viewer nobody = {.organisation = ""};
    const struct shown stray = {.organisation = "", .tlp = "RED"};
    struct err e = {0};

    (void)state;
    assert_int_equal(may_see(NULL, &nobody, &stray, &e), 0);
}

/* What is released to an audience, its members see for as long as they are in it. */
static void an_audience_sees_what_is_released_to_it(void **state)
{
    static const char member[] = "org_00000000000000000000000001";
    static const char owner[] = "org_00000000000000000000000002";
    static const char audience[] = "aud_00000000000000000000000001";
    const struct shown s = {.organisation = owner, .tlp = "RED", .audience = audience};
    struct viewer v = {.organisation = member};
    char url[DATABASE_URL];
    struct err e = {0};

    (void)state;
    assert_true(database_fresh(DB_SQLITE, url));
    struct db *db = database_open(url);
    assert_int_equal(db_begin(db, &e), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(db_run(db, &e, SQL_ORGANISATION_INSERT, DB_TEXT(i ? owner : member),
                                DB_BOOL(false), DB_INT(1), DB_INT(0)),
                         1);
    assert_int_equal(db_run(db, &e, SQL_AUDIENCE_INSERT, DB_TEXT(audience), DB_TEXT(owner),
                            DB_BOOL(false), DB_INT(1), DB_INT(0)),
                     1);
    assert_int_equal(db_commit(db, &e), 0);
    assert_int_equal(may_see(db, &v, &s, &e), 0);
    assert_int_equal(db_begin(db, &e), 0);
    assert_int_equal(
        db_run(db, &e, SQL_AUDIENCE_JOIN, DB_TEXT(audience), DB_TEXT(member), DB_INT(2), DB_INT(0)),
        1);
    assert_int_equal(db_commit(db, &e), 0);
    assert_int_equal(may_see(db, &v, &s, &e), 1);
    v.organisation = "org_00000000000000000000000003";
    assert_int_equal(may_see(db, &v, &s, &e), 0);
    v.organisation = "";
    assert_int_equal(may_see(db, &v, &s, &e), 0);
    db_close(db);
}

static void exercise_and_live_do_not_mix(void **state)
{
    const struct viewer live = {.organisation = "org_owner"};
    const struct viewer drill = {.organisation = "org_owner", .exercise = true};
    const struct shown exercise = {.organisation = "org_owner", .tlp = "WHITE", .exercise = true};
    const struct shown real = {.organisation = "org_owner", .tlp = "WHITE"};
    struct err e = {0};

    (void)state;
    assert_int_equal(may_see(NULL, &live, &exercise, &e), 0);
    assert_int_equal(may_see(NULL, &drill, &exercise, &e), 1);
    assert_int_equal(may_see(NULL, &drill, &real, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_decide_for_strangers_to_it),
        cmocka_unit_test(who_is_concerned_sees_amber_but_never_red),
        cmocka_unit_test(the_owner_and_the_centre_see_everything),
        cmocka_unit_test(nobody_owns_nothing),
        cmocka_unit_test(an_audience_sees_what_is_released_to_it),
        cmocka_unit_test(exercise_and_live_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
