/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "csaf/facts/ssvc.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void namespaces(void **state)
{
    (void)state;
    static const struct {
        const char *text, *base, *extension;
        bool registered, for_tests, invalid;
    } cases[] = {
        {"ssvc", "ssvc", "", true, false, false},
        {"cvss", "cvss", "", true, false, false},
        {"nist#800-30", "nist#800-30", "", true, false, false},
        {"ssvc//.example.test#refined", "ssvc", "//.example.test#refined", true, false, false},
        {"ssvc/de-DE", "ssvc", "/de-DE", true, false, false},
        {"x_example.test#one/de-DE", "x_example.test#one", "/de-DE", false, false, false},
        {"example", "example", "", true, true, false},
        {"test//.example.test#x", "test", "//.example.test#x", true, true, false},
        {"test#without-resource/de-DE", "test#without-resource", "/de-DE", true, true, false},
        {"invalid", "invalid", "", false, false, true},
        {"x_invalid#a", "x_invalid#a", "", false, false, true},
        {"ssv", "ssv", "", false, false, false},
        {"SSVC", "SSVC", "", false, false, false},
        {"", "", "", false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csaf_ssvc_namespace n;
        csaf_ssvc_namespace_read(slice_str(cases[i].text), &n);
        assert_true(slice_is(n.base, cases[i].base));
        assert_true(slice_is(n.extension, cases[i].extension));
        assert_int_equal(n.registered, cases[i].registered);
        assert_int_equal(n.for_tests, cases[i].for_tests);
        assert_int_equal(n.invalid, cases[i].invalid);
    }
}

/* 6.1.48, the examples of the specification's test data */
static void decision_points(void **state)
{
    (void)state;
    static const struct {
        const char *space, *key, *version, *values;
        enum csaf_ssvc_flaw flaw;
        size_t at;
    } cases[] = {
        {"ssvc", "MI", "1.0.0", "N D", CSAF_SSVC_UNKNOWN_VALUE, 1},
        {"ssvc", "MI", "1.0.0", "N NED", CSAF_SSVC_FINE, 0},
        {"ssvc", "MI", "2.0.0", "D", CSAF_SSVC_FINE, 0},
        {"ssvc", "SIs", "2.0.0", "M R C", CSAF_SSVC_UNKNOWN_KEY, 0},
        {"ssvc", "SI", "2.0.0", "C R M N", CSAF_SSVC_WRONG_ORDER, 1},
        {"ssvc", "SI", "2.0.0", "N M R C", CSAF_SSVC_FINE, 0},
        {"ssvc", "SI", "2.0.0", "N M M", CSAF_SSVC_DUPLICATE_VALUE, 2},
        {"ssvc", "SI", "1.9.7", "M R C", CSAF_SSVC_UNKNOWN_VERSION, 0},
        {"cvss", "AC", "3.0.1", "E", CSAF_SSVC_UNKNOWN_VALUE, 0},
        {"cvss", "AC", "3.0.1", "L", CSAF_SSVC_FINE, 0},
        {"cvss", "E", "2.0.0", "U P X", CSAF_SSVC_FINE, 0},
        {"cvss", "E", "2.0.0", "P U X", CSAF_SSVC_WRONG_ORDER, 1},
        {"nist#800-30", "P_5X", "1.0.0", "VL", CSAF_SSVC_FINE, 0},
        {"nist", "P_5X", "1.0.0", "VL", CSAF_SSVC_UNKNOWN_KEY, 0},
        {"ssvc//.example.test#some-collection", "SI", "2.0.0", "S R C", CSAF_SSVC_UNKNOWN_VALUE, 0},
        {"ssvc//.example.test$en-GB", "SI", "2.0.0", "M C R", CSAF_SSVC_WRONG_ORDER, 2},
        {"ssvc//.example.test$en-GB", "SI", "2.0.0", "M R C", CSAF_SSVC_FINE, 0},
        {"x_example.test#some-collection", "SI", "1.9.7", "S", CSAF_SSVC_NOT_CHECKED, 0},
        {"test", "TEST", "2.0.0", "A", CSAF_SSVC_NOT_CHECKED, 0},
        {"invalid", "INVALID", "1.0.0", "E", CSAF_SSVC_INVALID_NAMESPACE, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct csaf_ssvc_namespace n;
        struct slice values[8];
        size_t count = 0, at;
        int point;
        for (const char *v = cases[i].values; *v; count++) {
            size_t len = strcspn(v, " ");
            values[count] = slice_of(v, len);
            v += len + (v[len] == ' ');
        }
        csaf_ssvc_namespace_read(slice_str(cases[i].space), &n);
        enum csaf_ssvc_flaw flaw = csaf_ssvc_check(
            &n, slice_str(cases[i].key), slice_str(cases[i].version), values, count, &point, &at);
        if (flaw != cases[i].flaw)
            fail_msg("%s %s %s: %d", cases[i].space, cases[i].key, cases[i].values, flaw);
        if (flaw == CSAF_SSVC_UNKNOWN_VALUE || flaw == CSAF_SSVC_WRONG_ORDER ||
            flaw == CSAF_SSVC_DUPLICATE_VALUE)
            assert_int_equal(at, cases[i].at);
        assert_int_equal(point >= 0, flaw == CSAF_SSVC_FINE || flaw >= CSAF_SSVC_UNKNOWN_VALUE);
    }
}

/* 6.3.13 */
static void versions_by_day(void **state)
{
    (void)state;
    int64_t time;
    struct err e = {0};
    char version[16];
    assert_int_equal(time_parse(slice_str("2024-01-24T10:00:00.000Z"), &time, &e), 0);
    int point = csaf_ssvc_point_at(slice_str("ssvc"), slice_str("MI"), time);
    assert_true(point >= 0);
    csaf_ssvc_point_version(point, version);
    assert_string_equal(version, "2.0.0");
    assert_string_equal(csaf_ssvc_point_name(point), "Mission Impact");
    assert_int_equal(csaf_ssvc_value_count(point), 4);
    assert_string_equal(csaf_ssvc_value_key(point, 0), "D");
    assert_string_equal(csaf_ssvc_value_name(point, 0), "Degraded");
    /* a version is not expected before it came: 2.0.0 on 2024-02-07, 2.0.1 on 2025-09-15 */
    static const struct {
        const char *time, *version;
    } days[] = {{"2024-02-06T23:59:59Z", "1.0.0"},
                {"2024-02-07T00:00:00Z", "2.0.0"},
                {"2025-09-15T01:00:00+02:00", "2.0.0"},
                {"2026-01-24T10:00:00Z", "2.0.1"},
                {"2000-01-01T00:00:00Z", "1.0.0"}};
    for (size_t i = 0; i < ARRAY_LEN(days); i++) {
        assert_int_equal(time_parse(slice_str(days[i].time), &time, &e), 0);
        point = csaf_ssvc_point_at(slice_str("ssvc"), slice_str("SI"), time);
        csaf_ssvc_point_version(point, version);
        assert_string_equal(version, days[i].version);
    }
    assert_int_equal(csaf_ssvc_point_at(slice_str("ssvc"), slice_str("NO"), time), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(namespaces),
        cmocka_unit_test(decision_points),
        cmocka_unit_test(versions_by_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
