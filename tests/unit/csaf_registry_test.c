/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compiler.h"
#include "csaf/registry.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void id_systems(void **state)
{
    (void)state;
    const struct csaf_id_system *s =
        csaf_id_system_find(slice_str("https://github.com/oasis-tcs/csaf"));
    assert_non_null(s);
    assert_string_equal(s->common_name, "OASIS Open CSAF TC GitHub Issues");
    assert_string_equal(s->text_pattern, "^#[1-9]\\d*$");
    assert_string_equal(s->example, "#1217");
    assert_null(csaf_id_system_find(slice_str("OASIS Open CSAF TC GitHub Issues"))); /* 6.3.20 */
    assert_ptr_equal(csaf_id_system_meant(slice_str("OASIS Open CSAF TC GitHub Issues")), s);
    assert_null(csaf_id_system_meant(slice_str("")));
    assert_null(csaf_id_system_find(slice_str("")));
    size_t count = 0;
    while (csaf_id_system_at(count))
        count++;
    assert_int_equal(count, 2);
}

static void translations(void **state)
{
    (void)state;
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("de-DE")), "Lizenz");
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("DE")), "Lizenz");
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("de-Latn-AT")), "Lizenz");
    assert_string_equal(csaf_term_translated(CSAF_TERM_REASONING_FOR_SUPERSESSION, slice_str("de")),
                        "Begr\xc3\xbcndung f\xc3\xbcr die Ersetzung");
    assert_string_equal(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("")), "License");
    assert_string_equal(csaf_term_translated(CSAF_TERM_SUPERSEDING_DOCUMENT, slice_str("en-US")),
                        "Superseding Document");
    assert_null(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("fr")));
    assert_null(csaf_term_translated(CSAF_TERM_LICENSE, slice_str("den")));
}

static void hash_algorithms(void **state)
{
    (void)state;
    assert_true(csaf_hash_is_mentioned(slice_str("sha256")));
    assert_true(csaf_hash_is_mentioned(slice_str("shake128")));
    assert_false(csaf_hash_is_mentioned(slice_str("unknown-algorithm"))); /* 6.2.52 */
    assert_false(csaf_hash_is_mentioned(slice_str("SHA256")));
    assert_int_equal(csaf_hash_digits(slice_str("sha256")), 64);
    assert_int_equal(csaf_hash_digits(slice_str("md5-sha1")), 72);
    assert_int_equal(csaf_hash_digits(slice_str("shake128")), 0);
    assert_int_equal(csaf_hash_digits(slice_str("x")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_systems),
        cmocka_unit_test(translations),
        cmocka_unit_test(hash_algorithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
