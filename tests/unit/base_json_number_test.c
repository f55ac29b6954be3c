/* SPDX-License-Identifier: Apache-2.0 */
/* Exact integers, nearest doubles, and doubles written as RFC 8785 section 3.2.2.3 asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/json_internal.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc = NULL;
    struct err e = {0};

    if (json_parse(&doc, slice_str(text), NULL, &e) != 0)
        fail_msg("%s: %s (%s)", text, e.text, e.where);
    return doc;
}

static void integers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"0e999999999999999999999", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"1e2", true, 100},
        {"1.0", true, 1},
        {"1.50e1", true, 15},
        {"120e-1", true, 12},
        {"100000e-5", true, 1},
        {"0.00012E4", false, 0},
        {"0.00012E5", true, 12},
        {"1.5", false, 0},
        {"1e-1", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"9223372036854775807.000", true, INT64_MAX},
        {"9.223372036854775807e18", true, INT64_MAX},
        {"9.223372036854775808e18", false, 0},
        {"1e18", true, 1000000000000000000},
        {"1e19", false, 0},
        {"10e18", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999", false, 0},
        {"1e99999999999999999999", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"0.0000000000000000000000000000000001e34", true, 1},
        {"10000000000000000000000000000000000e-34", true, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_doc *doc = parse(cases[i].text);
        int64_t value = -99;
        bool fits = json_int64(json_root(doc), &value);
        if (fits != cases[i].fits || (fits && value != cases[i].value))
            fail_msg("%s: %d %lld", cases[i].text, fits, (long long)value);
        json_doc_free(doc);
    }
}

static uint64_t bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

static double double_of_bits(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof(number));
    return number;
}

static void check_double(const char *text)
{
    struct json_doc *doc = parse(text);
    double wanted = strtod(text, NULL);
    double got = -99;
    bool in_range = json_double(json_root(doc), &got);

    if (in_range != isfinite(wanted) || (in_range && bits_of(got) != bits_of(wanted)))
        fail_msg("%s: %d %a, not %a", text, in_range, got, wanted);
    json_doc_free(doc);
}

static void doubles_are_the_nearest(void **state)
{
    static const char *const cases[] = {
        "0",
        "-0",
        "0.1",
        "1e22",
        "1e23",
        "123456789012345e22",
        "8.5e-22",
        "9007199254740993",
        "9007199254740992.5",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e400",
        "1e-400",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "1e99999999999",
        "1e-99999999999",
        "3.14159265358979323846264338327950288",
        "0.000001",
        "1e-7",
        "5e-1",
        "72057594037927945",
        "179769313486231580793e289",
    };
    struct buf text;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_double(cases[i]);
    /* 2^53 + 1 lies between two doubles: a digit 1,000 places behind decides */
    buf_init(&text);
    buf_puts(&text, "9007199254740993.");
    for (int i = 0; i < 1000; i++)
        buf_putc(&text, '0');
    check_double(buf_text(&text));
    buf_putc(&text, '1');
    check_double(buf_text(&text));
    buf_reset(&text);
    buf_puts(&text, "0.");
    for (int i = 0; i < 5000; i++)
        buf_putc(&text, '0');
    buf_puts(&text, "123e5001");
    check_double(buf_text(&text));
    buf_reset(&text);
    buf_puts(&text, "123");
    for (int i = 0; i < 5000; i++)
        buf_putc(&text, '0');
    buf_puts(&text, "1e-5000");
    check_double(buf_text(&text));
    buf_fini(&text);
}

/*
 * Facts: the pairs of RFC 8785 appendix B, and some where shortest and nearest pull apart (just
 * above powers of two the nearest 16 digits do not read back, the next do).
 */
static const struct {
    uint64_t bits;
    const char *text;
} pairs[] = {
    {0x0000000000000000, "0"},
    {0x8000000000000000, "0"},
    {0x0000000000000001, "5e-324"},
    {0x8000000000000001, "-5e-324"},
    {0x7fefffffffffffff, "1.7976931348623157e+308"},
    {0xffefffffffffffff, "-1.7976931348623157e+308"},
    {0x4340000000000000, "9007199254740992"},
    {0xc340000000000000, "-9007199254740992"},
    {0x4430000000000000, "295147905179352830000"},
    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
    {0x44b52d02c7e14af6, "1e+23"},
    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
    {0x444b1ae4d6e2ef50, "1e+21"},
    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
    {0x3eb0c6f7a0b5ed8d, "0.000001"},
    {0x41b3de4355555553, "333333333.3333332"},
    {0x41b3de4355555554, "333333333.33333325"},
    {0x41b3de4355555555, "333333333.3333333"},
    {0x41b3de4355555556, "333333333.3333334"},
    {0x41b3de4355555557, "333333333.33333343"},
    {0xbecbf647612f3696, "-0.0000033333333333333333"},
    {0x43143ff3c1cb0959, "1424953923781206.2"},
    {0x3d30000000000000, "5.684341886080802e-14"}, /* 2^-44 */
    {0x0010000000000000, "2.2250738585072014e-308"},
    {0x3ff0000000000000, "1"},
    {0x3fb999999999999a, "0.1"},
    {0x4059000000000000, "100"},
    {0x3e7ad7f29abcaf48, "1e-7"},
    {0x4415af1d78b58c40, "100000000000000000000"},
};

static void doubles_are_written_as_ecmascript_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        char text[JSON_NUMBER_TEXT];
        size_t len = json_number_format(double_of_bits(pairs[i].bits), text);
        assert_string_equal(text, pairs[i].text);
        assert_int_equal(len, strlen(text));
    }
}

static size_t significant_digits(const char *text)
{
    char digits[JSON_NUMBER_TEXT];
    size_t count = 0;

    for (const char *c = text; *c && *c != 'e'; c++)
        if (*c >= '0' && *c <= '9' && (count > 0 || *c != '0'))
            digits[count++] = *c;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

/* Read back they are the same; and no text of fewer digits would be. */
static void written_doubles_read_back(void **state)
{
    uint64_t x = 88172645463325252U;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        char text[JSON_NUMBER_TEXT];
        char shorter[JSON_NUMBER_TEXT];
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double number = double_of_bits(x);
        if (i % 3 == 1) /* powers of two, and subnormal ones */
            number = ldexp(1.0, (int)(x % 2098) - 1074);
        if (i % 3 == 2)
            number = (double)(x % 100000000) / 1000.0;
        if (!isfinite(number))
            continue;
        json_number_format(number, text);
        assert_true(bits_of(strtod(text, NULL)) == bits_of(number == 0 ? 0.0 : number));
        int digits = (int)significant_digits(text);
        if (digits > 1) {
            snprintf(shorter, sizeof(shorter), "%.*e", digits - 2, number);
            assert_false(bits_of(strtod(shorter, NULL)) == bits_of(number));
        }
    }
}

/* Programs that call setlocale read and write the same numbers. */
static void the_locale_changes_nothing(void **state)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "nl_NL.UTF-8"};
    const char *set = NULL;
    char text[JSON_NUMBER_TEXT];
    double number = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(commas) && !set; i++)
        set = setlocale(LC_NUMERIC, commas[i]);
    if (!set) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
        return;
    }
    struct json_doc *doc = parse("3.1415926535897932385");
    assert_true(json_double(json_root(doc), &number));
    json_number_format(number, text);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(text, "3.141592653589793");
    json_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(doubles_are_the_nearest),
        cmocka_unit_test(doubles_are_written_as_ecmascript_does),
        cmocka_unit_test(written_doubles_read_back),
        cmocka_unit_test(the_locale_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
