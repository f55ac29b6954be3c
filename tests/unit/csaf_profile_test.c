/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "csaf/facts/profile.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* 6.1.26 with the examples of both versions of the standard */
static void categories(void **state)
{
    (void)state;
    static const struct {
        int minor;
        const char *category;
        enum csaf_category_flaw flaw;
        enum csaf_profile meant;
    } cases[] = {
        {0, "Csaf_a", CSAF_CATEGORY_RESERVED, CSAF_PROFILE_BASE},
        {0, "csaf_BASE", CSAF_CATEGORY_RESERVED, CSAF_PROFILE_BASE},
        {0, "Informational Advisory", CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_INFORMATIONAL_ADVISORY},
        {0, "security-incident-response", CSAF_CATEGORY_RESEMBLES,
         CSAF_PROFILE_SECURITY_INCIDENT_RESPONSE},
        {0, "Security      Advisory", CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_SECURITY_ADVISORY},
        {0, "veX", CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_VEX},
        {0, "V_eX", CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_VEX},
        {0, "csafsecurityadvisory", CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_SECURITY_ADVISORY},
        {0, "csaf_base", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
        {0, "csaf_vex", CSAF_CATEGORY_FINE, CSAF_PROFILE_VEX},
        {0, "withdrawn", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
        {0, "csaf_withdrawn", CSAF_CATEGORY_RESERVED, CSAF_PROFILE_BASE},
        {0, "OASIS CSAF TC Security Incident Response", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
        {1,
         "CSafDeprecatedSecurity\xe2\x80\x94"
         "Advisory",
         CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_DEPRECATED_SECURITY_ADVISORY},
        {1,
         "with\xcc\xb2"
         "drawn\xef\xbc\xbf",
         CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_WITHDRAWN},
        {1, "Super\xe3\x80\x80seded\xe2\x80\x91", CSAF_CATEGORY_RESEMBLES, CSAF_PROFILE_SUPERSEDED},
        {1, "csaf_withdrawn", CSAF_CATEGORY_FINE, CSAF_PROFILE_WITHDRAWN},
        {1, "csaf_superseded", CSAF_CATEGORY_FINE, CSAF_PROFILE_SUPERSEDED},
        {1, "csaf", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
        {1, "vexx", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
        {1, "ve\xff", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
        {1, "", CSAF_CATEGORY_FINE, CSAF_PROFILE_BASE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum csaf_profile meant;
        enum csaf_category_flaw flaw =
            csaf_category_check(cases[i].minor, slice_str(cases[i].category), &meant);
        if (flaw != cases[i].flaw || meant != cases[i].meant)
            fail_msg("%s: %d, %s", cases[i].category, flaw, csaf_profile_value(meant));
    }
    assert_int_equal(csaf_profile_of(1, slice_str("anything")), CSAF_PROFILE_BASE);
    assert_int_equal(csaf_profile_of(0, slice_str("csaf_superseded")), CSAF_PROFILE_BASE);
}

/* 6.2.48 */
static void vendors(void **state)
{
    (void)state;
    assert_true(csaf_text_resembles(slice_str("OPEN \t source"), "Open Source", false));
    assert_true(csaf_text_resembles(slice_str("opensource"), "Open Source", false));
    assert_false(csaf_text_resembles(slice_str("Open-Source"), "Open Source", false));
    assert_false(csaf_text_resembles(slice_str("Open Source Ltd."), "Open Source", false));
    assert_false(csaf_text_resembles(slice_str("Open Sourc"), "Open Source", false));
    assert_false(csaf_text_resembles(slice_of("opensource\0", 11), "Open Source", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(categories),
        cmocka_unit_test(vendors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
