/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines of very many connections for the price of a list link each: a wheel of slots, one tick
 * apart. An entry may fire up to one tick late, never early. Moving a deadline back costs nothing
 * (the entry is looked at when its slot comes, and put further on). One thread.
 */
#ifndef NET_TIMER_WHEEL_H
#define NET_TIMER_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { TIMER_SLOTS = 1024 };

struct timer_entry {
    struct timer_entry *next, **back; /* back NULL: not in the wheel */
    int64_t deadline;                 /* microseconds, as the caller counts; 0: none */
    int64_t slot;                     /* the tick at which it is looked at */
};

struct timer_wheel {
    struct timer_entry *slots[TIMER_SLOTS];
    int64_t tick; /* microseconds */
    int64_t at;   /* the last tick that was run */
};

void timer_wheel_init(struct timer_wheel *w, int64_t tick, int64_t now);
/* Sets or moves a deadline; 0 takes it away. */
void timer_wheel_set(struct timer_wheel *w, struct timer_entry *entry, int64_t deadline);
/* Calls fire for each entry whose deadline is at or before now. It is out of the wheel then, and
   fire may free it, set it again, and set or take away any other. */
void timer_wheel_run(struct timer_wheel *w, int64_t now,
                     void (*fire)(struct timer_entry *entry, void *context), void *context);

#endif
