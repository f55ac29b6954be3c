/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session.h"
#include "agent/enrol.h"
#include "agent/outbox.h"
#include "agent/report.h"
#include "agent/sources.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

static int64_t monotonic(const struct session *s)
{
    return clock_monotonic(s->agent->clock);
}

bool session_is_fatal(const struct err *e)
{
    return e->kind == ERR_MEMORY || e->kind == ERR_INTERNAL ||
           strncmp(e->code, "base.file", 9) == 0 || strncmp(e->code, "agent.home", 10) == 0;
}

/* ---- when ---- */

void session_want(struct session *s, enum session_task task, int64_t in_ms)
{
    int64_t at = monotonic(s) + in_ms * 1000;

    if (at < s->due[task])
        s->due[task] = at;
}

void session_hint_trust(struct session *s)
{
    int64_t now = monotonic(s);
    int64_t next = s->hinted_at + SESSION_TRUST_HINT_S * INT64_C(1000000);

    if (s->hinted_at && now < next) {
        session_want(s, TASK_TRUST, (next - now) / 1000);
        return;
    }
    s->hinted_at = now;
    session_want(s, TASK_TRUST, 0);
}

static void postpone(struct session *s, enum session_task task, int64_t seconds)
{
    s->due[task] = monotonic(s) + seconds * 1000000;
}

void session_hold(struct session *s, const struct err *e)
{
    if (s->centre.retry_after_ms >= 0)
        backoff_steer(&s->backoff, s->centre.retry_after_ms);
    unsigned wait = backoff_next(&s->backoff);
    s->hold_until = monotonic(s) + (int64_t)wait * 1000;
    s->failed = true;
    log_line(LOG_LEVEL_WARNING, "centre.unreachable", LOG_S("code", e->code),
             LOG_S("text", e->text), LOG_I("again_ms", wait));
}

static void reached(struct session *s)
{
    backoff_success(&s->backoff);
    s->agent->state.contact_at = clock_now(s->agent->clock);
}

/*
 * A task did not work: -1 when this machine is why. Otherwise it is tried again: with all others
 * when the centre was not reached or is busy, alone and later when it said no.
 */
static int failed(struct session *s, enum session_task task, const struct err *why, struct err *e)
{
    s->failed = true;
    if (session_is_fatal(why)) {
        *e = *why;
        return -1;
    }
    if (centre_may_retry(&s->centre, why)) {
        session_hold(s, why);
        return 0;
    }
    log_line(LOG_LEVEL_ERROR, "centre.refused", LOG_S("code", why->code), LOG_S("text", why->text),
             LOG_S("hint", why->hint));
    postpone(s, task, SESSION_REFUSED_S);
    return 0;
}

int session_init(struct session *s, struct agent *a, struct err *e)
{
    memset(s, 0, sizeof(*s));
    s->agent = a;
    backoff_init(&s->backoff, a->random, (unsigned)a->config.retry_least_ms,
                 (unsigned)a->config.retry_most_ms);
    for (size_t i = 0; i < TASK_COUNT; i++)
        s->due[i] = INT64_MAX;
    if (agent_centre_init(&s->centre, a, e) != 0)
        return -1;
    if (dispatch_init(&s->dispatch, a, e) != 0) {
        centre_fini(&s->centre);
        return -1;
    }
    if (alarm_init(&s->alarm, a, e) != 0) {
        dispatch_fini(&s->dispatch);
        centre_fini(&s->centre);
        return -1;
    }
    s->dispatch.fetch = session_document;
    s->dispatch.fetch_context = s;
    session_want(s, TASK_TRUST, 0);
    session_want(s, TASK_INVENTORY, 0);
    session_want(s, TASK_OUTCOMES, 0);
    session_want(s, TASK_RENEW, 0);
    if (a->state.n > a->state.acked)
        session_want(s, TASK_RECEIPT, 0);
    if (a->state.rejoin)
        session_want(s, TASK_REJOIN, 0);
    return 0;
}

void session_fini(struct session *s)
{
    alarm_fini(&s->alarm);
    dispatch_fini(&s->dispatch);
    centre_fini(&s->centre);
}

/* ---- renewal and trust ---- */

