/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "csaf/facts/combination.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static int remediation(const char *name)
{
    int found = csaf_remediation_find(slice_str(name));
    assert_true(found >= 0);
    assert_string_equal(csaf_remediation_name(found), name);
    return found;
}

/* 6.1.35: the specification's table is symmetric, and each category goes with itself */
static void remediations_of_one_product(void **state)
{
    (void)state;
    int prohibited = 0;
    for (int a = 0; a < CSAF_REMEDIATIONS; a++) {
        assert_int_equal(csaf_remediation_with(a, a), CSAF_COMBINATION_ALLOWED);
        for (int b = 0; b < CSAF_REMEDIATIONS; b++) {
            assert_int_equal(csaf_remediation_with(a, b), csaf_remediation_with(b, a));
            prohibited += csaf_remediation_with(a, b) == CSAF_COMBINATION_PROHIBITED;
        }
    }
    assert_int_equal(prohibited, 28);
    assert_int_equal(
        csaf_remediation_with(remediation("no_fix_planned"), remediation("vendor_fix")),
        CSAF_COMBINATION_PROHIBITED);
    assert_int_equal(csaf_remediation_with(remediation("workaround"), remediation("fix_planned")),
                     CSAF_COMBINATION_ALLOWED);
    assert_int_equal(csaf_remediation_find(slice_str("repair")), -1);
}

/* 6.1.36 and 6.2.27 */
static void remediations_of_a_status(void **state)
{
    (void)state;
    int counts[3] = {0};
    for (int r = 0; r < CSAF_REMEDIATIONS; r++)
        for (int g = CSAF_GROUP_AFFECTED; g <= CSAF_GROUP_RECOMMENDED; g++)
            counts[csaf_remediation_for(r, (enum csaf_status_group)g)]++;
    assert_int_equal(counts[CSAF_COMBINATION_PROHIBITED], 11);
    assert_int_equal(counts[CSAF_COMBINATION_DISCOURAGED], 11);
    assert_int_equal(csaf_remediation_for(remediation("fix_planned"), CSAF_GROUP_NOT_AFFECTED),
                     CSAF_COMBINATION_DISCOURAGED);
    assert_int_equal(csaf_remediation_for(remediation("optional_patch"), CSAF_GROUP_AFFECTED),
                     CSAF_COMBINATION_PROHIBITED);
    assert_int_equal(csaf_remediation_for(remediation("vendor_fix"), CSAF_GROUP_RECOMMENDED),
                     CSAF_COMBINATION_ALLOWED);
}

static void groups_of_status(void **state)
{
    (void)state;
    assert_int_equal(csaf_status_group_of(slice_str("last_affected")), CSAF_GROUP_AFFECTED);
    assert_int_equal(csaf_status_group_of(slice_str("first_fixed")), CSAF_GROUP_FIXED);
    assert_int_equal(csaf_status_group_of(slice_str("unknown")), CSAF_GROUP_UNKNOWN);
    assert_int_equal(csaf_status_group_of(slice_str("affected")), -1);
    assert_true(csaf_status_groups_contradict(CSAF_GROUP_AFFECTED, CSAF_GROUP_NOT_AFFECTED));
    assert_false(csaf_status_groups_contradict(CSAF_GROUP_AFFECTED, CSAF_GROUP_RECOMMENDED));
    assert_false(csaf_status_groups_contradict(CSAF_GROUP_FIXED, CSAF_GROUP_FIXED));
    assert_string_equal(csaf_status_group_name(CSAF_GROUP_NOT_AFFECTED), "Not affected");
    assert_true(csaf_flag_is_justification(slice_str("vulnerable_code_not_present")));
    assert_false(csaf_flag_is_justification(slice_str("vulnerable_code")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remediations_of_one_product),
        cmocka_unit_test(remediations_of_a_status),
        cmocka_unit_test(groups_of_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
