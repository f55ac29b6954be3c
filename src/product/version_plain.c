/* SPDX-License-Identifier: Apache-2.0 */
/* The special types of VERS that are no numbers: times, and bytes as they are. */
#include "product/version_key.h"
#include "product/version_schemes.h"

/* n digits at *i as a number within limits. */
static bool number(struct slice s, size_t *i, size_t n, int low, int high, int *out)
{
    *out = 0;
    for (size_t k = 0; k < n; k++, (*i)++) {
        if (*i >= s.len || !product_is_digit(s.data[*i]))
            return false;
        *out = *out * 10 + s.data[*i] - '0';
    }
    return *out >= low && *out <= high;
}

static bool sign(struct slice s, size_t *i, char wanted)
{
    return *i < s.len && product_lower(s.data[(*i)++]) == wanted;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 0000-03-01 (proleptic Gregorian), then minutes. */
static int64_t minutes(int year, int month, int day, int hour, int minute)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t in_era = y - era * 400;
    int64_t days =
        era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + (153 * m + 2) / 5 + day - 1;
    return (days * 24 + hour) * 60 + minute;
}

bool product_datetime_key(struct slice s, struct product_key *k)
{
    int year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0;
    size_t i = 0;
    if (s.len > PRODUCT_VERSION_LONGEST || !number(s, &i, 4, 0, 9999, &year) || !sign(s, &i, '-') ||
        !number(s, &i, 2, 1, 12, &month) || !sign(s, &i, '-') ||
        !number(s, &i, 2, 1, days_in(year, month), &day) || !sign(s, &i, 't') ||
        !number(s, &i, 2, 0, 23, &hour) || !sign(s, &i, ':') || !number(s, &i, 2, 0, 59, &minute) ||
        !sign(s, &i, ':') || !number(s, &i, 2, 0, 60, &second))
        return false;
    struct slice fraction = slice_of(NULL, 0);
    if (i < s.len && s.data[i] == '.') {
        i++;
        fraction = product_take_digits(s, &i);
        if (fraction.len == 0)
            return false;
    }
    if (i >= s.len)
        return false;
    uint8_t zone = s.data[i++];
    if (zone == '+' || zone == '-') {
        if (!number(s, &i, 2, 0, 23, &zone_hour) || !sign(s, &i, ':') ||
            !number(s, &i, 2, 0, 59, &zone_minute))
            return false;
    } else if (product_lower(zone) != 'z') {
        return false;
    }
    int offset = (zone_hour * 60 + zone_minute) * (zone == '-' ? -1 : 1);
    /* the year 0 and a day before it are still positive */
    uint64_t at = (uint64_t)(minutes(year, month, day, hour, minute) - offset + 1000000);
    for (int shift = 40; shift >= 0; shift -= 8)
        product_key_byte(k, (unsigned)(at >> shift) & 0xff);
    product_key_byte(k, (unsigned)second);
    while (fraction.len && fraction.data[fraction.len - 1] == '0')
        fraction.len--;
    product_key_text(k, fraction);
    return i == s.len;
}

bool product_lexicographic_key(struct slice text, struct product_key *k)
{
    if (text.len == 0 || text.len > PRODUCT_VERSION_LONGEST)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == 0)
            return false;
        product_key_byte(k, text.data[i]);
    }
    return true;
}
