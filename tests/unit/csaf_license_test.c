/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/license.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* SPDX 3.0.1 annex B and CSAF's test 6.1.54 */
static void expressions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int parts;
    } cases[] = {
        {"MIT", 1},
        {"CC-BY-4.0", 1},
        {"GPL-2.0+", 1},
        {"MIT OR any-OSI", 2},
        {"mit or apache-2.0 and bsd-3-clause", 3},
        {"LGPL-2.1-only OR BSD-3-Clause AND MIT", 3},
        {"GPL-2.0-or-later WITH Bison-exception-2.2", 2},
        {"GPL-2.0-or-later with AdditionRef-www.example.org-one", 2},
        {"(MIT)", 1},
        {"( ( MIT OR ISC ) AND Zlib )", 3},
        {"(MIT)OR(ISC)", 2},
        {"MIT AND(ISC OR Zlib)", 3},
        {"LicenseRef-www.example.org-Example-CSAF-License-2.0", 1},
        {"A.SPDX-License-ID-that.technically.could.exist-but-obviously-does-not", 1},
        {"WITHER", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        if (csaf_license_check(slice_str(cases[i].text), &e) != 0)
            fail_msg("%s: %s (%s)", cases[i].text, e.text, e.where);
        struct csaf_license_walk walk = {.text = slice_str(cases[i].text)};
        struct csaf_license_part part;
        int count = 0;
        while (csaf_license_next(&walk, &part, &e) == 1) {
            assert_ptr_equal(part.id.data, walk.text.data + part.offset);
            count++;
        }
        assert_int_equal(count, cases[i].parts);
    }
}

static void refusals_name_the_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where;
    } cases[] = {
        {"", "offset 0"},
        {"   ", "offset 3"},
        {"This is a license text that should not be here.", "offset 5"},
        {"DocumentRef-some-document-reference:LicenseRef-www.example.org-x", "offset 36"},
        {"LicenseRef-www.example.org-Example-CSAF-License-3.0+", "offset 51"},
        {"LicenseRef-www.example.org/Example-CSAF-License-3.0", "offset 26"},
        {"LicenseRef-www.example.org%20Example-CSAF-License-3.0", "offset 26"},
        {"LicenseRef-www.example.org#Example-CSAF-License-3.0", "offset 26"},
        {"licenseref-www.example.org-Example-CSAF-License-3.0", "offset 0"},
        {"licenseREF-www.example.org-Example-CSAF-License-3.0", "offset 0"},
        {"LicenseRef-", "offset 11"},
        {"DocumentRef-a", "offset 13"},
        {"DocumentRef-a:MIT", "offset 14"},
        {"DocumentRef-:LicenseRef-a", "offset 12"},
        {"documentref-a:LicenseRef-b", "offset 0"},
        {"AdditionRef-a", "offset 0"},
        {"MIT WITH LicenseRef-a", "offset 9"},
        {"MIT +", "offset 4"},
        {"MIT++", "offset 4"},
        {"MIT OR", "offset 6"},
        {"OR MIT", "offset 0"},
        {"MIT OR OR ISC", "offset 7"},
        {"MIT Or ISC", "offset 4"},
        {"MIT ISC", "offset 4"},
        {"MIT(ISC)", "offset 3"},
        {"(MIT", "offset 4"},
        {"MIT)", "offset 3"},
        {"()", "offset 1"},
        {"(MIT OR ISC) WITH Bison-exception-2.2", "offset 13"},
        {"MIT WITH", "offset 8"},
        {"MIT WITH (Bison-exception-2.2)", "offset 9"},
        {"MIT WITH Bison-exception-2.2+", "offset 28"},
        {"MIT WITH a WITH b", "offset 11"},
        {"MIT/ISC", "offset 3"},
        {"MIT ORISC", "offset 4"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        assert_int_equal(csaf_license_check(slice_str(cases[i].text), &e), -1);
        assert_string_equal(e.code, "csaf.license");
        assert_int_equal(e.kind, ERR_INPUT);
        if (strcmp(e.where, cases[i].where) != 0)
            fail_msg("%s: %s (%s)", cases[i].text, e.text, e.where);
    }
}

