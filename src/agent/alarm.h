/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word to the people at the device when the journal contradicted itself: the program alarm-hook
 * is started once for a standing alarm, and at each start of the agent while it stands; again after
 * ever longer waits when it fails.
 */
#ifndef AGENT_ALARM_H
#define AGENT_ALARM_H

#include "agent/agent.h"
#include "agent/hook.h"

struct alarm {
    const struct agent *agent;
    struct hook_runner *runner; /* NULL: no program is configured */
    bool told;                  /* it was started for this alarm, and did not fail */
    unsigned tries;
    int64_t again_at; /* monotonic */
};

int alarm_init(struct alarm *alarm, const struct agent *a, struct err *e) MUST_CHECK;
void alarm_fini(struct alarm *alarm);

/* Starts what is to be started, and looks at what has ended. */
int alarm_step(struct alarm *alarm, struct err *e) MUST_CHECK;
/* Nothing runs, and nothing is to be started. */
bool alarm_idle(const struct alarm *alarm);
/* As in hook.h. -1: none. */
int alarm_fd(const struct alarm *alarm);
int alarm_wait_ms(const struct alarm *alarm);

/* The alarm as JSON, tocsin-alarm/v1 (docs/agent.md): what the program reads. */
void alarm_write(const struct agent *a, const char *evidence, struct buf *out);

#endif
