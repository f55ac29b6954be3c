/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers: exact text to int64 and to the nearest double, and a double to the shortest text that
 * ECMAScript writes. The C library does the hard conversions, but never sees a decimal point, so
 * that the locale cannot change the answer.
 */
#include "base/json_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * No double needs more significant digits to be told from its neighbours (767); what comes behind
 * only matters by being zero or not.
 */
enum { DIGITS_MOST = 780 };

/* digits × 10^exponent; no zero at either end of digits, none at all for zero. */
struct decimal {
    char digits[DIGITS_MOST + 2];
    size_t count;
    int64_t exponent;
    bool negative;
    bool cut; /* digits that are not all zero were left out behind */
};

static const int64_t exponent_most = 1000000000000000;

static int64_t read_exponent(const uint8_t *at, const uint8_t *end)
{
    int64_t exponent = 0;
    bool negative = at < end && *at == '-';

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end; at++)
        if (exponent < exponent_most)
            exponent = exponent * 10 + (*at - '0');
    return negative ? -exponent : exponent;
}

static void add_digit(struct decimal *d, int digit, int64_t *zeros)
{
    if (digit == 0) { /* counts only if another digit follows */
        *zeros += d->count > 0;
        return;
    }
    while (*zeros > 0 && d->count < DIGITS_MOST) {
        d->digits[d->count++] = '0';
        --*zeros;
    }
    d->exponent += *zeros;
    *zeros = 0;
    if (d->count < DIGITS_MOST) {
        d->digits[d->count++] = (char)('0' + digit);
    } else {
        d->cut = true;
        d->exponent++;
    }
}

/* text has the grammar of a JSON number. */
static void read_decimal(struct slice text, struct decimal *d)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    bool fraction = false;
    int64_t zeros = 0;

    d->count = 0;
    d->exponent = 0;
    d->cut = false;
    d->negative = at < end && *at == '-';
    if (d->negative)
        at++;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        d->exponent -= fraction;
        add_digit(d, *at - '0', &zeros);
    }
    d->exponent += zeros;
    if (at < end)
        d->exponent += read_exponent(at + 1, end);
    if (d->count == 0)
        d->exponent = 0;
}

bool json_int64(const struct json_value *v, int64_t *out)
{
    struct slice text = json_number(v);
    struct decimal d;
    uint64_t value = 0;

    if (text.len == 0)
        return false;
    read_decimal(text, &d);
    if (d.exponent < 0 || d.cut || (int64_t)d.count + d.exponent > 19)
        return false;
    for (size_t i = 0; i < d.count; i++)
        value = value * 10 + (uint64_t)(d.digits[i] - '0');
    for (int64_t i = 0; i < d.exponent; i++)
        value *= 10; /* at most 19 digits in all: below 2^64 */
    if (value > (uint64_t)INT64_MAX + d.negative)
        return false;
    *out = d.negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* Infinite when it is out of range. */
static double double_of(struct decimal *d)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double number = 0.0;
    char text[DIGITS_MOST + 32];

    if (d->count == 0)
        return d->negative ? -0.0 : 0.0;
    if (d->count <= 15 && !d->cut && d->exponent >= -22 && d->exponent <= 22) {
        /* both factors are exact, so one rounding is all there is */
        uint64_t integer = 0;
        for (size_t i = 0; i < d->count; i++)
            integer = integer * 10 + (uint64_t)(d->digits[i] - '0');
        number = d->exponent < 0 ? (double)integer / powers[-d->exponent]
                                 : (double)integer * powers[d->exponent];
    } else if ((int64_t)d->count + d->exponent > 310) {
        number = HUGE_VAL;
    } else if ((int64_t)d->count + d->exponent >= -330) {
        snprintf(text, sizeof(text), "%.*s%se%d", (int)d->count, d->digits, d->cut ? "1" : "",
                 (int)d->exponent - d->cut);
        number = strtod(text, NULL);
    }
    return d->negative ? -number : number;
}

bool json_double(const struct json_value *v, double *out)
{
    struct slice text = json_number(v);
    struct decimal d;

    if (text.len == 0)
        return false;
    read_decimal(text, &d);
    double number = double_of(&d);
    if (isinf(number))
        return false;
    *out = number;
    return true;
}

int json_number_fits(struct slice text, double *number)
{
    struct decimal d;

    read_decimal(text, &d);
    *number = double_of(&d);
    return isinf(*number) || (*number == 0.0 && d.count > 0) ? -1 : 0;
}

/* The `count` digits nearest to number, and the exponent that goes with them. */
static void round_to(double number, int count, struct decimal *d)
{
    char text[64];
    int exponent = 0;

    snprintf(text, sizeof(text), "%.*e", count - 1, number);
    d->negative = false;
    d->cut = false;
    d->count = 0;
    for (const char *c = text; *c; c++) {
        if (*c == 'e') {
            exponent = (int)strtol(c + 1, NULL, 10);
            break;
        }
        if (*c >= '0' && *c <= '9') /* whatever the locale's point is, it is passed */
            d->digits[d->count++] = *c;
    }
    d->exponent = exponent - (count - 1);
}

static void round_up_last(struct decimal *d)
{
    size_t i = d->count;

    while (i > 0 && d->digits[i - 1] == '9')
        d->digits[--i] = '0';
    if (i > 0) {
        d->digits[i - 1]++;
    } else {
        d->digits[0] = '1'; /* 99… became 100…, one digit longer */
        d->exponent++;
    }
}

/*
 * The fewest digits that read back as number, and of those the nearest. Fifteen always hold what
 * was written with fifteen or fewer, except for subnormal numbers. Just above a power of two the
 * doubles lie twice as far apart as below: there the nearest digits may fail and the next ones up
 * hold.
 */
static void shortest(double number, struct decimal *d)
{
    int power;
    bool at_power = frexp(number, &power) == 0.5;

    for (int count = fpclassify(number) == FP_SUBNORMAL ? 1 : 15; count < 17; count++) {
        round_to(number, count, d);
        if (double_of(d) == number)
            return;
        if (at_power) {
            round_up_last(d);
            if (double_of(d) == number)
                return;
        }
    }
    round_to(number, 17, d);
}

/* ECMA-262 Number::toString, radix 10: k digits, the decimal point behind the n-th. */
size_t json_number_format(double number, char text[JSON_NUMBER_TEXT])
{
    struct decimal d;
    const char *sign = number < 0 ? "-" : "";
    int len;

    if (number == 0) /* also -0 */
        return (size_t)snprintf(text, JSON_NUMBER_TEXT, "0");
    shortest(fabs(number), &d);
    while (d.count > 1 && d.digits[d.count - 1] == '0') {
        d.count--;
        d.exponent++;
    }
    int k = (int)d.count;
    int n = k + (int)d.exponent;
    if (k <= n && n <= 21)
        len = snprintf(text, JSON_NUMBER_TEXT, "%s%.*s%.*s", sign, k, d.digits, n - k,
                       "000000000000000000000");
    else if (0 < n && n <= 21)
        len =
            snprintf(text, JSON_NUMBER_TEXT, "%s%.*s.%.*s", sign, n, d.digits, k - n, d.digits + n);
    else if (-6 < n && n <= 0)
        len = snprintf(text, JSON_NUMBER_TEXT, "%s0.%.*s%.*s", sign, -n, "000000", k, d.digits);
    else
        len = snprintf(text, JSON_NUMBER_TEXT, "%s%c%s%.*se%+d", sign, d.digits[0],
                       k > 1 ? "." : "", k - 1, d.digits + 1, n - 1);
    return (size_t)len;
}
