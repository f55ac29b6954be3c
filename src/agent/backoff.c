/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/backoff.h"

#include <stdio.h>
#include <time.h>

void backoff_init(struct backoff *b, const struct random *random, unsigned least_ms,
                  unsigned most_ms)
{
    *b = (struct backoff){.random = random, .least_ms = least_ms, .most_ms = most_ms};
}

void backoff_steer(struct backoff *b, int64_t after_ms)
{
    if (after_ms < 0)
        return;
    b->told = true;
    b->told_ms = (unsigned)(after_ms > BACKOFF_STEER_MAX_MS ? BACKOFF_STEER_MAX_MS : after_ms);
}

void backoff_success(struct backoff *b)
{
    b->tries = 0;
}

/* Evenly from low to high, both included. Without randomness the middle: still a wait. */
static unsigned draw(const struct backoff *b, uint64_t low, uint64_t high)
{
    struct err ignored = {0};
    uint64_t number;

    if (random_fill(b->random, &number, sizeof(number), &ignored) != 0)
        return (unsigned)(low + (high - low) / 2);
    return (unsigned)(low + number % (high - low + 1));
}

unsigned backoff_next(struct backoff *b)
{
    if (b->told) {
        unsigned spread = b->told_ms / 10 > 1000 ? b->told_ms / 10 : 1000;
        b->told = false;
        return draw(b, b->told_ms, (uint64_t)b->told_ms + spread);
    }
    uint64_t ceiling = b->least_ms;
    for (unsigned i = 0; i <= b->tries && ceiling < b->most_ms; i++)
        ceiling *= 2;
    if (ceiling > b->most_ms)
        ceiling = b->most_ms;
    if (b->tries < 32)
        b->tries++;
    return draw(b, b->least_ms, ceiling);
}

static int64_t retry_seconds(struct slice value)
{
    int64_t seconds = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return -1;
        seconds = seconds * 10 + (value.data[i] - '0');
        if (seconds > BACKOFF_STEER_MAX_MS / 1000)
            seconds = BACKOFF_STEER_MAX_MS / 1000;
    }
    return seconds;
}

int64_t backoff_retry_after(struct slice value, int64_t now)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[40], month[4];
    int day, year, hour, minute, second, read = 0;

    if (value.len == 0 || value.len >= sizeof(text))
        return -1;
    int64_t seconds = retry_seconds(value);
    if (seconds >= 0)
        return seconds * 1000;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    /* IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT */
    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, month, &year, &hour,
               &minute, &second, &read) != 6 ||
        read != (int)value.len)
        return -1;
    const char *found = strstr(months, month);
    if (!found || (found - months) % 3 != 0 || strlen(month) != 3)
        return -1;
    struct tm when = {.tm_mday = day,
                      .tm_mon = (int)(found - months) / 3,
                      .tm_year = year - 1900,
                      .tm_hour = hour,
                      .tm_min = minute,
                      .tm_sec = second};
    int64_t wait = ((int64_t)timegm(&when) * 1000000 - now) / 1000;
    return wait > 0 ? wait : 0;
}
