/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before the next try: exponential with full jitter, so that a hundred thousand
 * devices that lost their centre at once do not come back at once; and steered by the server, whose
 * word is the least that is waited.
 */
#ifndef AGENT_BACKOFF_H
#define AGENT_BACKOFF_H

#include "base/clock.h"

enum {
    BACKOFF_STEER_MAX_MS = 24 * 3600 * 1000, /* a server cannot silence a device for longer */
};

struct backoff {
    const struct random *random;
    unsigned least_ms;
    unsigned most_ms;
    unsigned tries; /* in vain, since the last success */
    unsigned told_ms;
    bool told;
};

/* least_ms is at least 1 and at most most_ms. */
void backoff_init(struct backoff *b, const struct random *random, unsigned least_ms,
                  unsigned most_ms);
/* The server names a time (reconnect event, Retry-After); it counts for the next wait. */
void backoff_steer(struct backoff *b, int64_t after_ms);
/* It worked: the next wait begins small again. */
void backoff_success(struct backoff *b);
/*
 * The next wait in milliseconds. Without steering: drawn evenly from least_ms up to
 * min(most_ms, least_ms × 2^(tries + 1)). Steered: from the time told up to a tenth (and at least a
 * second) more.
 */
unsigned backoff_next(struct backoff *b);

/* The Retry-After header's value (RFC 9110 section 10.2.3: seconds or a date) in milliseconds from
 * now; -1 when it is neither. */
int64_t backoff_retry_after(struct slice value, int64_t now);

#endif
