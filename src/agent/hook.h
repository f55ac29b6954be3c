/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the owner's program for each notice. The notice goes to its standard input, facts into its
 * environment; what it decides is told by its exit code and its first line of output:
 *
 *   exit 0       the first word printed says what became of it: "read", "planned" or "installed";
 *                anything else, or nothing: read. What follows on that line is the detail.
 *   exit 1       refused; the line is the detail.
 *   exit 75      (EX_TEMPFAIL) not now: it is asked again, after a minute and then ever later.
 *   else, killed by a signal, over its time, or not to be started: failed.
 *
 * Several run side by side, each as its own process group with its own deadline: one that never
 * returns holds up nobody and is killed with all its children. One thread uses a runner.
 */
#ifndef AGENT_HOOK_H
#define AGENT_HOOK_H

#include "agent/config.h"
#include "agent/report.h"
#include "base/clock.h"

enum { HOOK_OUTPUT_MAX = 4096, HOOK_ENVIRONMENT_MAX = 40, HOOK_RETRY_EXIT = 75 };

/* One name and value of the environment. */
struct hook_fact {
    const char *name;
    struct slice value; /* control characters become spaces; cut to 1,000 bytes */
};

struct hook_result {
    uint64_t n;
    bool again; /* it asked to be called again */
    enum report_outcome outcome;
    char detail[REPORT_DETAIL_MAX + 1];
    size_t detail_length;
};

struct hook_runner;

/* The program's path; timeout and number at once as in the configuration. NULL: no memory. */
struct hook_runner *hook_runner_new(const char *program, int64_t timeout_s, size_t at_once,
                                    const struct clock *clock, struct err *e) MUST_CHECK;
/* Ends what still runs: SIGTERM, and SIGKILL after `grace_ms`. */
void hook_runner_free(struct hook_runner *r, unsigned grace_ms);

bool hook_runner_full(const struct hook_runner *r);
size_t hook_runner_running(const struct hook_runner *r);
bool hook_runner_has(const struct hook_runner *r, uint64_t n);

/*
 * Starts the program for notice n. input is copied. A program that cannot be started is no error
 * here but a result (failed). -1: memory, or full (ERR_CONFLICT "agent.hooks").
 */
int hook_start(struct hook_runner *r, uint64_t n, struct slice input, const struct hook_fact *facts,
               size_t fact_count, struct err *e) MUST_CHECK;

/*
 * Moves all runs on, without waiting: feeds, reads, kills what is over its time. 1: *result is one
 * that ended; 0: none.
 */
int hook_step(struct hook_runner *r, struct hook_result *result);

/* Readable when hook_step has something to do; never closed before hook_runner_free. */
int hook_runner_fd(const struct hook_runner *r);
/* Milliseconds until the next deadline; -1: nothing runs. */
int hook_runner_wait_ms(const struct hook_runner *r);

#endif
