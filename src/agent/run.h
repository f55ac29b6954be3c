/* SPDX-License-Identifier: Apache-2.0 */
/* The agent at work: holds the stream, takes in what comes, does what is due, comes back. */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "agent/agent.h"

enum { RUN_ONCE_S = 600 }; /* --once ends after so long, whatever hooks do */

/*
 * Runs until SIGTERM or SIGINT. 0 at an orderly end; -1 when this machine fails (the state cannot
 * be stored); what the centre does is never a reason to end.
 */
int run_forever(struct agent *a, struct err *e) MUST_CHECK;

/*
 * Connects, sends the inventory, takes in what is there, runs its hooks, sends receipt and
 * outcomes, ends. 0: all of it was done; -1 with the first reason why not.
 */
int run_once(struct agent *a, struct err *e) MUST_CHECK;

#endif
