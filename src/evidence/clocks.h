/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks of this machine, side by side (ISO/IEC 27037 section 7.1.3; RFC 3227 section 2.1):
 * what it takes for the time, what nobody can set, and what the kernel and the battery's clock say.
 */
#ifndef EVIDENCE_CLOCKS_H
#define EVIDENCE_CLOCKS_H

#include "base/json.h"

#include <time.h>

/* How well the kernel thinks that the clock is kept (adjtimex(2)): the one place where it is asked.
 */
struct evidence_kernel_clock {
    bool known; /* it said something */
    bool synchronised;
    int64_t status, offset_ns, error_most_us, error_estimate_us, tai_offset_s;
};
void evidence_kernel_clock_read(struct evidence_kernel_clock *kernel);
/* Members "clock", "kernel_says_synchronised" and, where it is, "kernel_says_error_at_most_us". */
void evidence_kernel_clock_write(struct json_writer *w, const struct evidence_kernel_clock *kernel);

/* A clock by its number, in nanoseconds. */
int64_t evidence_clock_ns(clockid_t id);

struct evidence_clocks {
    int64_t realtime, monotonic, boottime; /* nanoseconds */
    int64_t took;                          /* between the first and the last of these readings */
    struct evidence_kernel_clock kernel;
    char battery[40];      /* the clock chip's reading as it shows it; empty: not read */
    char battery_why[120]; /* why it was not */
    int64_t battery_at;    /* CLOCK_MONOTONIC when it was read */
    char zone[64];         /* TZ, or the target of /etc/localtime; may be empty */
};

/* Reads only: nothing is set, no clock chip is waited for. */
void evidence_clocks_read(struct evidence_clocks *clocks);
/* An object. */
void evidence_clocks_write(struct json_writer *w, const struct evidence_clocks *clocks);

/* One moment by three clocks. */
struct evidence_moment {
    int64_t realtime, monotonic, boottime; /* nanoseconds */
};
void evidence_moment_now(struct evidence_moment *moment);
/* An object: "at" (RFC 3339), "monotonic_ns", "boottime_ns" as decimal strings. */
void evidence_moment_write(struct json_writer *w, const struct evidence_moment *moment);

#endif
