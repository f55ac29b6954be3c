/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/dispatch.h"
#include "agent/home.h"
#include "agent/outbox.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"

#include <stdio.h>

/* Its outcome was stored just before the agent was killed: the hook's end is known. */
static int end_is_known(void *context, const char *name, struct slice envelope, struct err *e)
{
    struct agent *a = context;

    (void)envelope;
    (void)e;
    (void)state_hook_done(&a->state, outbox_number(name));
    return 0;
}

int dispatch_init(struct dispatch *d, struct agent *a, struct err *e)
{
    memset(d, 0, sizeof(*d));
    d->agent = a;
    if (!a->config.hook[0])
        return 0;
    if (outbox_each(a->home, end_is_known, a, e) != 0)
        return -1;
    d->runner = hook_runner_new(a->config.hook, a->config.hook_timeout_s,
                                (size_t)a->config.hooks_at_once, a->clock, e);
    return d->runner ? 0 : -1;
}

void dispatch_fini(struct dispatch *d)
{
    hook_runner_free(d->runner, 5000);
    d->runner = NULL;
}

bool dispatch_document(const struct agent *a, const uint8_t hash[32], char path[PATH_MAX])
{
    char name[128] = "documents/";
    struct err ignored = {0};
    size_t at = strlen(name);

    hex_format(hash, 32, name + at);
    snprintf(name + at + 64, sizeof(name) - at - 64, ".json");
    return home_path(a->home, name, path, &ignored) == 0 && file_kind(path) == 1;
}

/* ---- another time ---- */

static struct dispatch_wait *find_wait(struct dispatch *d, uint64_t n)
{
    for (size_t i = 0; i < DISPATCH_AGAIN_MAX; i++)
        if (d->again[i].n == n)
            return &d->again[i];
    return NULL;
}

/* false: it has asked too often, or too many are waiting. */
static bool wait_again(struct dispatch *d, uint64_t n)
{
    struct dispatch_wait *wait = find_wait(d, n);
    int64_t seconds = DISPATCH_AGAIN_LEAST_S;

    if (!wait)
        wait = find_wait(d, 0);
    if (!wait)
        return false;
    wait->n = n;
    for (unsigned i = 0; i < wait->tries && seconds < DISPATCH_AGAIN_MOST_S; i++)
        seconds *= 2;
    if (seconds > DISPATCH_AGAIN_MOST_S)
        seconds = DISPATCH_AGAIN_MOST_S;
    wait->at = clock_monotonic(d->agent->clock) + seconds * 1000000;
    return ++wait->tries < DISPATCH_TRIES;
}

static bool is_waiting(struct dispatch *d, uint64_t n)
{
    const struct dispatch_wait *wait = find_wait(d, n);

    return wait && wait->at > clock_monotonic(d->agent->clock);
}

/* ---- starting ---- */

static void join_vulnerabilities(const struct delivery *d, struct buf *out)
{
    const struct json_value *statements = json_get(json_root(d->doc), "statements");

    json_each(statement, statements)
    {
        if (out->len)
            buf_putc(out, ' ');
        buf_put_slice(out, json_get_string(statement, "vulnerability"));
    }
}

static int start(struct dispatch *d, const struct delivery *notice, struct err *e)
{
    const struct agent *a = d->agent;
    char number[32], digest[HASH_TEXT], document[HASH_TEXT], path[PATH_MAX];
    struct buf vulnerabilities;
    bool have = dispatch_document(a, notice->document, path);
    int result;

    snprintf(number, sizeof(number), "%llu", (unsigned long long)notice->n);
    hash_text_format(notice->digest, digest);
    hash_text_format(notice->document, document);
    buf_init(&vulnerabilities);
    join_vulnerabilities(notice, &vulnerabilities);
    struct hook_fact facts[] = {
        {"TOCSIN_HOME", slice_str(a->home)},
        {"TOCSIN_ASSET", slice_str(a->identity.asset)},
        {"TOCSIN_ORIGIN", notice->origin},
        {"TOCSIN_NOTICE", slice_str(number)},
        {"TOCSIN_NOTICE_DIGEST", slice_str(digest)},
        {"TOCSIN_STATUS", slice_str(delivery_status(notice))},
        {"TOCSIN_VULNERABILITIES", buf_slice(&vulnerabilities)},
        {"TOCSIN_ADVISORY", notice->advisory_id},
        {"TOCSIN_ADVISORY_NAMESPACE", notice->namespace},
        {"TOCSIN_ADVISORY_VERSION", notice->version},
        {"TOCSIN_ADVISORY_TITLE", notice->title},
        {"TOCSIN_ADVISORY_TLP", notice->tlp},
        {"TOCSIN_ADVISORY_DOCUMENT", slice_str(document)},
        {"TOCSIN_EXERCISE",
         slice_str(json_is(json_get(json_root(notice->doc), "exercise"), JSON_TRUE) ? "yes"
                                                                                    : "no")},
        {"TOCSIN_ADVISORY_FILE", slice_str(path)}, /* last: left out when there is none */
    };
    result = buf_check(&vulnerabilities, e);
    if (result == 0)
        result = hook_start(d->runner, notice->n, buf_slice(&notice->notice), facts,
                            ARRAY_LEN(facts) - (have ? 0 : 1), e);
    buf_fini(&vulnerabilities);
    return result;
}