static int renew(struct session *s, struct err *e)
{
    struct agent *a = s->agent;
    int64_t at = identity_renew_at(&a->identity, a->config.renew_percent);
    int64_t now = clock_now(a->clock);
    struct err why = {0};

    if (now < at) {
        int64_t left = (at - now) / 1000000 + 1;
        postpone(s, TASK_RENEW, left < 3600 ? left : 3600); /* clocks jump: look every hour */
        return 0;
    }
    if (enrol_renew(a, &s->centre, &why) == 1) {
        reached(s);
        log_info("certificate.renewed", LOG_S("asset", a->identity.asset));
        s->due[TASK_RENEW] = INT64_MAX;
        session_want(s, TASK_RENEW, 0);
        s->changed_identity = true;
        return 0;
    }
    if (now > a->identity.leaf.not_after)
        err_hint(&why, "the certificate has ended: enrol again into a new folder with a new token");
    log_line(LOG_LEVEL_ERROR, "certificate.not-renewed", LOG_S("code", why.code),
             LOG_S("text", why.text), LOG_S("hint", why.hint),
             LOG_I("days_left", (a->identity.leaf.not_after - now) / 86400000000));
    return failed(s, TASK_RENEW, &why, e);
}

static int follow_trust(struct session *s, struct err *e)
{
    struct err why = {0};
    int result = enrol_follow_trust(s->agent, &s->centre, &why);

    if (result < 0)
        return failed(s, TASK_TRUST, &why, e);
    reached(s);
    if (result == 1)
        s->changed_identity = true;
    if (s->agent->state.rejoin)
        session_want(s, TASK_REJOIN, 0);
    postpone(s, TASK_TRUST, SESSION_TRUST_EVERY_S);
    return 0;
}

static int rejoin(struct session *s, struct err *e)
{
    struct err why = {0};

    if (dispatch_running(&s->dispatch)) { /* what runs may be for a notice that is gone */
        postpone(s, TASK_REJOIN, 1);
        return 0;
    }
    if (session_rejoin(s, &why) != 0)
        return failed(s, TASK_REJOIN, &why, e);
    reached(s);
    s->due[TASK_REJOIN] = INT64_MAX;
    if (s->agent->state.n > 0)
        session_want(s, TASK_RECEIPT, 0);
    return 0;
}

/* ---- inventory ---- */

static int take_class(struct agent *a, const struct http_response *r, const uint8_t digest[32],
                      struct err *e)
{
    struct json_doc *doc = NULL;
    struct slice class;

    if (json_parse(&doc, buf_slice(&r->body), NULL, e) != 0)
        return -1;
    class = json_get_string(json_root(doc), "class");
    if (class.len >= sizeof(a->state.class))
        class.len = 0;
    snprintf(a->state.class, sizeof(a->state.class), "%.*s", SLICE_ARG(class));
    json_doc_free(doc);
    memcpy(a->state.inventory, digest, 32);
    a->state.has_inventory = true;
    log_info("inventory.sent", LOG_S("class", a->state.class));
    return agent_save(a, e);
}

static int send_inventory(struct session *s, struct err *e)
{
    struct agent *a = s->agent;
    struct fleet_inventory *inventory = NULL;
    struct http_response r;
    struct buf envelope;
    uint8_t digest[32];
    struct err why = {0};
    int result = 0;

    http_response_init(&r);
    buf_init(&envelope);
    if (sources_read(&inventory, &a->config, &why) != 0) {
        log_err(LOG_LEVEL_ERROR, "inventory.unreadable", &why);
        s->failed = true;
        postpone(s, TASK_INVENTORY, a->config.inventory_interval_s);
        goto out;
    }
    postpone(s, TASK_INVENTORY, a->config.inventory_interval_s);
    if (report_inventory_digest(&a->identity, inventory, digest, &why) != 0)
        goto failed;
    if (a->state.has_inventory && memcmp(digest, a->state.inventory, 32) == 0)
        goto out;
    if (report_inventory(&a->identity, inventory, clock_now(a->clock), &envelope, &why) != 0 ||
        centre_send(&s->centre, "PUT", "/v1/inventory", buf_slice(&envelope), &r, a->clock, &why) !=
            0 ||
        take_class(a, &r, digest, &why) != 0)
        goto failed;
    reached(s);
    goto out;
failed:
    s->due[TASK_INVENTORY] = 0;
    result = failed(s, TASK_INVENTORY, &why, e);
out:
    fleet_inventory_free(inventory);
    buf_fini(&envelope);
    http_response_fini(&r);
    return result;
}

/* ---- receipts and outcomes ---- */

