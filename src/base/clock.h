/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and randomness are passed in, so that tests replay them.
 * Times are microseconds since 1970-01-01T00:00:00Z, without leap seconds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/slice.h"

struct clock {
    int64_t (*now)(void *context);       /* wall clock, may jump */
    int64_t (*monotonic)(void *context); /* never goes back; its zero means nothing */
    void *context;
};

struct random {
    /* Fills len bytes from a cryptographic source; 0 or -1. */
    int (*fill)(void *context, void *out, size_t len);
    void *context;
};

/* The machine's own. */
extern const struct clock clock_system;
extern const struct random random_system;

static inline int64_t clock_now(const struct clock *c)
{
    return c->now(c->context);
}

static inline int64_t clock_monotonic(const struct clock *c)
{
    return c->monotonic(c->context);
}

int random_fill(const struct random *r, void *out, size_t len, struct err *e) MUST_CHECK;

/* Room for "2026-11-21T20:39:56.123456Z" and its NUL. */
enum { TIME_TEXT = 32 };

/* RFC 3339 in UTC; microseconds are left out when they are zero. Years 0000 to 9999. */
void time_format(int64_t time, char text[TIME_TEXT]);

/*
 * Reads RFC 3339 section 5.6 (any offset, 'T' and 'Z' in either case, fractions cut to
 * microseconds, second 60 allowed only as a leap second at 23:59 UTC). 0, or -1 with
 * code "base.time".
 */
int time_parse(struct slice text, int64_t *time, struct err *e) MUST_CHECK;

#endif