/* The hook of n is over, whatever came of it. */
static int done(struct dispatch *d, uint64_t n, struct err *e)
{
    struct dispatch_wait *wait = find_wait(d, n);

    if (wait)
        *wait = (struct dispatch_wait){.n = 0};
    (void)state_hook_done(&d->agent->state, n); /* try_start never runs too far ahead */
    return agent_save(d->agent, e);
}

/* 1: started or settled; 0: not now; -1. */
static int try_start(struct dispatch *d, uint64_t n, struct err *e)
{
    struct agent *a = d->agent;
    struct delivery notice;
    struct err why = {0};
    char path[PATH_MAX];
    int result;

    if (agent_notice(a, n, &notice, &why) != 0) {
        if (why.kind == ERR_MEMORY) {
            *e = why;
            return -1;
        }
        log_err(LOG_LEVEL_ERROR, "hook.no-notice", &why);
        return done(d, n, e) == 0 ? 1 : -1;
    }
    if (a->config.hook_document && !dispatch_document(a, notice.document, path) && d->fetch)
        result = d->fetch(d->fetch_context, notice.document) == 0 ? 0 : 1;
    else
        result = 1;
    if (result == 1) {
        struct dispatch_wait *wait = find_wait(d, n);
        if (wait)
            wait->at = 0;
        if (start(d, &notice, e) != 0)
            result = -1;
    }
    delivery_fini(&notice);
    return result;
}

static int start_open(struct dispatch *d, struct err *e)
{
    const struct state *s = &d->agent->state;

    d->fetch_waits = false;
    if (s->rejoin)
        return 0; /* these notices may be gone */
    for (uint64_t n = s->hooks_to + 1; n <= s->n && n <= s->hooks_to + STATE_HOOKS_AHEAD; n++) {
        if (hook_runner_full(d->runner))
            return 0;
        if (!state_hook_open(s, n) || hook_runner_has(d->runner, n) || is_waiting(d, n))
            continue;
        int result = try_start(d, n, e);
        if (result < 0)
            return -1;
        d->fetch_waits = d->fetch_waits || result == 0;
    }
    return 0;
}

/* ---- ending ---- */

static int finish(struct dispatch *d, const struct hook_result *hook, struct err *e)
{
    struct agent *a = d->agent;
    struct delivery notice;
    struct buf envelope;
    int result = -1;

    if (hook->again && wait_again(d, hook->n)) {
        log_info("hook.again", LOG_I("n", hook->n));
        return 0;
    }
    log_line(hook->outcome == OUTCOME_FAILED ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "hook.ended",
             LOG_I("n", hook->n), LOG_S("outcome", report_outcome_name(hook->outcome)),
             LOG_S("detail", hook->detail));
    if (agent_notice(a, hook->n, &notice, e) != 0)
        return -1;
    buf_init(&envelope);
    if (report_outcome_build(&a->identity, notice.origin, hook->n, notice.digest, hook->outcome,
                             slice_of(hook->detail, hook->detail_length), clock_now(a->clock),
                             &envelope, e) == 0 &&
        outbox_put(a->home, hook->n, buf_slice(&envelope), e) == 0)
        result = done(d, hook->n, e);
    buf_fini(&envelope);
    delivery_fini(&notice);
    return result;
}

int dispatch_step(struct dispatch *d, bool *changed, struct err *e)
{
    struct hook_result result;

    if (!d->runner)
        return 0;
    while (hook_step(d->runner, &result) == 1) {
        if (finish(d, &result, e) != 0)
            return -1;
        if (changed)
            *changed = true;
    }
    return start_open(d, e);
}

bool dispatch_idle(const struct dispatch *d)
{
    const struct state *s = &d->agent->state;

    if (!d->runner)
        return true;
    if (hook_runner_running(d->runner) > 0)
        return false;
    for (uint64_t n = s->hooks_to + 1; n <= s->n && !s->rejoin; n++)
        if (state_hook_open(s, n) && !find_wait((struct dispatch *)(uintptr_t)d, n))
            return false;
    return true;
}

bool dispatch_running(const struct dispatch *d)
{
    return d->runner && hook_runner_running(d->runner) > 0;
}

int dispatch_fd(const struct dispatch *d)
{
    return d->runner ? hook_runner_fd(d->runner) : -1;
}

int dispatch_wait_ms(const struct dispatch *d)
{
    int64_t now = clock_monotonic(d->agent->clock);
    int wait;

    if (!d->runner)
        return -1;
    wait = hook_runner_wait_ms(d->runner);
    for (size_t i = 0; i < DISPATCH_AGAIN_MAX && !hook_runner_full(d->runner); i++) {
        const struct dispatch_wait *again = &d->again[i];
        if (again->n == 0 || again->at == 0)
            continue;
        int64_t left = again->at > now ? (again->at - now) / 1000 + 1 : 0;
        if (wait < 0 || left < wait)
            wait = (int)left;
    }
    return wait;
}