static enum csaf_license_list list_of(const char *text, size_t which, bool *deprecated)
{
    struct csaf_license_walk walk = {.text = slice_str(text)};
    struct csaf_license_part part;
    struct err e = {0};
    for (size_t i = 0; i <= which; i++)
        assert_int_equal(csaf_license_next(&walk, &part, &e), 1);
    return csaf_license_find(&part, deprecated);
}

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t part;
        enum csaf_license_list list;
        bool deprecated;
    } cases[] = {
        {"MIT", 0, CSAF_LICENSE_SPDX, false},
        {"any-OSI", 0, CSAF_LICENSE_SPDX, false},
        {"apache-2.0", 0, CSAF_LICENSE_SPDX, false},
        {"CC-BY-4.0", 0, CSAF_LICENSE_SPDX, false},
        {"GFDL-1.1", 0, CSAF_LICENSE_SPDX, true}, /* 6.2.44 */
        {"GPL-2.0+", 0, CSAF_LICENSE_SPDX, true},
        {"LicenseRef-scancode-aop-pd", 0, CSAF_LICENSE_SCANCODE, true},
        {"LicenseRef-scancode-public-domain", 0, CSAF_LICENSE_SCANCODE, false},
        {"LicenseRef-scancode-copyheart", 0, CSAF_LICENSE_SCANCODE, false}, /* 6.2.45 */
        {"A-License-Identifier-That-Does-Not-Exist", 0, CSAF_LICENSE_MISSING, false},
        {"LicenseRef-scancode-A-License-Identifier-That-Does-Not-Exist", 0, CSAF_LICENSE_MISSING,
         false},
        {"LicenseRef-www.example.com-no-work-pd", 0, CSAF_LICENSE_UNLISTED, false},
        {"GPL-2.0-only WITH Classpath-exception-2.0", 1, CSAF_LICENSE_SPDX, false},
        {"GPL-2.0-only WITH MIT", 1, CSAF_LICENSE_MISSING, false},
        {"Classpath-exception-2.0", 0, CSAF_LICENSE_MISSING, false},
        {"GPL-2.0-only WITH Nokia-Qt-exception-1.1", 1, CSAF_LICENSE_SPDX, true},
        {"MIT WITH AdditionRef-x.example-one", 1, CSAF_LICENSE_UNLISTED, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool deprecated;
        enum csaf_license_list list = list_of(cases[i].text, cases[i].part, &deprecated);
        if (list != cases[i].list || deprecated != cases[i].deprecated)
            fail_msg("%s: %d, %d", cases[i].text, list, deprecated);
    }
    struct csaf_license_part part = {.kind = CSAF_LICENSE_ID, .id = slice_str("apache-2.0")};
    assert_string_equal(csaf_license_spelling(&part), "Apache-2.0");
    part.id = slice_str("apache-2.");
    assert_null(csaf_license_spelling(&part));
}

/* depth and length cost no stack and no time but their bytes */
static void deep_and_long(void **state)
{
    (void)state;
    size_t deep = 1 << 20;
    char *text = malloc(2 * deep + 3);
    memset(text, '(', deep);
    memcpy(text + deep, "MIT", 3);
    memset(text + deep + 3, ')', deep);
    struct err e = {0};
    assert_int_equal(csaf_license_check(slice_of(text, 2 * deep + 3), &e), 0);
    assert_int_equal(csaf_license_check(slice_of(text, 2 * deep + 2), &e), -1);
    assert_non_null(strstr(e.text, "not closed"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions),
        cmocka_unit_test(refusals_name_the_offset),
        cmocka_unit_test(lists),
        cmocka_unit_test(deep_and_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
