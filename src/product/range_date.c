/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range_date.h"
#include "product/version_key.h"

#include <stdint.h>

struct date {
    unsigned first, last; /* days as year * 512 + month * 32 + day; a month has many */
    bool told;            /* false: day and month cannot be told apart */
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* 1 to 12 when a month is named at *i, which is moved behind it; 0: none. */
static unsigned month_at(struct slice s, size_t *i)
{
    static const char *const months[][3] = {
        {"january", "jan", "januar"},    {"february", "feb", "februar"},
        {"march", "mar", "m\xc3\xa4rz"}, {"april", "apr", "april"},
        {"may", "may", "mai"},           {"june", "jun", "juni"},
        {"july", "jul", "juli"},         {"august", "aug", "august"},
        {"september", "sep", "sept"},    {"october", "oct", "oktober"},
        {"november", "nov", "november"}, {"december", "dec", "dezember"},
    };
    for (unsigned m = 0; m < 12; m++)
        for (unsigned k = 0; k < 3; k++) {
            size_t len = strlen(months[m][k]);
            if (*i + len > s.len)
                continue;
            size_t same = 0;
            while (same < len && lower(s.data[*i + same]) == (uint8_t)months[m][k][same])
                same++;
            if (same < len || (*i + len < s.len && letter(s.data[*i + len])))
                continue;
            *i += len;
            return m + 1;
        }
    return 0;
}

/* A number of at most 8 digits; its length in digits, 0: none. */
static size_t number_at(struct slice s, size_t *i, unsigned *value)
{
    size_t start = *i;
    *value = 0;
    while (*i < s.len && *i - start < 9 && s.data[*i] >= '0' && s.data[*i] <= '9')
        *value = *value * 10 + (unsigned)(s.data[(*i)++] - '0');
    return *i - start;
}

static void gap(struct slice s, size_t *i)
{
    while (*i < s.len && memchr(" ,./-", s.data[*i], 5))
        (*i)++;
}

static bool set(struct date *d, unsigned year, unsigned month, unsigned day)
{
    if (year < 1980 || year > 2099 || month < 1 || month > 12 || day > 31)
        return false;
    d->first = year * 512 + month * 32 + day;
    d->last = day ? d->first : d->first + 31;
    d->told = true;
    return true;
}

/* "April/17/2023", "17 April 2023", "april 2023", "May 2014" */
static bool named(struct slice s, size_t *len, struct date *d)
{
    size_t i = 0;
    unsigned day = 0, year, first = 0;
    size_t digits = number_at(s, &i, &first);
    if (digits > 2)
        return false;
    if (digits)
        gap(s, &i);
    unsigned month = month_at(s, &i);
    if (!month)
        return false;
    gap(s, &i);
    size_t next = number_at(s, &i, &year);
    if (digits) {
        day = first;
    } else if (next == 1 || next == 2) {
        day = year;
        gap(s, &i);
        next = number_at(s, &i, &year);
    }
    *len = i;
    return next == 4 && set(d, year, month, day);
}

/* Nothing behind the date at i that makes it a part of something else. */
static bool ends(struct slice s, size_t i, uint8_t mark)
{
    return i == s.len ||
           !(letter(s.data[i]) || (s.data[i] >= '0' && s.data[i] <= '9') || s.data[i] == mark ||
             s.data[i] == '-' || (s.data[i] == '.' && i + 1 < s.len && s.data[i + 1] != ' '));
}

/* "8/30/2024", "2023-04-17" and "20230417" */
static bool numbered(struct slice s, size_t *len, struct date *d)
{
    unsigned n[3];
    size_t digits[3], i = 0;
    digits[0] = number_at(s, &i, &n[0]);
    if (digits[0] == 8 && ends(s, i, 0)) {
        *len = i;
        return set(d, n[0] / 10000, n[0] / 100 % 100, n[0] % 100) && n[0] % 100 > 0;
    }
    uint8_t mark = i < s.len ? s.data[i] : 0;
    if (mark != '/' && mark != '-')
        return false;
    for (int k = 1; k < 3; k++) {
        if (i == s.len || s.data[i] != mark)
            return false;
        i++;
        digits[k] = number_at(s, &i, &n[k]);
        if (digits[k] == 0)
            return false;
    }
    *len = i;
    if (!ends(s, i, mark))
        return false;
    if (digits[0] == 4 && digits[1] <= 2 && digits[2] <= 2)
        return set(d, n[0], n[1], n[2]) && n[2] > 0;
    if (mark != '/' || digits[0] > 2 || digits[1] > 2 || digits[2] != 4)
        return false;
    bool american = n[0] <= 12, european = n[1] <= 12;
    if (!set(d, n[2], american ? n[0] : n[1], american ? n[1] : n[0]))
        return false;
    d->told = american != european || n[0] == n[1];
    return true;
}

size_t range_date_at(struct slice s)
{
    struct date d;
    size_t len;
    if (named(s, &len, &d) || numbered(s, &len, &d))
        return len;
    return 0;
}

static bool read(struct slice s, struct date *d)
{
    size_t len;
    return (named(s, &len, d) || numbered(s, &len, d)) && len == s.len && d->told;
}

static bool valid(struct slice text)
{
    struct date d;
    return read(text, &d);
}

static enum product_order compare(struct slice a, struct slice b)
{
    struct date x, y;
    if (!read(a, &x) || !read(b, &y))
        return PRODUCT_NO_ORDER;
    if (x.last < y.first)
        return PRODUCT_LESS;
    if (x.first > y.last)
        return PRODUCT_GREATER;
    return x.first == y.first && x.last == y.last ? PRODUCT_EQUAL : PRODUCT_NO_ORDER;
}

/* The first day; a month alone is in doubt against its own days. */
static bool key(struct slice text, struct product_key *k)
{
    struct date d;
    if (!read(text, &d))
        return false;
    product_key_byte(k, d.first >> 16 & 0xff);
    product_key_byte(k, d.first >> 8 & 0xff);
    product_key_byte(k, d.first & 0xff);
    k->doubtful = k->doubtful || d.first != d.last;
    return true;
}

const struct product_scheme range_date_scheme = {
    .name = "date", .valid = valid, .compare = compare, .key = key, .rule = "days of the calendar"};
