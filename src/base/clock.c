/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <errno.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now(void *context)
{
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(void *context)
{
    (void)context;
    return read_clock(CLOCK_MONOTONIC);
}

static int system_fill(void *context, void *out, size_t len)
{
    uint8_t *at = out;

    (void)context;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += got;
        len -= (size_t)got;
    }
    return 0;
}

const struct clock clock_system = {.now = system_now, .monotonic = system_monotonic};
const struct random random_system = {.fill = system_fill};

int random_fill(const struct random *r, void *out, size_t len, struct err *e)
{
    if (r->fill(r->context, out, len) == 0)
        return 0;
    return err_set(e, ERR_SYSTEM, "base.random", NULL, "no random bytes to be had");
}

/* Days since 1970-01-01 of a proleptic Gregorian date, and back (civil-from-days arithmetic). */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

/* Each act and each line of the log has a time: written without snprintf. */
static char *put_digits(char *at, int64_t value, int count, char behind)
{
    for (int i = count; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = behind;
    return at + count + 1;
}

void time_format(int64_t time, char text[TIME_TEXT])
{
    int64_t seconds = time / 1000000;
    int64_t micro = time % 1000000;
    int64_t year;
    int month;
    int day;

    if (micro < 0) {
        micro += 1000000;
        seconds--;
    }
    int64_t of_day = ((seconds % 86400) + 86400) % 86400;
    date_of((seconds - of_day) / 86400, &year, &month, &day);
    if (year < 0 || year > 9999) {
        snprintf(text, TIME_TEXT, "%s", year < 0 ? "0000-01-01T00:00:00Z" : "9999-12-31T23:59:59Z");
        return;
    }
    char *at = put_digits(text, year, 4, '-');
    at = put_digits(at, month, 2, '-');
    at = put_digits(at, day, 2, 'T');
    at = put_digits(at, of_day / 3600, 2, ':');
    at = put_digits(at, of_day / 60 % 60, 2, ':');
    at = put_digits(at, of_day % 60, 2, micro ? '.' : 'Z');
    if (micro)
        at = put_digits(at, micro, 6, 'Z');
    *at = '\0';
}

struct time_reader {
    struct slice text;
    size_t at;
    bool bad;
};

static int digits(struct time_reader *r, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (r->at >= r->text.len || r->text.data[r->at] < '0' || r->text.data[r->at] > '9') {
            r->bad = true;
            return 0;
        }
        value = value * 10 + (r->text.data[r->at++] - '0');
    }
    return value;
}

static int one_of(struct time_reader *r, const char *set)
{
    if (r->at < r->text.len && r->text.data[r->at] && strchr(set, r->text.data[r->at]))
        return r->text.data[r->at++];
    r->bad = true;
    return 0;
}

static int64_t fraction(struct time_reader *r)
{
    int64_t micro = 0;
    int seen = 0;

    while (r->at < r->text.len && r->text.data[r->at] >= '0' && r->text.data[r->at] <= '9') {
        if (seen < 6) { /* the rest is cut off */
            micro = micro * 10 + (r->text.data[r->at] - '0');
            seen++;
        }
        r->at++;
    }
    if (seen == 0)
        r->bad = true;
    for (; seen < 6; seen++)
        micro *= 10;
    return micro;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

int time_parse(struct slice text, int64_t *time, struct err *e)
{
    struct time_reader r = {.text = text};
    int64_t micro = 0;
    int64_t offset = 0;
    int year = digits(&r, 4);
    one_of(&r, "-");
    int month = digits(&r, 2);
    one_of(&r, "-");
    int day = digits(&r, 2);
    one_of(&r, "Tt");
    int hour = digits(&r, 2);
    one_of(&r, ":");
    int minute = digits(&r, 2);
    one_of(&r, ":");
    int second = digits(&r, 2);
    if (!r.bad && r.at < text.len && text.data[r.at] == '.') {
        r.at++;
        micro = fraction(&r);
    }
    int zone = one_of(&r, "Zz+-");
    if (zone == '+' || zone == '-') {
        int hours = digits(&r, 2);
        one_of(&r, ":");
        int minutes = digits(&r, 2);
        if (hours > 23 || minutes > 59)
            r.bad = true;
        offset = (zone == '-' ? -1 : 1) * (hours * 60 + minutes);
    }
    if (r.bad || r.at != text.len || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 60)
        return err_set(e, ERR_INPUT, "base.time", "RFC 3339 section 5.6",
                       "\"%.*s\" is not a date and time such as 2026-03-01T12:00:00Z",
                       (int)(text.len < 60 ? text.len : 60), (const char *)text.data);
    int64_t minutes = days_of(year, month, day) * 1440 + hour * 60 + minute - offset;
    if (second == 60 && ((minutes % 1440) + 1440) % 1440 != 1439)
        return err_set(e, ERR_INPUT, "base.time", "RFC 3339 section 5.7",
                       "second 60 is only possible at 23:59 UTC");
    *time = (minutes * 60 + second) * 1000000 + micro;
    return 0;
}
