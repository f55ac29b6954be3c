/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as a whole: what it loaded from its folder, and how it takes in a notice. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/config.h"
#include "agent/delivery.h"
#include "agent/identity.h"
#include "agent/state.h"
#include "agent/trust.h"
#include "base/clock.h"

struct agent {
    const char *home;
    int lock; /* descriptor; -1: not held */
    struct agent_config config;
    struct identity identity;
    struct trust trust;
    struct state state;
    const struct clock *clock;
    const struct random *random;
};

enum agent_open { AGENT_READ, AGENT_CHANGE };

/*
 * Loads everything of an enrolled device. AGENT_CHANGE takes the lock for as long as the agent is
 * open, and clears what a killed process left. Close it also after a failure.
 */
int agent_open(struct agent *a, const char *home, enum agent_open how, struct err *e) MUST_CHECK;
void agent_close(struct agent *a);

/*
 * The time, for judging certificates: never before this device's own certificate began. A device
 * whose clock lost its battery can still talk.
 */
int64_t agent_now(const struct agent *a);

/*
 * Takes in one delivery: checks order, then everything else; stores it; then counts it in the
 * state. 1: it is new; 0: it was here before; -1: refused (the reason also stands in the state), or
 * it could not be stored.
 */
int agent_receive(struct agent *a, const struct delivery *d, struct err *e) MUST_CHECK;

/* The stored delivery of notice n; -1 with "agent.notice" when it is not kept (any more). */
int agent_notice(const struct agent *a, uint64_t n, struct delivery *d, struct err *e) MUST_CHECK;

/* Takes over a verified, newer trust statement: stored first, then used; offered is emptied. */
int agent_take_trust(struct agent *a, struct trust *offered, struct err *e) MUST_CHECK;

int agent_save(struct agent *a, struct err *e) MUST_CHECK;

#endif
