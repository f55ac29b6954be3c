/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times, and opaque ids drawn from a given source of randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

#include <time.h>

#define SECOND INT64_C(1000000)

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t time; /* microseconds */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2026-03-01T12:00:00Z", 1772366400 * SECOND},
        {"2026-03-01t12:00:00z", 1772366400 * SECOND},
        {"2026-03-01T12:00:00.5Z", 1772366400 * SECOND + 500000},
        {"2026-03-01T12:00:00.123456789Z", 1772366400 * SECOND + 123456},
        {"2026-03-01T12:00:00.0000009Z", 1772366400 * SECOND},
        {"2026-03-01T13:30:00+01:30", 1772366400 * SECOND},
        {"2026-02-28T13:00:00-23:00", 1772366400 * SECOND},
        {"2026-03-01T12:00:00-00:00", 1772366400 * SECOND},
        {"2024-02-29T00:00:00Z", 1709164800 * SECOND},
        {"2000-02-29T00:00:00Z", 951782400 * SECOND},
        {"2016-12-31T23:59:60Z", 1483228800 * SECOND},
        {"1990-12-31T15:59:60-08:00", 662688000 * SECOND},
        {"0000-01-01T00:00:00Z", -62167219200 * SECOND},
        {"9999-12-31T23:59:59.999999Z", 253402300799 * SECOND + 999999},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        int64_t time = -77;
        if (time_parse(slice_str(cases[i].text), &time, &e) != 0 || time != cases[i].time)
            fail_msg("%s: %lld %s", cases[i].text, (long long)time, e.text);
    }
}

static void bad_times_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00Z",
        "2026-3-01T12:00:00Z",
        "2026-03-01T12:00Z",
        "2026-00-01T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-03-00T12:00:00Z",
        "2026-03-32T12:00:00Z",
        "2026-04-31T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:61Z",
        "2026-03-01T12:00:60Z",
        "2016-12-31T23:59:60+01:00",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00,5Z",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+01:60",
        "2026-03-01T12:00:00+0100",
        "2026-03-01T12:00:00+01",
        "2026-03-01T12:00:00ZZ",
        " 2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z ",
        "-2026-03-01T12:00:00Z",
        "+2026-03-01T12:00:00Z",
        "2026-03-01T12:00:0\xC2\xB9Z",
        "20260301T120000Z",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = {0};
        int64_t time = -77;
        if (time_parse(slice_str(cases[i]), &time, &e) != -1)
            fail_msg("%s: accepted", cases[i]);
        assert_string_equal(e.code, "base.time");
        assert_int_equal(e.kind, ERR_INPUT);
        assert_int_equal(time, -77);
    }
    struct err e = {0};
    int64_t time;
    assert_int_equal(time_parse(slice_of("2026-03-01T12:00:00\0", 20), &time, &e), -1);
    err_clear(&e);
    assert_int_equal(time_parse(slice_of(NULL, 0), &time, &e), -1);
    err_clear(&e);
    assert_int_equal(time_parse(slice_str("\x1b[2J\n2026"), &time, &e), -1);
    assert_null(strpbrk(e.text, "\x1b\n"));
}

static void times_are_written(void **state)
{
    char text[TIME_TEXT];

    (void)state;
    time_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    time_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    time_format(1772366400 * SECOND + 1, text);
    assert_string_equal(text, "2026-03-01T12:00:00.000001Z");
    time_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    time_format(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
}

/* Every day of 400 years, beside the C library. */
static void days_agree_with_the_c_library(void **state)
{
    (void)state;
    for (time_t t = -11676096000; t < 946684800 + 12622780800; t += 86399) {
        struct err e = {0};
        struct tm parts;
        char ours[TIME_TEXT];
        char theirs[64];
        int64_t back = 0;
        time_format((int64_t)t * SECOND, ours);
        gmtime_r(&t, &parts);
        strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", &parts);
        assert_string_equal(ours, theirs);
        assert_int_equal(time_parse(slice_str(ours), &back, &e), 0);
        assert_int_equal(back, (int64_t)t * SECOND);
    }
}

static void the_machines_clock_goes_on(void **state)
{
    int64_t before = clock_monotonic(&clock_system);

    (void)state;
    assert_true(clock_now(&clock_system) > 1700000000 * SECOND);
    assert_true(clock_monotonic(&clock_system) >= before);
}

static int count_up(void *context, void *out, size_t len)
{
    uint8_t *next = context;
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (*next)++;
    return 0;
}

static int refuse(void *context, void *out, size_t len)
{
    (void)context;
    (void)out;
    (void)len;
    return -1;
}

static void ids_are_128_bits_of_base_32(void **state)
{
    uint8_t next = 0;
    const struct random counting = {.fill = count_up, .context = &next};
    const struct random broken = {.fill = refuse};
    struct err e = {0};
    char id[ID_TEXT];
    char other[ID_TEXT];

    (void)state;
    assert_int_equal(id_new(&counting, "ast", id, &e), 0);
    /* 00 01 02 … 0f, five bits at a time from the top, padded with two zero bits */
    assert_string_equal(id, "ast_000g40r40m30e209185gr38e1w");
    assert_true(id_is(slice_str(id), "ast"));
    assert_false(id_is(slice_str(id), "adv"));
    assert_false(id_is(slice_str(id), "as"));
    assert_false(id_is(slice_str("ast_000g40r40m30e209185gr38e1"), "ast"));
    assert_false(id_is(slice_str("ast_000g40r40m30e209185gr38e1l"), "ast")); /* l is not in it */
    assert_false(id_is(slice_str("ast_000G40r40m30e209185gr38e1w"), "ast"));
    assert_false(id_is(slice_str("ast-000g40r40m30e209185gr38e1w"), "ast"));
    assert_false(id_is(slice_of("ast_000g40r40m30e209185gr38e\0w", 30), "ast"));
    assert_false(id_is(slice_of(NULL, 0), "ast"));
    assert_int_equal(id_new(&random_system, "adv", id, &e), 0);
    assert_int_equal(id_new(&random_system, "adv", other, &e), 0);
    assert_string_not_equal(id, other);
    assert_true(id_is(slice_str(id), "adv"));
    assert_int_equal(id_new(&broken, "adv", id, &e), -1);
    assert_string_equal(e.code, "base.random");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(times_are_written),
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(the_machines_clock_goes_on),
        cmocka_unit_test(ids_are_128_bits_of_base_32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