static int send_receipt(struct session *s, struct err *e)
{
    struct agent *a = s->agent;
    uint64_t n = a->state.n;
    struct http_response r;
    struct buf envelope;
    struct err why = {0};
    int result = -1;

    s->due[TASK_RECEIPT] = INT64_MAX;
    if (a->state.alarm || a->state.rejoin || a->state.acked == n)
        return 0;
    if (!a->state.checkpoint.there && session_fetch_checkpoint(s, &why) != 0) {
        session_want(s, TASK_RECEIPT, 0);
        return failed(s, TASK_RECEIPT, &why, e);
    }
    if (a->state.alarm)
        return 0;
    http_response_init(&r);
    buf_init(&envelope);
    if (report_receipt(&a->state, &a->identity, clock_now(a->clock), &envelope, &why) != 0 ||
        centre_send(&s->centre, "POST", "/v1/receipts", buf_slice(&envelope), &r, a->clock, &why) !=
            0) {
        session_want(s, TASK_RECEIPT, 0);
        result = failed(s, TASK_RECEIPT, &why, e);
        goto out;
    }
    reached(s);
    a->state.acked = n;
    log_info("receipt.sent", LOG_I("n", n));
    result = agent_save(a, e);
out:
    buf_fini(&envelope);
    http_response_fini(&r);
    return result;
}

static bool never_taken(int status)
{
    return status == 400 || status == 409 || status == 413 || status == 422;
}

/* One of the outbox; 0: it is dealt with, 1: not now, -1. */
static int send_outcome(void *context, const char *name, struct slice envelope, struct err *e)
{
    struct session *s = context;
    struct agent *a = s->agent;
    struct http_response r;
    struct err why = {0};
    int result;

    http_response_init(&r);
    result = centre_send(&s->centre, "POST", "/v1/outcomes", envelope, &r, a->clock, &why);
    http_response_fini(&r);
    if (result == 0) {
        reached(s);
        return outbox_remove(a->home, name, e);
    }
    if (never_taken(s->centre.status)) {
        s->failed = true;
        log_line(LOG_LEVEL_ERROR, "outcome.refused", LOG_S("file", name), LOG_S("code", why.code),
                 LOG_S("text", why.text));
        return outbox_set_aside(a->home, name, e);
    }
    session_want(s, TASK_OUTCOMES, 0);
    return failed(s, TASK_OUTCOMES, &why, e) == 0 ? 1 : -1;
}

/* In the order of the notices. */
static int send_outcomes(struct session *s, struct err *e)
{
    s->due[TASK_OUTCOMES] = INT64_MAX;
    return outbox_each(s->agent->home, send_outcome, s, e) < 0 ? -1 : 0;
}

/* ---- all of it ---- */

int session_step(struct session *s, struct err *e)
{
    static int (*const tasks[TASK_COUNT])(struct session *, struct err *) = {
        [TASK_RENEW] = renew,          [TASK_TRUST] = follow_trust,
        [TASK_REJOIN] = rejoin,        [TASK_INVENTORY] = send_inventory,
        [TASK_RECEIPT] = send_receipt, [TASK_OUTCOMES] = send_outcomes};
    bool changed = false;

    if (dispatch_step(&s->dispatch, &changed, e) != 0 || alarm_step(&s->alarm, e) != 0)
        return -1;
    if (changed)
        session_want(s, TASK_OUTCOMES, 0);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        if (monotonic(s) < s->hold_until)
            break;
        if (monotonic(s) >= s->due[i] && tasks[i](s, e) != 0)
            return -1;
    }
    if (session_quiet(s))
        http_client_disconnect(s->centre.requests);
    return 0;
}

bool session_quiet(const struct session *s)
{
    for (size_t i = 0; i < TASK_COUNT; i++)
        if (s->due[i] <= monotonic(s))
            return false;
    return true;
}

int session_wait_ms(const struct session *s)
{
    int64_t now = monotonic(s), next = now + 3600 * INT64_C(1000000);
    int hooks = dispatch_wait_ms(&s->dispatch);
    int alarm = alarm_wait_ms(&s->alarm);

    for (size_t i = 0; i < TASK_COUNT; i++)
        if (s->due[i] < next)
            next = s->due[i];
    if (next < s->hold_until)
        next = s->hold_until;
    if (s->dispatch.fetch_waits && s->hold_until > now && s->hold_until < next)
        next = s->hold_until;
    int wait = next > now ? (int)((next - now) / 1000 + 1) : 0;
    if (alarm >= 0 && alarm < wait)
        wait = alarm;
    return hooks >= 0 && hooks < wait ? hooks : wait;
}
