/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From stored notices to hooks, and from their ends to signed outcomes in the outbox. A notice
 * whose hook was not done when the agent ended is given to it again: at least once, never lost.
 */
#ifndef AGENT_DISPATCH_H
#define AGENT_DISPATCH_H

#include "agent/agent.h"
#include "agent/hook.h"

#include <limits.h>

enum {
    DISPATCH_AGAIN_MAX = 32,          /* notices that wait for another try at once */
    DISPATCH_TRIES = 20,              /* then "not now" is a failure */
    DISPATCH_AGAIN_LEAST_S = 60,      /* the first wait; it doubles … */
    DISPATCH_AGAIN_MOST_S = 3600,     /* … up to this */
    DISPATCH_DOCUMENT_MAX = 150 << 20 /* bytes of an advisory, as CSAF says */
};

struct dispatch_wait {
    uint64_t n; /* 0: free */
    unsigned tries;
    int64_t at; /* monotonic, microseconds; 0: running */
};

struct dispatch {
    struct agent *agent;
    struct hook_runner *runner; /* NULL: no hook is configured */
    struct dispatch_wait again[DISPATCH_AGAIN_MAX];
    /*
     * Fetches the document with this hash into HOME/documents: 1 it is there now, 0 not now (ask
     * later), -1 it cannot be had: the hook goes without. NULL: only what is there.
     */
    int (*fetch)(void *context, const uint8_t hash[32]);
    void *fetch_context;
    bool fetch_waits; /* a hook waits for a document that could not be had yet */
};

int dispatch_init(struct dispatch *d, struct agent *a, struct err *e) MUST_CHECK;
void dispatch_fini(struct dispatch *d);

/*
 * Starts what can be started and takes in what has ended. -1 only when something could not be
 * stored. *changed (may be NULL): an outcome was put into the outbox.
 */
int dispatch_step(struct dispatch *d, bool *changed, struct err *e) MUST_CHECK;

/* No hook is running, none is waiting: nothing open but what asked for another time. */
bool dispatch_idle(const struct dispatch *d);
/* Some hook runs right now. */
bool dispatch_running(const struct dispatch *d);
/* To poll for; −1 without hooks. */
int dispatch_fd(const struct dispatch *d);
/* Milliseconds until dispatch_step has something to do by itself; −1: nothing. */
int dispatch_wait_ms(const struct dispatch *d);

/* The stored document's path; true when it is there. */
bool dispatch_document(const struct agent *a, const uint8_t hash[32], char path[PATH_MAX]);

#endif
