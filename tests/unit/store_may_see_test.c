/* SPDX-License-Identifier: Apache-2.0 */
/* One function decides who may see what (V06, V51; FIRST TLP 2.0). */
#include "store/may_see.h"

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
        cmocka_unit_test(exercise_and_live_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
