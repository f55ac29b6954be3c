/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent has to do besides listening: renew, follow the trust root, send the inventory,
 * acknowledge, report, fetch documents. Each task knows when it is due; one that fails because the
 * centre cannot be reached holds all of them back for a while, one that the centre refuses holds
 * back itself alone.
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "agent/alarm.h"
#include "agent/backoff.h"
#include "agent/centre.h"
#include "agent/dispatch.h"
#include "agent/watch.h"

enum session_task {
    TASK_RENEW,
    TASK_TRUST,
    TASK_REJOIN,
    TASK_INVENTORY,
    TASK_RECEIPT,
    TASK_OUTCOMES,
    TASK_COUNT
};

enum {
    SESSION_RECEIPT_BATCH = 64,    /* so many notices are acknowledged without further delay */
    SESSION_TRUST_EVERY_S = 86400, /* the trust statement is asked for at least so often */
    SESSION_TRUST_HINT_S = 60,     /* but when something hints at a new one, at most so often */
    SESSION_REFUSED_S = 3600,      /* what the centre refused is tried again after so long */
    SESSION_LIST = 100,            /* notices asked for at once */
    SESSION_LIST_MAX = 64 << 20    /* bytes of such an answer */
};

struct session {
    struct agent *agent;
    struct centre centre;
    struct dispatch dispatch;
    struct alarm alarm;
    struct backoff backoff;  /* of requests */
    int64_t hinted_at;       /* monotonic: session_hint_trust asked last */
    int64_t hold_until;      /* monotonic: no request before this */
    int64_t due[TASK_COUNT]; /* monotonic; INT64_MAX: not at all */
    bool changed_identity;   /* the stream is to come back under it */
    bool failed;             /* some task failed; for --once */
};

int session_init(struct session *s, struct agent *a, struct err *e) MUST_CHECK;
void session_fini(struct session *s);

/* Makes a task due now, or in some milliseconds, unless it is due earlier. */
void session_want(struct session *s, enum session_task task, int64_t in_ms);

/*
 * Does what is due. Errors of the network and of the centre are logged and dealt with; -1 only when
 * this machine fails: the state cannot be stored, memory is short.
 */
int session_step(struct session *s, struct err *e) MUST_CHECK;
/* Milliseconds until something is due; at most an hour. */
int session_wait_ms(const struct session *s);
/* Nothing is due now. */
bool session_quiet(const struct session *s);

/*
 * What the centre sends is of a journal that this device does not know, or its chain is another: it
 * may have been restored, and its trust statement says so.
 */
void session_hint_trust(struct session *s);

/* After a new journal began: finds how far the chains are one, and goes back to there. */
int session_rejoin(struct session *s, struct err *e) MUST_CHECK;

/* A checkpoint note as the stream shows it. -1 only for this machine's failures. */
int session_checkpoint(struct session *s, struct slice note, struct err *e) MUST_CHECK;
/* Asks for the newest checkpoint. */
int session_fetch_checkpoint(struct session *s, struct err *e) MUST_CHECK;

/*
 * Asks for all notices behind the last one and takes them in. The number of new ones, or -1 with
 * the reason for which one was refused or could not be had.
 */
long session_catch_up(struct session *s, struct err *e) MUST_CHECK;

/* A delivery as the stream brings it: 1 new, 0 known, -1 refused or not stored. */
int session_delivery(struct session *s, struct slice text, struct err *e) MUST_CHECK;

/* dispatch's fetch; context: the session. */
int session_document(void *context, const uint8_t hash[32]);

/* A request did not get through: the next waits. */
void session_hold(struct session *s, const struct err *e);

/* True for failures of this machine, which end the agent: what the centre does never does. */
bool session_is_fatal(const struct err *e);

#endif
