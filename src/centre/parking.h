/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts that a follower cannot get past are put aside, so that those behind them are followed: one
 * advisory that nobody foresaw does not keep all others from being told. What is put aside is an
 * act of its own (follower.parked), stands in `tocsin status`, and is tried again at each start.
 */
#ifndef CENTRE_PARKING_H
#define CENTRE_PARKING_H

#include "centre/command.h"

/*
 * Whether an act that failed so many times is tried again, and not put aside: while a database, a
 * disk or a signer is away, for ever; else a few times, and more often where memory was short.
 */
bool parking_waits(const struct err *e, unsigned tries);

/* What command_follower_park and command_follower_resume are handed. */
struct parked {
    const char *follower;
    uint64_t act;
    const struct err *why; /* of command_follower_park */
};
extern const struct command_type command_follower_park;
extern const struct command_type command_follower_resume; /* it worked now: act follower.resumed */

/* Indexes of a follower's acts, the lowest first, at most max. How many there are in all, or -1. */
int64_t parking_list(struct db *db, const char *follower, uint64_t *acts, size_t max,
                     struct err *e) MUST_CHECK;

/* Whether this act is among them: 1, 0, or -1. */
int parking_has(struct db *db, const char *follower, uint64_t act, struct err *e) MUST_CHECK;

#endif
